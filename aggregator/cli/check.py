"""`python -m aggregator check`: prepare every SQL file and print what is wrong."""

from __future__ import annotations

import sys

from aggregator.catalog.folder import SqlFolder
from aggregator.databases.folder import DatabaseFolder
from aggregator.reports.library import Library
from aggregator.settings import Settings
from aggregator.writes.check import check as check_file


def check(settings: Settings) -> int:
    """Print each fault as `file:line: what is wrong`; 1 when there are any, else 0.

    How many files there were goes to standard error.
    """
    folder = SqlFolder(settings.sql)
    faults = Library(folder, DatabaseFolder(settings.dbs), settings.lock_wait, check_file).faults()
    for fault in faults:
        print(fault)
    catalog = folder.catalog()
    summary = f"{_count(len(catalog.endpoints), 'endpoint')}, {_count(len(faults), 'fault')}"
    print(summary, file=sys.stderr)
    return 1 if faults else 0


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
