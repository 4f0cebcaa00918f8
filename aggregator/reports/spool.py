"""Between SQL that runs at full speed and a client that takes its time.

A report holds its databases only while its SQL runs. What the client has not taken by then waits
here: a little in memory, the rest in a file that has no name.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from aggregator.errors import AggregatorError, QueryFailed


class Spool:
    """Chunks in, chunks out, in the same order. One thread writes and one reads.

    memory: bytes that are kept in memory. directory: where the file is made when they do not
    suffice, None for the system's temporary folder.
    """

    def __init__(self, memory: int, directory: Path | None) -> None:
        self._memory = memory
        self._directory = directory
        self._waiting: deque[bytes | tuple[int, int]] = deque()
        self._in_memory = 0
        self._in_file = 0
        self._file: IO[bytes] | None = None
        self._file_end = 0
        self._ended = False
        self._abandoned = False
        self._error: AggregatorError | None = None
        self._changed = threading.Condition()

    def write(self, chunk: bytes) -> None:
        """Add a chunk; never waits for the reader. Raises QueryFailed when the disk is full."""
        with self._changed:
            if self._abandoned:
                return
            if self._in_memory + len(chunk) <= self._memory or not self._waiting:
                self._waiting.append(chunk)
                self._in_memory += len(chunk)
            else:
                self._waiting.append(self._to_file(chunk))
                self._in_file += 1
            self._changed.notify()

    def end(self, error: AggregatorError | None = None) -> None:
        """Nothing more comes; an error goes to the reader before what still waits."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()

    def chunks(self) -> Iterator[bytes]:
        """The chunks as they come, waiting for each; raises the error that the writer ended with."""
        while True:
            chunk = self._next()
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        """Let go of everything; what is still written is dropped."""
        with self._changed:
            self._abandoned = True
            self._waiting.clear()
            if self._file is not None:
                self._file.close()
                self._file = None
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
                return chunk
            return self._from_file(*chunk)

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
