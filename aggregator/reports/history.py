"""What the SQL of each report cost the last time, which says where it is run the next time."""

from __future__ import annotations

import time

from aggregator.reports.reading import Job

QUICK_SECONDS = 0.005
"""A report that cost less than this is run at once, without waking a thread."""

_DOUBT_SECONDS = 1.0
_MOST_REMEMBERED = 10_000


class History:
    """The last cost of each report in each format, in seconds of a reader's clock.

    A thread's clock stands still while others have the processor: a busy service must not take its
    quick reports for slow ones, and be slower still.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}
        self._doubted_until: dict[tuple[str, str], float] = {}

    def learn(self, job: Job, seconds: float) -> None:
        """Remember what it cost to read all rows."""
        if job.rows_wanted:
            if len(self._seconds) >= _MOST_REMEMBERED:
                self._seconds.clear()
            self._seconds[_key(job)] = seconds

    def doubt(self, job: Job) -> None:
        """It kept others waiting, on a locked file perhaps: it is not quick for a while."""
        if len(self._doubted_until) >= _MOST_REMEMBERED:
            self._doubted_until.clear()
        self._doubted_until[_key(job)] = time.monotonic() + _DOUBT_SECONDS

    def is_quick(self, job: Job) -> bool:
        """Whether it cost next to nothing; False when it was never run."""
        key = _key(job)
        if self._seconds.get(key, QUICK_SECONDS) >= QUICK_SECONDS:
            return False
        return key not in self._doubted_until or self._doubted_until[key] < time.monotonic()

    def took_less(self, job: Job, seconds: float) -> bool:
        """Whether it took less than so many seconds; False when it was never run."""
        return self._seconds.get(_key(job), float("inf")) < seconds


def _key(job: Job) -> tuple[str, str]:
    return job.report.name, job.format.name
