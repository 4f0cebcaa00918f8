"""What can go wrong, as one tree.

AggregatorError
├── NotFound              no file in sql/ has this path
├── MethodNotAllowed      something does, with another method
├── NotAcceptable         the wanted format is not one that the report has
├── InvalidParameters     the query string or the path does not fit the header
├── BrokenEndpoint        the .sql file has faults; says which
│   └── MissingDatabases  its only fault is that databases are missing
├── DatabaseUnavailable   a file that the report reads is gone, locked or no database
├── UnstableDatabases     the files changed too fast to be seen at one instant
├── Overloaded            no place to run became free in time
├── SpoolFull             what waits on the disk for slow clients, or of bodies, is as much as may be
├── RequestTimeout        the body arrives too slowly
├── TimeLimitExceeded     the SQL ran longer than it may
├── UnrepresentableValue  the data holds what the format or the column's type cannot show
├── QueryFailed           SQLite gave up in the middle; the log says why
├── UnsupportedInput      the body has an unsupported format
├── UnreadableInput       the body is not what it says it is, or lacks columns
├── TooLarge              the body, a line, a cell or the table is larger than it may be
├── RejectedRows          rows of the body have errors; says which, and why
│   ├── SwappedDays       day and month of a column seem to be swapped
│   └── ConflictingRows   they contradict what is there
├── ForeignOrigin         a page of another site sent it
├── MisdirectedRequest    the Host header names another service
├── Conflict              what is to be written contradicts what is there
├── InvalidWrite          a value breaks a rule of the database
├── RecordNotFound        there is no such row
├── StorageFull           the disk has no room left
└── Cancelled             nobody waits for the answer any more

A `Diagnostic` is not an exception: it is one finding about a file of `sql/` or `dbs/`, and a check
gives as many as there are.

Every `detail` is written for the person who asked: no SQL, no path of the server, no traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The disk is full, or the share of it that the service has."""

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
"""Says nothing of the file that was to be opened: what was known of it is still the best guess."""

RowNumber = Annotated[
    int, Field(description="The line in a text file, the row in a sheet or the item in JSON, counted from 1")
]


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One thing that is wrong with a file, and where"""

    file: Annotated[str, Field(description="The path inside `sql/` or `dbs/`, with forward slashes")]
    line: Annotated[int, Field(description="The line, counted from 1; 0 for the file as a whole")]
    message: Annotated[str, Field(description="What is wrong, and what is allowed")]

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class InvalidParameter:
    """One parameter of a request that cannot be used"""

    parameter: str
    given: Annotated[str | None, Field(description="Null if the parameter is missing")]
    message: Annotated[str, Field(description="What is allowed")]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row of a body that has an error"""

    line: RowNumber
    column: Annotated[
        str | None, Field(description="The column's name in the file; null for the row as a whole")
    ]
    value: Annotated[str | None, Field(description="The value in the file")]
    reason: str


class AggregatorError(Exception):
    """The root: `detail` is a sentence for the person who asked."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes whatever their constructors take."""
        return _unpickled, (type(self), self.args, self.__dict__)


def _unpickled(
    kind: type[AggregatorError], args: tuple[object, ...], state: dict[str, object]
) -> AggregatorError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class NotFound(AggregatorError):
    """No file in `sql/` answers the path."""


class MethodNotAllowed(AggregatorError):
    """The path exists, but not with this method; `allowed` are those that it has."""

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class NotAcceptable(AggregatorError):
    """The report does not have the wanted format; `available` are those that it has."""

    def __init__(self, detail: str, available: Sequence[str]) -> None:
        super().__init__(detail)
        self.available = tuple(available)


class InvalidParameters(AggregatorError):
    """The request's parameters do not fit; `errors` has one entry for each that does not."""

    def __init__(self, errors: Sequence[InvalidParameter]) -> None:
        super().__init__("; ".join(f"{error.parameter}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class BrokenEndpoint(AggregatorError):
    """The `.sql` file cannot be run; `faults` says why."""

    def __init__(self, faults: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class MissingDatabases(BrokenEndpoint):
    """The SQL names databases that are not in the folder; `schemas` are their names, sorted."""

    def __init__(self, faults: Sequence[Diagnostic], schemas: Sequence[str]) -> None:
        super().__init__(faults)
        self.schemas = tuple(schemas)


class DatabaseUnavailable(AggregatorError):
    """A database cannot be read, or written, now; `schema` names it, `cause` is for the log only."""

    def __init__(self, schema: str, reason: str, what: str = "read", cause: str = "") -> None:
        super().__init__(f"The database {schema} cannot be {what}: it {reason}.")
        self.schema = schema
        self.reason = reason
        self.cause = cause


class UnstableDatabases(AggregatorError):
    """The files changed faster than they could be opened at one instant."""


class Overloaded(AggregatorError):
    """All places for running reports stayed taken; `retry_after` is in whole seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class SpoolFull(AggregatorError):
    """As many bytes wait on the disk as may: of downloads for slow clients, or of bodies."""


class RequestTimeout(AggregatorError):
    """The body of the request arrived too slowly."""


class TimeLimitExceeded(AggregatorError):
    """The SQL ran longer than the report's time limit."""


class UnrepresentableValue(AggregatorError):
    """A value that the format or the declared column type cannot show without changing it."""


class QueryFailed(AggregatorError):
    """SQLite stopped in the middle of the rows; `cause` is for the log, never for the client."""

    def __init__(self, detail: str, cause: str) -> None:
        super().__init__(detail)
        self.cause = cause


class Cancelled(AggregatorError):
    """The client has gone or the service is stopping."""


class UnsupportedInput(AggregatorError):
    """The body's format is none that is read; `available` are the media types that are."""

    def __init__(self, detail: str, available: Sequence[str]) -> None:
        super().__init__(detail)
        self.available = tuple(available)


class UnreadableInput(AggregatorError):
    """The body cannot be read, or lacks columns; the detail says where."""


class TooLarge(AggregatorError):
    """The body, or a part of it, is larger than it may be."""


class RejectedRows(AggregatorError):
    """Rows have errors, so nothing was written.

    rows: what is wrong with the first of `count` rows, cell by cell. reasons: sentences about the body as a
    whole. notes: how the body was read, where that needs a remark.
    """

    def __init__(
        self,
        received: int,
        count: int,
        rows: Sequence[RejectedRow],
        reasons: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        have = "has" if count == 1 else "have"
        super().__init__(
            f"{count:,} of {received:,} rows {have} errors; nothing was written. {reasons}".rstrip()
        )
        self.received = received
        self.count = count
        self.rows = tuple(rows)
        self.notes = tuple(notes)


class SwappedDays(RejectedRows):
    """Days of a column can only be read in another order of day and month; nothing was written."""

    def __init__(
        self, received: int, count: int, rows: Sequence[RejectedRow], reason: str, notes: Sequence[str] = ()
    ) -> None:
        super().__init__(received, count, rows, notes=notes)
        self.detail = f"{reason} Nothing was written."
        self.args = (self.detail,)


class ConflictingRows(RejectedRows):
    """Rows of the body contradict what is there; nothing was written."""


class ForeignOrigin(AggregatorError):
    """A browser was made to send it by a page of another site."""


class MisdirectedRequest(AggregatorError):
    """The request's Host header names a host that this service does not answer for."""


class Conflict(AggregatorError):
    """A constraint of the database says no; nothing was written."""


class InvalidWrite(AggregatorError):
    """A NOT NULL, a CHECK or a column's type says no; nothing was written."""


class RecordNotFound(AggregatorError):
    """No row fits what was asked for; nothing was written."""


class StorageFull(AggregatorError):
    """The disk is full; nothing was written."""
