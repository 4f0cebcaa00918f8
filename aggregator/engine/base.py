"""What every engine offers to the layers above."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from aggregator.engine.model import (
    OrderedSelect,
    PlanStep,
    SqlValue,
    Statement,
    StatementError,
    StoredResponse,
    TableCounts,
    Values,
)
from aggregator.errors import Diagnostic
from aggregator.values.columns import Column
from aggregator.values.rows import RowKind


class Source(Protocol):
    """One database that SQL can name."""

    @property
    def schema(self) -> str:
        """Its name in SQL."""

    def identity(self) -> object:
        """Which database this is now; None when it is gone."""


class Version(Protocol):
    """What a source held at some moment."""

    @property
    def stamp(self) -> tuple[int, ...]:
        """Equal for two moments when nothing was written between them, if the version is settled."""

    @property
    def settled(self) -> bool:
        """False when the last change is so young that another could get the same stamp."""

    def unsettled(self) -> Version:
        """The same, with nothing proved by it."""


class Snapshot(Protocol):
    """Some sources at one instant. What runs SQL raises StatementFailed and DatabaseUnavailable."""

    @property
    def schema_state(self) -> tuple[object, ...]:
        """Equal for two snapshots when the sources are the same and their tables were not altered."""

    def holds(self, seen: Sequence[Version]) -> bool:
        """Whether nothing was written between a look at the sources and this instant."""

    def rows(self, sql: str, values: Values) -> Iterator[list[bytes]]:
        """Run a SELECT of one column of BLOBs and give its values in lists, soon after they are made."""

    def first(
        self, sql: str, values: Values = (), most: int = 1, seconds: float = float("inf")
    ) -> list[tuple[SqlValue, ...]]:
        """The first rows of a SELECT, which is interrupted after so many seconds."""

    def explain(self, sql: str, values: Mapping[str, SqlValue]) -> list[PlanStep]:
        """The plan of a SELECT for these values, which is not run."""

    def interrupt(self) -> None:
        """End the SQL that runs, from any thread."""


class Snapshots(Protocol):
    """Lends snapshots, each to one borrower at a time. Safe to use from many threads."""

    def snapshot(
        self, sources: Sequence[Source], wanted: Callable[[], bool], seen: Sequence[Version] | None = None
    ) -> AbstractContextManager[Snapshot]:
        """One instant of exactly these sources, held while inside.

        wanted: asked while waiting and while SQL runs; False ends both. seen: the versions, when they were
        looked at just now. Raises DatabaseUnavailable (also at the end, when what was read may not be of one
        instant), UnstableDatabases, or Cancelled.
        """

    def close_idle(self, older_than: float = 0) -> None:
        """Close what nobody has used for so many seconds."""


Refused = tuple[int, int, str, str]
"""A line, the number of the guard that refuses it, the column (empty for the row), and the reason."""


class StagedRows(Protocol):
    """The rows of a request's body in the temporary table `input`, and those of them that guards refuse."""

    def stage(self, columns: Sequence[str], rows: Iterable[Sequence[SqlValue]]) -> None:
        """Fill a new table; each row has its line first."""

    def has_line(self, line: SqlValue) -> bool:
        """Whether there is a row of that line."""

    def value(self, line: int, column: str) -> SqlValue:
        """What stands in a column of a row."""

    def begin_refusing(self) -> None:
        """Forget what was refused; not possible while a guard gives rows."""

    def refuse(self, guard: int, found: Iterable[Refused]) -> None:
        """Remember what a guard refuses; a reason against a cell says more than one against its row."""

    def refused(self, most: int) -> list[Refused]:
        """The first of what was refused, in the order of the lines."""

    def count_refused(self, without: Collection[int]) -> int:
        """How many lines were refused, besides some."""

    def remove_refused(self) -> None:
        """Take the refused lines out of the table."""


class TableCounter(Protocol):
    """Counts what is inserted, updated and deleted."""

    def tables(self) -> TableCounts:
        """The counts."""


class WriteConnection(Protocol):
    """Some sources to write, and others to read. Running SQL raises AggregatorError or StatementFailed."""

    wanted: Callable[[], bool]
    """Asked while waiting and while SQL runs; False ends both."""

    @property
    def staged(self) -> StagedRows:
        """The rows of a request's body."""

    @property
    def kept_rows(self) -> str:
        """The SELECT of the rows that `run_and_keep` has kept."""

    @property
    def in_transaction(self) -> bool:
        """False when an error has taken back everything."""

    def run(self, sql: str, values: Values) -> int:
        """Run an author's statement that gives no rows; how many rows it and its triggers changed."""

    def run_and_keep(self, sql: str, values: Values, width: int) -> int:
        """Run an author's statement and keep the rows that it gives; how many rows it changed."""

    def found(self, sql: str, values: Values) -> AbstractContextManager[Iterator[tuple[SqlValue, ...]]]:
        """The rows that an author's SELECT gives, while inside."""

    def texts(self, sql: str) -> Iterator[bytes]:
        """The values of a SELECT of one column from `kept_rows`."""

    def counted(self) -> AbstractContextManager[TableCounter]:
        """Count what `run` and `run_and_keep` change inside."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that is taken back alone when it raises."""

    def require_references(self) -> None:
        """Raise Conflict when deferred foreign keys are not met."""

    def schema_state(self, sources: Sequence[Source]) -> tuple[object, ...]:
        """As of a Snapshot, of some of the sources; raises DatabaseUnavailable."""

    def interrupt(self) -> None:
        """End the SQL that runs, from any thread."""

    def checkpoint_on_close(self, is_wanted: bool) -> None:
        """Whether closing may change the versions of the sources once more."""

    def empty_wals(self) -> bool:
        """Do now what could change the versions later; whether all is done."""

    def close(self) -> None:
        """Let go of the sources."""


class Dialect(Protocol):
    """Writes the SQL that the service puts around an author's SELECT."""

    def rows_as_text(self, statement: Statement, row: RowKind) -> str:
        """The SELECT with each row as one BLOB of text; its columns are called c0, c1, …."""

    def ordered(self, select: OrderedSelect, order: str) -> str:
        """The SELECT of all rows in an order."""

    def page(self, sql: str, limit: int, offset: int) -> str:
        """Some rows of a SELECT that has no pages of its own."""

    def all_pages(self, sql: str) -> str:
        """All rows from the parameter `offset` on of a SELECT without LIMIT."""

    def order_terms(self, place: int, direction: str, then: int) -> str:
        """The terms of an ORDER BY: a column, from 1, NULL last; then: the column that parts equal rows."""

    def sort_for_reader(self, sql: str, columns: Sequence[Column], place: int, direction: str) -> str:
        """Small and capital letters sort alike, texts of amounts as numbers; equal rows keep their order."""

    def totals(self, sql: str, columns: Sequence[Column]) -> str:
        """The SELECT of the number of rows, and of what the total of each summed column is made of."""

    def read_totals(self, row: Sequence[SqlValue], columns: Sequence[Column]) -> tuple[int, dict[str, str]]:
        """Its row: the number of rows, and each total as text; a column with other than numbers has none."""

    def choice_by_text(self, statement: Statement) -> str:
        """The SELECT of the one choice whose text is the first parameter."""

    def present_choices(self, statement: Statement) -> str:
        """The SELECT of the choices that are not NULL, in their order."""

    def example(self, schema: str = "", table: str = "") -> str:
        """A SELECT to begin with: all rows of a table, or a greeting when no table is given."""


class Responses(Protocol):
    """Responses to writes with a key, each kept in the transaction of its write."""

    def source(self) -> Source:
        """Where they are kept; to be among those that are written. Raises DatabaseUnavailable."""

    def get(
        self, connection: WriteConnection, endpoint: str, key: str, since: float
    ) -> tuple[bytes, StoredResponse] | None:
        """What was kept for a key, with the digest of its request, if it is not older. since: UNIX time."""

    def put(
        self, connection: WriteConnection, endpoint: str, key: str, digest: bytes, response: StoredResponse
    ) -> None:
        """Keep a response from now on."""

    def forget(self, connection: WriteConnection, until: float) -> None:
        """Remove those that are older."""


class SqlWord(Protocol):
    """A word of SQL text."""

    @property
    def text(self) -> str:
        """As it is written."""

    @property
    def line(self) -> int:
        """From 1."""


class Inspection(Protocol):
    """Prepares the SQL of one file, and runs none of it. Raises DatabaseUnavailable."""

    @property
    def unusable(self) -> Mapping[str, str]:
        """By schema, the first object of a source that the engine cannot use, and why."""

    def prepare(self, sql: str) -> tuple[Statement | None, list[StatementError]]:
        """A SELECT; None when it cannot be prepared or is none."""

    def prepare_writes(self, sql: str) -> tuple[list[Statement], list[StatementError]]:
        """Each statement of a text that may write."""

    def schema_state(self, schemas: Iterable[str]) -> tuple[object, ...]:
        """As of a snapshot of these sources, when the inspection began."""


class Engine(Protocol):
    """The databases of one kind that SQL can name."""

    @property
    def dialect(self) -> Dialect:
        """How its SQL is written. It can be pickled."""

    def sources(self) -> Mapping[str, Source]:
        """The sources by schema, in the order of the names."""

    def faults(self) -> Sequence[Diagnostic]:
        """What is wrong with the place of the sources as such."""

    def versions(self, sources: Sequence[Source]) -> Sequence[Version]:
        """The versions of sources as they are now."""

    def trouble(self, source: Source) -> str | None:
        """Why a source cannot be read now; None when it can be."""

    def inspect(
        self,
        texts: Sequence[str],
        files: Mapping[str, Source],
        lock_wait: float,
        input_columns: Sequence[str] | None = None,
    ) -> AbstractContextManager[Inspection]:
        """Open the sources that some texts of SQL name.

        files: those that there are; input_columns: of the table `input`, None for SQL that only reads. Raises
        DatabaseUnavailable.
        """

    def parameters(self, sql: str) -> Sequence[SqlWord]:
        """The parameters of a text in order, each as often as it is used."""

    def compared(self, sql: str) -> Sequence[SqlWord]:
        """Those that are compared as they are, where a list would need json_each."""

    def ordered_select(self, sql: str) -> OrderedSelect | None:
        """A SELECT taken apart; None when it does not end in an ORDER BY."""

    def absent_schemas(self, sql: str, known: Iterable[str]) -> Mapping[str, int]:
        """The schemas that a text names and that are not known, each with its first line."""

    def literal(self, identifier: str) -> str:
        """An identifier as people write it in SQL."""

    @property
    def responses(self) -> Responses:
        """The kept responses to writes."""

    def write_connection(self, written: Sequence[Source], read: Sequence[Source]) -> WriteConnection:
        """Raises DatabaseUnavailable."""

    def transaction(self, connection: WriteConnection) -> AbstractContextManager[None]:
        """What is written inside is in all sources when it ends, or in none when it raises."""

    def recover(self) -> None:
        """Finish a write whose process died; raises DatabaseUnavailable when that is not possible now."""
