"""The page of a report: its form, its rows, and its links."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.errors import Cancelled, InvalidParameter
from aggregator.formats import SPREADSHEET_CSV
from aggregator.formats.base import Format
from aggregator.formats.charts.points import MOST_ROWS
from aggregator.formats.html import HtmlTable, HtmlWriter, PageHead, Totals
from aggregator.formats.json import Group
from aggregator.formats.localize import csv_symbols
from aggregator.json_documents import Document
from aggregator.read.operations import Item, Page
from aggregator.sqlfile.catalog import RouteMatch
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.columns import Column
from aggregator.web.pages.forms import Field, fields_of, in_effect
from aggregator.web.pages.templating import (
    PageUrl,
    build_id,
    page_url,
    render,
    send_page_path,
    stream,
    words,
)

_PART: dict[str, str | None] = {"_page": None, "limit": None, "offset": None}
"""What says which part of the rows a report in pages shows."""

_PLAIN: dict[str, str | None] = {"for": None, "separator": None, "decimal": None}


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. url: sorts by it, where that is possible; sorted: as `aria-sort` says it."""

    label: str
    name: str
    help: str
    is_number: bool
    url: str | None = None
    sorted: str = "none"


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What one request for a report's page is about.

    given: the texts of its parameters; base: scheme and host, for links that are taken elsewhere;
    shows_sql: whether there is a page with its SQL; writes: the related ones.
    """

    report: ReadEndpoint
    url: PageUrl
    given: Mapping[str, Sequence[str]]
    table: HtmlTable
    base: str
    shows_sql: bool
    writes: Sequence[RouteMatch]

    def encode(self, operation: Page, items: Iterator[Item]) -> Iterator[bytes]:
        """The page around the rows of an operation. What `items` raises goes through."""
        body = _Body(self.report.columns, self.table, items)
        headings = () if self.table.is_record else self._headings(operation, body.numbers)
        return stream(
            "report.html",
            body.rows(),
            **self._names(fields_of(self._params(), self.given, body.head.choices)),
            body=body,
            in_effect=in_effect(
                self._params(), self.given, self.table.locale, self.report.paging is not None
            ),
            headings=headings,
            part=_Part(self.url, operation),
            most_drawn=MOST_ROWS,
            chart_words=self._chart_words(),
            is_record=self.table.is_record,
        )

    def failed(
        self,
        problem: Document,
        errors: Sequence[InvalidParameter],
        choices: Mapping[str, Sequence[str]],
    ) -> bytes:
        """The page with what is wrong instead of rows. choices: from the data."""
        params = self.report.header.params
        others = [each for each in errors if each.parameter not in params]
        is_begun = bool(others) or any(texts for name, texts in self.given.items() if name in params)
        fields = fields_of(self._params(errors), self.given, choices, errors if is_begun else ())
        return render(
            "report_failed.html",
            **self._names(fields),
            problem=problem,
            others=others,
            is_begun=is_begun,
        )

    def _params(self, errors: Sequence[InvalidParameter] = ()) -> dict[str, Parameter]:
        """The parameters of the form: the links to other pages have the offset."""
        params = dict(self.report.header.params)
        if self.report.paging is not None and "offset" not in (error.parameter for error in errors):
            del params["offset"]
        return params

    def _names(self, fields: Sequence[Field]) -> dict[str, Any]:
        """What the templates of both need."""
        route = self.report.endpoint.route
        opening = page_url(self.url.root, "open", self.report.name, {})
        action = opening if route.parameters else self.url.own
        kept = {"format", "sort"} - self.report.header.params.keys()
        return {
            "root": self.url.root,
            "place": self.url,
            "locale": self.table.locale,
            "report": self.report,
            "fields": fields,
            "action": action,
            "kept": [(name, text) for name, text in self.url.query if name in kept],
            "downloads": list(self._downloads()),
            "curl": self._curl(),
            "curl_url": self._whole_url(self._curl_format()),
            "pictures": {each.name: self._whole_url(each.name) for each in self.report.pictures},
            "writes": [(each.endpoint.title, send_page_path(each, self.url)) for each in self.writes],
            "source_url": self._source_url() if self.shows_sql else None,
        }

    def _whole_url(self, format: str) -> str:
        return self.url.url(**self._whole(format))

    def _whole(self, format: str) -> dict[str, str | None]:
        """What makes the page's URL that of all rows in a format: `limit` may mean something else, too."""
        part = _PART if self.report.paging is not None else {"_page": None}
        is_grouped = format == "json" and isinstance(self.report.shape, Group)
        return part | ({"sort": None} if is_grouped else {}) | _PLAIN | {"format": format}

    def _chart_words(self) -> str:
        """The picture for those who do not see it; what it says is in the table too."""
        chart = self.report.header.chart
        if chart is None:
            return ""
        by = f", by {words(chart.series)}" if chart.series else ""
        return f"{words(chart.type)} chart: {', '.join(map(words, chart.y))} for each {words(chart.x)}{by}"

    def _source_url(self) -> str:
        own = {name: texts for name, texts in self.given.items() if name in self.report.header.params}
        return page_url(self.url.root, "sql", self.report.name, own)

    def _downloads(self) -> Iterator[tuple[str, str, Format]]:
        """Label, URL and format of each file that there is."""
        order = ("csv", "excel", "json")
        formats = [each for each in self.report.formats if each.name in order]
        for format in sorted(formats, key=lambda each: order.index(each.name)):
            changes = self._whole(format.name)
            if format.name == "csv":
                yield "CSV", self.url.url(**changes | self._for_excel()), SPREADSHEET_CSV
            else:
                yield {"excel": "Excel", "json": "JSON"}[format.name], self.url.url(**changes), format

    def _for_excel(self) -> dict[str, str | None]:
        """What makes a CSV one that opens with a double click in the reader's language."""
        separator, decimal = csv_symbols(self.table.locale)
        return {
            "for": "excel",
            "separator": separator if separator != "," else None,
            "decimal": decimal if decimal != "." else None,
        }

    def build_id(self) -> list[object]:
        """Stands for all of the page but its rows."""
        return [build_id(), str(self.table), self.shows_sql, [each.endpoint.file for each in self.writes]]

    def _curl_format(self) -> str:
        names = [format.name for format in self.report.formats]
        return "csv" if "csv" in names else names[0]

    def _curl(self) -> str:
        url = self.url.absolute(self.base, **self._whole(self._curl_format()))
        return f"curl --fail --remote-name --remote-header-name {shlex.quote(url)}"

    def _headings(self, operation: Page, numbers: Sequence[str]) -> list[Heading]:
        return [self._heading(column, column.name in numbers, operation) for column in self.report.columns]

    def _heading(self, column: Column, is_number: bool, operation: Page) -> Heading:
        ways = ("desc", "asc") if is_number else ("asc", "desc")
        first, second = (f"{column.name}.{way}" for way in ways)
        if not {first, second} <= {*(self.report.params["sort"].choices or ())}:
            return Heading(column.label, column.name, column.description, is_number)
        now = operation.sort
        following = {first: second, second: None}.get(str(now), first)
        part = {"offset": None} if self.report.paging is not None else {}
        url = self.url.url(**part, _page=None, sort=following)
        sorted = {f"{column.name}.asc": "ascending", f"{column.name}.desc": "descending"}.get(
            str(now), "none"
        )
        return Heading(column.label, column.name, column.description, is_number, url, sorted)


class _Body:
    """The rows of a page. head: what is known before them; totals: what is known after them."""

    def __init__(self, columns: Sequence[Column], table: HtmlTable, items: Iterator[Item]) -> None:
        head, rows = next(items), next(items)
        assert isinstance(head, PageHead)
        assert isinstance(rows, bytes)
        self.head = head
        self.totals = Totals(None)
        self._items = items
        self._writer = HtmlWriter(columns, table, rows)
        self.numbers = self._writer.numbers()

    def rows(self) -> Iterator[str]:
        """`<tbody>` and, perhaps, `<tfoot>`. Raises Cancelled when the rows are let go before their end."""
        yield self._writer.body()
        totals = next(self._items, None)
        if not isinstance(totals, Totals):
            raise Cancelled("The rows of the page were let go before it was whole.")
        self.totals = totals
        yield self._writer.foot(totals)


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of all rows a page shows, and the ways to the others."""

    url: PageUrl
    operation: Page

    @property
    def before(self) -> int:
        """How many rows stand before it."""
        return self.operation.part[0]

    def previous(self) -> str | None:
        """The URL of the page before."""
        before, most = self.operation.part
        return self._url(max(before - most, 0)) if before else None

    def following(self, body: _Body) -> str | None:
        """The URL of the next page; when the rows were not counted, there is one after a full page."""
        before, most = self.operation.part
        shown, rows = body.head.shown, body.totals.rows
        is_more = shown == most if rows is None else before + shown < rows
        return self._url(before + most) if is_more else None

    def _url(self, before: int) -> str:
        if self.operation.report.paging is not None:
            return self.url.url(offset=str(before) if before else None)
        page = before // self.operation.part[1] + 1
        return self.url.url(_page=str(page) if page > 1 else None)
