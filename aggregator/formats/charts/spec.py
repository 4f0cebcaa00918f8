"""The Vega-Lite specification of a picture.

The fields of its data have names of their own, so the names of columns are texts and nothing more; and no
expression holds anything of the data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from aggregator.errors import UnrepresentableValue
from aggregator.formats.charts import points as read
from aggregator.formats.charts.points import MINUS, Point, number_text, title_of
from aggregator.values.charts import ChartSpec
from aggregator.values.columns import Column
from aggregator.values.money import currency_prefix

Spec = dict[str, Any]

WIDTH, HEIGHT = 480, 300
"""In pixels: letters can be read when a phone of 320 pixels scales it."""

COLOURS = ("#2f6fc4", "#e0700f", "#549a77", "#9d206a", "#77580f", "#2137aa", "#710d2c", "#501069")
"""Of series, on white: each with a contrast of 3 at least, and told apart by the colour-blind."""

_DARK_COLOURS = ("#6ea3f2", "#f59a4a", "#7fd8a0", "#b55c81", "#96860d", "#4bd4d4", "#e6da4c", "#8657d6")

_OTHER, _DARK_OTHER = "#8a919e", "#7b8494"
"""Of what was put together."""

_TEXT, _QUIET, _GRID, _DOMAIN, _PAPER = "#1b2429", "#55626a", "#e5e9eb", "#b3bdc2", "#ffffff"
_DARK = {_TEXT: "#e4eaed", _QUIET: "#a3b0b7", _GRID: "#2b363b", _DOMAIN: "#4c5a61", _PAPER: "#1a2125"}
_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,sans-serif"

_PLOT_LETTERS = 46
"""About as many stand in a row below the plot."""

_MOST_NAMED = 400
"""Marks that have a text for screen readers; more would only make the file large."""

_MOST_DOTS = 62
_MOST_LYING = 60
_MOST_SLICES = 8
_MOST_TICKS = 8
_LINE_PIXELS = 20
_DAY = 86_400_000

_LETTERS: Spec = {
    "labelFontSize": 14,
    "labelLimit": 0,
    "titleFontSize": 14,
    "titleFontWeight": 600,
    "titleLimit": 0,
}

_CONFIG: Spec = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "mark": {"color": COLOURS[0]},
    "text": {"color": _TEXT, "fontSize": 14},
    "range": {"category": list(COLOURS)},
    "title": {"anchor": "start", "color": _TEXT, "fontSize": 14, "fontWeight": 600, "offset": 12},
    "axisX": {"labelAngle": 0},
    "axis": {
        **_LETTERS,
        "labelColor": _QUIET,
        "titleColor": _TEXT,
        "gridColor": _GRID,
        "domainColor": _DOMAIN,
        "tickColor": _DOMAIN,
        "labelFlush": False,
        "labelOverlap": True,
        "labelSeparation": 8,
        "labelPadding": 6,
        "titlePadding": 8,
    },
    "legend": {
        **_LETTERS,
        "labelColor": _TEXT,
        "titleColor": _QUIET,
        "layout": {"bottom": {"anchor": "end"}},
        "symbolType": "circle",
        "symbolSize": 110,
        "symbolStrokeWidth": 0,
    },
}


def spec_of(chart: ChartSpec, columns: Sequence[Column], points: Sequence[Point]) -> Spec:
    """The specification; columns: x, those of y, and the series. Raises UnrepresentableValue."""
    is_pie = chart.type == "pie"
    if not any(point.y is not None and (point.y or not is_pie) for point in points):
        text = "No values" if points else "No rows"
        drawing = _text(text, {"color": _QUIET})
    elif is_pie:
        drawing = _donut(columns[0], columns[1], points)
    else:
        plot = _Plot(chart, columns, points)
        drawing = plot.bars() if chart.type == "bar" else plot.lines()
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": _PAPER,
        "padding": 12,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": _CONFIG,
        **drawing,
    }


def style_sheet() -> str:
    """The style sheet of an SVG: its letters, and its colours on a dark page.

    Rules win over the attributes that the library writes. The letters of the reader's system may be wider
    than those of the library, so they are a little smaller than it believes.
    """
    pairs = {**_DARK, **dict(zip(COLOURS, _DARK_COLOURS, strict=True)), _OTHER: _DARK_OTHER}
    rules = "".join(
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in pairs.items()
        for attribute in ("fill", "stroke")
    )
    letters = f"text{{font-family:{_FONTS}}}text[font-size='14px']{{font-size:13px}}"
    return f"{letters}@media (prefers-color-scheme:dark){{{rules}}}"


class _Plot:
    """What has two axes."""

    def __init__(self, chart: ChartSpec, columns: Sequence[Column], points: Sequence[Point]) -> None:
        self._chart, self._points = chart, points
        self._x, self._y, self._parting = columns[0], columns[1], columns[-1]
        self._by_label = {point.label: point.x for point in points}
        self._series = list(dict.fromkeys(_named(point.series) for point in points))
        self._is_parted = chart.series is not None or len(chart.y) > 1
        self._is_stacked = chart.stacked and self._is_parted
        self._title = title_of(self._y) if len(chart.y) == 1 else None
        self._aria = {"aria": len(points) <= _MOST_NAMED}

    def bars(self) -> Spec:
        """A bar for each point; they lie where their names are too long to stand below, or many."""
        is_lying = self._is_lying()
        data = self._data({label: _named(label) for label in self._by_label})
        is_numbered = not self._is_parted and (is_lying or _fit_in_a_row([each["number"] for each in data]))
        is_beside = self._is_parted and not self._is_stacked
        rounded = {} if self._is_stacked or len(data) > 100 else {"cornerRadiusEnd": 3}
        along, up = ("y", "x") if is_lying else ("x", "y")
        measure = self._measure(from_zero=True, has_title=is_lying)
        layers: list[Spec] = [{"mark": {"type": "bar", **rounded, **self._aria}, **_NAMED}]
        if is_numbered:
            # Those below zero stand at zero, where no bar is.
            place = {"align": "left", "dx": 6} if is_lying else {"align": "center", "dy": -9}
            layers.append(
                {
                    "transform": [{"calculate": "max(datum.y, 0)", "as": "end"}],
                    "mark": {"type": "text", "baseline": "middle", "aria": False, **place},
                    "encoding": {"text": {"field": "number"}, up: {**measure, "field": "end"}},
                }
            )
        encoding = {along: self._names(is_lying), up: measure}
        if is_beside:
            encoding[f"{along}Offset"] = {
                "field": "series",
                "type": "nominal",
                "scale": {"domain": self._series},
            }
        spec = self._spec(data, encoding, layers)
        if is_lying:
            bar = max(23, 14 * len(self._series)) if is_beside else 23
            spec["title"] = ""
            spec["height"] += max(0, len(self._by_label) * bar + 80 - HEIGHT)
            spec["padding"] = {"left": 20, "top": 12, "bottom": 12, "right": 64 if is_numbered else 20}
        return spec

    def _is_lying(self) -> bool:
        has_scale = all(map(_is_number, self._by_label.values())) or read.times_of(self._by_label.values())
        return not has_scale and len(self._by_label) <= _MOST_LYING and not _fit_in_a_row(self._by_label)

    def _names(self, is_lying: bool) -> Spec:
        axis: Spec = {"title": title_of(self._x), "ticks": False, "values": self._named_below()}
        if is_lying:
            axis = {"title": None, "ticks": False, "domain": False, "labelOverlap": False}
        # A few bars that stand are as wide as four.
        outer = 0.14 if is_lying else max(0.14, (4 - len(self._by_label)) / 2)
        scale = {"paddingInner": 0.28, "paddingOuter": outer}
        return {"field": "x", "type": "nominal", "sort": None, "axis": axis, "scale": scale}

    def _named_below(self) -> list[str]:
        """The names for which there is room; those that Vega hides would make the file large."""
        letters = max(map(read.width, self._by_label)) + 1
        every = -(-len(self._by_label) * letters // _PLOT_LETTERS)
        return [_named(label) for label in self._by_label][::every]

    def lines(self) -> Spec:
        """A line or an area for each series along the axis; where there is no number it has a gap."""
        is_area = self._chart.type == "area"
        channel, places = self._along()
        data = self._data(places)
        y = self._measure(from_zero=is_area)
        if is_area and self._is_stacked:
            # Areas can only stand on areas: what is missing is zero.
            y["impute"] = {"value": 0}
            layers: list[Spec] = [{"mark": {"type": "area", "aria": False, "fillOpacity": 0.85}}]
        else:
            stroke = {"strokeWidth": 2.25, "strokeCap": "round", "strokeJoin": "round"}
            look = {"fillOpacity": 0.16, "line": stroke} if is_area else stroke
            dot = {"type": "point", "filled": True, "size": 36, "opacity": 1, **self._aria}
            dots = {"mark": dot, **_NAMED, "transform": _EACH if len(places) <= _MOST_DOTS else _ALONE}
            layers = [{"mark": {"type": self._chart.type, "aria": False, **look}}, dots]
        return self._spec(data, {"x": channel, "y": y}, layers)

    def _along(self) -> tuple[Spec, dict[str, Any]]:
        """The channel of the axis below, and the place of each label on it."""
        axis: Spec = {"title": title_of(self._x), "grid": False}
        times = read.times_of(self._by_label.values())
        places: dict[str, Any] = {label: _named(label) for label in self._by_label}
        channel: Spec = {"type": "nominal", "sort": None, "scale": {"padding": 0.1}}
        if times is not None:
            kind, moments = times
            axis |= _time_labels(kind, sorted(moments.values()))
            channel = {"type": "temporal", "scale": {"type": "utc"}}
            places = {label: moments[value] for label, value in self._by_label.items()}
        elif all(map(_is_number, self._by_label.values())):
            axis |= _number_labels(self._x, self._by_label.values(), comma="")
            channel = {"type": "quantitative", "scale": {"zero": False, "nice": False}}
            places = self._by_label
        else:
            axis["values"] = self._named_below()
        return {"field": "x", **channel, "axis": axis}, places

    def _data(self, places: dict[str, Any]) -> list[Spec]:
        """The points, at their places, in the order of the axis."""
        order = {label: number for number, label in enumerate(places)}
        data = []
        for point in sorted(self._points, key=lambda each: order[each.label]):
            size = "none" if point.y is None else number_text(point.y, self._y)
            name = f"{point.label}, {point.series}" if self._is_parted else point.label
            number = "" if point.y is None else number_text(point.y, self._y, is_short=True)
            fields = {"x": places[point.label], "y": point.y, "series": _named(point.series)}
            data.append({**fields, "number": number, "name": f"{name}: {size}"})
        return data

    def _measure(self, from_zero: bool, has_title: bool = False) -> Spec:
        """The channel of the numbers."""
        scale = {"zero": from_zero, "nice": True}
        numbers = [point.y for point in self._points if point.y is not None]
        axis = {"title": self._title if has_title else None, "domain": False, "ticks": False, "tickCount": 5}
        axis |= _number_labels(self._y, numbers)
        stack = "zero" if self._is_stacked else None
        return {"field": "y", "type": "quantitative", "stack": stack, "scale": scale, "axis": axis}

    def _spec(self, data: list[Spec], encoding: Spec, layers: list[Spec]) -> Spec:
        """What all share: a title above the axis that stands, and a legend below."""
        spec: Spec = {"title": self._title or "", "height": HEIGHT, "data": {"values": data}, "layer": layers}
        if self._is_parted:
            columns = max(1, (WIDTH - 24) // (7 * max(map(read.width, self._series)) + 30))
            spec["height"] += _LINE_PIXELS * (-(-len(self._series) // columns) - 1)
            title = title_of(self._parting) if self._chart.series is not None else None
            legend = {"orient": "bottom", "columns": columns, "title": title}
            colour = {"field": "series", "type": "nominal", "sort": None, "scale": {"domain": self._series}}
            encoding["color"] = {**colour, "legend": legend}
        return {**spec, "encoding": encoding}


_NAMED = {"encoding": {"description": {"field": "name"}}}
_EACH = [{"filter": "isValid(datum.y)"}]
_NEIGHBOURS = [{"op": "lag", "field": "y", "as": "before"}, {"op": "lead", "field": "y", "as": "after"}]

_ALONE = [
    {"window": _NEIGHBOURS, "groupby": ["series"], "sort": [{"field": "x"}]},
    {"filter": "isValid(datum.y) && !isValid(datum.before) && !isValid(datum.after)"},
]
"""Points that no line would show."""


def _number_labels(column: Column, values: Iterable[Any], comma: str = ",") -> Spec:
    """How an axis writes its numbers, all with as many decimals; comma: parts thousands."""
    if column.type == "percent":
        return {"format": "%"}
    largest = max(map(abs, values))
    form = f"{comma}f" if largest < 10_000 else "s" if largest < 1e15 else ".2e"
    prefix = json.dumps(
        currency_prefix(column.currency) if column.type == "money" else "", ensure_ascii=False
    )
    label = f"replace(replace(replace(datum.label, '{MINUS}', ''), /k$/, 'K'), /G$/, 'B')"
    zero = "datum.value === 0 ? '0' : " if form == "s" else ""
    return {"format": form, "labelExpr": f"(datum.value < 0 ? '{MINUS}' : '') + {prefix} + ({zero}{label})"}


def _time_labels(kind: str, moments: Sequence[int]) -> Spec:
    """How an axis writes times, so that no two labels are the same; moments: in their order."""
    days = (moments[-1] - moments[0]) / _DAY
    if len(moments) <= _MOST_TICKS:
        form = {"month": "%b %Y", "day": "%-d %b %Y", "moment": "%-d %b %H:%M"}[kind]
        return {"values": moments, "format": form}
    if kind == "month" or days > 31 * 8:
        return {"tickCount": 8, "format": "%Y" if days > 366 * 6 else "%b %Y"}
    return {"tickCount": 5, "format": "%-d %b %H:%M" if kind == "moment" and days < 3 else "%-d %b %Y"}


def _donut(x: Column, y: Column, points: Sequence[Point]) -> Spec:
    """A ring of shares and their legend; of more than a few the smallest are put together."""
    data = []
    sizes = [(point.label, point.y) for point in points if point.y]
    slices = _slices(y, sizes)
    whole = sum(size for _, size in slices)
    for order, (label, size) in enumerate(slices):
        amount = number_text(size, y)
        share = "" if y.type == "percent" else f" · {size / whole:.1%}"
        legend_text = _named(f"{label}\n{amount}{share}")
        data.append({"order": order, "y": size, "slice": legend_text, "name": f"{label}: {amount}"})
    legend = {"title": title_of(x), "offset": 24, "rowPadding": 8, "labelExpr": "split(datum.label, '\\n')"}
    colours = [*COLOURS[: _MOST_SLICES - 1], COLOURS[-1] if len(sizes) == len(slices) else _OTHER]
    scale = {"domain": [each["slice"] for each in data], "range": colours[: len(slices)]}
    ring = {"innerRadius": {"expr": "min(width, height) * 0.3"}, "padAngle": 0.012, "cornerRadius": 2}
    encoding = {
        "theta": {"field": "y", "type": "quantitative", "stack": True},
        "order": {"field": "order"},
        "color": {"field": "slice", "type": "nominal", "sort": None, "scale": scale, "legend": legend},
        "description": {"field": "name"},
    }
    layers: list[Spec] = [{"mark": {"type": "arc", **ring}, "encoding": encoding}]
    if y.type != "percent":
        total: Spec = {"fontSize": 20, "fontWeight": 600, "dy": -6}
        layers.append(_text(number_text(whole, y, is_short=True), total))
        layers.append(_text(read.shown(title_of(y), 14), {"dy": 15, "color": _QUIET}))
    return {"height": max(HEIGHT, 60 + 40 * len(data)), "data": {"values": data}, "layer": layers}


def _text(text: str, look: Spec) -> Spec:
    """A text in the middle of the picture."""
    mark = {"type": "text", "aria": False, **look}
    return {"data": {"values": [{"text": text}]}, "mark": mark, "encoding": {"text": {"field": "text"}}}


def _slices(column: Column, sizes: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The largest in the order of the rows, and after them all others as one."""
    if any(size < 0 for _, size in sizes):
        raise UnrepresentableValue(
            f"The column {column.name} is drawn as a pie, but contains a negative number."
        )
    most = _MOST_SLICES if len(sizes) <= _MOST_SLICES else _MOST_SLICES - 1
    largest = sorted(range(len(sizes)), key=lambda place: -sizes[place][1])[:most]
    rest = [size for place, (_, size) in enumerate(sizes) if place not in largest]
    return [sizes[place] for place in sorted(largest)] + (
        [(f"Other ({len(rest):,})", sum(rest))] if rest else []
    )


def _fit_in_a_row(texts: Iterable[str]) -> bool:
    widths = [read.width(text) + 1 for text in texts]
    return max(widths) * len(widths) <= _PLOT_LETTERS


def _named(label: str) -> str:
    """A label as a value that is named after it; SVG shows no space at the beginning of a text.

    The library has such values as keys of JavaScript's objects, where `constructor` is something else.
    """
    return f" {label}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
