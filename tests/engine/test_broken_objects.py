"""One object that SQLite cannot use takes neither its file away nor its reason from those who ask for it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.prepare import prepare
from aggregator.engine.sqlite.schema import Overviews, broken_objects
from aggregator.engine.sqlite.snapshot import Snapshot
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import BrokenEndpoint, DatabaseUnavailable
from aggregator.sqlfile.catalog import SqlFolder
from tests.server import eventually
from tests.sqlite_files import make_database, run_script
from tests.web.conftest import servers_over

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES (1, 2), (2, 3);"
VIEW = "CREATE VIEW v AS SELECT n FROM main.t;"
OF_VIEW = "view v cannot reference objects in database main"
TRIGGER = "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO t SELECT * FROM main.t WHERE 0; END;"
OF_TRIGGER = "trigger tr cannot reference objects in database main"
NEWER = """
CREATE TABLE z (a); PRAGMA writable_schema = 1;
UPDATE sqlite_schema SET sql = 'CREATE TABLE z (a) IN THE FUTURE' WHERE name = 'z'
"""

OBJECTS = [
    (VIEW, {"v": OF_VIEW}),
    (VIEW + "CREATE VIEW w AS SELECT * FROM main.t;", {"v": OF_VIEW, "w": OF_VIEW.replace("v c", "w c")}),
    (TRIGGER, {"tr": OF_TRIGGER}),
    (VIEW + TRIGGER, {"v": OF_VIEW, "tr": OF_TRIGGER}),
    (NEWER, {"z": 'near "IN": syntax error'}),
    (NEWER.replace("CREATE TABLE z (a) IN", "DROP TABLE t; -- "), {"z": "SQLite cannot read its definition"}),
]


def file_with(folder: Path, script: str) -> DatabaseFile:
    return DatabaseFile("a_db", make_database(folder / "a.db", TABLE + script))


@pytest.mark.parametrize(("script", "reasons"), OBJECTS)
def test_the_rest_is_read_and_all_are_named(tmp_path: Path, script: str, reasons: dict[str, str]) -> None:
    file = file_with(tmp_path, script)
    connection = ReadOnlyConnection([file], patience=0)
    try:
        assert list(connection.execute("SELECT id, n FROM a_db.t ORDER BY id")) == [(1, 2), (2, 3)]
    finally:
        connection.close()
    assert broken_objects(file) == reasons
    [overview] = Overviews().of([file])
    assert ("t", 2) in [(name, size.rows) for name, size in overview.tables]
    assert all(reason in overview.trouble for reason in reasons.values())


def test_files_beside_it_are_read_strictly(tmp_path: Path) -> None:
    file = file_with(tmp_path, VIEW)
    other = DatabaseFile("b_db", make_database(tmp_path / "b.db", TABLE + TRIGGER))
    good = DatabaseFile("c_db", make_database(tmp_path / "c.db", TABLE))
    connection = ReadOnlyConnection([file, good, other], patience=0)
    try:
        assert connection.schema_faults == {"a_db": ("v", OF_VIEW), "b_db": ("tr", OF_TRIGGER)}
        sql = "SELECT a.n FROM a_db.t AS a JOIN b_db.t USING (id) JOIN c_db.t USING (id)"
        assert list(connection.execute(sql)) == [(2,), (3,)]
    finally:
        connection.close()


@pytest.mark.parametrize("table", ["a_db.v", "A_DB.V", "v"])
def test_sql_that_uses_it_has_sqlites_reason(tmp_path: Path, table: str) -> None:
    connection = ReadOnlyConnection([file_with(tmp_path, VIEW)], patience=0)
    try:
        statement, faults = prepare(f"SELECT n\nFROM {table}", connection, {})
    finally:
        connection.close()
    assert statement is None
    assert [(fault.line, fault.message) for fault in faults] == [(2, f"{table} cannot be used: {OF_VIEW}")]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a_db.sqlite_schema SET sql = NULL",
        "PRAGMA writable_schema = 1",
        "DELETE FROM a_db.t",
        "CREATE TABLE a_db.x (n)",
    ],
)
def test_nothing_can_be_written_because_of_it(tmp_path: Path, sql: str) -> None:
    file = file_with(tmp_path, VIEW)
    before = file.path.read_bytes()
    connection = ReadOnlyConnection([file], patience=0)
    try:
        with pytest.raises((apsw.AuthError, apsw.SQLError, apsw.ReadOnlyError)):
            connection.execute(sql)
        connection.authorizer = None
        if "PRAGMA" not in sql:
            with pytest.raises((apsw.SQLError, apsw.ReadOnlyError)):
                connection.execute(sql)
    finally:
        connection.close()
    assert file.path.read_bytes() == before


def test_no_write_goes_past_a_trigger_that_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=OF_TRIGGER):
        WriteConnection([file_with(tmp_path, TRIGGER)])


def test_an_object_that_comes_while_the_file_is_open(tmp_path: Path) -> None:
    file = file_with(tmp_path, "")
    view = Snapshot([file], {}, lock_wait=1)
    try:
        for script in ("SELECT 1", VIEW, "DROP VIEW v"):
            run_script(file.path, script)
            view.hold()
            assert view.connection.execute("SELECT sum(n) FROM a_db.t").get == 5
            view.release()
    finally:
        view.close()


def test_the_log_names_an_object_that_sqlite_does_not_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = DatabaseFile("newer_db", make_database(tmp_path / "newer.db", TABLE + NEWER))
    ReadOnlyConnection([file], patience=0).close()
    assert 'z: near "IN": syntax error' in caplog.text


def test_a_write_that_reads_the_file_is_refused_as_such(tmp_path: Path) -> None:
    file = file_with(tmp_path, VIEW)
    other = DatabaseFile("b_db", make_database(tmp_path / "b.db", TABLE))
    (tmp_path / "copy.post.sql").write_text("INSERT INTO b_db.t (n) SELECT t.n FROM a_db.t AS t")
    [endpoint] = SqlFolder(tmp_path).catalog().endpoints
    with pytest.raises(BrokenEndpoint) as broken:
        check_endpoint(SqliteEngine(tmp_path), endpoint, {"a_db": file, "b_db": other}, 0)
    assert [fault.message for fault in broken.value.faults] == [
        f"a write cannot read a_db while it has an object that SQLite cannot use: {OF_VIEW}"
    ]


def test_over_http(tmp_path: Path) -> None:
    reports = {
        "sum": "SELECT sum(t.n) AS n FROM a_db.t AS t",
        "view": "SELECT v.n FROM a_db.v AS v",
        "more.post": "UPDATE a_db.t SET n = n + 1 WHERE id = 1",
        "ask.post": "SELECT sum(t.n) AS n FROM a_db.t AS t",
    }
    (tmp_path / "dbs").mkdir()
    file = file_with(tmp_path / "dbs", "")
    with servers_over(tmp_path) as make_server:
        server = make_server(reports)
        assert server.get("/sum").json() == [{"n": 5}]
        run_script(file.path, VIEW)
        assert server.get("/sum").json() == [{"n": 5}]
        assert server.send("/ask").json() == [{"n": 5}]
        answer = server.get("/view")
        assert (answer.status, answer.json()["detail"]) == (
            500,
            f"view.sql:1: a_db.v cannot be used: {OF_VIEW}",
        )
        reason = f"can only be read while it has an object that SQLite cannot use: {OF_VIEW}"
        assert server.send("/more").json()["detail"] in (
            f"more.post.sql:1: a_db {reason}",
            f"The database a_db cannot be written: it {reason}.",
        )
        checked = EndpointRegistry(
            SqlFolder(server.sql), SqliteEngine(server.dbs), 1, check_endpoint
        ).faults()
        assert [(fault.file, fault.message) for fault in checked] == [
            ("more.post.sql", f"a_db {reason}"),
            ("view.sql", f"a_db.v cannot be used: {OF_VIEW}"),
        ]
        assert server.get("/health").status == 200
        assert OF_VIEW in server.get("/", {"Accept": "text/html"}).text
        assert (
            f"a.db has an object that SQLite cannot use; the rest of the file is read: {OF_VIEW}"
            in server.log()
        )
        run_script(file.path, "DROP VIEW v")
        eventually(lambda: server.send("/more").status in (200, 204))
        assert server.get("/sum").json() == [{"n": 6}]
