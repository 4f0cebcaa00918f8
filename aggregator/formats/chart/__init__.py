"""A report's rows as a picture, drawn by Vega-Lite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from aggregator.formats.chart.bars import Bars
from aggregator.formats.chart.chart import Chart
from aggregator.formats.chart.labels import shown, title_of
from aggregator.formats.chart.lines import Lines
from aggregator.formats.chart.look import HEIGHT, PADDING, PAPER, QUIET, WIDTH, config
from aggregator.formats.chart.painter import PAINTER
from aggregator.formats.chart.plot import Plot
from aggregator.formats.chart.ring import ring_spec
from aggregator.formats.chart.rows import joined, points_of, row_sql, rows_of
from aggregator.formats.chart.svg import finished
from aggregator.formats.columns import Column
from aggregator.formats.format import Writer

__all__ = ["Chart", "Picture"]

EDITION = f"1, vl-convert {metadata.version('vl-convert-python')}"
"""Other pictures of the same rows have another one, and so another entity tag."""

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_MARKS = {"bar": "Bars", "line": "Lines", "area": "Areas", "pie": "Shares"}


@dataclass(frozen=True, slots=True)
class Picture:
    """Makes the writers of one kind of picture, `svg` or `png`; chart: None where no report is known."""

    kind: str
    chart: Chart | None = None
    edition: str = EDITION

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        if self.chart is None:
            raise ValueError("a picture of nothing")
        return _PictureWriter(self.kind, self.chart, columns)


class _PictureWriter:
    """Holds all rows, which are few, and gives the picture as one piece."""

    def __init__(self, kind: str, chart: Chart, columns: Sequence[Column]) -> None:
        by_name = {column.name: column for column in columns}
        names = [chart.x, *chart.y, *([chart.series] if chart.series is not None else [])]
        self._columns = [by_name[name] for name in names]
        self._kind, self._chart = kind, chart
        self.row_sql = row_sql(self._columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return joined(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        rows = rows_of(chunks)
        is_pie = self._chart.mark == "pie"
        points = points_of(self._chart, self._columns, rows)
        if not any(point.y is not None and (point.y or not is_pie) for point in points):
            spec = _empty("No values" if points else "No rows")
        elif is_pie:
            spec = ring_spec(self._columns, points)
        else:
            plot: type[Plot] = Bars if self._chart.mark == "bar" else Lines
            spec = plot(self._chart, self._columns, points).spec()
        picture = PAINTER.drawn(self._kind, _around(spec))
        if self._kind == "svg":
            title = shown(self._chart.title, 1_200)
            picture = finished(picture.decode(), title, self._description(len(rows))).encode()
        yield picture

    def _description(self, rows: int) -> str:
        chart, titles = self._chart, [title_of(column) for column in self._columns]
        what = f"{_MARKS[chart.mark]} of {', '.join(titles[1 : 1 + len(chart.y)])} by {titles[0]}"
        series = f" and {titles[-1]}" if chart.series is not None else ""
        return f"{what}{series}; {rows:,} {'row' if rows == 1 else 'rows'}."


def _around(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _SCHEMA,
        "background": PAPER,
        "padding": PADDING,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": config(),
        **spec,
    }


def _empty(text: str) -> dict[str, Any]:
    mark = {"type": "text", "fontSize": 16, "text": text, "color": QUIET}
    return {"width": WIDTH, "height": HEIGHT, "data": {"values": [{}]}, "mark": mark}
