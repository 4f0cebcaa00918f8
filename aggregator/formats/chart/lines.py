"""Lines and areas, along time, along numbers, or from name to name."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.formats.chart.chart import Chart
from aggregator.formats.chart.labels import title_of
from aggregator.formats.chart.numbers import axis_labels
from aggregator.formats.chart.plot import Plot, Spec, is_number, named
from aggregator.formats.chart.rows import Point
from aggregator.formats.chart.times import times_of
from aggregator.formats.columns import Column

_MOST_DOTS = 62


class Lines(Plot):
    """A line for each series, in the order of the axis; where there is no number it has a gap."""

    def __init__(self, chart: Chart, columns: Sequence[Column], points: Sequence[Point]) -> None:
        super().__init__(chart, columns, points)
        values = [point.x for point in points]
        self._times = times_of(values)
        self._is_number = all(map(is_number, values))
        self._orders = {label: float(order) for order, label in enumerate(self.labels)}
        self._is_filled = chart.mark == "area" and chart.stacked and self.is_parted

    def _place(self, point: Point) -> object:
        if self._times is not None:
            return self._times.by_text[str(point.x)]
        return point.x if self._is_number else named(point.label)

    def _order(self, point: Point) -> float:
        place = self._place(point)
        return float(place) if isinstance(place, int | float) else self._orders[named(point.label)]

    def values(self) -> list[Spec]:
        points = sorted(self._filled() if self._is_filled else self.points, key=self._order)
        alone = self._alone(points)
        return [
            {"x": self._place(point), **self.value(point), "dot": is_alone}
            for point, is_alone in zip(points, alone, strict=True)
        ]

    def _filled(self) -> list[Point]:
        """Areas can only stand on areas: what is missing is zero."""
        there = {(point.label, point.series): point for point in self.points}
        by_label = {point.label: point for point in self.points}
        return [
            Point(some.x, label, (found.y if found is not None else None) or 0, series)
            for label, some in by_label.items()
            for series in dict.fromkeys(point.series for point in self.points)
            for found in [there.get((label, series))]
        ]

    def _alone(self, points: Sequence[Point]) -> list[bool]:
        """Which points have a dot: all of a few, and else those that no line would show."""
        if len(self.labels) <= _MOST_DOTS:
            return [point.y is not None for point in points]
        alone = [False] * len(points)
        for series in self.series:
            numbers = [number for number, point in enumerate(points) if named(point.series) == series]
            drawn = [False, *(points[number].y is not None for number in numbers), False]
            for at, number in enumerate(numbers, start=1):
                alone[number] = drawn[at] and not drawn[at - 1] and not drawn[at + 1]
        return alone

    def encoding(self) -> Spec:
        from_zero = self.chart.mark == "area"
        return {
            "x": {"field": "x", "sort": None, **self._axis()},
            "y": self.measure(from_zero=from_zero, is_stacked=self._is_filled, above=True),
            **self.colour(),
        }

    def _axis(self) -> Spec:
        axis: Spec = {"title": title_of(self.x), "grid": False, "labelFlush": False}
        if self._times is not None:
            axis |= {"labelOverlap": True, **self._times.axis()}
            return {"type": "temporal", "scale": {"type": "utc"}, "axis": axis}
        if self._is_number:
            axis |= {"labelExpr": axis_labels(self.x, comma="")}
            return {"type": "quantitative", "scale": {"zero": False, "nice": False}, "axis": axis}
        return {"type": "nominal", "scale": {"padding": 0.1}, "axis": self.names_axis()}

    def layers(self) -> list[Spec]:
        line = {"type": self.chart.mark, "aria": False, **self._stroke()}
        dot = {"type": "point", "filled": True, "size": 42, "opacity": 1, **self.aria()}
        named_dots = {"encoding": {"description": {"field": "name"}}}
        dots: Spec = {"mark": dot, **named_dots, "transform": [{"filter": "datum.dot"}]}
        return [{"mark": line}] if self._is_filled else [{"mark": line}, dots]

    def _stroke(self) -> Spec:
        if self.chart.mark == "line":
            return {"strokeWidth": 2.25, "strokeCap": "round", "strokeJoin": "round"}
        return {"fillOpacity": 0.85} if self._is_filled else {"fillOpacity": 0.16, "line": {"strokeWidth": 2}}
