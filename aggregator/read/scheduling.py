"""What the SQL of each report cost the last time, which says where it is run the next time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.engine.base import Snapshots, Version
from aggregator.read.operations import Operation, Rows
from aggregator.read.reader import BudgetExceeded, LocalReader

QUICK_SECONDS = 0.005
"""A report that cost less than this is run at once, without waking a thread."""

_SLOW_SECONDS = 1.0
_MOST_REMEMBERED = 10_000


class CostHistory:
    """The last cost of each report in each format, in seconds of a reader's clock.

    A thread's clock stands still while others have the processor: a busy service must not take its
    quick reports for slow ones, and be slower still.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}
        self._slow_until: dict[tuple[str, str], float] = {}

    def learn(self, operation: Operation, seconds: float) -> None:
        """Remember what it cost to read all rows."""
        if operation.rows_wanted:
            if len(self._seconds) >= _MOST_REMEMBERED:
                self._seconds.clear()
            self._seconds[_key(operation)] = seconds

    def mark_slow(self, operation: Operation) -> None:
        """It kept others waiting, on a locked file perhaps: it is not quick for a while."""
        if len(self._slow_until) >= _MOST_REMEMBERED:
            self._slow_until.clear()
        self._slow_until[_key(operation)] = time.monotonic() + _SLOW_SECONDS

    def is_quick(self, operation: Operation) -> bool:
        """Whether it cost next to nothing; False when it was never run."""
        key = _key(operation)
        if self._seconds.get(key, QUICK_SECONDS) >= QUICK_SECONDS:
            return False
        return key not in self._slow_until or self._slow_until[key] < time.monotonic()

    def took_less_than(self, operation: Operation, seconds: float) -> bool:
        """Whether it took less than so many seconds; False when it was never run."""
        return self._seconds.get(_key(operation), float("inf")) < seconds


def _key(operation: Operation) -> tuple[str, str]:
    return operation.report.name, operation.format_name


_MOST_SECONDS = 0.02
"""How long others wait at most for a report that was expected to be quick."""


@dataclass(frozen=True, slots=True)
class SmallResult:
    """A whole file, and how many rows it has."""

    body: bytes
    rows: int


class InlineRuns:
    """Runs what the history knows as quick, with snapshots of its own."""

    def __init__(self, history: CostHistory, pool: Snapshots) -> None:
        self._history = history
        self._pool = pool

    def result(self, rows: Operation, seen: Sequence[Version]) -> SmallResult | None:
        """The whole file; None when it is not known as quick, or is not any more.

        seen: the report's files as they were just now. Raises what goes wrong, as a Reader does.
        """
        if not isinstance(rows, Rows) or not rows.rows_wanted or rows.is_drawn:
            return None
        if rows.may_be_stuck or not self._history.is_quick(rows):
            return None
        reader = LocalReader(self._pool, _MOST_SECONDS)
        began = reader.clock()
        try:
            chunk = reader.small_result(rows, seen)
        except BudgetExceeded:
            chunk = None
        if chunk is None:
            self._history.mark_slow(rows)
            return None
        body = b"".join(rows.encode(chunk.items))
        self._history.learn(rows, reader.clock() - began)
        return SmallResult(body, chunk.rows)

    def close_idle(self, older_than: float) -> None:
        """Close snapshots that nobody has used for so many seconds."""
        self._pool.close_idle(older_than)
