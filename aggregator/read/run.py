"""Between SQL that runs at full speed and a client that takes its time.

A report holds its databases only while its SQL runs. What the client has not taken by then waits
here: a little in memory, the rest in a file that has no name.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aggregator.engine.base import Snapshots
from aggregator.errors import AggregatorError, QueryFailed, SpoolFull, TimeLimitExceeded
from aggregator.read.operations import Item, Operation
from aggregator.read.reader import LocalReader, Reader
from aggregator.read.worker_process import WorkerProcesses

_RECENT_SECONDS = 2.0


class SpoolSpace:
    """What the files of all spools, and of all bodies that arrive, may hold together.

    most: bytes, for each of the two. Safe to use from many threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._spools: set[Spool] = set()
        self._lent = 0
        self._lock = threading.Lock()

    def make_room(self, wanting: Spool, size: int) -> None:
        """Break off the slowest downloads until a spool's file can grow; raises SpoolFull if it is one."""
        with self._lock:
            self._spools.add(wanting)
            while sum(spool.held for spool in self._spools) + size > self._most:
                holding = [spool for spool in self._spools if spool.held]
                slowest = max(holding, key=Spool.seconds_left, default=wanting)
                error = SpoolFull(
                    "The disk space for slow downloads is full, and this was the slowest download."
                )
                slowest.break_off(error)
                if slowest is wanting:
                    raise error

    def forget(self, spool: Spool) -> None:
        """Its file is gone."""
        with self._lock:
            self._spools.discard(spool)

    def lend(self, size: int) -> None:
        """Let a body that arrives have so many bytes more; raises SpoolFull."""
        with self._lock:
            if self._lent + size > self._most:
                raise SpoolFull("The disk space for request bodies is full.")
            self._lent += size

    def give_back(self, size: int) -> None:
        """A body is gone."""
        with self._lock:
            self._lent -= size


@dataclass(frozen=True, slots=True)
class _InFile:
    start: int
    length: int


class Spool:
    """Parts of a result in, and out in the same order. One thread writes and one reads.

    memory: bytes that are kept in memory. directory: where the file is made when they do not
    suffice, None for the system's temporary folder. space: what all files share, None for no limit.
    broken: called when the spool is broken off, by another's thread.
    """

    def __init__(
        self,
        memory: int,
        directory: Path | None,
        space: SpoolSpace | None = None,
        broken: Callable[[SpoolFull], None] = lambda error: None,
    ) -> None:
        self._broken = broken
        self._memory = memory
        self._directory = directory
        self._space = space
        self._is_read = False
        self._began = self._last_taken = time.monotonic()
        self._recently_taken = 0.0
        self._waiting: deque[Item | _InFile] = deque()
        self._in_memory = 0
        self._in_file = 0
        self._file: IO[bytes] | None = None
        self._file_end = 0
        self._ended = False
        self._abandoned = False
        self._error: AggregatorError | None = None
        self._changed = threading.Condition()

    @property
    def held(self) -> int:
        """Bytes of the file."""
        return self._file_end

    def seconds_left(self) -> float:
        """How long emptying the file takes at the pace of the last seconds; 0 before anybody reads."""
        now = time.monotonic()
        age = max(now - self._began, 1e-3)
        pace = self._recent(now) / (_RECENT_SECONDS * -math.expm1(-age / _RECENT_SECONDS))
        return self._file_end / max(pace, 1e-9) if self._is_read else 0.0

    def _recent(self, now: float) -> float:
        """Bytes taken, of which those of long ago count less and less."""
        return self._recently_taken * math.exp((self._last_taken - now) / _RECENT_SECONDS)

    def write(self, item: Item) -> None:
        """Add a part; never waits for the reader.

        Raises QueryFailed when the disk is full, and SpoolFull when the spool was broken off.
        """
        if self._add_to_memory(item) or not isinstance(item, bytes):
            return
        if self._space is not None:
            self._space.make_room(self, len(item))
        with self._changed:
            if not self._abandoned:
                self._waiting.append(self._to_file(item))
                self._in_file += 1
                self._changed.notify()
                return
        if self._space is not None:
            self._space.forget(self)

    def _add_to_memory(self, item: Item) -> bool:
        """Whether nothing is left to do with the part."""
        size = len(item) if isinstance(item, bytes) else 0
        with self._changed:
            if self._abandoned:
                if isinstance(self._error, SpoolFull):
                    raise self._error
                return True
            is_small = not size or self._in_memory + size <= self._memory or not self._waiting
            if is_small:
                self._waiting.append(item)
                self._in_memory += size
                self._changed.notify()
            return is_small

    def break_off(self, error: SpoolFull) -> None:
        """Let go of everything; both ends get the error."""
        with self._changed:
            self._error = self._error or error
        self._let_go()
        self._broken(error)

    def end(self, error: AggregatorError | None = None) -> None:
        """Nothing more comes; an error goes to the reader before what still waits."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify()

    def items(self) -> Iterator[Item]:
        """The parts as they come, waiting for each; raises the error that the writer ended with."""
        self._is_read = True
        while (item := self._next()) is not None:
            yield item

    def close(self) -> None:
        """Let go of everything; what is still written is dropped."""
        self._let_go()
        if self._space is not None:
            self._space.forget(self)

    def _let_go(self) -> None:
        with self._changed:
            self._abandoned = True
            self._waiting.clear()
            if self._file is not None:
                self._file.close()
                self._file = None
            self._file_end = 0
            self._ended = True
            self._changed.notify()

    def _next(self) -> Item | None:
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            if self._error is not None:
                raise self._error
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            if isinstance(item, _InFile):
                item = self._from_file(item)
            elif isinstance(item, bytes):
                self._in_memory -= len(item)
            now = time.monotonic()
            size = len(item) if isinstance(item, bytes) else 0
            self._recently_taken, self._last_taken = self._recent(now) + size, now
            return item

    def _to_file(self, chunk: bytes) -> _InFile:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._directory)
            written = 0
            while written < len(chunk):
                written += os.pwrite(self._file.fileno(), chunk[written:], self._file_end + written)
        except OSError as error:
            raise QueryFailed(
                "The server's disk is full: no space for the rows of a slow download.", f"spool: {error}"
            ) from error
        place = _InFile(self._file_end, len(chunk))
        self._file_end += len(chunk)
        return place

    def _from_file(self, place: _InFile) -> bytes:
        assert self._file is not None
        chunk = os.pread(self._file.fileno(), place.length, place.start)
        self._in_file -= 1
        if self._in_file == 0:
            os.ftruncate(self._file.fileno(), 0)
            self._file_end = 0
        return chunk


log = logging.getLogger(__name__)


Encode = Callable[[Iterator[Item]], Iterator[bytes]]
"""Makes the bytes of a file or a page of a result's parts; what they raise goes through."""


class Run:
    """An operation on its way.

    `execute` reads in a thread of its own; `output` gives the parts of the result in another. A result that
    was small is complete when `execute` returns, as `items`, and as `body` when it is to be encoded. `rows`
    counts those read; `seconds` is what all of them cost, None when they were not all read.
    """

    def __init__(self, operation: Operation, spool: Spool, encode: Encode | None = None) -> None:
        self.operation = operation
        self.rows = 0
        self.seconds: float | None = None
        self.items: list[Item] | None = None
        self.body: bytes | None = None
        self._encode = encode
        self._spool = spool
        self._streaming = False
        self._reader: Reader | None = None
        self._stopped: AggregatorError | None = None
        self._lock = threading.Lock()

    def execute(
        self, pool: Snapshots, started: Callable[[], None], processes: WorkerProcesses | None = None
    ) -> None:
        """Read to the end at full speed, in one of the processes if that pays.

        started: called when there are first parts to take, unless the result is small. Raises what goes wrong
        before that, StaleEndpoint among it; what goes wrong later is raised by `output`.
        """
        try:
            with self._stoppable_reader(pool, processes) as reader:
                self._read(reader, started)
            self._spool.end()
        except Exception as error:
            self._fail(error)
        if self._streaming or not self.operation.rows_wanted:
            return
        # A picture is drawn where files are written, when this thread is free for the next report.
        if self._encode is None:
            self.items = list(self._spool.items())
        elif not self.operation.is_drawn:
            self.body = b"".join(self.output())

    def output(self) -> Iterator[bytes]:
        """The encoded result; raises the error that ended the run."""
        assert self._encode is not None
        return self._encode(self._spool.items())

    def stop(self, error: AggregatorError) -> None:
        """End the SQL as soon as may be, from any thread; the run fails with the error."""
        with self._lock:
            self._stopped = self._stopped or error
            if self._reader is not None:
                self._reader.stop()

    def stop_after(self, seconds: float) -> None:
        """End the SQL because it took so long; to be called when it has."""
        message = f"The SQL of this report ran for {seconds:g} seconds, which is the limit."
        self.stop(TimeLimitExceeded(message))

    def raise_if_stuck(self) -> None:
        """Raise what stopped the run when its SQL has not given a row yet and may go on for long."""
        if self._stopped is not None and not self._streaming:
            raise self._stopped

    def close(self) -> None:
        """Let go of what the client did not take."""
        self._spool.close()

    @contextmanager
    def _stoppable_reader(self, pool: Snapshots, processes: WorkerProcesses | None) -> Iterator[Reader]:
        with _reader(self.operation, pool, processes) as reader:
            with self._lock:
                if self._stopped is not None:
                    raise self._stopped
                self._reader = reader
            try:
                yield reader
            finally:
                with self._lock:
                    self._reader = None

    def _read(self, reader: Reader, started: Callable[[], None]) -> None:
        began = reader.clock()
        for chunk in reader.chunks(self.operation):
            self.rows += chunk.rows
            for item in chunk.items:
                self._spool.write(item)
            if not self._streaming and not chunk.is_last:
                self._streaming = True
                started()
        self.seconds = reader.clock() - began

    def _fail(self, error: Exception) -> None:
        """Raise the error, or hand it to the reader of the file when that has begun."""
        error = self._stopped or error
        if not self._streaming:
            self._spool.close()
            raise error
        end = self.operation.at_time_limit
        if end is not None and isinstance(error, TimeLimitExceeded):
            self._spool.write(end)
            self._spool.end()
            return
        if not isinstance(error, AggregatorError):
            log.error("report %s failed", self.operation.report.name, exc_info=error)
            error = QueryFailed("The report failed.", repr(error))
        self._spool.end(error)


@contextmanager
def _reader(operation: Operation, pool: Snapshots, processes: WorkerProcesses | None) -> Iterator[Reader]:
    if processes is None:
        yield LocalReader(pool)
        return
    with processes.reader(operation) as process:
        yield process or LocalReader(pool)
