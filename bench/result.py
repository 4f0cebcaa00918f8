"""One line of the table."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bench.rounds import Pairs

_LONGEST_REASON = 120


class Verdict(StrEnum):
    """How a figure stands to what it must be and to what is aimed at."""

    AIM = "aim reached"
    MUST = "good enough"
    MISSED = "MISSED"
    FAILED = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Goal:
    """What a figure must be, and the aim; `most` is an upper limit, `least` a lower one."""

    side: Literal["most", "least"]
    must: float
    aim: float

    def verdict(self, figure: float) -> Verdict:
        """Where a figure stands."""
        sign = 1 if self.side == "most" else -1
        if figure * sign <= self.aim * sign:
            return Verdict.AIM
        return Verdict.MUST if figure * sign <= self.must * sign else Verdict.MISSED

    def shown(self, limit: float, unit: str) -> str:
        """A limit as text."""
        return f"{'≤' if self.side == 'most' else '≥'} {limit:g}{unit}"


@dataclass(frozen=True)
class Result:
    """A line as it is shown."""

    what: str
    ours: str
    other: str
    ratio: str
    must: str
    aim: str
    verdict: Verdict


def compared(what: str, goal: Goal, pairs: Pairs, unit: str, is_rate: bool = False) -> Result:
    """A line for the ratio of two figures: ours to the other's, or how many times faster we are."""
    upside_down = goal.side == "least" and not is_rate
    ratio, least, greatest = pairs.ratios(upside_down)
    places = 0 if is_rate else 2
    return Result(
        what=what,
        ours=f"{pairs.median_ours:,.{places}f} {unit}",
        other=f"{pairs.median_other:,.{places}f} {unit}",
        ratio=f"{ratio:.2f} ({least:.2f} to {greatest:.2f})",
        must=goal.shown(goal.must, ""),
        aim=goal.shown(goal.aim, ""),
        verdict=goal.verdict(ratio),
    )


def alone(what: str, goal: Goal, figure: float, unit: str) -> Result:
    """A line for a figure that is compared with nothing."""
    return Result(
        what=what,
        ours=f"{figure:.1f} {unit}",
        other="",
        ratio="",
        must=goal.shown(goal.must, f" {unit}"),
        aim=goal.shown(goal.aim, f" {unit}"),
        verdict=goal.verdict(figure),
    )


def unmeasured(what: str, reason: object, verdict: Verdict) -> Result:
    """A line for what was left out or broke."""
    return Result(f"{what}: {' '.join(str(reason).split())[:_LONGEST_REASON]}", "", "", "", "", "", verdict)
