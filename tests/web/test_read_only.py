"""A report reads; it writes nothing, opens nothing else, and makes no file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile
from tests.server import eventually
from tests.sqlite_files import closing, make_database
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE

FORBIDDEN = {
    "attach": "ATTACH 'new.db' AS new_db",
    "detach": "DETACH shop_db",
    "insert": "INSERT INTO shop_db.items VALUES (9, 'x', 1, NULL)",
    "insert-returning": "INSERT INTO shop_db.items VALUES (9, 'x', 1, NULL) RETURNING items.name",
    "update": "UPDATE shop_db.items SET name = 'x'",
    "delete": "DELETE FROM shop_db.items",
    "replace": "REPLACE INTO shop_db.items VALUES (1, 'x', 1, NULL)",
    "with-insert": "WITH a AS (SELECT 1) INSERT INTO shop_db.items SELECT 9, 'x', 1, NULL FROM a",
    "create": "CREATE TABLE shop_db.more (n)",
    "create-temp": "CREATE TEMP TABLE more (n)",
    "create-main": "CREATE TABLE main.more (n)",
    "create-view": "CREATE TEMP VIEW more AS SELECT 1",
    "create-trigger": "CREATE TEMP TRIGGER more AFTER INSERT ON shop_db.items BEGIN SELECT 1; END",
    "create-virtual": "CREATE VIRTUAL TABLE temp.more USING fts5(words)",
    "drop": "DROP TABLE shop_db.items",
    "alter": "ALTER TABLE shop_db.items RENAME TO things",
    "reindex": "REINDEX",
    "analyze": "ANALYZE",
    "vacuum": "VACUUM shop_db",
    "vacuum-into": "VACUUM shop_db INTO 'new.db'",
    "begin": "BEGIN",
    "begin-immediate": "BEGIN IMMEDIATE",
    "commit": "COMMIT",
    "savepoint": "SAVEPOINT here",
    "pragma-user-version": "PRAGMA shop_db.user_version = 7",
    "pragma-journal-mode": "PRAGMA shop_db.journal_mode = wal",
    "pragma-query-only": "PRAGMA query_only = 0",
    "pragma-writable-schema": "PRAGMA writable_schema = 1",
    "pragma-checkpoint": "PRAGMA shop_db.wal_checkpoint",
    "pragma-database-list": "PRAGMA database_list",
    "pragma-temp-store-directory": "PRAGMA temp_store_directory = '/tmp'",
    "load-extension": "SELECT load_extension('libc.so.6') AS loaded",
    "readfile": "SELECT readfile('/etc/passwd') AS content",
    "writefile": "SELECT writefile('new.db', 'x') AS written",
    "edit": "SELECT edit('x', 'vi') AS text",
    "fts3-tokenizer": "SELECT fts3_tokenizer('simple') AS pointer",
    "database-list-function": "SELECT file FROM pragma_database_list",
    "two": "SELECT 1 AS one; DELETE FROM shop_db.items",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[ReadOnlyConnection]:
    path = make_database(tmp_path / "shop.db", DATABASE)
    opened = ReadOnlyConnection([DatabaseFile("shop_db", path)], patience=1)
    yield opened
    opened.close()


def contents(folder: Path) -> dict[str, str]:
    """Every file under a folder but what SQLite keeps beside a file in WAL mode."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_connection_refuses(
    connection: ReadOnlyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)

    with pytest.raises((apsw.AuthError, apsw.ReadOnlyError, apsw.SQLError)):
        connection.execute(statement).fetchall()

    assert contents(tmp_path) == before


def test_the_authorizer_alone_refuses_to_attach(connection: ReadOnlyConnection, tmp_path: Path) -> None:
    for name in ("new.db", f"file:{tmp_path}/new.db?mode=rwc", ":memory:", ""):
        with pytest.raises(apsw.AuthError):
            connection.execute("ATTACH ? AS other", (name,))


def test_what_may_be_done_while_a_view_is_begun(connection: ReadOnlyConnection) -> None:
    """Permission for the view's own transactions is no permission to write."""
    connection.permissions.transactions = True
    for statement in ("DELETE FROM shop_db.items", "ATTACH 'new.db' AS new_db", "CREATE TEMP TABLE t (n)"):
        with pytest.raises((apsw.AuthError, apsw.ReadOnlyError)):
            connection.execute(statement)


def test_each_such_file_is_a_fault_of_its_own(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    before = contents(tmp_path / "dbs")
    server = make_server({**FORBIDDEN, "good": "SELECT count(*) AS items FROM shop_db.items"})

    for name in FORBIDDEN:
        answer = server.get(f"/{name}")
        assert answer.status == 500, (name, answer.text)
        document = answer.json()
        assert document["type"] == "urn:aggregator:problem:broken-report", (name, document)
        assert document["faults"][0]["file"] == f"{name}.sql"
        assert document["faults"][0]["line"] >= 1
    assert server.get("/good").json() == [{"items": 3}]
    assert contents(tmp_path / "dbs") == before


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_files_are_the_same_byte_for_byte(tmp_path: Path, make_server: MakeServer, mode: str) -> None:
    (tmp_path / "dbs").mkdir()
    for name in ("shop", "other"):
        make_database(tmp_path / "dbs" / f"{name}.db", DATABASE, mode)
    before = contents(tmp_path / "dbs")
    server = make_server(
        {
            "one": "SELECT items.name FROM shop_db.items AS items ORDER BY items.name",
            "two": "SELECT a.name FROM shop_db.items AS a INNER JOIN other_db.items AS b ON a.name = b.name",
        }
    )
    for path in ("/one", "/two?format=csv", "/two?format=excel", "/health", "/openapi.json"):
        assert server.get(path).status == 200
    server.stop()

    assert contents(tmp_path / "dbs") == before
    for name in ("shop", "other"):
        with closing(tmp_path / "dbs" / f"{name}.db") as own:
            # The owner may do all that it could before.
            own.execute("INSERT INTO items VALUES (4, 'Dibble', 1, NULL)")
            assert own.execute("PRAGMA journal_mode = delete").get == "delete"


def test_a_missing_database_stays_missing(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    shop = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server(
        {
            "items": "SELECT items.name FROM shop_db.items AS items",
            "gone": "SELECT things.name FROM gone_db.things AS things",
        }
    )
    assert server.get("/items").status == 200
    shop.unlink()

    def is_refused() -> bool:
        return server.get("/items").status >= 500

    eventually(is_refused, seconds=1.5)
    for path in ("/gone", "/items", "/health", "/openapi.json"):
        server.get(path)
    assert "gone_db" in server.get("/gone").json()["detail"]
    assert "shop_db" in server.get("/items").json()["detail"]
    assert [path.name for path in (tmp_path / "dbs").iterdir()] == []


def test_what_a_program_left_in_its_wal_is_read(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE, "wal")
    with closing(path) as owner:
        owner.execute("PRAGMA wal_autocheckpoint = 0")
        owner.execute("INSERT INTO items VALUES (4, 'Dibble', 1, NULL)")
        server = make_server({"count": "SELECT count(*) AS items FROM shop_db.items"})
        assert server.get("/count").json() == [{"items": 4}]
        wal = Path(f"{path}-wal")
        assert wal.stat().st_size > 0
        server.stop()
        assert wal.stat().st_size > 0, "only its owner may move the log into the file"
        assert owner.execute("SELECT count(*) FROM items").get == 4
