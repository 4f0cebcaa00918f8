"""One endpoint that changes data, and one order to it."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.catalog.arguments import Arguments
from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import Header
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.inspection import Statement, TableName
from aggregator.formats import Column, Format
from aggregator.inputs.table import Table
from aggregator.reports.report import formats_of, shape_of


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """An endpoint whose statements can be run.

    columns: of the rows that the last statement gives, none when it gives no rows. files: the databases
    that are read or written, in the order of their names; written: those of them that are written.
    counted: the table whose rows the answer counts first, as schema and name.
    """

    endpoint: Endpoint
    header: Header
    statements: tuple[Statement, ...]
    columns: tuple[Column, ...]
    files: tuple[DatabaseFile, ...]
    written: tuple[DatabaseFile, ...]
    counted: TableName | None

    @property
    def name(self) -> str:
        """The file without `.sql`, as `invoices/import.post`."""
        return self.endpoint.name

    @property
    def has_input(self) -> bool:
        """Whether the body is a table."""
        return bool(self.header.input)

    @property
    def only_read(self) -> list[DatabaseFile]:
        """The databases that are only read."""
        return [file for file in self.files if file not in self.written]

    @property
    def formats(self) -> list[Format]:
        """The formats of the rows of the answer, the default first."""
        return formats_of(self.header)

    @property
    def needs_row(self) -> bool:
        """Whether an answer without rows means that there is no such thing."""
        shape = shape_of(self.header)
        return shape is not None and shape.needs_row

    def time_limit(self, most: float) -> float:
        """Seconds that the SQL may run: what the header says, but no more than the most."""
        return min(self.header.time_limit or most, most)


@dataclass(frozen=True, slots=True, eq=False)
class WriteOrder:
    """What is to be written.

    table: the rows of the body, for an endpoint that has input. skip_invalid: write the good rows though
    there are bad ones. is_dry: do all of it, and take it back. format: of the rows of the answer.
    key: of a request that may come again, and must not be carried out again.
    """

    write: Write
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
