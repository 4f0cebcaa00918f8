"""One endpoint that changes data, and one order to it."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.catalog.arguments import Arguments
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.inspection import Statement, TableName
from aggregator.formats import Format
from aggregator.inputs.table import Table
from aggregator.reports.checked import Checked


@dataclass(frozen=True, slots=True, eq=False)
class Write(Checked):
    """An endpoint whose statements can be run.

    written: those of the files that are written. counted: the table whose rows the answer counts first, as
    schema and name. checked_against: `state` of the files then.
    """

    statements: tuple[Statement, ...]
    written: tuple[DatabaseFile, ...]
    counted: TableName | None
    checked_against: tuple[object, ...]

    @property
    def has_bare_names(self) -> bool:
        """Of any statement."""
        return any(each.bare for each in self.statements)

    @property
    def has_input(self) -> bool:
        """Whether the body is a table."""
        return bool(self.header.input)

    @property
    def only_read(self) -> list[DatabaseFile]:
        """The databases that are only read."""
        return [file for file in self.files if file not in self.written]


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
