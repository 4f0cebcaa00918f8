"""Charts: the rows of a report as a picture, drawn by Vega-Lite.

`points` reads the rows, `spec` makes the Vega-Lite specification, `renderer` makes SVG and PNG. Imports other
modules of `formats`, `values` and below.
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from xml.sax.saxutils import escape

import orjson

from aggregator.errors import UnrepresentableValue
from aggregator.formats.base import Writer, valid_json
from aggregator.formats.charts.points import MOST_ROWS, PointReader, Value, shown, title_of
from aggregator.formats.charts.renderer import ChartRenderer
from aggregator.formats.charts.spec import spec_of, style_sheet
from aggregator.values.charts import ChartSpec
from aggregator.values.columns import Column
from aggregator.values.rows import JsonArray

EDITION = f"2, vl-convert {metadata.version('vl-convert-python')}"
"""Other pictures of the same rows have another one, and so another entity tag."""

_SEPARATOR = b","
_MARKS = {"bar": "Bars", "line": "Lines", "area": "Areas", "pie": "Shares"}
_SVG_ROOT = re.compile(r"<svg [^>]*?viewBox=\"([\d. ]+)\"[^>]*>")
_RENDERER = ChartRenderer()


atexit.register(_RENDERER.close)


@dataclass(frozen=True, slots=True)
class Picture:
    """Makes the writers of one kind of picture, `svg` or `png`.

    chart: None where no report is known; title: of the report.
    """

    kind: str
    chart: ChartSpec | None = None
    title: str = ""
    edition: str = EDITION

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        if self.chart is None:
            raise ValueError("a picture of nothing")
        return _PictureWriter(self.kind, self.chart, self.title, columns)


class _PictureWriter:
    """Holds all rows, which are few, and gives the picture as one piece."""

    def __init__(self, kind: str, chart: ChartSpec, title: str, columns: Sequence[Column]) -> None:
        by_name = {column.name: column for column in columns}
        names = [chart.x, *chart.y, *([chart.series] if chart.series is not None else [])]
        self._columns = [by_name[name] for name in names]
        self._kind, self._chart, self._title = kind, chart, title
        self.row = JsonArray(tuple(self._columns), json_as_text=True)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return _SEPARATOR.join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        rows = _rows_of(chunks)
        points = list(PointReader(self._chart, self._columns).points(rows))
        picture = _RENDERER.render(self._kind, spec_of(self._chart, self._columns, points))
        yield self._described(picture.decode(), len(rows)) if self._kind == "svg" else picture

    def _described(self, drawing: str, rows: int) -> bytes:
        """An SVG with a title and a description for those who do not see it, and its style sheet."""
        root = _SVG_ROOT.match(drawing)
        if root is None:
            raise ValueError(f"no SVG: {drawing[:200]}")
        _, _, width, height = root[1].split()
        chart, titles = self._chart, [title_of(column) for column in self._columns]
        what = f"{_MARKS[chart.type]} of {', '.join(titles[1 : 1 + len(chart.y)])} by {titles[0]}"
        series = f" and {titles[-1]}" if chart.series is not None else ""
        description = f"{what}{series}; {rows:,} {'row' if rows == 1 else 'rows'}."
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{root[1]}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title description">'
            f'<title id="title">{escape(shown(self._title, 1_200))}</title>'
            f'<desc id="description">{escape(description)}</desc>'
            f"<style>{style_sheet()}</style>{drawing[root.end() :]}\n"
        ).encode()


def _rows_of(chunks: Iterable[bytes]) -> list[list[Value]]:
    """The rows of all chunks; raises UnrepresentableValue for more rows than a picture can show."""
    rows: list[list[Value]] = []
    for chunk in chunks:
        rows += orjson.loads(b"[" + valid_json(chunk) + b"]")
        if len(rows) > MOST_ROWS:
            raise UnrepresentableValue(
                f"A chart shows at most {MOST_ROWS:,} rows, and this result has more. "
                "Narrow the filters, for example to a shorter period, or group the rows in the SQL."
            )
    return rows
