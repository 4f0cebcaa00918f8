"""What can be asked of a report: its rows, a page of them, its plan, or the choices of its form."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.engine.base import Snapshot, Version
from aggregator.engine.model import StatementFailed
from aggregator.errors import RecordNotFound
from aggregator.formats import FORMATS, HTML, PLAN
from aggregator.formats.base import Format
from aggregator.formats.html import PageHead, PageRows, Totals
from aggregator.formats.json import JsonWriter, PageEnd
from aggregator.formats.json import Page as PageShape
from aggregator.read.plan import Plan, plan_of
from aggregator.read.query import (
    PAGE_ROWS,
    Query,
    bindings,
    list_choices,
    query_of,
    unsorted_sql,
)
from aggregator.sqlfile.parameters import Arguments, read_arguments

_FIRST_SECONDS = 0.01
_CHUNK_SECONDS = 0.1
_CHUNK_BYTES = 32 * 1024
_MOST_IN_SMALL = 1000

_COUNTING_SECONDS = 5.0
"""How long a page waits for its totals."""

Choices = dict[str, list[str]]
Item = bytes | PageHead | Totals | PageEnd | Plan | Choices
"""A part of a result: rows, joined as their format's writer does, or what stands before or after them."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some parts of a result, and how many rows they hold; is_last when the result ends with them."""

    items: Sequence[Item]
    rows: int
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """What one request wants to read of a report.

    Without rows_wanted everything is done up to the first row. seen: the files as they were when the answer's
    tag was made, None without a tag. at_time_limit: what ends a result whose rows are whole when the time is
    over, None when there is nothing but an error.
    """

    report: ReadEndpoint
    arguments: Arguments
    rows_wanted: bool = True
    seen: Sequence[Version] | None = None

    name: ClassVar[str]
    at_time_limit: ClassVar[Item | None] = None

    @abstractmethod
    def read(self, snapshot: Snapshot, arguments: Arguments) -> Iterator[Chunk]:
        """The result, as the engine makes it. arguments: with the data's own values for choices."""

    @property
    def format_name(self) -> str:
        """As the log and `?format=` call the result."""
        return self.name

    @property
    def is_drawn(self) -> bool:
        """Whether the result is one piece, which is drawn after the last row."""
        return False

    @property
    def may_be_stuck(self) -> bool:
        """Whether one call of a function may take minutes, with these arguments."""
        harmless = self.report.statement.harmless_texts
        if harmless == float("inf") or not self.rows_wanted:
            return False
        return sum(map(_characters, self.arguments.values())) > harmless

    @property
    def sort(self) -> str | None:
        """A column and its direction, `name.desc`; None for the file's order."""
        sort = self.arguments.get("sort")
        return None if sort is None else str(sort)

    def limits(self) -> tuple[int, int]:
        """Of a report in pages, offset and limit."""
        return int(str(self.arguments["offset"])), int(str(self.arguments["limit"]))


@dataclass(frozen=True, slots=True)
class Rows(Operation):
    """The rows in a format. all_pages: of a report in pages, all rows from its offset on."""

    name: ClassVar[str] = "rows"

    format: Format = FORMATS["json"]
    all_pages: bool = False

    @property
    def format_name(self) -> str:
        return self.format.name

    @property
    def is_drawn(self) -> bool:
        return self.format.is_drawn

    def identity(self) -> tuple[object, ...]:
        """What makes the result another one than that of other operations with the same arguments."""
        return self.format.name, str(self.format.writer), self.all_pages

    def query(self) -> Query:
        """What is run."""
        return query_of(self.report, self.format.writer, self.sort, self.all_pages)

    def encode(self, items: Iterable[Item]) -> Iterator[bytes]:
        """The bytes of the file; what `items` raises goes through."""
        return self.query().writer.encode(items)

    def read(self, snapshot: Snapshot, arguments: Arguments) -> Iterator[Chunk]:
        query, count = self.query(), 0
        for rows, is_last in _batches(snapshot, query, arguments):
            count += len(rows)
            if not is_last:
                yield Chunk([query.writer.join(rows)], len(rows), is_last=False)
                continue
            last = self._last(snapshot, arguments, rows, count)
            if last.items:
                yield last

    def small_result(self, snapshot: Snapshot, arguments: Arguments) -> Chunk | None:
        """All rows at once; None when there are more than a thousand."""
        found = snapshot.first(self.query().sql, bindings(arguments), _MOST_IN_SMALL + 1)
        if len(found) > _MOST_IN_SMALL:
            return None
        rows: list[bytes] = [row for (row,) in found]  # type: ignore[misc]
        return self._last(snapshot, arguments, rows, len(rows))

    def _last(self, snapshot: Snapshot, arguments: Arguments, rows: list[bytes], count: int) -> Chunk:
        """The rows that are left, with what comes after them. count: all that there were."""
        if not count:
            require_record(self.report, arguments)
        items: list[Item] = [self.query().writer.join(rows)] if rows else []
        if isinstance(self.format.writer, PageShape):
            items.append(self._end(snapshot, arguments, count))
        return Chunk(items, len(rows))

    def _end(self, snapshot: Snapshot, arguments: Arguments, count: int) -> PageEnd:
        assert self.report.paging is not None
        offset, limit = self.limits()
        if 0 < count < limit or count == offset == 0:
            return PageEnd(offset + count, limit, offset)
        ((total,),) = snapshot.first(self.report.paging.count, bindings(arguments))
        return PageEnd(int(str(total)), limit, offset)


@dataclass(frozen=True, slots=True)
class Page(Operation):
    """One page of rows, for people: a head, the rows, and totals of all pages. number: from 1."""

    name: ClassVar[str] = HTML.name
    at_time_limit: ClassVar[Item | None] = Totals(None, is_slow=True)

    number: int = 1

    def identity(self) -> tuple[object, ...]:
        """As of Rows."""
        return self.name, self.number

    @property
    def part(self) -> tuple[int, int]:
        """How many rows stand before it, and how many it has at most."""
        is_own = self.report.paging is None
        return ((self.number - 1) * PAGE_ROWS, PAGE_ROWS) if is_own else self.limits()

    def read(self, snapshot: Snapshot, arguments: Arguments) -> Iterator[Chunk]:
        began = time.monotonic()
        query = query_of(self.report, PageRows, self.sort, page=self.number)
        choices = list_choices(snapshot, self.report)
        rows = [row for batch, _ in _batches(snapshot, query, arguments) for row in batch]
        if not rows:
            require_record(self.report, arguments)
        items: list[Item] = [PageHead(choices, time.monotonic() - began, len(rows)), query.writer.join(rows)]
        before, most = self.part
        if before == 0 and len(rows) < most:
            yield Chunk([*items, Totals(len(rows))], len(rows))
            return
        yield Chunk(items, len(rows), is_last=False)
        yield Chunk([self._totals(snapshot, arguments)], 0)

    def _totals(self, snapshot: Snapshot, arguments: Arguments) -> Totals:
        """Count and sums of all rows; no count when that takes too long or cannot be done."""
        columns, dialect = self.report.columns, self.report.dialect
        sql = dialect.totals(unsorted_sql(self.report), columns)
        try:
            (row,) = snapshot.first(sql, bindings(arguments), seconds=_COUNTING_SECONDS)
        except StatementFailed as failure:
            return Totals(None, is_slow=failure.is_interrupted)
        return Totals(*dialect.read_totals(row, columns))


@dataclass(frozen=True, slots=True)
class Explain(Operation):
    """The plan and what the rows took; they are read to their end and dropped."""

    name: ClassVar[str] = PLAN.name

    def read(self, snapshot: Snapshot, arguments: Arguments) -> Iterator[Chunk]:
        query, paging = query_of(self.report, JsonWriter, self.sort), self.report.paging
        plan = plan_of(
            self.report.name,
            snapshot,
            query.sql,
            paging.count if paging is not None else None,
            bindings(arguments),
            lambda: sum(len(rows) for rows, _ in _batches(snapshot, query, arguments)),
        )
        yield Chunk([plan], plan.rows)


def plan_as_json(items: Iterable[Item]) -> Iterator[bytes]:
    """The plan as a document."""
    for item in items:
        assert isinstance(item, Plan)
        yield item.to_json()


@dataclass(frozen=True, slots=True)
class ListChoices(Operation):
    """The choices of each parameter, for a form whose values are invalid."""

    name: ClassVar[str] = "form"

    @property
    def may_be_stuck(self) -> bool:
        return False

    def read(self, snapshot: Snapshot, arguments: Arguments) -> Iterator[Chunk]:
        yield Chunk([list_choices(snapshot, self.report)], 0)


def arguments_of(report: ReadEndpoint, given: Mapping[str, Sequence[str]]) -> Arguments:
    """The arguments for the texts of a request's parameters. Raises InvalidParameters."""
    arguments = read_arguments(report.params, given)
    if "sort" not in report.header.params and arguments["sort"] is None:
        del arguments["sort"]
    return arguments


def rows_of(
    report: ReadEndpoint, given: Mapping[str, Sequence[str]], format: Format, rows_wanted: bool = True
) -> Rows:
    """The rows that a request asks for; given: the texts of its parameters. Raises InvalidParameters.

    Only JSON says that there are more pages, so other formats have all rows unless a limit is given.
    """
    all_pages = report.paging is not None and format.name != "json" and not any(given.get("limit", ()))
    arguments = arguments_of(report, given)
    return Rows(report, arguments, rows_wanted or report.needs_row, None, format, all_pages)


def require_record(report: ReadEndpoint, arguments: Arguments) -> None:
    """Raise RecordNotFound for a report without rows whose shape needs one."""
    if not report.needs_row:
        return
    names = report.endpoint.route.parameters or [
        name for name, parameter in report.header.params.items() if parameter.is_required
    ]
    asked = ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {arguments[name]}" for name in names)
    raise RecordNotFound(f"Not found: {asked} does not exist." if asked else "The record does not exist.")


def _batches(snapshot: Snapshot, query: Query, arguments: Arguments) -> Iterator[tuple[list[bytes], bool]]:
    """Rows in batches that are worth sending, and whether each is the last, which may be empty."""
    rows: list[bytes] = []
    size, flush_at = 0, time.monotonic() + _FIRST_SECONDS
    for batch in snapshot.rows(query.sql, bindings(arguments)):
        rows += batch
        size += sum(map(len, batch))
        if size >= _CHUNK_BYTES or time.monotonic() >= flush_at:
            yield rows, False
            rows, size, flush_at = [], 0, time.monotonic() + _CHUNK_SECONDS
    yield rows, True


def _characters(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_characters, value))
    return len(value) if isinstance(value, str | bytes) else 0
