"""The checks of a header against the columns and parameters of its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal

from aggregator.engine.base import Engine
from aggregator.engine.base import Source as DataSource
from aggregator.engine.model import OrderedSelect, ResultColumn, StatementError
from aggregator.errors import BrokenEndpoint, Diagnostic, MissingDatabases
from aggregator.formats.html import placeholders
from aggregator.sqlfile.header import Header, Source
from aggregator.sqlfile.parameters import SortSpec
from aggregator.values.charts import ChartSpec
from aggregator.values.columns import Column
from aggregator.values.money import is_known_currency

_NUMBERS = ("integer", "number", "money", "percent")


def faults_of_chart(header: Header, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    """The key of `chart` that each fault is about, and a sentence. columns: of the result."""
    chart = header.chart
    if chart is None:
        return
    by_name = {column.name: column for column in columns}
    for key, name in chart.columns:
        if name not in by_name:
            yield key, f"chart.{key}: {_no_column(name, list(by_name))}"
    if header.shape.kind == "record":
        yield "", "chart: shape: record has one row; a chart needs several"
    yield from _faults_of_y(chart, [by_name[name] for name in chart.y if name in by_name])


def _no_column(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"there is no column {name}{hint}; the columns are {', '.join(names)}"


def _faults_of_y(chart: ChartSpec, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    for column in columns:
        kind = column.type or ("text" if column.storage == "text" else "number")
        if kind not in _NUMBERS:
            yield "y", f"chart.y: {column.name} holds {kind}; only numeric columns are allowed"
    units = {_unit(column): column.name for column in columns}
    if len(units) > 1:
        named = " and ".join(f"{name} is {unit}" for unit, name in units.items())
        yield "y", f"chart.y: {named}; one axis cannot show them together"


def _unit(column: Column) -> str:
    if column.type == "money":
        return f"money in {column.currency}" if column.currency else "money"
    return "percent" if column.type == "percent" else "a plain number"


class SourceCheck:
    """The check of one file against some databases, and the faults that it has found so far."""

    def __init__(self, engine: Engine, file: str, source: Source, files: Mapping[str, DataSource]) -> None:
        self.engine = engine
        self.file = file
        self.source = source
        self.files = files
        self.faults: list[Diagnostic] = []
        self.missing: dict[str, int] = {}

    def add(self, line: int, message: str) -> None:
        """Note a fault; line: of the file."""
        self.faults.append(Diagnostic(self.file, line, message))

    def broken(self) -> BrokenEndpoint:
        """The error for the faults so far, with one for all of the databases that are missing."""
        if not self.missing:
            return BrokenEndpoint(sorted(self.faults))
        names = sorted(self.missing)
        is_one = len(names) == 1
        message = f"there {'is no database' if is_one else 'are no databases'} {listed(names)}"
        close = get_close_matches(names[0], self.files, n=1, cutoff=0.8) if is_one else []
        hint = f" (did you mean {self.engine.literal(close[0])}?)" if close else ""
        fault = Diagnostic(self.file, min(self.missing.values()), message + hint)
        if self.faults:
            return BrokenEndpoint(sorted([*self.faults, fault]))
        return MissingDatabases([fault], names)

    def beside_missing(
        self, faults: Sequence[StatementError], sql: str, first_line: int
    ) -> list[StatementError]:
        """The faults of some SQL without those that come from missing databases, which are noted.

        SQLite names only the first table that it does not find.
        """
        kept = [fault for fault in faults if not fault.message.startswith("no such table")]
        absent = self.engine.absent_schemas(sql, self.files) if len(kept) < len(faults) else {}
        for schema, line in absent.items():
            self.missing.setdefault(schema, first_line + line - 1)
        return kept if absent else list(faults)

    def check_parameters(self) -> None:
        """Each parameter that is used must be declared, and the other way round."""
        declared = self.source.header.params
        found = self.engine.parameters(self.source.sql)
        undeclared = {
            name: next(iter(get_close_matches(name.lower(), declared, n=1, cutoff=0.75)), None)
            for name in (token.text[1:] for token in found if token.text.startswith(":"))
            if name not in declared and _can_be_declared(name)
        }
        new = [name for name, declared_as in undeclared.items() if declared_as is None]
        used: set[str] = set()
        for token in found:
            line = self.source.sql_line + token.line - 1
            name = token.text[1:]
            if not token.text.startswith(":"):
                example = name if _can_be_declared(name) else "name"
                self.add(line, f"{token.text}: write a parameter as :{example}")
            elif not _can_be_declared(name):
                self.add(
                    line,
                    f"{token.text}: a name has letters A to Z, digits and _, and does not begin with a digit",
                )
            elif name not in declared and name not in used:
                close = undeclared[name]
                how = f"did you mean :{close}?" if close else self.source.how_to_declare(new)
                self.add(line, f"{token.text} is not declared under params; {how}")
            used.add(name)
        if self.source.header.sort is not None:
            used.add("sort")
        for token in self.engine.compared(self.source.sql):
            name = token.text[1:]
            if name in declared and declared[name].many:
                self.add(
                    self.source.sql_line + token.line - 1,
                    f"{token.text} is a list, passed to SQL as a JSON array; "
                    f"write IN (SELECT value FROM json_each({token.text}))",
                )
        for name in declared.keys() - used:
            line = self.source.line_of("params", name)
            self.add(line, f"the parameter {name} is declared, but the SQL does not use :{name}")

    def check_shape(self, names: Sequence[str]) -> None:
        """The columns of a group or a list must be some of the result's, which `names` has, and others."""
        shape = self.source.header.shape
        named = {"group": [shape.column], "nest": [*shape.members]}.get(shape.kind, [])
        line = self.source.line_of("shape")
        for name in [name for name in named if name not in names] if names else []:
            self.add(line, f"shape: there is no column {name}; the columns are {', '.join(names)}")
        for name in sorted({name for name in named if named.count(name) > 1}):
            self.add(line, f"shape: {name} appears twice")
        if shape.kind == "nest" and shape.column in set(names) - set(named):
            self.add(line, f"shape: the list {shape.column} has the same name as a column outside of it")
        if shape.kind == "group" and len(names) == 1:
            self.add(line, f"shape: beside {shape.column} there is no column to group")

    def check_sort(self, sort: SortSpec, names: Sequence[str], ordered: OrderedSelect | None) -> None:
        """The columns of `sort` must be some of the result's, and the SQL must end in its default order."""
        for key, name in [*(("columns", name) for name in sort.columns), ("then", sort.then)]:
            if name not in names:
                message = f"sort.{key}: there is no column {name}; the columns are {', '.join(names)}"
                self.add(self.source.line_of("sort", key), message)
        if self.source.header.shape.kind not in ("rows", "page"):
            self.add(self.source.line_of("sort"), "sort: is only for the shapes rows and page")
        column, _, direction = sort.default.rpartition(".")
        terms = ordered.terms if ordered is not None else [("", "")]
        if terms[0] != (column.lower(), direction) or terms[-1][0] != sort.then.lower():
            wanted = f"{column} {direction.upper()}" + (f", … {sort.then}" if column != sort.then else "")
            message = f"sort: the SQL must end in the default order, ORDER BY {wanted}"
            self.add(self.source.line_of("sort", "default"), message)

    def refuse_key(self, key: Literal["chart", "sort"], where: str) -> None:
        """Note that a key of the header is for other files."""
        if getattr(self.source.header, key) is not None:
            self.add(self.source.line_of(key), f"{key}: is only for files that {where}")

    def check_amounts(self, columns: Iterable[ResultColumn]) -> None:
        """Money must be stored as the header says, as far as the types that tables declare can tell."""
        for column in columns:
            spec = self.source.header.columns.get(column.name)
            if spec is None or spec.type != "money" or spec.stored == "major":
                continue
            affinity = column.affinity
            of_table = f"columns.{column.name}: its table declares it {column.declared}, which holds"
            if affinity in ("real", "text"):
                example = "numbers such as 1.98" if affinity == "real" else "text"
                message = f"{of_table} {example}, not a whole number of cents; add stored: major"
            elif affinity == "numeric" and spec.stored is None:
                message = (
                    f"{of_table} 1.98 as well as 198; add stored: major for amounts such as 1.98, "
                    "or stored: minor for cents"
                )
            else:
                continue
            self.add(self.source.line_of("columns", column.name, "type"), message)

    def check_columns(self, names: Sequence[str]) -> None:
        """What the header says of columns must be of some that there are; names: of the result's."""
        for name, spec in self.source.header.columns.items():
            if names and name not in names:
                line = self.source.line_of("columns", name)
                self.add(line, f"there is no column {name}; the columns are {', '.join(names)}")
            if spec.currency is not None and not is_known_currency(spec.currency):
                line = self.source.line_of("columns", name, "currency")
                self.add(line, f"{spec.currency} is not an ISO 4217 currency")
            for other in placeholders(spec.link):
                if names and other not in names:
                    line = self.source.line_of("columns", name, "link")
                    self.add(
                        line,
                        f"link uses {{{other}}}, which is not a column; the columns are {', '.join(names)}",
                    )


def _can_be_declared(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names in a sentence: `a, b and c`; of more than the most, how many others there are."""
    rest = len(names) - most
    *first, last = [*names[:most], f"{rest} more"] if rest > 0 else names
    return f"{', '.join(first)} and {last}" if first else last
