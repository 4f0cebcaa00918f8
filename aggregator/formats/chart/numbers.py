"""Numbers as people read them in a picture: `$1,234.50`, `12%`, and `$1.2M` on an axis."""

from __future__ import annotations

import json

from aggregator.formats.columns import Column
from aggregator.formats.currency import sign

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_MINUS = "−"


def exact(value: float, column: Column) -> str:
    """All digits that matter."""
    if column.type == "percent":
        return _signed(value, f"{_plain(abs(value) * 100, 2)}%")
    if column.type == "money":
        return _signed(value, f"{sign(column.currency)}{abs(value):,.{column.digits}f}")
    return _signed(value, _plain(abs(value), 4))


def short(value: float, column: Column) -> str:
    """Three or four digits, for the end of a bar."""
    size = abs(value)
    if column.type == "percent":
        return _signed(value, f"{_plain(size * 100, 1)}%")
    prefix = sign(column.currency) if column.type == "money" else ""
    for unit, letter in _UNITS:
        if size >= unit * 0.9995:
            return _signed(value, f"{prefix}{_plain(size / unit, 2)}{letter}")
    return _signed(value, prefix + _plain(size, 0 if size >= 1_000 or size == int(size) else 2))


def axis_labels(column: Column, comma: str = ",") -> str:
    """The Vega expression of a number on an axis, with nothing of the data in it; comma: parts thousands."""
    if column.type == "percent":
        return f"replace(format(datum.value, ',.4~%'), '-', '{_MINUS}')"
    prefix = json.dumps(sign(column.currency) if column.type == "money" else "", ensure_ascii=False)
    size = "abs(datum.value)"
    plain, large = f"format({size}, '{comma}.6~r')", f"format({size}, '.4~s')"
    text = (
        f"{size} < 10000 ? {plain} : {size} < 1e15 ? "
        f"replace(replace({large}, 'k', 'K'), 'G', 'B') : format({size}, '.3~e')"
    )
    return f"(datum.value < 0 ? '{_MINUS}' : '') + {prefix} + ({text})"


def _signed(value: float, text: str) -> str:
    return f"{_MINUS}{text}" if value < 0 else text


def _plain(size: float, places: int) -> str:
    """At most so many decimals, none of them a zero at the end; what is very large or small as a power."""
    if size >= 1e15 or 0 < size < 10**-places / 2:
        return f"{size:.3g}"
    text = f"{size:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
