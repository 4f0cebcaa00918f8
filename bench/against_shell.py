"""Whole downloads beside the sqlite3 shell."""

from collections.abc import Iterator
from pathlib import Path

from bench import plain_data, shell
from bench.result import Goal, Result, compared
from bench.rounds import in_turns, seconds
from bench.service import service
from bench.setting import Setting


def csv(setting: Setting) -> Iterator[Result]:
    """CSV against `.mode csv`."""
    what = "CSV, 1 M rows, against the shell's `.mode csv`"
    yield _compare(setting, setting.dbs, what, "order-lines", "csv", "csv", Goal("most", 1.0, 0.7))


def json(setting: Setting) -> Iterator[Result]:
    """JSON against `.mode json`."""
    what = "JSON, 1 M rows, against the shell's `.mode json`"
    yield _compare(setting, setting.dbs, what, "order-lines", "json", "json", Goal("most", 0.75, 0.5))


def excel(setting: Setting) -> Iterator[Result]:
    """A full sheet against `.mode csv`."""
    what = "Excel, 1,048,575 rows, against the shell's CSV"
    yield _compare(setting, setting.dbs, what, "one-sheet", "excel", "csv", Goal("most", 2.0, 1.2))


def plain(setting: Setting) -> Iterator[Result]:
    """The same of tables that are not STRICT, with REAL amounts and texts that need quotes."""
    dbs = plain_data.make(setting.dbs)
    what = "Plain tables, CSV, 1 M rows, against the shell's `.mode csv`"
    yield _compare(setting, dbs, what, "plain-lines", "csv", "csv", Goal("most", 1.0, 0.8))
    what = "Plain tables, JSON, 1 M rows, against the shell's `.mode json`"
    yield _compare(setting, dbs, what, "plain-lines", "json", "json", Goal("most", 1.0, 0.7))
    what = "Plain tables, Excel, 1,048,575 rows, against the shell's CSV"
    yield _compare(setting, dbs, what, "plain-sheet", "excel", "csv", Goal("most", 2.0, 1.1))


def _compare(
    setting: Setting, dbs: Path, what: str, query: str, format: str, mode: str, goal: Goal
) -> Result:
    with service(dbs, setting.logs) as ours:
        pairs = in_turns(
            lambda: ours.get(f"/{query}?format={format}").seconds,
            lambda: seconds(lambda: shell.run(mode, query, dbs)),
            setting.rounds,
        )
    return compared(what, goal, pairs, "s")
