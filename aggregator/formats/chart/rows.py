"""The rows of a result as the points of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from aggregator.errors import UnfitValue
from aggregator.formats.chart.chart import Chart
from aggregator.formats.chart.labels import Labels, Value, title_of
from aggregator.formats.columns import Column
from aggregator.formats.encoding import valid_json
from aggregator.formats.values import json_value, with_json_as_text

MOST_ROWS = 5_000
MOST_SERIES = 8
_SEPARATOR = b","


@dataclass(frozen=True, slots=True)
class Point:
    """One number: where it stands, as the data has it and as a label, and of which series it is."""

    x: Value
    label: str
    y: float | None
    series: str


def row_sql(columns: Sequence[Column]) -> str:
    """The SQL of a row as a JSON array of just these columns."""
    values = (json_value(with_json_as_text(each)) for each in columns)
    return f"json_array({', '.join(values)})"


def joined(rows: Sequence[bytes]) -> bytes:
    """Rows as one chunk."""
    return _SEPARATOR.join(rows)


def rows_of(chunks: Iterable[bytes]) -> list[list[Value]]:
    """The rows of all chunks; raises UnfitValue as soon as there are more than a picture can show."""
    rows: list[list[Value]] = []
    for chunk in chunks:
        rows += orjson.loads(b"[" + valid_json(chunk) + b"]")
        if len(rows) > MOST_ROWS:
            raise UnfitValue(
                f"A picture shows {MOST_ROWS:,} rows at most, and this result has more. "
                "Ask for less, as a shorter period, or group the rows in the SQL."
            )
    return rows


def points_of(chart: Chart, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> list[Point]:
    """The points of the rows; columns: x, those of y, and the series. Raises UnfitValue."""
    return list(_Points(chart, columns).of(rows))


class _Points:
    def __init__(self, chart: Chart, columns: Sequence[Column]) -> None:
        self._chart = chart
        self._measures = columns[1 : 1 + len(chart.y)]
        self._x = columns[0]
        self._labels = Labels(columns[0])
        self._parting = columns[-1]
        self._series = Labels(columns[-1])
        measures = Labels(Column("", ""))
        self._names = [measures.of(title_of(column), number) for number, column in enumerate(self._measures)]
        # Two rows with bars of their own may have the same name; a line goes through each x once.
        self._is_by_row = chart.series is None and chart.mark in ("bar", "pie")

    def of(self, rows: Iterable[Sequence[Value]]) -> Iterator[Point]:
        seen: set[tuple[str, str]] = set()
        series: set[str] = set()
        for number, row in enumerate(rows):
            label = self._labels.of(row[0], number if self._is_by_row else 0)
            for index, column in enumerate(self._measures):
                name = self._names[index] if self._chart.series is None else self._series.of(row[-1])
                if (label, name) in seen:
                    raise self._several(label)
                seen.add((label, name))
                series.add(name)
                if len(series) > max(MOST_SERIES, len(self._measures)):
                    raise self._many_series()
                yield Point(row[0], label, _number(row[1 + index], column), name)

    def _several(self, label: str) -> UnfitValue:
        apart = "" if self._chart.series is None else f" and the same {title_of(self._parting)}"
        return UnfitValue(
            f"Several rows have {label} as {title_of(self._x)}{apart}, and the picture has one place for "
            "them. Group them in the SQL, or ask for fewer."
        )

    def _many_series(self) -> UnfitValue:
        return UnfitValue(
            f"A picture shows {MOST_SERIES} different values of {self._chart.series} at most, and this "
            "result has more. Ask for fewer, or group them in the SQL."
        )


def _number(value: Value, column: Column) -> float | None:
    if isinstance(value, str) and column.type == "money":
        return float(value)
    if isinstance(value, str | bool):
        raise UnfitValue(
            f"The column {column.name} is drawn, so it has to hold numbers, but it holds "
            f"{'infinity' if value in ('Infinity', '-Infinity') else 'something else'}."
        )
    return value if value is None or math.isfinite(value) else None
