"""Demo databases of version 1 that hold data, and what can be seen of a database from outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeAlias

import apsw

from demo.folder import NAMES
from tests.sqlite_files import closing, make_database

VERSION_1 = Path(__file__).parent / "version_1"
"""What setup_db.py made when version 1 was the newest, as SQL."""

Rows: TypeAlias = dict[str, list[dict[str, Any]]]

_MOST, _LEAST = 2**63 - 1, -(2**63)
_EDGE_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "customers": [
        (
            _MOST,
            "O'Neil; DROP TABLE t; --",
            None,
            None,
            "a\nb",
            '"',
            "999999",
            "2022-01-01T00:00:00Z",
        ),
        (_LEAST, "\U0001f600 e\u0301 a\0b", "@@@", " ", "/*", "NULL", "100000", "9999-12-31T23:59:59Z"),
    ],
    "products": [(_MOST, "'", 1, _MOST, 0, 1), (0, " ", 1, 0, _MOST, 0)],
    "orders": [(-1, -5, "9999-12-31", "9999-12-31T23:59:59Z", "cancelled", "Critical")],
    "order_lines": [(_MOST, 0, _MOST, 0, 1, 0, 1, 0), (0, -1, 1, 0, 3, 333, 0.1 + 0.2, 699)],
    "invoices": [(_MOST, "Ä", 0, 0, "0000-00-00", None, _MOST, 0, "EUR", "Open", "Net 7")],
    "transactions": [(0, 0, None, 1, _LEAST, "2024-02-29T00:00:00Z")],
}


def make_version_1(folder: Path, journal_mode: str = "wal", names: tuple[str, ...] = NAMES) -> Path:
    """Databases of version 1 as they were made then, with more rows that try what a copy may break."""
    folder.mkdir(exist_ok=True)
    for name in names:
        script = (VERSION_1 / f"{name}.sql").read_text(encoding="utf-8")
        with closing(make_database(folder / f"{name}.db", script, journal_mode)) as connection:
            for table in _tables(connection):
                for row in _EDGE_ROWS.get(table, []):
                    places = ", ".join("?" * len(row))
                    connection.execute(f"INSERT INTO {table} VALUES ({places})", row)
            connection.execute("ANALYZE")
    return folder


def version(path: Path) -> int:
    with closing(path) as connection:
        return int(connection.pragma("user_version"))


def rows(path: Path) -> Rows:
    """All rows of all tables by table, each as column -> value, with the row's own number."""
    with closing(path) as connection:
        assert connection.execute("PRAGMA integrity_check").get == "ok"
        assert connection.execute("PRAGMA foreign_key_check").get is None
        found: Rows = {}
        for table in _tables(connection):
            cursor = connection.execute(f"SELECT rowid AS row_number, * FROM {table} ORDER BY rowid")
            found[table] = [
                dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor
            ]
        return found


def structure(path: Path) -> dict[str, Any]:
    """All that SQLite tells of tables, columns, keys and indexes, and the SQL without layout and quotes."""
    with closing(path) as connection:
        found: dict[str, Any] = {"version": connection.pragma("user_version")}
        listed = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat*'"
        for kind, name, sql in connection.execute(listed).fetchall():
            text = re.sub(r"--.*", "", sql or "")
            pragmas = (
                ["index_xinfo"] if kind == "index" else ["table_xinfo", "foreign_key_list", "index_list"]
            )
            told = [sorted(connection.execute(f"PRAGMA {each}({name})"), key=repr) for each in pragmas]
            # The place in the list of indexes tells which was made first, and nothing else.
            found[f"{kind} {name}"] = [re.sub(r'[\s"]', "", text), *told[:2], *_without_places(told[2:])]
        found["tables"] = sorted(connection.execute("PRAGMA table_list"), key=repr)
        return found


def _without_places(lists: list[list[Any]]) -> list[Any]:
    return [sorted(row[1:] for row in each) for each in lists]


def _tables(connection: apsw.Connection) -> list[str]:
    listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY 1"
    return [str(name) for (name,) in connection.execute(listed)]
