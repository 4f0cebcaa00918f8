"""Texts of the data as they can stand in a picture."""

from __future__ import annotations

import re
import unicodedata

from aggregator.formats.chart.numbers import exact
from aggregator.formats.columns import Column

Value = str | int | float | bool | None

NOTHING = "(none)"
"""The name of NULL where a name is needed."""

LONGEST = 260
"""Pixels."""

_MOST_READ = 300
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_JOINERS = "\u200c\u200d"
"""Characters without a form of their own that scripts and emoji need."""


def title_of(column: Column) -> str:
    """A column's name as words: `order_count` is `Order count`, and money is not in cents any more."""
    name = column.name.removesuffix("_cents") if column.type == "money" else column.name
    text = " ".join(shown(name).replace("_", " ").split())
    return text[:1].upper() + text[1:] or NOTHING


def shown(text: str, longest: float = LONGEST) -> str:
    """A text on one line, without what XML or an eye cannot take, and cut with … where it is long.

    longest: about so many pixels. The library would cut characters of two UTF-16 units in half.
    """
    kept = "".join(_visible(char) for char in text[:_MOST_READ])
    line = " ".join(kept.split())
    if len(text) <= _MOST_READ and pixels(line) <= longest:
        return line
    end, room = 0, longest - _pixels("…")
    while end < len(line) and room >= _pixels(line[end]):
        room -= _pixels(line[end])
        end += 1
    return line[:end].rstrip() + "…"


def pixels(text: str) -> float:
    """About how wide a text is."""
    return sum(map(_pixels, text))


def _pixels(char: str) -> float:
    if char in "ijl.,:;'|!()[] ":
        return 4.2
    if unicodedata.east_asian_width(char) in "WF" or char > "\uffff":
        return 13
    return 11 if char in "mwMW@%…" else 8.4 if char.isupper() else 6.8


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return char if char in _JOINERS else ""
    return "\ufffd" if category in ("Cn", "Co", "Cs") else " " if category == "Cc" else char


class Labels:
    """The labels of one column's values; no two values have the same."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._by_value: dict[object, str] = {}
        self._taken: set[str] = set()

    def of(self, value: Value, row: int = 0) -> str:
        """The label of a value; with numbers of rows, each row has one of its own."""
        # True is 1 and 1 is 1.0 for Python.
        key = (type(value), value, row)
        if key not in self._by_value:
            self._by_value[key] = self._new(self._text(value))
        return self._by_value[key]

    def _new(self, text: str) -> str:
        label, number = text, 1
        while label in self._taken:
            number += 1
            label = f"{text} ({number})"
        self._taken.add(label)
        return label

    def _text(self, value: Value) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            # A whole number may be a year or a number of something: it is not parted by commas.
            is_measure = self._column.type in ("money", "percent")
            return exact(value, self._column) if is_measure else f"{value}"
        if self._column.type == "money":
            return exact(float(value), self._column)
        if self._column.type == "month" and (month := _MONTH.fullmatch(value)):
            return f"{_MONTHS[int(month[2]) - 1]} {month[1]}"
        return shown(value) or "(empty)"
