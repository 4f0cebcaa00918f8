"""Days, months and moments along the bottom of a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.moments import read_moment

_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII)
_DAY_MS = 86_400_000
_MOST_TICKS = 10


@dataclass(frozen=True, slots=True)
class Times:
    """The moments of some texts, in the milliseconds that Vega counts in; is_months: all are months."""

    by_text: dict[str, int]
    is_months: bool

    def axis(self) -> dict[str, Any]:
        """How the axis is labelled, so that no two labels are the same."""
        moments = sorted(set(self.by_text.values()))
        days = (moments[-1] - moments[0]) / _DAY_MS
        if self.is_months and len(moments) <= 3 * _MOST_TICKS:
            return {"values": moments[:: -(-len(moments) // _MOST_TICKS)], "format": "%b %Y"}
        if days > 366 * 8:
            return {"format": "%Y", "tickCount": "year"} if days < 366 * 15 else {"format": "%Y"}
        if self.is_months or days > 31 * 8:
            return {"format": "%b %Y", "tickCount": 8}
        if days < 3 and any(moment % _DAY_MS for moment in moments):
            return {"format": "%-d %b %H:%M", "tickCount": 8}
        if days <= _MOST_TICKS:
            first = moments[0] - moments[0] % _DAY_MS
            return {"values": list(range(first, moments[-1] + 1, _DAY_MS)), "format": "%-d %b %Y"}
        return {"format": "%-d %b %Y", "tickCount": 8}


def times_of(values: Sequence[object]) -> Times | None:
    """The moments of the values; None when not each of them is one, or when they are of several kinds."""
    by_text: dict[str, int] = {}
    kinds = set()
    for value in set(values):
        kind = _kind(value)
        if kind is None:
            return None
        moment = read_moment(f"{value}-01" if kind is _MONTH else str(value))
        if moment is None:
            return None
        by_text[str(value)] = round(moment.timestamp() * 1000)
        kinds.add(kind)
    return Times(by_text, kinds == {_MONTH}) if len(kinds) == 1 else None


def _kind(value: object) -> re.Pattern[str] | None:
    if not isinstance(value, str):
        return None
    return next((kind for kind in (_MONTH, _DAY, _MOMENT) if kind.fullmatch(value)), None)
