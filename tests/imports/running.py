"""Run a file of `sql/` that writes: by the service's own command, and without the service.

Without it, converted rows can be tried that no sheet holds: the statements run as the sqlite3 shell would run
them, in one transaction, with the rows in the table `input`.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from aggregator.cli.main import main
from demo.folder import NAMES

PROJECT = Path(__file__).parents[2]
SQL = PROJECT / "sql"


@dataclass(frozen=True)
class Done:
    """rows: those that the last statement gives; changed: how many it inserted, updated or deleted."""

    rows: list[dict[str, Any]]
    changed: int


def load(dbs: Path, endpoint: str, sheet: bytes, *options: str) -> dict[str, Any]:
    """What `python -m aggregator load` says of a sheet; fails the test when it says that it cannot.

    The folder of SQL files has only the endpoint's: reading all of them takes longer than the load.
    """
    file = dbs.with_name("sheet.csv")
    file.write_bytes(sheet)
    sql = dbs.with_name("sql-to-load") / f"{endpoint}.post.sql"
    sql.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SQL / f"{endpoint}.post.sql", sql)
    folders = ["--dbs", str(dbs), "--sql", str(dbs.with_name("sql-to-load"))]
    with redirect_stdout(io.StringIO()) as output:
        assert main(["load", endpoint, str(file), *options, *folders]) == 0
    told: dict[str, Any] = json.loads(output.getvalue())
    return told


def write(
    dbs: Path, file: str, rows: Sequence[Mapping[str, Any]] = (), params: Mapping[str, Any] | None = None
) -> Done:
    """Run the file on the demo databases in a folder; raises apsw.Error, and nothing is written then."""
    with _opened(dbs) as connection:
        if rows:
            _stage(connection, rows)
        with connection:
            for statement in _statements(file):
                found = _rows(connection.execute(statement, dict(params or {})))
        return Done(found, connection.changes())


def read(dbs: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a SELECT over the demo databases."""
    with _opened(dbs) as connection:
        return _rows(connection.execute(sql))


def dump(dbs: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    listed = "SELECT name FROM {}_db.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    with _opened(dbs) as connection:
        return {
            f"{name}_db.{table}": connection.execute(f"SELECT * FROM {name}_db.{table} ORDER BY 1").fetchall()
            for name in NAMES
            for (table,) in connection.execute(listed.format(name)).fetchall()
        }


@contextmanager
def _opened(dbs: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    try:
        for name in NAMES:
            connection.execute(f"ATTACH ? AS {name}_db", (str(dbs / f"{name}.db"),))
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection
    finally:
        connection.close()


def _rows(cursor: apsw.Cursor) -> list[dict[str, Any]]:
    return [dict(zip((name for name, _ in cursor.get_description()), row, strict=True)) for row in cursor]


def _stage(connection: apsw.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [name for name in rows[0] if name != "line"]
    connection.execute(f"CREATE TEMP TABLE input (line INTEGER PRIMARY KEY, {', '.join(columns)})")
    places = ", ".join(f":{name}" for name in ("line", *columns))
    connection.executemany(f"INSERT INTO input VALUES ({places})", rows)


def _statements(file: str) -> Iterator[str]:
    text = (SQL / file).read_text(encoding="utf-8")
    statement = ""
    for line in text[text.index("*/") + 2 :].splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    assert not statement.strip()
