"""What the filters of the lists mean: does a row pass, given the text of the parameter?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from tests.shop.books import Row

Filter: TypeAlias = Callable[[Row, str], bool]

_SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def small(text: str) -> str:
    """A to Z in small letters, and no other letter."""
    return text.translate(_SMALL)


def part_of(*columns: str) -> Filter:
    return lambda row, text: any(row[column] and small(text) in small(row[column]) for column in columns)


def same(column: str) -> Filter:
    return lambda row, text: row[column] is not None and small(row[column]) == small(text)


def equals(column: str) -> Filter:
    return lambda row, text: str(row[column]) == text


def at_least(column: str) -> Filter:
    return lambda row, text: row[column] is not None and Decimal(row[column]) >= Decimal(text)


def at_most(column: str) -> Filter:
    return lambda row, text: row[column] is not None and Decimal(row[column]) <= Decimal(text)


def since(column: str) -> Filter:
    return lambda row, text: row[column][:10] >= text


def until(column: str) -> Filter:
    return lambda row, text: row[column][:10] <= text


def in_stock(row: Row, text: str) -> bool:
    return row["stock"] is not None and (row["stock"] > 0) == (text == "true")
