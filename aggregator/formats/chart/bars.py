"""Bars: standing, or lying where their names are long."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.formats.chart.chart import Chart
from aggregator.formats.chart.labels import pixels
from aggregator.formats.chart.look import HEIGHT, PADDING
from aggregator.formats.chart.plot import PLOT_PIXELS, Plot, Spec, is_number, named
from aggregator.formats.chart.rows import Point
from aggregator.formats.chart.times import times_of
from aggregator.formats.columns import Column

_MOST_LYING = 60
_MOST_STANDING = 30
_MOST_NUMBERED = 12
_WIDEST = 140
_LYING_PIXELS = 23
_SIDE_PIXELS = 14


class Bars(Plot):
    """A bar for each point; those of one x side by side, or on each other."""

    def __init__(self, chart: Chart, columns: Sequence[Column], points: Sequence[Point]) -> None:
        super().__init__(chart, columns, points)
        self._is_lying = self._lies()
        self._is_numbered = not self.is_parted and (self._is_lying or len(self.labels) <= _MOST_NUMBERED)
        if self._is_lying:
            is_beside = self.is_parted and not chart.stacked
            bar = max(_LYING_PIXELS, _SIDE_PIXELS * len(self.series)) if is_beside else _LYING_PIXELS
            self.height = max(HEIGHT, len(self.labels) * bar + 100)
            self.right = PADDING + (48 if self._is_numbered else 0)
            # Letters of the reader's system may be wider than those of the library.
            self.left = PADDING + round(max(map(pixels, self.labels)) / 6)

    def _lies(self) -> bool:
        """Where names are too long to stand below, or many; numbers and times always run along the bottom."""
        values = [point.x for point in self.points]
        if all(map(is_number, values)) or times_of(values) is not None or len(self.labels) > _MOST_LYING:
            return False
        widest = max(map(pixels, self.labels))
        return len(self.labels) > _MOST_STANDING or widest > PLOT_PIXELS / len(self.labels)

    def values(self) -> list[Spec]:
        return [{"x": named(point.label), **self.value(point)} for point in self.points]

    def encoding(self) -> Spec:
        along, up = ("y", "x") if self._is_lying else ("x", "y")
        is_stacked = self.is_parted and self.chart.stacked
        encoding = {
            along: self._names(),
            up: self.measure(from_zero=True, is_stacked=is_stacked, above=not self._is_lying),
            "description": {"field": "name"},
            **self.colour(),
        }
        if self.is_parted and not is_stacked:
            beside = {"field": "series", "type": "nominal", "scale": {"domain": self.series}}
            encoding[f"{along}Offset"] = beside
        return encoding

    def domain(self) -> Spec:
        """Room for the numbers below the bars that go down."""
        sizes = [point.y for point in self.points if point.y is not None]
        if not self._is_numbered or min(sizes) >= 0:
            return {}
        return {"domainMin": min(sizes) - 0.1 * (max(*sizes, 0) - min(sizes))}

    def _names(self) -> Spec:
        channel: Spec = {"field": "x", "type": "nominal", "sort": None}
        if self._is_lying:
            axis = {"title": None, "ticks": False, "domain": False}
            return {**channel, "axis": axis, "scale": {"paddingInner": 0.28, "paddingOuter": 0.14}}
        widest = _WIDEST if self.chart.stacked else _WIDEST / 2 * (1 + len(self.series))
        free = max(0.2, (PLOT_PIXELS / widest - len(self.labels)) / 2)
        axis = {**self.names_axis(), "ticks": False}
        return {**channel, "axis": axis, "scale": {"paddingInner": 0.28, "paddingOuter": free}}

    def layers(self) -> list[Spec]:
        radius = {"cornerRadiusEnd": 3} if not self.chart.stacked and len(self.points) < 100 else {}
        layers: list[Spec] = [{"mark": {"type": "bar", **radius, **self.aria()}}]
        if self._is_numbered:
            layers += [_numbers(">=", 1, self._is_lying), _numbers("<", -1, self._is_lying)]
        return layers


def _numbers(sign: str, side: int, is_lying: bool) -> Spec:
    """The numbers at the ends of some bars: above zero on the one side, below zero on the other."""
    place: Spec = {"dy": -9 * side, "align": "center"}
    if is_lying:
        place = {"dx": 6 * side, "align": "left" if side > 0 else "right"}
    return {
        "transform": [{"filter": f"isNumber(datum.y) && datum.y {sign} 0"}],
        "mark": {"type": "text", "baseline": "middle", "aria": False, **place},
        "encoding": {"text": {"field": "number"}},
    }
