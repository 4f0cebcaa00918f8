"""One value as a cell of an HTML table: escaped always, and shown in the reader's habit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from markupsafe import escape

from aggregator.formats.columns import Column
from aggregator.formats.html import habit
from aggregator.formats.html.links import Link

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
        return ' class="n"', visible(habit.number(value, locale, is_grouped))
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
    return ' class="n"', visible(habit.amount(value, column.currency, locale))


def _percent(value: int | float, column: Column, locale: str) -> tuple[str, str]:
    return ' class="n"', visible(habit.percent(value, locale))


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
    "date": (str, _time(habit.day)),
    "datetime": (str, _time(habit.moment)),
    "month": (str, _time(habit.month)),
}
"""The types of columns that look other than they are stored: what their values are, and how those look."""
