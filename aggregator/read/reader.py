"""Reading for one operation: a snapshot at one instant, and chunks of the result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import Snapshot, Snapshots, Version
from aggregator.engine.model import StatementFailed
from aggregator.errors import Cancelled, DatabaseUnavailable, UnstableDatabases
from aggregator.read.operations import Chunk, Operation, Rows
from aggregator.read.query import chosen_values
from aggregator.sqlfile.parameters import Arguments


class Reader(Protocol):
    """Reads for one operation, in this process or in another. clock: seconds that tell what that costs."""

    clock: Callable[[], float]

    def chunks(self, operation: Operation) -> Generator[Chunk, None, None]:
        """The chunks as SQLite makes them; none when there are no rows.

        Raises StaleEndpoint, VersionChanged, InvalidParameters (not a choice), UnrepresentableValue,
        QueryFailed, DatabaseUnavailable, UnstableDatabases, or Cancelled after `stop`.
        """

    def stop(self) -> None:
        """End the reading as soon as may be, from any thread."""


class VersionChanged(Exception):
    """A file was written after the answer's tag was made; make it again."""


class BudgetExceeded(Exception):
    """The reading took longer than it was given."""


class LocalReader:
    """Reads in the thread that takes the chunks. For one operation only.

    seconds: how long it may take, waiting included, before it raises BudgetExceeded.
    """

    clock = staticmethod(time.thread_time)

    def __init__(self, pool: Snapshots, seconds: float = float("inf")) -> None:
        self._pool = pool
        self._is_brief = seconds < float("inf")
        self._ends_at = time.monotonic() + seconds
        self._snapshot: Snapshot | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def chunks(self, operation: Operation) -> Generator[Chunk, None, None]:
        with self._held(operation, operation.seen) as (snapshot, arguments):
            if operation.rows_wanted:
                with self._stoppable(snapshot):
                    for chunk in operation.read(snapshot, arguments):
                        if self._is_stopped:
                            raise Cancelled("Reading was cancelled.")
                        yield chunk

    def small_result(self, rows: Rows, seen: Sequence[Version]) -> Chunk | None:
        """All rows; None when there are more than a thousand. Raises as `chunks` does.

        seen: the report's files as they were just now.
        """
        with self._held(rows, seen) as (snapshot, arguments):
            return rows.small_result(snapshot, arguments)

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._snapshot is not None:
                self._snapshot.interrupt()

    @contextmanager
    def _held(
        self, operation: Operation, seen: Sequence[Version] | None
    ) -> Iterator[tuple[Snapshot, Arguments]]:
        """A snapshot, and the arguments to read it with."""
        try:
            with self._pool.snapshot(operation.report.files, self._is_wanted, seen) as snapshot:
                if snapshot.schema_state != operation.report.checked_against:
                    raise StaleEndpoint
                # Of files that were just written, the tag never comes again, so it may be of any rows.
                if seen and all(version.settled for version in seen) and not snapshot.holds(seen):
                    raise VersionChanged
                yield snapshot, chosen_values(snapshot, operation.report, operation.arguments)
        except StatementFailed as failure:
            raise self._explained(failure) from failure
        except (DatabaseUnavailable, UnstableDatabases, Cancelled) as error:
            if self._is_over_budget():
                raise BudgetExceeded from error
            raise

    def _explained(self, failure: StatementFailed) -> Exception:
        if failure.is_stale:
            return StaleEndpoint(failure.reason)
        if self._is_over_budget() or (self._is_brief and failure.is_too_long):
            return BudgetExceeded()
        return Cancelled("Reading was cancelled.") if self._is_stopped else failure.error

    def _is_wanted(self) -> bool:
        return not self._is_stopped and not self._is_over_budget()

    def _is_over_budget(self) -> bool:
        return time.monotonic() >= self._ends_at

    @contextmanager
    def _stoppable(self, snapshot: Snapshot) -> Iterator[None]:
        with self._lock:
            self._snapshot = snapshot
        try:
            yield
        finally:
            with self._lock:
                self._snapshot = None
