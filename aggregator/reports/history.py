"""How long the SQL of each report took the last time, which says where it is run the next time."""

from __future__ import annotations

from aggregator.reports.reading import Job

QUICK_SECONDS = 0.005
"""A report that took less than this is run at once, without waking a thread."""

_MOST_REMEMBERED = 10_000


class History:
    """The last time of each report in each format."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}

    def learn(self, job: Job, seconds: float) -> None:
        """Remember how long it took."""
        if job.rows_wanted:
            if len(self._seconds) >= _MOST_REMEMBERED:
                self._seconds.clear()
            self._seconds[job.report.name, job.format.name] = seconds

    def is_quick(self, job: Job) -> bool:
        """Whether it took next to no time; False when it was never run."""
        return self._seconds.get((job.report.name, job.format.name), QUICK_SECONDS) < QUICK_SECONDS

    def took_longer(self, job: Job, seconds: float) -> bool:
        """Whether it took longer than so many seconds; False when it was never run."""
        return self._seconds.get((job.report.name, job.format.name), 0.0) >= seconds
