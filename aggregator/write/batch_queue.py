"""Many small writes in one transaction: one sync of the disk serves all that wait.

Each request has a savepoint of its own, so that one that fails takes nothing of the others with it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import WriteConnection
from aggregator.engine.model import StatementFailed, StoredResponse
from aggregator.errors import AggregatorError, Cancelled, DatabaseUnavailable, UnstableDatabases
from aggregator.write.execute import Render, WriteContext, execute, opened, to_write_failure
from aggregator.write.request import WriteBudget, WriteRequest

_MOST_AT_ONCE = 64
_IDLE_SECONDS = 10.0

_QUIET_SECONDS = 0.2
"""So long after the last request the WAL files are emptied, while nobody waits for that."""

_MOST_TRIES = 4


@dataclass(slots=True)
class _Waiting:
    request: WriteRequest
    render: Render
    budget: WriteBudget
    future: Future[StoredResponse] = field(default_factory=Future)

    @property
    def files(self) -> object:
        """Requests for the same files can go together."""
        write = self.request.write
        return write.files, write.written


class WriteQueues:
    """A queue for each set of files that is written: who waits for one file keeps nobody from another."""

    def __init__(self, context: WriteContext) -> None:
        self._context = context
        self._queues: dict[object, WriteQueue] = {}

    def submit(self, request: WriteRequest, render: Render, budget: WriteBudget) -> Future[StoredResponse]:
        """As WriteQueue does; for one thread."""
        written = request.write.written
        if written not in self._queues:
            self._queues[written] = WriteQueue(self._context)
        return self._queues[written].submit(request, render, budget)

    def close(self, patience: float) -> None:
        """End when all that waits is done, or after so many seconds."""
        ends_at = time.monotonic() + patience
        for each in self._queues.values():
            each.close(max(ends_at - time.monotonic(), 0))


class WriteQueue:
    """Executes small requests one after another, in a thread of its own that keeps its files open."""

    def __init__(self, context: WriteContext) -> None:
        self._context = context
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._connections: dict[tuple[object, ...], tuple[WriteConnection, float]] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self._tries_left = 0

    def submit(self, request: WriteRequest, render: Render, budget: WriteBudget) -> Future[StoredResponse]:
        """Execute a request without rows, not dry and without a key; the future raises as `commit_write`.

        budget: begins when it is the request's turn.
        """
        waiting = _Waiting(request, render, budget)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="write", daemon=True)
                self._thread.start()
        self._waiting.put(waiting)
        return waiting.future

    def close(self, patience: float | None = None) -> None:
        """End when all that waits is done; waits for it, but not longer than so many seconds."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(patience)

    def _work(self) -> None:
        left: list[_Waiting] = []
        while left or not self._is_over:
            group, left = self._next_group(left)
            if group:
                self._execute_group(group)
                self._tries_left = _MOST_TRIES
                self._close_idle()
        for connection, _ in self._connections.values():
            connection.checkpoint_on_close(True)
            connection.close()

    def _next_group(self, left: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
        """The next requests for the same files, and those that have to wait; waits for a first one."""
        group = left[:1]
        others: list[_Waiting] = []
        for waiting in left[1:]:
            (group if waiting.files == group[0].files else others).append(waiting)
        while len(group) < _MOST_AT_ONCE:
            try:
                timeout = _QUIET_SECONDS if self._tries_left else _IDLE_SECONDS
                waiting_now = self._waiting.get(block=not group, timeout=timeout)
            except queue.Empty:
                if group:
                    break
                self._empty_wals()
                self._close_idle()
                continue
            if waiting_now is None:
                self._is_over = True
                break
            if waiting_now.future.set_running_or_notify_cancel():
                same = not group or waiting_now.files == group[0].files
                (group if same else others).append(waiting_now)
        return group, others

    def _execute_group(self, group: list[_Waiting]) -> None:
        """Execute a group; when one request spoils the transaction of all, each gets one of its own."""
        try:
            self._together(group)
        except (DatabaseUnavailable, UnstableDatabases) as error:
            # What one has waited for in vain, the others need not wait for again.
            for waiting in group:
                _fail(waiting, error)
        except Exception as error:
            if len(group) == 1:
                _fail(group[0], group[0].budget.ended_by() or error)
                return
            for waiting in group:
                if not waiting.future.done():
                    self._execute_group([waiting])

    def _together(self, group: list[_Waiting]) -> None:
        connection = self._connection(group[0].request)
        done: list[tuple[_Waiting, StoredResponse | Exception]] = []
        together = WriteBudget(self._context.time_limit * len(group))
        together.begin()
        connection.wanted = together.wanted
        try:
            with self._context.engine.transaction(connection):
                for waiting in group:
                    connection.wanted = waiting.budget.wanted
                    done.append((waiting, _in_savepoint(connection, waiting)))
                connection.wanted = together.wanted
                _decide(waiting for waiting, result in done if isinstance(result, StoredResponse))
        except Exception as error:
            self._forget(connection)
            if isinstance(error, StatementFailed):
                ended_by = together.ended_by() if error.is_interrupted else None
                raise ended_by or error.error from error
            if isinstance(error, Cancelled):
                raise together.ended_by() or error from error
            raise
        for waiting, result in done:
            if isinstance(result, Exception):
                _fail(waiting, result)
            else:
                waiting.future.set_result(result)

    def _connection(self, request: WriteRequest) -> WriteConnection:
        write = request.write
        identities = tuple(file.identity() for file in write.files)
        key = (write.files, write.written, identities)
        for other in [each for each in self._connections if each[:2] == key[:2] and each != key]:
            self._connections.pop(other)[0].close()
        known = self._connections.pop(key, None)
        connection = known[0] if known is not None else opened(request, self._context)
        connection.checkpoint_on_close(False)
        self._connections[key] = (connection, time.monotonic())
        return connection

    def _forget(self, connection: WriteConnection) -> None:
        """Close a connection that something went wrong with."""
        self._connections = {
            key: each for key, each in self._connections.items() if each[0] is not connection
        }
        connection.close()

    def _empty_wals(self) -> None:
        """Empty the WAL files after the last write, so that the tags of reports do not change again later."""
        if self._tries_left:
            are_empty = [connection.empty_wals() for connection, _ in self._connections.values()]
            self._tries_left = 0 if all(are_empty) else self._tries_left - 1

    def _close_idle(self) -> None:
        limit = time.monotonic() - _IDLE_SECONDS
        for key, (connection, used) in list(self._connections.items()):
            if used <= limit:
                del self._connections[key]
                connection.close()


class _GivenUp(Exception):
    """Takes back the transaction of a group in which somebody gave up after it was done."""


def _decide(waiting: Iterable[_Waiting]) -> None:
    try:
        for each in waiting:
            each.budget.decide()
    except AggregatorError as error:
        raise _GivenUp from error


def _in_savepoint(connection: WriteConnection, waiting: _Waiting) -> StoredResponse | Exception:
    """The answer, or what took this one request back; raises what takes back the whole transaction."""
    try:
        waiting.budget.begin()
        with waiting.budget.interrupting(connection), connection.savepoint():
            return waiting.render(waiting.request, execute(connection, waiting.request, None))
    except StatementFailed as failed:
        failure = to_write_failure(failed, waiting.budget, connection, waiting.request.write)
        if failed.is_interrupted or not connection.in_transaction:
            raise failure from failed
        return failure
    except (AggregatorError, StaleEndpoint) as error:
        if not connection.in_transaction:
            raise
        return error
    finally:
        waiting.budget.rest()


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
