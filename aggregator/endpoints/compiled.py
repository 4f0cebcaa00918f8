"""Compiled endpoints: a checked file with its statements, its columns and the databases that it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aggregator.engine.base import Dialect, Source
from aggregator.engine.model import OrderedSelect, ResultColumn, Statement, TableName
from aggregator.formats import FORMATS, SUFFIXES, pictures, shaped
from aggregator.formats.base import Format
from aggregator.formats.html import HtmlTable
from aggregator.formats.json import Group, Nest, Page, Record, Shape
from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import ColumnSpec, Header
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.columns import Column, ColumnType, Storage
from aggregator.values.money import places_of

_NO_AMOUNT = re.compile(
    r"(^|_)(price|rate|share|percent|ratio|discount|average|avg|mean|median|min|max)$"
    r"|^(unit|average|avg|mean|median|min|max|smallest|largest)_",
    re.IGNORECASE,
)

_NO_COUNT = re.compile(
    r"(^|_)(id|number|no|code|year|month|day|days|rank|size|age|limit|line|date|at)$|^(days|is|has)_",
    re.IGNORECASE,
)
"""Names of numbers whose sum says nothing, the second but of money."""

_DAYS = ("DATE", "DATETIME", "TIMESTAMP", "BOOLEAN")


@dataclass(frozen=True, slots=True, eq=False)
class CompiledEndpoint:
    """An endpoint that was found to be good.

    params: what a request may give. columns: of the rows that it answers with, none when it has none.
    files: the databases that it needs, in the order of their names. dialect: of their engine.
    """

    endpoint: Endpoint
    header: Header
    params: Mapping[str, Parameter]
    columns: tuple[Column, ...]
    files: tuple[Source, ...]
    dialect: Dialect

    @property
    def name(self) -> str:
        """The file without `.sql`, as `report/customer-orders`."""
        return self.endpoint.name

    @property
    def shape(self) -> Shape | None:
        """The shape of JSON answers; None for an array of rows."""
        said = self.header.shape
        shapes: dict[str, Shape] = {
            "page": Page(),
            "record": Record(),
            "group": Group(said.column),
            "nest": Nest(said.column, said.members),
        }
        return shapes.get(said.kind)

    @property
    def formats(self) -> list[Format]:
        """The formats of the rows, the default first."""
        return [shaped(name, self.shape) for name in self.header.formats or FORMATS]

    @property
    def pictures(self) -> list[Format]:
        """The formats of its chart, none when it has no chart."""
        chart = self.header.chart
        return [] if chart is None else pictures(chart, self.endpoint.title)

    @property
    def has_bare_names(self) -> bool:
        """Whether the SQL names a table without its schema, which another file may come to have, too."""
        return False

    @property
    def needs_row(self) -> bool:
        """Whether an answer without rows means that there is no such thing."""
        return self.shape is not None and self.shape.needs_row

    def time_limit(self, most: float) -> float:
        """Seconds that the SQL may run: what the header says, but no more than the most."""
        return min(self.header.time_limit or most, most)


@dataclass(frozen=True, slots=True, eq=False)
class ReadEndpoint(CompiledEndpoint):
    """A report that can be run.

    choices: for each parameter with `choices_sql` that SELECT. checked_against: `state` of the files then.
    ordered: the SQL of a report in pages, or with `sort`.
    """

    statement: Statement
    choices: Mapping[str, Statement]
    checked_against: tuple[object, ...]
    ordered: OrderedSelect | None = None

    @property
    def paging(self) -> OrderedSelect | None:
        """Of a report in pages, its SQL for all rows."""
        return self.ordered if self.header.shape.kind == "page" else None

    @property
    def digest(self) -> str:
        """Stands for the text of the file; another text has another."""
        return self.endpoint.digest

    @property
    def has_bare_names(self) -> bool:
        """Also of the choices."""
        return any(each.bare for each in (self.statement, *self.choices.values()))

    def table(self, locale: str, root: str) -> HtmlTable:
        """How a page shows the rows to a reader; root: the way from the page to `/`."""
        is_record = isinstance(self.shape, Record | Nest)
        return HtmlTable(locale, root, is_record, self.header.shape.members, tuple(SUFFIXES))

    @property
    def title(self) -> str:
        """The header's title, or the file's name as words."""
        return self.endpoint.title


def columns_of(statement: Statement, header: Header) -> tuple[Column, ...]:
    """The columns of a statement's result with what the header says of them."""
    members = header.shape.members
    has_currencies = any(column.name == "currency" for column in statement.columns)
    columns = []
    for position, column in enumerate(statement.columns):
        spec = header.columns.get(column.name, ColumnSpec())
        # What stands beside a list comes again in each of its rows.
        is_summed = _is_summed(column, spec, has_currencies) and (not members or column.name in members)
        columns.append(replace(_column(position, column, spec), is_summed=is_summed))
    return tuple(columns)


def _column(position: int, column: ResultColumn, spec: ColumnSpec) -> Column:
    storage: Storage | None = column.storage  # type: ignore[assignment]
    return Column(
        name=column.name,
        sql=f"c{position}",
        type=spec.type or _guessed_type(column),
        currency=spec.currency,
        digits=places_of(spec.currency),
        stored=spec.stored or "minor",
        storage=storage,
        is_declared=spec.type is not None,
        description=spec.description,
        link=spec.link,
    )


def _is_summed(column: ResultColumn, spec: ColumnSpec, has_currencies: bool) -> bool:
    """As the header says; else money, and what may be numbers by its type and its name."""
    if spec.total is not None:
        return spec.total
    if _NO_AMOUNT.search(column.name):
        return False
    if spec.type == "money":
        return spec.currency is not None or not has_currencies
    is_number = spec.type in ("integer", "number") or (
        spec.type is None and column.storage != "text" and (column.declared or "").upper() not in _DAYS
    )
    return is_number and not _NO_COUNT.search(column.name)


def _guessed_type(column: ResultColumn) -> ColumnType | None:
    """Days and moments by the declared type, or by the name's ending; it only matters to Excel."""
    declared = (column.declared or "").upper()
    if declared == "DATE":
        return "date"
    if declared.startswith(("DATETIME", "TIMESTAMP")):
        return "datetime"
    if declared in ("", "TEXT"):
        if column.name.endswith("_date"):
            return "date"
        if column.name.endswith("_at"):
            return "datetime"
    return None


@dataclass(frozen=True, slots=True, eq=False)
class WriteEndpoint(CompiledEndpoint):
    """An endpoint whose statements can be run.

    written: those of the files that are written. counted: the table whose rows the answer counts first, as
    schema and name. checked_against: `state` of the files then.
    """

    statements: tuple[Statement, ...]
    written: tuple[Source, ...]
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
    def only_read(self) -> list[Source]:
        """The databases that are only read."""
        return [file for file in self.files if file not in self.written]
