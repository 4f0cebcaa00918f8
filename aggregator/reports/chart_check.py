"""Whether the columns of a result can be drawn as the header's `chart` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from aggregator.catalog.chart import ChartSpec
from aggregator.catalog.header import Header
from aggregator.formats import Column

_NUMBERS = ("integer", "number", "money", "percent")


def faults_of_chart(header: Header, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    """The key of `chart` that each fault is about, and a sentence. columns: of the result."""
    chart = header.chart
    if chart is None:
        return
    by_name = {column.name: column for column in columns}
    for key, name in chart.columns:
        if name not in by_name:
            yield key, f"chart.{key}: {_no_column(name, list(by_name))}"
    if header.shape.kind == "record":
        yield "", "chart: shape: record has one row, which is nothing to be drawn"
    yield from _faults_of_y(chart, [by_name[name] for name in chart.y if name in by_name])


def _no_column(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"there is no column {name}{hint}; the columns are {', '.join(names)}"


def _faults_of_y(chart: ChartSpec, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    for column in columns:
        kind = column.type or ("text" if column.storage == "text" else "number")
        if kind not in _NUMBERS:
            yield "y", f"chart.y: {column.name} holds {kind}; allowed are columns of numbers"
    units = {_unit(column): column.name for column in columns}
    if len(units) > 1:
        named = " and ".join(f"{name} is {unit}" for unit, name in units.items())
        yield "y", f"chart.y: {named}, which one axis cannot show"


def _unit(column: Column) -> str:
    if column.type == "money":
        return f"money in {column.currency}" if column.currency else "money"
    return "percent" if column.type == "percent" else "a plain number"
