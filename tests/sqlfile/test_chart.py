"""The key `chart` of a header, on its own: what it takes and what is said of the rest."""

from __future__ import annotations

import pytest

from aggregator.sqlfile.header import read_source
from aggregator.values.charts import CHART_TYPES, ChartSpec


def faults(chart: str) -> list[str]:
    _, found = read_source(f"/*\ntitle: x\nchart:\n  {chart}\n*/\nSELECT 1", "r.sql")
    return [str(fault) for fault in found]


def test_all_keys() -> None:
    text = "/*\nchart: {type: area, x: day, y: [net, tax], stacked: true}\n*/\nSELECT 1"
    source, found = read_source(text, "r.sql")
    assert found == []
    assert source is not None
    assert source.header.chart == ChartSpec(type="area", x="day", y=("net", "tax"), stacked=True)


def test_one_column_as_y() -> None:
    source, _ = read_source("/*\nchart: {type: bar, x: a, y: b, series: c}\n*/\nSELECT 1", "r.sql")
    assert source is not None
    chart = source.header.chart
    assert chart is not None
    assert (chart.y, chart.series, chart.stacked) == (("b",), "c", False)


@pytest.mark.parametrize("kind", CHART_TYPES)
def test_each_type(kind: str) -> None:
    assert faults(f"{{type: {kind}, x: a, y: b}}") == []


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        (
            "{type: column, x: a, y: b}",
            "r.sql:4: chart.type: must be one of bar, line, area, pie, not column",
        ),
        ("{type: bar, y: b}", "r.sql:3: chart.x: is missing"),
        ("{type: bar, x: a}", "r.sql:3: chart.y: is missing"),
        ("{type: bar, x: a, y: []}", "r.sql:4: chart.y: must be a column or a list of 1 to 8 columns"),
        ("{type: bar, x: a, y: [b, c, b]}", "r.sql:4: chart.y: b appears twice"),
        ("{type: bar, x: a, y: a}", "r.sql:4: chart.y: a is x already"),
        ("{type: bar, x: a, y: b, series: b}", "r.sql:4: chart.series: b is x or y already"),
        (
            "{type: bar, x: a, y: [b, c], series: d}",
            "r.sql:4: chart.series: goes with one column as y; y is a list",
        ),
        (
            "{type: pie, x: a, y: [b, c]}",
            "r.sql:4: chart.y: a pie has one column as y, and no series",
        ),
        (
            "{type: pie, x: a, y: b, series: c}",
            "r.sql:4: chart.series: a pie has one column as y, and no series",
        ),
        (
            "{type: line, x: a, y: b, series: c, stacked: true}",
            "r.sql:4: chart.stacked: is for type bar or area with a series or several columns as y",
        ),
        (
            "{type: bar, x: a, y: b, stacked: true}",
            "r.sql:4: chart.stacked: is for type bar or area with a series or several columns as y",
        ),
        (
            "{type: bar, x: a, y: b, serie: c}",
            "r.sql:4: unknown key chart.serie (did you mean series?); the keys are type, x, y, series,",
        ),
        ("bar", "r.sql:3: chart: must hold keys"),
    ],
)
def test_what_is_said_of_a_wrong_chart(chart: str, expected: str) -> None:
    found = faults(chart)
    assert len(found) == 1
    assert found[0].startswith(expected), found
