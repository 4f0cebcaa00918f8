"""Amounts, shares and averages, with whole numbers, Fraction and Decimal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.shop.books import Row


def money(cents: int | None) -> str | None:
    """As JSON shows an amount."""
    return None if cents is None else f"{Decimal(cents) / 100:.2f}"


def share(part: int, whole: int) -> float | None:
    return float(Fraction(part, whole)) if whole else None


def mean_money(amounts: list[int]) -> str | None:
    """The average, half a cent rounded up."""
    if not amounts:
        return None
    exact = Decimal(sum(amounts)) / len(amounts)
    return money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)))


def known(rows: Iterable[Row], column: str) -> list[int]:
    return [row[column] for row in rows if row[column] is not None]


def known_sum(rows: Iterable[Row], column: str) -> int | None:
    """The sum of what is known; None when nothing is."""
    values = known(rows, column)
    return sum(values) if values else None


def whole(lines: list[Row], column: str) -> int | None:
    """The sum over an order; None when it has no line, or one of which nobody knows."""
    values = known(lines, column)
    return sum(values) if values and len(values) == len(lines) else None


def grouped(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, list[Row]]:
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
