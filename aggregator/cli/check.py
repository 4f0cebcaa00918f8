"""`python -m aggregator check`: prepare every SQL file and print what is wrong."""

from __future__ import annotations

import sys

from aggregator.catalog.folder import SqlFolder
from aggregator.databases.folder import DatabaseFolder
from aggregator.reports.library import ReportLibrary
from aggregator.settings import Settings


def check(settings: Settings) -> int:
    """Print each fault as `file:line: what is wrong`; 1 when there are any, else 0.

    How many files there were goes to standard error.
    """
    folder = SqlFolder(settings.sql)
    faults = ReportLibrary(folder, DatabaseFolder(settings.dbs), settings.lock_wait).faults()
    for fault in faults:
        print(fault)
    catalog = folder.catalog()
    summary = f"{_count(len(catalog.endpoints), 'report')}, {_count(len(faults), 'fault')}"
    if catalog.unanswered:
        summary += f"; {_count(len(catalog.unanswered), 'file')} for methods that are not answered yet"
    print(summary, file=sys.stderr)
    return 1 if faults else 0


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
