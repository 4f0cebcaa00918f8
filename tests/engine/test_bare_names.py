"""Table names without a schema: whose they are, and when that cannot be said."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.engine.sqlite.bare_names import attach_owners, owners
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile, DatabaseFolder
from aggregator.engine.sqlite.prepare import prepare, referenced
from aggregator.engine.sqlite.schema import names_of, owners_of, tables_like
from tests.sqlite_files import locked, make_database, run_script

MUSIC = (
    "CREATE TABLE Artist (ArtistId INTEGER PRIMARY KEY, Name); CREATE VIEW Names AS SELECT Name FROM Artist"
)
SHOP = "CREATE TABLE orders (id INTEGER PRIMARY KEY, n)"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, DatabaseFile]:
    make_database(tmp_path / "music.sqlite", MUSIC)
    make_database(tmp_path / "shop-2025.db", SHOP)
    make_database(tmp_path / "other.db", "CREATE TABLE input (a); CREATE TABLE items (b)")
    return DatabaseFolder(tmp_path).sources()


@contextmanager
def attached(sql: str, files: dict[str, DatabaseFile]) -> Iterator[ReadOnlyConnection]:
    connection = ReadOnlyConnection(referenced(sql, files), patience=0)
    try:
        attach_owners(sql, connection, files)
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("sql", "schemas"),
    [
        ("SELECT 1 AS one", []),
        ("SELECT Name FROM artist", ["music_sqlite"]),
        ("SELECT Name FROM 'Artist', [orders] o", ["music_sqlite", "shop-2025_db"]),
        ("SELECT Name FROM Names WHERE EXISTS (SELECT 1 FROM orders)", ["music_sqlite", "shop-2025_db"]),
        ("WITH Artist AS (SELECT 1 AS a) SELECT a FROM Artist", []),
        ("SELECT orders.Name FROM Artist AS orders", ["music_sqlite"]),
        ("SELECT 'orders' AS x -- FROM items", []),
        ("SELECT value FROM json_each('[]') AS orders", []),
        ("SELECT nothing FROM nowhere, orders", []),
    ],
)
def test_the_file_that_has_the_table_is_attached(
    files: dict[str, DatabaseFile], sql: str, schemas: list[str]
) -> None:
    with attached(sql, files) as connection:
        assert sorted(file.schema for file in connection.files) == schemas


def test_a_table_that_comes_later_makes_a_name_ambiguous(files: dict[str, DatabaseFile]) -> None:
    sql = 'SELECT orders.n\nFROM "shop-2025_db".orders AS x,\norders, music_sqlite.Artist'
    with attached(sql, files) as connection:
        assert owners(sql, connection, files) == ({("shop-2025_db", "orders")}, [])
    run_script(files["music_sqlite"].path, "CREATE VIEW Orders AS SELECT 1 AS n")
    with attached(sql, files) as connection:
        _, faults = prepare(sql, connection, files)
    message = (
        'orders is in music_sqlite and in "shop-2025_db"; write music_sqlite.orders or "shop-2025_db".orders'
    )
    assert [(fault.line, fault.message) for fault in faults] == [(3, message)]


def test_only_bare_names_are_looked_for_in_other_files(files: dict[str, DatabaseFile]) -> None:
    """A locked file harms only what may be about it."""
    sql = 'SELECT orders.n FROM "shop-2025_db".orders AS orders'
    with locked(files["music_sqlite"].path), attached(sql, files) as connection:
        statement, faults = prepare(sql, connection, files)
        assert faults == []
        assert statement is not None
        assert (statement.schemas, statement.bare) == ({"shop-2025_db"}, frozenset())
        _, faults = prepare("SELECT Name FROM Artist", connection, files)
    assert [fault.message for fault in faults] == [
        "no such table: Artist (no database has such a table; music_sqlite cannot be read now)"
    ]


def test_names_are_read_again_when_the_file_has_changed(files: dict[str, DatabaseFile]) -> None:
    file = files["other_db"]
    assert sorted(names_of(file).tables) == ["input", "items"]
    run_script(file.path, 'DROP TABLE items; CREATE TABLE "order" (a); CREATE INDEX by_a ON "order" (a)')
    assert sorted(names_of(file).tables) == ["input", "order"]
    assert owners_of("BY_A", files, is_index=True) == ["other_db"]
    assert tables_like("oder", files, files) == ['other_db."order"', '"shop-2025_db".orders']
