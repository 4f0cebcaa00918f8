"""One endpoint that changes data, and one request to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, BinaryIO, cast

from pydantic import Field

from aggregator.endpoints.compiled import WriteEndpoint
from aggregator.engine.base import WriteConnection
from aggregator.engine.model import Counts, TableCounts
from aggregator.errors import AggregatorError, RejectedRow, TimeLimitExceeded
from aggregator.formats.base import Format
from aggregator.inputs.table import Table
from aggregator.json_documents import Count, Document
from aggregator.sqlfile.parameters import Arguments


@dataclass(frozen=True, slots=True, eq=False)
class WriteRequest:
    """What is to be written.

    table: the rows of the body, for an endpoint that has input. skip_invalid: write the good rows though
    there are bad ones. is_dry: do all of it, and take it back. format: of the rows of the answer.
    key: of a request that may come again, and must not be carried out again.
    """

    write: WriteEndpoint
    arguments: Arguments
    format: Format
    table: Table | None = None
    skip_invalid: bool = False
    is_dry: bool = False
    key: RequestKey | None = None


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An Idempotency-Key: the key, and what stands for all that the request says."""

    key: str
    digest: bytes


READING = "Reading the rows"
RUNNING = "The SQL"


class WriteBudget:
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
        self._connection: WriteConnection | None = None
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
    def interrupting(self, connection: WriteConnection) -> Iterator[None]:
        """While inside, giving up interrupts the SQL on a connection."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None


def watched(file: BinaryIO, budget: WriteBudget) -> BinaryIO:
    """A body's file whose reading ends with the budget: the readers of all formats read it in pieces."""
    return cast(BinaryIO, _WatchedFile(file, budget.require))


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


Notes = Annotated[
    tuple[str, ...],
    Field(description="Notes on how the file was read, for example rows with missing cells"),
]


@dataclass(frozen=True, slots=True)
class ReceivedRows:
    """The rows of a body, after each was looked at.

    count: all of them; rejected: what is wrong with the first bad rows, cell by cell; rejected_count: how
    many rows are bad.
    read_as: how the file was understood; ignored: its columns that are not declared; names: what the file
    calls the declared ones; notes: what was read with a remark.
    """

    count: int = 0
    rejected_count: int = 0
    rejected: Sequence[RejectedRow] = ()
    read_as: dict[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """received: None when the endpoint has no input. rows: those of the last statement, as chunks of
    text in the request's format, None when it gives none. matched: rows that the statements and their
    triggers changed, also those that they left as they were."""

    write: WriteEndpoint
    received: ReceivedRows | None
    counts: TableCounts
    rows: Sequence[bytes] | None
    is_dry: bool
    matched: int

    @property
    def counted(self) -> Counts:
        """The counts of the table that the answer is about."""
        return self.counts.get(self.write.counted, Counts()) if self.write.counted else Counts()


class Summary(Document):
    """What happened: rows of the table that the SQL writes last, and of every table when there are more"""

    received: Count = 0
    inserted: Count
    updated: Count
    deleted: Count = 0
    unchanged: Count = Field(0, description="Input rows that caused none of these changes")
    rejected: tuple[RejectedRow, ...] = ()
    rejected_count: Count = Field(0, description="The total, if not all are listed")
    ignored_columns: tuple[str, ...] = ()
    read_as: dict[str, str] = Field({})
    notes: Notes = ()
    tables: dict[str, Counts] = Field({})
    dry_run: bool = False


def summary(outcome: WriteResult) -> Summary:
    """What is answered about an outcome without rows."""
    counts, received = outcome.counted, outcome.received
    members: dict[str, Any] = {"inserted": counts.inserted, "updated": counts.updated}
    if counts.deleted or received is None:
        members["deleted"] = counts.deleted
    if received is not None:
        members |= _of_input(received, counts)
    if len(outcome.counts) > 1:
        members["tables"] = {".".join(table): each for table, each in outcome.counts.items()}
    if outcome.is_dry:
        members["dry_run"] = True
    return Summary(**members)


def _of_input(received: ReceivedRows, counts: Counts) -> dict[str, Any]:
    good = received.count - received.rejected_count
    members: dict[str, Any] = {
        "received": received.count,
        "unchanged": max(good - counts.inserted - counts.updated - counts.deleted, 0),
        "rejected": received.rejected,
        "read_as": received.read_as,
    }
    if received.rejected_count != len(received.rejected):
        members["rejected_count"] = received.rejected_count
    if received.ignored:
        members["ignored_columns"] = received.ignored
    if received.notes:
        members["notes"] = received.notes
    return members
