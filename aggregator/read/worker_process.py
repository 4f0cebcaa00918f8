"""Readers in processes of their own, for heavy reports.

Python lets one thread run at a time. Where a report reads a million rows, the thread that steps SQLite
and those that write files and serve others would take turns; in another process it has a processor to
itself. `python -m aggregator.read.worker_process` is that process: operations come on its standard input,
frames with chunks go out on its standard output. It ends when its input does.
"""

from __future__ import annotations

import fcntl
import logging
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import Snapshots
from aggregator.errors import AggregatorError, QueryFailed
from aggregator.read.operations import Chunk, Operation
from aggregator.read.reader import LocalReader, VersionChanged
from aggregator.read.scheduling import CostHistory

_FRAME = struct.Struct("<BQQ")
_ROWS, _CHUNK, _END, _ERROR = range(4)
"""Kinds of frames: rows after which more come; any other chunk, pickled; the end; an error, pickled."""

_READY = b"ready"
_PACKAGE_FOLDER = Path(__file__).parents[2]
_IDLE_SECONDS = 5.0
_PIPE_BYTES = 1024 * 1024
_PARENT_SECONDS = 1.0
_MOST_KNOWN = 100
log = logging.getLogger(__name__)


class WorkerReader:
    """A reader whose SQL runs in a child process, which is kept for the next job."""

    clock = staticmethod(time.monotonic)

    def __init__(self, make_snapshots: Callable[[], Snapshots]) -> None:
        self._is_stopped = False
        self._is_busy = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "aggregator.read.worker_process", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_PACKAGE_FOLDER,
            start_new_session=True,  # Ctrl-C is for the server, which ends its readers itself
        )
        _widen(self._process.stdout)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            pickle.dump(make_snapshots, self._process.stdin)
            self._process.stdin.flush()

    def wait_until_ready(self) -> bool:
        """Wait while it starts; False when it ended instead."""
        assert self._process.stdout is not None
        return self._process.stdout.read(len(_READY)) == _READY

    def chunks(self, operation: Operation) -> Generator[Chunk, None, None]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._is_busy = True
        try:
            pickle.dump(operation, self._process.stdin)
            self._process.stdin.flush()
            yield from _received(self._process.stdout)
            self._is_busy = False
        except (AggregatorError, StaleEndpoint, VersionChanged):
            self._is_busy = False
            raise
        except (EOFError, BrokenPipeError) as error:
            status = self._process.wait()
            raise QueryFailed(
                "The process that read this report ended unexpectedly. Try again.",
                f"reader process: exit status {status}",
            ) from error

    def stop(self) -> None:
        """End the process; a read-only one leaves nothing undone."""
        self._is_stopped = True
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

    @property
    def is_free(self) -> bool:
        """Whether it can take a job."""
        return not self._is_stopped and not self._is_busy and self._process.poll() is None


class WorkerProcesses:
    """A few reader processes.

    count: how many there are. heavy_seconds: a report that took longer than this by the history, or
    that it does not know, is given to one of them, when one is free. One in which a call of a function may
    take minutes always is, because only the end of its process ends such a call: when none is free, another
    is started. At least one is kept. make_snapshots: as of an
    engine.
    """

    def __init__(
        self,
        count: int,
        history: CostHistory,
        heavy_seconds: float,
        make_snapshots: Callable[[], Snapshots],
    ) -> None:
        self._history = history
        self._heavy_seconds = heavy_seconds
        self._make_snapshots = make_snapshots
        self._count = count
        self._free: list[WorkerReader] = []
        self._started = 0
        self._lock = threading.Lock()
        self._is_closed = False

    def start(self) -> None:
        """Start the processes that are missing; each takes jobs when it is ready. To be called again."""
        with self._lock:
            missing = 0 if self._is_closed else max(self._count - self._started, 0)
            self._started += missing
        for _ in range(missing):
            threading.Thread(target=self._start_one, name="start reader", daemon=True).start()

    @contextmanager
    def reader(self, operation: Operation) -> Iterator[WorkerReader | None]:
        """A process for a job that may be heavy; None when it is not, or when none is free.

        For one that may be stuck there always is a process; raises QueryFailed when it cannot be started.
        """
        may_be_heavy = operation.rows_wanted and not self._history.took_less_than(
            operation, self._heavy_seconds
        )
        reader = self._take() if may_be_heavy or operation.may_be_stuck else None
        if reader is None and operation.may_be_stuck:
            reader = self._take_new()
        try:
            yield reader
        finally:
            if reader is not None:
                self._give_back(reader)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._is_closed = True
            readers, self._free = self._free, []
        for reader in readers:
            reader.close()

    def _take(self) -> WorkerReader | None:
        """One that can take a job; those that were killed are replaced."""
        with self._lock:
            while self._free:
                reader = self._free.pop()
                if reader.is_free:
                    return reader
                threading.Thread(target=self._end, args=(reader,), daemon=True).start()
        return None

    def _take_new(self) -> WorkerReader:
        with self._lock:
            self._started += 1
        reader = self._new()
        if reader is None:
            raise QueryFailed(
                "The process for this report could not be started. Try again.",
                "reader process: not started",
            )
        return reader

    def _give_back(self, reader: WorkerReader) -> None:
        """Keep it for the next job, or end it and start one that is missing."""
        with self._lock:
            is_needed = len(self._free) < max(self._count, 1)
            if is_needed and reader.is_free and not self._is_closed:
                self._free.append(reader)
                return
        self._end(reader)

    def _start_one(self) -> None:
        reader = self._new()
        if reader is not None:
            self._give_back(reader)
            log.info("a reader process is ready")

    def _new(self) -> WorkerReader | None:
        """One that is ready; None, which the log explains, when it cannot be started."""
        try:
            reader = WorkerReader(self._make_snapshots)
        except OSError as error:
            log.error("a reader process could not be started: %s", error)
        else:
            if reader.wait_until_ready():
                return reader
            reader.close()
            log.error("a reader process ended before it was ready")
        with self._lock:
            self._started -= 1
        return None

    def _end(self, reader: WorkerReader) -> None:
        reader.close()
        with self._lock:
            self._started -= 1
        self.start()


def _widen(pipe: IO[bytes] | None) -> None:
    """Let the process go on while nobody reads, where the system allows it: Linux."""
    if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _received(stream: IO[bytes]) -> Generator[Chunk, None, None]:
    while True:
        kind, rows, length = _FRAME.unpack(_exactly(stream, _FRAME.size))
        text = _exactly(stream, length)
        if kind == _END:
            return
        if kind == _ERROR:
            raise pickle.loads(text)
        yield Chunk([text], rows, is_last=False) if kind == _ROWS else pickle.loads(text)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def serve(operations: IO[bytes], frames: IO[bytes]) -> None:
    """The child's loop: read each job and send its chunks, until the input ends."""
    pool: Snapshots = pickle.load(operations)()
    frames.write(_READY)
    frames.flush()
    known: dict[object, ReadEndpoint] = {}
    while True:
        while not select.select([operations], [], [], _IDLE_SECONDS)[0]:
            pool.close_idle()
        try:
            operation: Operation = pickle.load(operations)
        except EOFError:
            return
        _serve_one(
            replace(operation, report=known.setdefault(_key(operation), operation.report)), pool, frames
        )
        pool.close_idle()
        if len(known) > _MOST_KNOWN:
            known.clear()


def _key(operation: Operation) -> object:
    """Reports come as copies; of those that are the same, the first is kept with what was prepared for it."""
    return operation.report.name, operation.report.digest, operation.report.checked_against


def _serve_one(operation: Operation, pool: Snapshots, frames: IO[bytes]) -> None:
    try:
        for chunk in LocalReader(pool).chunks(operation):
            if not chunk.is_last and len(chunk.items) == 1 and isinstance(chunk.items[0], bytes):
                _send(frames, _ROWS, chunk.rows, chunk.items[0])
            else:
                _send(frames, _CHUNK, chunk.rows, pickle.dumps(chunk))
    except (AggregatorError, StaleEndpoint, VersionChanged) as error:
        _send(frames, _ERROR, 0, pickle.dumps(error))
    except Exception as error:
        failure = QueryFailed("The report failed. The service's log has the reason.", repr(error))
        _send(frames, _ERROR, 0, pickle.dumps(failure))
    else:
        _send(frames, _END, 0, b"")


def _send(frames: IO[bytes], kind: int, rows: int, text: bytes) -> None:
    frames.write(_FRAME.pack(kind, rows, len(text)))
    frames.write(text)
    frames.flush()


def _end_with(parent: int) -> None:
    """End when the server has gone, also in the middle of SQL that gives no row."""
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    # The server takes these in a thread, and what it starts inherits that they are blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    # Nothing else may write on the channel.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    serve(sys.stdin.buffer, channel)
