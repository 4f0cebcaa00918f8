"""The rows of a page as the body of an HTML table, between what the page's frame has to know of them.

Before the rows stands a JSON object with the choices of the form, what the rows took and the columns of
numbers, after them one with the totals; a mark parts them from the rows. It is a control character, which is
shown as its picture wherever the data has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from aggregator.formats.columns import Column
from aggregator.formats.csv import array_sql
from aggregator.formats.encoding import valid_json_of
from aggregator.formats.format import Writer
from aggregator.formats.html import habit
from aggregator.formats.html.cells import cell_of, is_number, visible
from aggregator.formats.html.links import link_of
from aggregator.formats.values import json_value

MARK = b"\x1e"
_LINE = b"\n"
_ROWS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """Makes the writer of a page's rows.

    locale: the reader's; root: the way from the page to `/`, as `../`; is_record: whether the columns stand
    below each other, of the first row; but for the members: those are a table below them. endings: of the
    formats, and taken: names of other URLs, which links avoid.
    """

    locale: str = habit.DEFAULT
    root: str = ""
    is_record: bool = False
    members: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    taken: tuple[tuple[str, str, str], ...] = ()

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        return HtmlWriter(columns, self)


class HtmlWriter:
    """Writes `<tbody>` and `<tfoot>`; see the module for what stands around them."""

    def __init__(self, columns: Sequence[Column], table: HtmlTable) -> None:
        self.row_sql = array_sql([json_value(column) for column in columns])
        self._columns = columns
        self._table = table
        self._valid = valid_json_of(columns)
        cells = [
            (
                column,
                cell_of(
                    column,
                    place,
                    link_of(column, columns, table.root, table.endings, table.taken),
                    table.locale,
                ),
            )
            for place, column in enumerate(columns)
        ]
        self._beside = [pair for pair in cells if table.is_record and pair[0].name not in table.members]
        self._below = [pair for pair in cells if pair not in self._beside]
        self._members = [place for place, column in enumerate(columns) if column.name in table.members]

    def join(self, rows: Sequence[bytes]) -> bytes:
        return _LINE.join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        sums = Sums(self._columns)
        for place, chunk in enumerate(chunks):
            head = b""
            if place == 0:
                facts, _, chunk = chunk.partition(MARK)
                head = self._head(facts, chunk.partition(MARK)[0])
            rows, mark, end = chunk.partition(MARK)
            body = "\n".join(self._rows(rows, sums)).encode() if rows else b""
            foot = b"</tbody>" + self._foot(sums, orjson.loads(end)) + MARK + end if mark else b""
            yield head + body + foot

    def _head(self, facts: bytes, rows: bytes) -> bytes:
        """What stands before the rows; rows: the first of them."""
        numbers = self._numbers(rows)
        facts = orjson.dumps(orjson.loads(facts) | {"numbers": numbers})
        record: Iterable[str] = ()
        if rows and self._table.is_record:
            record = self._record(orjson.loads(self._valid(rows.partition(_LINE)[0])), numbers)
        return facts + MARK + b"<tbody>" + "\n".join(record).encode()

    def _numbers(self, rows: bytes) -> list[str]:
        """The columns of numbers, by their types or by the first rows."""
        first = [
            orjson.loads(row)
            for row in self._valid(rows).split(_LINE, _ROWS_LOOKED_AT)[:_ROWS_LOOKED_AT]
            if row
        ]
        names = []
        for place, column in enumerate(self._columns):
            values = [row[place] for row in first if row[place] is not None]
            if is_number(column) or (values and all(type(value) in (int, float) for value in values)):
                names.append(column.name)
        return names

    def _rows(self, rows: bytes, sums: Sums) -> Iterator[str]:
        for row in self._valid(rows).split(_LINE):
            values = orjson.loads(row)
            if self._members and all(values[place] is None for place in self._members):
                continue
            sums.add(values)
            if self._below:
                yield f"<tr>{''.join([cell(values) for _, cell in self._below])}</tr>"

    def _record(self, values: Sequence[Any], numbers: Sequence[str]) -> Iterator[str]:
        span = f'<td colspan="{len(self._below) - 1}"' if len(self._below) > 2 else "<td"
        for column, cell in self._beside:
            value = cell(values).replace("<td", span, 1)
            yield f'<tr class="beside"><th scope="row">{visible(column.label)}</th>{value}</tr>'
        if self._below:
            heads = (
                f'<th scope="col"{" class=n" if column.name in numbers else ""}>{visible(column.label)}</th>'
                for column, _ in self._below
            )
            yield f'<tr class="heads">{"".join(heads)}</tr>'

    def _foot(self, sums: Sums, facts: dict[str, Any]) -> bytes:
        """The totals of all pages: as the facts say them, else those of the rows that were seen."""
        of_all = facts.get("sums", sums.texts() if facts.get("is_whole") else None)
        if not of_all or not self._below or facts["rows"] == 1:
            return b""
        cells = []
        for column, _ in self._below:
            text = of_all.get(column.name)
            cells.append("<td></td>" if text is None else f'<td class="n">{self._total(column, text)}</td>')
        if cells[0] == "<td></td>":
            cells[0] = '<th scope="row">Total</th>'
        return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>".encode()

    def _total(self, column: Column, text: str) -> str:
        if column.type == "money":
            return visible(habit.amount(text, column.currency, self._table.locale))
        value = int(text) if text.lstrip("-").isdigit() else float(text)
        return visible(habit.number(value, self._table.locale, is_grouped=True))


class Sums:
    """The totals of the columns that have one, of rows that are seen one by one.

    A column in which a value is no number has none.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._places = {column.name: place for place, column in enumerate(columns) if column.is_summed}
        self._texts = {column.name for column in columns if column.type == "money"}
        self._sums: dict[str, Decimal | None] = {}

    def add(self, values: Sequence[Any]) -> None:
        """Add a row as JSON gives it."""
        for name, place in self._places.items():
            value = values[place]
            if value is None or (name in self._sums and self._sums[name] is None):
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number and name not in self._texts:
                self._sums[name] = None
                continue
            self._sums[name] = (self._sums.get(name) or Decimal(0)) + Decimal(str(value))

    def texts(self) -> dict[str, str]:
        """Each total as text."""
        return {name: f"{total:f}" for name, total in self._sums.items() if total is not None}
