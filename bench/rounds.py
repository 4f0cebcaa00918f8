"""Two things measured in turns, so that a noisy machine disturbs both alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Pairs:
    """The figures of both, one of each a round."""

    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def median_ours(self) -> float:
        return median(self.ours)

    @property
    def median_other(self) -> float:
        return median(self.other)

    def ratios(self, upside_down: bool = False) -> tuple[float, float, float]:
        """The ratio of the medians, and the least and the greatest ratio of one round."""
        above, below = (self.other, self.ours) if upside_down else (self.ours, self.other)
        each = [a / b for a, b in zip(above, below, strict=True)]
        return median(above) / median(below), min(each), max(each)


def in_turns(ours: Measure, other: Measure, rounds: int, warm_up: bool = True) -> Pairs:
    """Measure both, one after the other, again and again."""
    if warm_up:
        ours()
        other()
    figures = [(ours(), other()) for _ in range(rounds)]
    return Pairs(tuple(a for a, _ in figures), tuple(b for _, b in figures))


def seconds(action: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
