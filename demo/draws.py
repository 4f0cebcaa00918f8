"""Chance that falls the same way on every machine and every Python."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Draws:
    """A stream of random draws that depends on the seed alone.

    Only `Random.random()` of an integer seed is promised to stay the same between Python
    versions, so everything is made of it, with arithmetic that IEEE 754 defines to the last bit
    (no `log`, no `pow`).
    """

    def __init__(self, seed: int) -> None:
        self.share = Random(seed).random

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit - 1`."""
        return int(self.share() * limit)

    def chance(self, share: float) -> bool:
        """Return True in that share of the calls."""
        return self.share() < share

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[int(self.share() * len(items))]
