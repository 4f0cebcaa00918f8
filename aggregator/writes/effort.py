"""The time that one write may take, and who may end it before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import apsw

from aggregator.errors import AggregatorError, TimeLimitExceeded

READING = "Reading the rows"
RUNNING = "The SQL"


class Effort:
    """One write while it is carried out. seconds: the most that each of its stages may take.

    The thread that carries it out calls `begin` for each stage, asks `wanted` or `require` again and again,
    and calls `decide` before it commits. Any other thread may `give_up` on it until then. While it waits for
    others, before it begins or after `rest`, its clock stands.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._stage = RUNNING
        self._ends_at = float("inf")
        self._waits_since: float | None = time.monotonic()
        self.has_begun = False
        self._error: AggregatorError | None = None
        self._is_decided = False
        self._connection: apsw.Connection | None = None
        self._lock = threading.Lock()

    def begin(self, stage: str = RUNNING) -> None:
        """Start the clock of a stage; raises what was given as the reason to give up."""
        self._stage, self.has_begun = stage, True
        self._ends_at, self._waits_since = time.monotonic() + self._seconds, None
        self.require()

    def rest(self) -> None:
        """Stop the clock: what is left to do is up to others."""
        self._ends_at, self._waits_since = float("inf"), time.monotonic()

    @property
    def is_late(self) -> bool:
        """Whether the stage that it is in has taken longer than it may."""
        return time.monotonic() >= self._ends_at

    @property
    def waited(self) -> float:
        """Seconds since it has to wait for others; 0 when it does not."""
        since = self._waits_since
        return 0.0 if since is None else time.monotonic() - since

    def wanted(self) -> bool:
        """Whether to go on."""
        return self._error is None and not self.is_late

    def require(self) -> None:
        """Raises the reason not to go on, if there is one."""
        if (error := self.ended_by()) is not None:
            raise error

    def ended_by(self) -> AggregatorError | None:
        """The reason not to go on; None when it is still wanted."""
        if self._error is None and self.is_late:
            return TimeLimitExceeded(
                f"{self._stage} took longer than {self._seconds:g} seconds, which is the limit; nothing was "
                "written."
            )
        return self._error

    def give_up(self, error: AggregatorError) -> bool:
        """End it, for a reason; False when it is decided, and what it writes is kept."""
        with self._lock:
            if self._is_decided:
                return False
            self._error = self._error or error
            if self._connection is not None:
                self._connection.interrupt()
            return True

    def decide(self) -> None:
        """Make sure that nobody ends it any more; raises the reason when somebody did."""
        with self._lock:
            self.require()
            self._is_decided = True

    @contextmanager
    def interrupting(self, connection: apsw.Connection) -> Iterator[None]:
        """While inside, giving up interrupts the SQL on a connection."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None


def watched(file: BinaryIO, effort: Effort) -> BinaryIO:
    """A body's file whose reading ends with the effort: the readers of all formats read it in pieces."""
    return cast(BinaryIO, _WatchedFile(file, effort.require))


class _WatchedFile:
    def __init__(self, file: BinaryIO, require: Callable[[], None]) -> None:
        self._file = file
        self._require = require
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        """Read, or raise the reason not to."""
        self._require()
        return self._file.read(size)
