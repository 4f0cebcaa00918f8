"""What all pictures with two axes have in common, as a Vega-Lite specification.

The fields of its data have names of their own, so the names of columns are texts and nothing more; and no
expression holds anything of the data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from aggregator.formats.chart.chart import Chart
from aggregator.formats.chart.labels import pixels, title_of
from aggregator.formats.chart.look import HEIGHT, PADDING, WIDTH
from aggregator.formats.chart.numbers import axis_labels, exact, short
from aggregator.formats.chart.rows import Point
from aggregator.formats.columns import Column

Spec = dict[str, Any]

PLOT_PIXELS = WIDTH - 90
"""The width that is about left for the plot."""

_MOST_NAMED = 400
"""Marks that have a text for screen readers; more would only make the file large."""


class Plot(ABC):
    """One picture. columns: x, those of y, and the series."""

    height = HEIGHT
    left = right = PADDING
    """Pixels left free at the sides."""

    def __init__(self, chart: Chart, columns: Sequence[Column], points: Sequence[Point]) -> None:
        self.chart = chart
        self.x, self.y = columns[0], columns[1]
        self.points = points
        self.labels = list(dict.fromkeys(named(point.label) for point in points))
        self.series = list(dict.fromkeys(named(point.series) for point in points))
        self.is_parted = chart.series is not None or len(chart.y) > 1
        self._parting = columns[-1]

    def spec(self) -> Spec:
        """The specification, without the look."""
        return {
            "width": WIDTH,
            "height": self.height,
            "padding": {"left": self.left, "top": PADDING, "bottom": PADDING, "right": self.right},
            "data": {"values": self.values()},
            "encoding": self.encoding(),
            "layer": self.layers(),
        }

    @abstractmethod
    def values(self) -> list[Spec]:
        """The data."""

    @abstractmethod
    def encoding(self) -> Spec:
        """What the layers share."""

    @abstractmethod
    def layers(self) -> list[Spec]:
        """What is drawn."""

    def value(self, point: Point) -> Spec:
        """A point's fields that are the same in every picture."""
        size = "none" if point.y is None else exact(point.y, self.y)
        name = f"{point.label}, {point.series}" if self.is_parted else point.label
        number = "" if point.y is None else short(point.y, self.y)
        return {"y": point.y, "series": named(point.series), "number": number, "name": f"{name}: {size}"}

    def measure(self, *, from_zero: bool, is_stacked: bool, above: bool) -> Spec:
        """The channel of the numbers. above: whether the axis has its title above it."""
        axis: Spec = {
            "title": None if len(self.chart.y) > 1 else title_of(self.y),
            "labelExpr": axis_labels(self.y),
            "domain": False,
            "ticks": False,
            "tickCount": 6,
            "labelOverlap": True,
            "labelFlush": False,
        }
        if above:
            axis |= {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom"}
            axis |= {"titleX": 0, "titleY": -16}
        return {
            "field": "y",
            "type": "quantitative",
            "stack": "zero" if is_stacked else None,
            "impute": None,
            "scale": {"zero": from_zero, "nice": True, **self.domain()},
            "axis": axis,
        }

    def domain(self) -> Spec:
        """What is said of the ends of the numbers' axis."""
        return {}

    def colour(self) -> Spec:
        """The channel of the series, if there are any."""
        if not self.is_parted:
            return {}
        legend = {"orient": "top", "direction": "horizontal", "offset": 10}
        title = title_of(self._parting) if self.chart.series is not None else None
        scale = {"domain": self.series}
        colour = {"field": "series", "type": "nominal", "sort": None, "scale": scale}
        return {"color": {**colour, "legend": {**legend, "title": title}}}

    def aria(self) -> Spec:
        """Whether each mark has its text."""
        return {"aria": len(self.points) <= _MOST_NAMED}

    def names_axis(self) -> Spec:
        """An axis below with the labels, of which as many are left out as need be."""
        step = PLOT_PIXELS / max(len(self.labels), 1)
        widest = max(map(pixels, self.labels), default=0) + 14
        every = -(-int(widest) // int(step)) if step >= 1 else -(-len(self.labels) // 8)
        return {
            "title": title_of(self.x),
            "grid": False,
            "values": self.labels[:: max(every, 1)],
            "labelAngle": 0,
            "labelOverlap": False,
        }


def named(label: str) -> str:
    """A label as a value that is named after it; SVG shows no space at the beginning of a text.

    The library has such values as keys of JavaScript's objects, where `constructor` is something else.
    """
    return f" {label}"


def is_number(value: object) -> bool:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
