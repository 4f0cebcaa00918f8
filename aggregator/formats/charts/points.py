"""The rows of a result as the points of a picture: labels, numbers and days as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import category, east_asian_width

from aggregator.errors import UnrepresentableValue
from aggregator.values.charts import ChartSpec
from aggregator.values.columns import Column
from aggregator.values.dates import read_timestamp
from aggregator.values.money import currency_prefix

MOST_ROWS = 5_000
MOST_SERIES = 8

NOTHING = "(none)"
"""The name of NULL where a name is needed."""

LONGEST = 28
"""Letters of a label."""

Value = str | int | float | bool | None
_MOST_READ = 300

_JOINERS = "\u200c\u200d"
"""Characters without a form of their own that scripts and emoji need."""

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_TIMES = {
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII),
    "day": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "moment": re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII),
}

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
MINUS = "−"

_LARGEST = 1e300
"""The library's arithmetic overflows soon after."""


@dataclass(frozen=True, slots=True)
class Point:
    """One number: where it stands, as the data has it and as a label, and of which series it is."""

    x: Value
    label: str
    y: float | None
    series: str


class PointReader:
    """Reads the points of rows. columns: x, those of y, and the series."""

    def __init__(self, chart: ChartSpec, columns: Sequence[Column]) -> None:
        self._chart = chart
        self._measures = columns[1 : 1 + len(chart.y)]
        self._x, self._parting = columns[0], columns[-1]
        measures = _Labels(Column("", ""))
        self._names = [measures.of(title_of(column), number) for number, column in enumerate(self._measures)]
        # Two rows with bars of their own may have the same name; a line goes through each x once.
        self._is_by_row = chart.series is None and chart.type in ("bar", "pie")

    def points(self, rows: Iterable[Sequence[Value]]) -> Iterator[Point]:
        """One for each number of the rows; raises UnrepresentableValue."""
        labels, parts = _Labels(self._x), _Labels(self._parting)
        seen: set[tuple[str, str]] = set()
        series: set[str] = set()
        for number, row in enumerate(rows):
            label = labels.of(row[0], number if self._is_by_row else 0)
            for index, column in enumerate(self._measures):
                name = self._names[index] if self._chart.series is None else parts.of(row[-1])
                if (label, name) in seen:
                    raise self._several(label)
                seen.add((label, name))
                series.add(name)
                if len(series) > max(MOST_SERIES, len(self._measures)):
                    raise self._many_series()
                yield Point(row[0], label, _number(row[1 + index], column), name)

    def _several(self, label: str) -> UnrepresentableValue:
        apart = "" if self._chart.series is None else f" and the same {title_of(self._parting)}"
        return UnrepresentableValue(
            f"Several rows have {label} as {title_of(self._x)}{apart}, but the chart has only one place for "
            "them. Group them in the SQL, or narrow the filters."
        )

    def _many_series(self) -> UnrepresentableValue:
        return UnrepresentableValue(
            f"A chart shows at most {MOST_SERIES} different values of {self._chart.series}, and this "
            "result has more. Narrow the filters, or group the rows in the SQL."
        )


def _number(value: Value, column: Column) -> float | None:
    if isinstance(value, str) and column.type == "money":
        return float(value)
    if isinstance(value, str | bool):
        raise UnrepresentableValue(
            f"The column {column.name} is drawn, so it must contain numbers, but it contains "
            f"{'infinity' if value in ('Infinity', '-Infinity') else 'something else'}."
        )
    if value is None or not math.isfinite(value):
        return None
    if abs(value) > _LARGEST:
        raise UnrepresentableValue(
            f"The column {column.name} is drawn, but contains a number larger than {_LARGEST:g}."
        )
    return value


class _Labels:
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
            text = label = self._text(value)
            number = 1
            while label in self._taken:
                number += 1
                label = f"{text} ({number})"
            self._taken.add(label)
            self._by_value[key] = label
        return self._by_value[key]

    def _text(self, value: Value) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return "true" if value else "false"
        if self._column.type == "money" or (self._column.type == "percent" and not isinstance(value, str)):
            return number_text(float(value), self._column)
        # A whole number may be a year or a number of something: it is not parted by commas.
        text = f"{value}"
        if self._column.type == "month" and (month := _TIMES["month"].fullmatch(text)):
            return f"{_MONTHS[int(month[2]) - 1]} {month[1]}"
        return shown(text) or "(empty)"


def title_of(column: Column) -> str:
    """A column's name as words: `order_count` is `Order count`, and money is not in cents any more."""
    name = column.name.removesuffix("_cents") if column.type == "money" else column.name
    text = " ".join(shown(name).replace("_", " ").split())
    return text[:1].upper() + text[1:] or NOTHING


def shown(text: str, longest: int = LONGEST) -> str:
    """A text on one line, without what XML or an eye cannot take, and cut with … where it is long.

    longest: in letters. The library would cut characters of two UTF-16 units in half.
    """
    line = " ".join("".join(map(_visible, text[:_MOST_READ])).split())
    if len(text) <= _MOST_READ and width(line) <= longest:
        return line
    while width(line) >= longest:
        line = line[:-1]
    return line.rstrip() + "…"


def width(text: str) -> int:
    """How wide a text is, in letters: those of East Asia and emoji count twice."""
    return sum(2 if east_asian_width(char) in "WF" or char > "\uffff" else 1 for char in text)


def _visible(char: str) -> str:
    kind = category(char)
    if kind == "Cf":
        return char if char in _JOINERS else ""
    return "\ufffd" if kind in ("Cn", "Co", "Cs") else " " if kind == "Cc" else char


def number_text(value: float, column: Column, is_short: bool = False) -> str:
    """A number with all digits that matter, `$1,234.50`, or with three or four of them, `$1.23M`."""
    size, minus = abs(value), MINUS if value < 0 else ""
    if column.type == "percent":
        return f"{minus}{_plain(size * 100, 1 if is_short else 2)}%"
    prefix = minus + (currency_prefix(column.currency) if column.type == "money" else "")
    if not is_short:
        return prefix + (f"{size:,.{column.digits}f}" if column.type == "money" else _plain(size, 4))
    for unit, letter in _UNITS:
        if unit * 0.9995 <= size < 1e15:
            return f"{prefix}{_plain(size / unit, 2)}{letter}"
    return prefix + _plain(size, 0 if size >= 1_000 or size == int(size) else 2)


def _plain(size: float, places: int) -> str:
    """At most so many decimals, none of them a zero at the end; what is very large or small as a power."""
    if size >= 1e15 or 0 < size < 10**-places / 2:
        return f"{size:.3g}"
    text = f"{size:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def times_of(values: Iterable[object]) -> tuple[str, dict[object, int]] | None:
    """The kind and the moments of the values, in the milliseconds that Vega counts in.

    None when not each value is a month, a day or a moment, or when they are of several kinds.
    """
    by_value: dict[object, int] = {}
    kinds = set()
    for value in set(values):
        kind = next((kind for kind, form in _TIMES.items() if form.fullmatch(str(value))), None)
        moment = read_timestamp(f"{value}-01" if kind == "month" else str(value)) if kind else None
        if kind is None or moment is None or not isinstance(value, str):
            return None
        by_value[value] = round(moment.timestamp() * 1000)
        kinds.add(kind)
    return (kinds.pop(), by_value) if len(kinds) == 1 else None
