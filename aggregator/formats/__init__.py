"""Output formats: each is one entry of `FORMATS`.

A format says how a row is written as text, and what comes before and after the rows. Imports `values` and
below; never `sqlfile`, `engine` or `inputs`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from aggregator.formats.base import Format, Representation
from aggregator.formats.charts import Picture
from aggregator.formats.csv import CsvWriter, SpreadsheetCsv
from aggregator.formats.excel import ExcelWriter
from aggregator.formats.json import JsonWriter, NdJsonWriter, Shape
from aggregator.values.charts import ChartSpec

_CSV_TYPE = "text/csv; charset=utf-8; header=present"
_EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("json", "application/json", ".json", JsonWriter, disposition="inline"),
        Format("ndjson", "application/x-ndjson", ".ndjson", NdJsonWriter, disposition="inline"),
        Format("csv", _CSV_TYPE, ".csv", CsvWriter),
        Format("excel", _EXCEL_TYPE, ".xlsx", ExcelWriter, compressed=True),
    )
}
"""By the name in `?format=`, the default first."""

ALIASES = {"xlsx": "excel"}

SPREADSHEET_CSV = Format("csv", _CSV_TYPE, ".csv", SpreadsheetCsv())
"""CSV with `?for=excel`; `separator` and `decimal` give it another writer."""

CSV_SEPARATORS = (",", ";", "\t")
CSV_DECIMALS = (".", ",")
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

PICTURES: dict[str, Format] = {
    format.name: format
    for format in (
        Format(
            "svg",
            "image/svg+xml",
            ".svg",
            Picture("svg"),
            disposition="inline",
            is_drawn=True,
            policy=_SVG_POLICY,
        ),
        Format(
            "png",
            "image/png",
            ".png",
            Picture("png"),
            compressed=True,
            disposition="inline",
            is_drawn=True,
        ),
    )
}
"""The other formats of a report with a chart, available by name."""

PLAN = Representation("plan", "application/json", ".json")
"""How SQLite runs the report."""

HTML = Representation("html", "text/html; charset=utf-8", ".html")
"""A page of rows for people; every report has it."""

SUFFIXES = {format.suffix: format.name for format in (*FORMATS.values(), HTML, *PICTURES.values())} | {
    f".{alias}": name for alias, name in ALIASES.items()
}
"""The endings of URLs, and the format that each names."""


def pictures(chart: ChartSpec, title: str) -> list[Format]:
    """The formats of a chart of a report with this title."""
    return [replace(format, writer=Picture(name, chart, title)) for name, format in PICTURES.items()]


@lru_cache(maxsize=1_000)
def shaped(name: str, shape: Shape | None) -> Format:
    """A format by its name; JSON in a shape, when there is one. The other formats are always flat rows."""
    format = FORMATS[name]
    return replace(format, writer=shape) if shape is not None and name == "json" else format
