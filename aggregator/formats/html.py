"""Links of a page: values as parts of a URL's path, so that each leads to its own record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote

import orjson
from markupsafe import escape

from aggregator.formats import localize
from aggregator.formats.base import valid_json_of
from aggregator.values.columns import Column
from aggregator.values.rows import JsonArray

PAGE_ENDING = ".html"
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")

_DOTS = (".", "..")
"""Clients remove these from a path (RFC 3986, section 5.2.4), also when they are percent-encoded."""

PathColumn: TypeAlias = Sequence[tuple[str, str, str]]
"""What leads a link elsewhere: the link, a column in it, and a value that is the name of another URL."""

Link = Callable[[Sequence[Any]], str | None]
"""The URL of a cell, for the values of its row; None where no URL leads to the record."""


def placeholders(link: str) -> list[str]:
    """The columns that a link needs."""
    return _PLACEHOLDER.findall(link)


def last_part(text: str, endings: Iterable[str]) -> str:
    """A text as the last part of a URL's path, percent-encoded.

    endings: of the formats. A text that ends in one, such as `a.csv`, gets the ending of a page,
    `a.csv.html`: one ending is read as a format, and the rest is the text. So do `.` and `..`.
    """
    return _kept_whole(quote(text, safe=""), endings)


def link_of(
    column: Column, columns: Sequence[Column], root: str, endings: Sequence[str], taken: PathColumn = ()
) -> Link:
    """The link of a column's cells. root: the way to `/`; endings: of the formats."""
    if not column.link:
        return lambda values: None
    names = {(name, value) for link, name, value in taken if link == column.link}
    places = {each.name: place for place, each in enumerate(columns)}
    needed = placeholders(column.link)
    wanted = [places[name] for name in needed]
    path, mark, query = re.fullmatch(r"/?([^?#]*)([?#]?)(.*)", column.link, re.DOTALL).groups()  # type: ignore[union-attr]
    literals = _PLACEHOLDER.split(path)[::2]
    others = _PLACEHOLDER.split(query)[::2]
    ends_in_value = len(literals) > 1 and literals[-1] == ""

    def link(values: Sequence[Any]) -> str | None:
        texts = [values[place] for place in wanted]
        if any(text is None or text == "" for text in texts):
            return None
        if names and any(
            (name, unicodedata.normalize("NFC", str(text))) in names
            for name, text in zip(needed, texts, strict=True)
        ):
            return None
        encoded = iter([quote(str(text), safe="") for text in texts])
        *folders, last = _filled(literals, encoded).split("/")
        if any(folder in _DOTS for folder in folders):
            return None
        last = _kept_whole(last, endings) if ends_in_value else last
        return root + "/".join([*folders, last]) + mark + _filled(others, encoded)

    return link


def _kept_whole(encoded: str, endings: Iterable[str]) -> str:
    ends = encoded in _DOTS or any(encoded.endswith(ending) for ending in endings)
    return encoded + PAGE_ENDING if ends else encoded


def _filled(literals: Sequence[str], texts: Iterable[str]) -> str:
    """The literals with a text between each two; takes no more texts than that."""
    return "".join(
        [literals[0], *(text + literal for literal, text in zip(literals[1:], texts, strict=False))]
    )


_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f\s<>\"']{1,2000}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")

_UNGROUPED = 10_000
"""Numbers below it are as easily read without marks between their thousands."""

_LONGEST_SHOWN = 160
_SHOWN_OF_FOLDED = 100
_NULL = '<td class="null"><span role="img" aria-label="no value" title="no value">–</span></td>'
_EMPTY = '<td class="empty"><span role="img" aria-label="empty text"></span></td>'
Values = Sequence[Any]

Cell = Callable[[Values], str]
"""The `<td>` of one column, for the values of a row."""


def cell_of(column: Column, place: int, link: Link, locale: str) -> Cell:
    """How the cells of a column are made. place: where its value stands in a row."""
    show = _way(column, locale)
    null = _NULL.replace('"null"', '"null n"') if is_number(column) else _NULL

    def cell(values: Values) -> str:
        value = values[place]
        if value is None:
            return null
        if value == "":
            return _EMPTY
        kind, inner = show(value)
        href = link(values)
        if href is not None:
            inner = f'<a href="{escape(href)}">{inner}</a>'
        return f"<td{kind}>{inner}</td>"

    return cell


def is_number(column: Column) -> bool:
    """Whether its values stand at the right."""
    return column.type in ("integer", "number", "money", "percent") or (
        column.type is None and column.storage in ("integer", "real")
    )


def visible(text: str) -> str:
    """The text escaped for HTML; control characters, which HTML cannot hold, as their pictures."""
    if _NOT_SHOWN.search(text):
        text = _NOT_SHOWN.sub(lambda match: chr(0x2400 + min(ord(match[0]), 0x21)), text)
    return str(escape(text))


def _way(column: Column, locale: str) -> Callable[[Any], tuple[str, str]]:
    """What a value that is there looks like: attributes of its cell, and what is in it."""
    typed = _TYPED.get(column.type or "")

    def show(value: Any) -> tuple[str, str]:
        if typed is not None and isinstance(value, typed[0]) and not isinstance(value, bool):
            return typed[1](value, column, locale)
        return _plain(value, column, locale)

    return show


def _plain(value: Any, column: Column, locale: str) -> tuple[str, str]:
    if isinstance(value, bool):
        return "", "yes" if value else "no"
    if isinstance(value, int | float):
        is_grouped = column.is_summed and abs(value) >= _UNGROUPED
        return ' class="n"', visible(localize.number(value, locale, is_grouped))
    if isinstance(value, str):
        return "", _text(value)
    return "", _text(orjson.dumps(value).decode())


def _text(text: str) -> str:
    """A text with its links; a long one can be unfolded."""
    if _ADDRESS.fullmatch(text):
        shown = text if len(text) <= _SHOWN_OF_FOLDED else text[:_SHOWN_OF_FOLDED] + "…"
        return f'<a href="{escape(text)}" rel="noopener noreferrer">{visible(shown)}</a>'
    if _MAIL.fullmatch(text):
        return f'<a href="mailto:{escape(quote(text, safe="@"))}">{visible(text)}</a>'
    if len(text) > _LONGEST_SHOWN or text.count("\n") > 3:
        beginning = text[:_SHOWN_OF_FOLDED].split("\n", 1)[0]
        return f"<details><summary>{visible(beginning)}…</summary>{visible(text)}</details>"
    return visible(text)


def _amount(value: str, column: Column, locale: str) -> tuple[str, str]:
    return ' class="n"', visible(localize.amount(value, column.currency, locale))


def _percent(value: int | float, column: Column, locale: str) -> tuple[str, str]:
    return ' class="n"', visible(localize.percent(value, locale))


def _time(form: Callable[[str, str], str]) -> Callable[[Any, Column, str], tuple[str, str]]:
    def show(value: str, column: Column, locale: str) -> tuple[str, str]:
        shown = form(value, locale)
        if shown == value:
            return "", _text(value)
        return ' class="t"', f'<time datetime="{escape(value)}">{visible(shown)}</time>'

    return show


_TYPED: dict[str, tuple[type | tuple[type, ...], Callable[[Any, Column, str], tuple[str, str]]]] = {
    "money": (str, _amount),
    "percent": ((int, float), _percent),
    "date": (str, _time(localize.date_text)),
    "datetime": (str, _time(localize.timestamp_text)),
    "month": (str, _time(localize.month)),
}
"""The types of columns that look other than they are stored: what their values are, and how those look."""

_LINE = b"\n"
_ROWS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class PageHead:
    """What is known when a page's rows have been read.

    choices: of each parameter that has some in the data; seconds: what reading took; shown: rows of the page.
    """

    choices: Mapping[str, Sequence[str]]
    seconds: float
    shown: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What is known of the rows of all pages.

    rows: their number, None when they were not counted; is_slow: because that took too long. sums: of the
    columns that have one, as text; None when there is only the one page.
    """

    rows: int | None
    sums: Mapping[str, str] | None = None
    is_slow: bool = False


class PageRows:
    """Writes the rows of a page as lines of JSON arrays, which an HtmlWriter reads."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row = JsonArray(tuple(columns))

    def join(self, rows: Sequence[bytes]) -> bytes:
        return _LINE.join(rows)

    def encode(self, items: Iterable[Any]) -> Iterator[bytes]:
        yield from items


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """How a reader sees the rows.

    locale: the reader's; root: the way from the page to `/`, as `../`; is_record: whether the columns stand
    below each other, of the first row; but for the members: those are a table below them. endings: of the
    formats, and taken: names of other URLs, which links avoid.
    """

    locale: str = localize.DEFAULT
    root: str = ""
    is_record: bool = False
    members: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    taken: tuple[tuple[str, str, str], ...] = ()


class HtmlWriter:
    """Writes `<tbody>` and `<tfoot>` of one page's rows, which are those of PageRows."""

    def __init__(self, columns: Sequence[Column], table: HtmlTable, rows: bytes) -> None:
        self._columns = columns
        self._table = table
        self._lines = valid_json_of(columns)(rows).split(_LINE) if rows else []
        self._sums = Sums(columns)
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

    def body(self) -> str:
        """`<tbody>`."""
        rows = [*self._rows()]
        if self._lines and self._table.is_record:
            rows = [*self._record(orjson.loads(self._lines[0]), self.numbers()), *rows]
        return "<tbody>" + "\n".join(rows) + "</tbody>"

    def numbers(self) -> list[str]:
        """The columns of numbers, by their types or by the first rows."""
        first = list(map(orjson.loads, self._lines[:_ROWS_LOOKED_AT]))
        names = []
        for place, column in enumerate(self._columns):
            values = [row[place] for row in first if row[place] is not None]
            if is_number(column) or (values and all(type(value) in (int, float) for value in values)):
                names.append(column.name)
        return names

    def _rows(self) -> Iterator[str]:
        for values in map(orjson.loads, self._lines):
            if self._members and all(values[place] is None for place in self._members):
                continue
            self._sums.add(values)
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

    def foot(self, totals: Totals) -> str:
        """`<tfoot>` with the totals of all pages, to be called after `body`; empty without any."""
        sums = self._sums.texts() if totals.sums is None else totals.sums
        if not sums or not self._below or totals.rows in (None, 1):
            return ""
        cells = []
        for column, _ in self._below:
            text = sums.get(column.name)
            cells.append("<td></td>" if text is None else f'<td class="n">{self._total(column, text)}</td>')
        if cells[0] == "<td></td>":
            cells[0] = '<th scope="row">Total</th>'
        return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"

    def _total(self, column: Column, text: str) -> str:
        if column.type == "money":
            return visible(localize.amount(text, column.currency, self._table.locale))
        value = int(text) if text.lstrip("-").isdigit() else float(text)
        return visible(localize.number(value, self._table.locale, is_grouped=True))


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
