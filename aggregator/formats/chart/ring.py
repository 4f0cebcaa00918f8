"""Shares of a whole as a ring, with a list of what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.errors import UnfitValue
from aggregator.formats.chart.labels import shown, title_of
from aggregator.formats.chart.look import COLOURS, HEIGHT, OTHER, PADDING, QUIET, TEXT, WIDTH
from aggregator.formats.chart.numbers import exact, short
from aggregator.formats.chart.rows import Point
from aggregator.formats.columns import Column

MOST_SLICES = 8

Spec = dict[str, Any]

_CENTRE = 190
_NAMES, _SIZES, _SHARES = 400, 800, 900
"""Where the columns of the list stand; the last two end there."""
_LINE = 30
_MIDDLE = HEIGHT / 2 - PADDING
_ON_LINE = {"y": {"field": "top", "type": "quantitative", "scale": None, "axis": None}}


@dataclass(frozen=True, slots=True)
class _Slice:
    label: str
    size: float
    colour: str


def ring_spec(columns: Sequence[Column], points: Sequence[Point]) -> Spec:
    """The specification of a pie with a hole, without the look; columns: x and y.

    Raises UnfitValue for less than nothing.
    """
    x, y = columns[0], columns[1]
    slices = _slices([(point.label, point.y) for point in points if point.y], y)
    whole = sum(each.size for each in slices)
    first_line = _MIDDLE + _LINE / 2 - _LINE * len(slices) / 2
    rows = [
        {
            "size": each.size,
            "order": order,
            "top": first_line + order * _LINE,
            "label": each.label,
            "amount": exact(each.size, y),
            "share": f"{each.size / whole:.1%}",
            "name": f"{each.label}: {exact(each.size, y)}",
        }
        for order, each in enumerate(slices)
    ]
    heads = {"label": title_of(x), "amount": title_of(y), "share": "Share", "top": first_line - _LINE}
    is_share = y.type == "percent"
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": rows},
        "encoding": {"color": _colours(slices), "order": {"field": "order"}},
        "layer": [
            _arcs(),
            *([] if is_share else _in_the_middle(short(whole, y), shown(title_of(y), 140))),
            _dots(),
            *_list([heads], is_share, QUIET),
            *_list(rows, is_share),
        ],
    }


def _slices(sizes: Sequence[tuple[str, float]], column: Column) -> list[_Slice]:
    """The largest in the order of the rows, and after them all others as one."""
    if any(size < 0 for _, size in sizes):
        raise UnfitValue(f"The column {column.name} is drawn as a pie, but holds a number below zero.")
    ranked = sorted(range(len(sizes)), key=lambda place: -sizes[place][1])
    most = MOST_SLICES if len(sizes) <= MOST_SLICES else MOST_SLICES - 1
    kept, rest = sorted(ranked[:most]), [sizes[place][1] for place in ranked[most:]]
    slices = [_Slice(*sizes[place], colour) for place, colour in zip(kept, COLOURS, strict=False)]
    return [*slices, _Slice(f"Other ({len(rest):,})", sum(rest), OTHER)] if rest else slices


def _colours(slices: Sequence[_Slice]) -> Spec:
    orders, colours = list(range(len(slices))), [each.colour for each in slices]
    scale = {"domain": orders, "range": colours}
    return {"field": "order", "type": "ordinal", "scale": scale, "legend": None}


def _arcs() -> Spec:
    mark = {"type": "arc", "innerRadius": 84, "outerRadius": 138, "padAngle": 0.012, "cornerRadius": 2}
    return {
        "mark": {**mark, "x": _CENTRE},
        "encoding": {
            "theta": {"field": "size", "type": "quantitative", "stack": True},
            "description": {"field": "name"},
        },
    }


def _dots() -> Spec:
    look = {"type": "point", "filled": True, "size": 110, "opacity": 1, "aria": False}
    return {"mark": {**look, "x": _NAMES - 18}, "encoding": _ON_LINE}


def _list(rows: Sequence[Spec], is_share: bool, head: str | None = None) -> list[Spec]:
    """The columns of the list, or their heads in a colour; of shares there is no second column."""
    columns: list[tuple[str, Spec]] = [
        ("label", {"x": _NAMES, "align": "left"}),
        ("amount", {"x": _SIZES, "align": "right"}),
        ("share", {"x": _SHARES, "align": "right"}),
    ]
    look: Spec = {"type": "text", "baseline": "middle", "fontSize": 13, "aria": False}
    if head is not None:
        look |= {"fontSize": 12, "fontWeight": 600}
    colour = {"value": head or TEXT}
    return [
        {
            "data": {"values": list(rows)},
            "mark": {**look, **place},
            "encoding": {**_ON_LINE, "text": {"field": field}, "color": colour},
        }
        for field, place in columns[: 2 if is_share else 3]
    ]


def _in_the_middle(number: str, title: str) -> list[Spec]:
    place = {"type": "text", "x": _CENTRE, "y": _MIDDLE, "align": "center", "aria": False}
    texts: list[tuple[str, str, Spec]] = [
        (number, TEXT, {"fontSize": 22, "fontWeight": 600, "dy": -6}),
        (title, QUIET, {"dy": 16}),
    ]
    return [
        {
            "data": {"values": [{"text": text}]},
            "mark": {**place, **look},
            "encoding": {"text": {"field": "text"}, "color": {"value": colour}},
        }
        for text, colour, look in texts
    ]
