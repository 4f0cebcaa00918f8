"""Between SQL that runs at full speed and a client that takes its time.

A report holds its databases only while its SQL runs. What the client has not taken by then waits
here: a little in memory, the rest in a file that has no name.
"""

from __future__ import annotations

import math
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from aggregator.errors import AggregatorError, QueryFailed, SpoolFull

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
                    "The disk space for slow downloads is full, and this download was the slowest of them."
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
                raise SpoolFull("The disk space for the bodies of requests is full.")
            self._lent += size

    def give_back(self, size: int) -> None:
        """A body is gone."""
        with self._lock:
            self._lent -= size


class Spool:
    """Chunks in, chunks out, in the same order. One thread writes and one reads.

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
        self._waiting: deque[bytes | tuple[int, int]] = deque()
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

    def write(self, chunk: bytes) -> None:
        """Add a chunk; never waits for the reader.

        Raises QueryFailed when the disk is full, and SpoolFull when the spool was broken off.
        """
        if self._add_to_memory(chunk):
            return
        if self._space is not None:
            self._space.make_room(self, len(chunk))
        with self._changed:
            if not self._abandoned:
                self._waiting.append(self._to_file(chunk))
                self._in_file += 1
                self._changed.notify()
                return
        if self._space is not None:
            self._space.forget(self)

    def _add_to_memory(self, chunk: bytes) -> bool:
        """Whether nothing is left to do with the chunk."""
        with self._changed:
            if self._abandoned:
                if isinstance(self._error, SpoolFull):
                    raise self._error
                return True
            is_small = self._in_memory + len(chunk) <= self._memory or not self._waiting
            if is_small:
                self._waiting.append(chunk)
                self._in_memory += len(chunk)
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

    def chunks(self) -> Iterator[bytes]:
        """The chunks as they come, waiting for each; raises the error that the writer ended with."""
        self._is_read = True
        while True:
            chunk = self._next()
            if chunk is None:
                return
            yield chunk

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

    def _next(self) -> bytes | None:
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            if self._error is not None:
                raise self._error
            if not self._waiting:
                return None
            chunk = self._waiting.popleft()
            if isinstance(chunk, bytes):
                self._in_memory -= len(chunk)
            else:
                chunk = self._from_file(*chunk)
            now = time.monotonic()
            self._recently_taken, self._last_taken = self._recent(now) + len(chunk), now
            return chunk

    def _to_file(self, chunk: bytes) -> tuple[int, int]:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._directory)
            written = 0
            while written < len(chunk):
                written += os.pwrite(self._file.fileno(), chunk[written:], self._file_end + written)
        except OSError as error:
            raise QueryFailed(
                "The server has no room left for the rows that wait for a slow client.", f"spool: {error}"
            ) from error
        place = (self._file_end, len(chunk))
        self._file_end += len(chunk)
        return place

    def _from_file(self, start: int, length: int) -> bytes:
        assert self._file is not None
        chunk = os.pread(self._file.fileno(), length, start)
        self._in_file -= 1
        if self._in_file == 0:
            os.ftruncate(self._file.fileno(), 0)
            self._file_end = 0
        return chunk
