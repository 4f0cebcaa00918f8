"""Upgrades as the command makes them, and what they must keep."""

from __future__ import annotations

from pathlib import Path

import setup_db
from demo.changes import CHANGES, Changes
from demo.folder import NAMES
from tests.upgrades.files import Rows, rows

NEWEST = {name: Changes(CHANGES / name).newest for name in NAMES}


def run(folder: Path, *options: str) -> int:
    return setup_db.main(["--dbs", str(folder), *options])


def all_rows(folder: Path) -> dict[str, Rows]:
    return {name: rows(folder / f"{name}.db") for name in NAMES}


def require_kept(before: Rows, after: Rows) -> None:
    """Every row is there with every value, of the same class; new columns are NULL, new tables empty."""
    for table, old_rows in before.items():
        assert len(after[table]) == len(old_rows)
        for old, new in zip(old_rows, after[table], strict=True):
            assert [repr(new[column]) for column in old] == [repr(value) for value in old.values()]
            assert {new[column] for column in new.keys() - old.keys()} <= {None}
    assert not any(after[table] for table in after.keys() - before.keys())


def bytes_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
