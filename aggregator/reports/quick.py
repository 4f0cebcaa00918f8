"""Small results of reports that were quick before, made in the calling thread.

Waking another thread would take longer than reading them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.databases.folder import FileVersion
from aggregator.databases.pool import ViewPool
from aggregator.formats import SQL_FUNCTIONS
from aggregator.reports.history import History
from aggregator.reports.reading import Job, LocalReader, OverBudget
from aggregator.reports.sql import prepared

_MOST_SECONDS = 0.02
"""How long others wait at most for a report that was expected to be quick."""


@dataclass(frozen=True, slots=True)
class SmallResult:
    """A whole file, and how many rows it has."""

    body: bytes
    rows: int


class QuickReports:
    """Runs what the history knows as quick, with views of its own."""

    def __init__(self, history: History, lock_wait: float, most_idle: int) -> None:
        self._history = history
        # The limit on a value is far below the service's: nothing ends a function while it makes one.
        self._pool = ViewPool(SQL_FUNCTIONS, lock_wait, most_idle, for_quick=True)

    def result(self, job: Job, seen: Sequence[FileVersion]) -> SmallResult | None:
        """The job's result; None when it is not known as quick, or is not any more.

        seen: the report's files as they were just now. Raises what goes wrong, as a Reader does.
        """
        if not job.rows_wanted or job.is_page or job.format.is_drawn or not self._history.is_quick(job):
            return None
        if job.may_be_stuck:
            return None
        reader = LocalReader(self._pool, _MOST_SECONDS)
        began = reader.clock()
        try:
            chunk = reader.small_result(job, seen)
        except OverBudget:
            chunk = None
        if chunk is None:
            self._history.doubt(job)
            return None
        writer = prepared(job.report, job.format).writer
        body = b"".join(writer.encode([chunk.text] if chunk.text else []))
        self._history.learn(job, reader.clock() - began)
        return SmallResult(body, chunk.rows)

    def close_idle(self, older_than: float) -> None:
        """Close the files of views that nobody has used for so many seconds."""
        self._pool.close_idle(older_than)
