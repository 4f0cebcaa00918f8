"""What the first page tells of each database."""

from __future__ import annotations

from pathlib import Path

from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.schema import Overviews
from tests.sqlite_files import locked, make_database, run_script


def made(path: Path, rows: int) -> DatabaseFile:
    make_database(
        path,
        "CREATE TABLE b (x); CREATE TABLE a (x); CREATE VIEW v AS SELECT 1; CREATE INDEX i ON a (x);"
        f"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {rows}) "
        "INSERT INTO a SELECT x FROM n",
    )
    return DatabaseFile("some_db", path)


def test_tables_rows_size_and_age(tmp_path: Path) -> None:
    file = made(tmp_path / "some.db", 1234)

    (overview,) = Overviews().of([file])

    assert [(name, size.rows) for name, size in overview.tables] == [("a", 1234), ("b", 0)]
    assert all(size.is_exact for _, size in overview.tables)
    assert overview.bytes == file.path.stat().st_size
    assert overview.changed_at == file.path.stat().st_mtime
    assert (overview.file_name, overview.trouble) == ("some.db", "")


def test_a_change_is_seen(tmp_path: Path) -> None:
    file = made(tmp_path / "some.db", 5)
    overviews = Overviews()
    overviews.of([file])

    run_script(file.path, "INSERT INTO b VALUES (1)")

    (overview,) = overviews.of([file])
    assert [size.rows for _, size in overview.tables] == [5, 1]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    file = made(tmp_path / "some.db", 5)
    gone = DatabaseFile("gone_db", tmp_path / "gone.db")
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at " * 50)
    other = DatabaseFile("text_db", tmp_path / "text.db")

    with locked(file.path):
        overviews = Overviews().of([file, gone, other])

    assert all(overview.trouble and overview.tables == () for overview in overviews)
    assert overviews[1].changed_at is None


def test_large_tables_are_not_counted(tmp_path: Path) -> None:
    path = make_database(
        tmp_path / "some.db",
        "CREATE TABLE many (many_id INTEGER PRIMARY KEY);"
        "CREATE TABLE keyed (k TEXT PRIMARY KEY) WITHOUT ROWID;"
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 120000) "
        "INSERT INTO many SELECT x + 1000 FROM n;"
        "INSERT INTO keyed SELECT many_id FROM many LIMIT 7",
    )

    (overview,) = Overviews().of([DatabaseFile("some_db", path)])

    assert [(name, size.rows, size.is_exact) for name, size in overview.tables] == [
        ("keyed", 7, True),
        ("many", 120_000, False),
    ]
