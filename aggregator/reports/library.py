"""All reports: the files of `sql/` checked against those of `dbs/`, and kept up to date."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from aggregator.catalog.folder import Endpoint, Match, SqlFolder
from aggregator.databases.folder import DatabaseFolder
from aggregator.errors import AggregatorError, BrokenReport, DatabaseUnavailable, Fault
from aggregator.reports.report import Report, check

_FAILURE_SECONDS = 0.5
"""How long a report that failed its check is not checked again."""


@dataclass(frozen=True, slots=True)
class _Checked:
    endpoint: Endpoint
    report: Report | None
    error: AggregatorError | None
    at: float


class ReportLibrary:
    """Finds reports and checks each before its first use. Safe to use from many threads."""

    def __init__(self, sql: SqlFolder, databases: DatabaseFolder, lock_wait: float) -> None:
        self._sql = sql
        self._databases = databases
        self._lock_wait = lock_wait
        self._checked: dict[str, _Checked] = {}
        self._lock = threading.Lock()

    @property
    def databases(self) -> DatabaseFolder:
        """The folder that the reports read."""
        return self._databases

    def find(self, method: str, path: str) -> Match:
        """The endpoint of a path; raises NoSuchReport or MethodNotAllowed."""
        return self._sql.catalog().find(method, path)

    def checked(self, endpoint: Endpoint) -> Report | None:
        """The endpoint's report when it is known to be good; never waits for a file."""
        known = self._checked.get(endpoint.file)
        if known is None or known.endpoint is not endpoint or known.report is None:
            return None
        present = self._databases.files()
        if any(present.get(file.schema) != file for file in known.report.files):
            return None
        return known.report

    def check(self, endpoint: Endpoint) -> Report:
        """The endpoint's report, checked now if need be; may wait for a locked database.

        Raises BrokenReport or DatabaseUnavailable.
        """
        report = self.checked(endpoint)
        if report is not None:
            return report
        known = self._checked.get(endpoint.file)
        if known is None or known.endpoint is not endpoint or time.monotonic() - known.at > _FAILURE_SECONDS:
            known = self._check_now(endpoint)
        if known.report is None:
            raise known.error or BrokenReport(endpoint.faults)
        return known.report

    def forget(self, report: Report) -> None:
        """Check the report again before its next use: its tables have changed."""
        with self._lock:
            self._checked.pop(report.endpoint.file, None)

    def all(self) -> list[tuple[Endpoint, Report | AggregatorError]]:
        """Every endpoint in the order of the files, with its report or what is wrong with it."""
        found: list[tuple[Endpoint, Report | AggregatorError]] = []
        for endpoint in self._sql.catalog().endpoints:
            try:
                found.append((endpoint, self.check(endpoint)))
            except (BrokenReport, DatabaseUnavailable) as error:
                found.append((endpoint, error))
        return found

    def faults(self) -> list[Fault]:
        """Everything that is wrong in both folders, in the order of files and lines."""
        faults = [*self._sql.catalog().faults, *self._databases.faults()]
        for endpoint, report in self.all():
            if isinstance(report, BrokenReport):
                faults += report.faults
            elif isinstance(report, AggregatorError):
                faults.append(Fault(endpoint.file, 0, report.detail))
        return sorted(faults)

    def _check_now(self, endpoint: Endpoint) -> _Checked:
        report: Report | None = None
        failure: AggregatorError | None = None
        try:
            report = check(endpoint, self._databases.files(), self._lock_wait)
        except (BrokenReport, DatabaseUnavailable) as error:
            failure = error
        known = _Checked(endpoint, report, failure, time.monotonic())
        with self._lock:
            self._checked[endpoint.file] = known
        return known
