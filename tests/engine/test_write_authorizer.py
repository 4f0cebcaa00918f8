"""Writing means tables of the files that are written: what an author's SQL may do besides reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import apsw.ext
import pytest

from aggregator.engine.sqlite.authorizer import WriteAuthorizer
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.write_connection import WriteConnection
from tests.engine.test_authorizer import REFUSAL, REFUSED, SCRIPT
from tests.sqlite_files import make_database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[WriteConnection]:
    shop = DatabaseFile("shop_db", make_database(tmp_path / "shop.db", SCRIPT))
    other = DatabaseFile("other_db", make_database(tmp_path / "other.db", SCRIPT))
    connection = WriteConnection([shop], [other], patience=1)
    connection.execute("CREATE TEMP TABLE input (line INTEGER PRIMARY KEY, total)")
    connection.execute("CREATE TEMP TABLE secret (a); INSERT INTO input VALUES (1, 5)")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO shop_db.orders(total) VALUES (1)",
        "INSERT INTO shop_db.orders(total) SELECT total FROM input RETURNING order_id",
        "INSERT INTO shop_db.orders(total) SELECT total FROM other_db.orders",
        "INSERT INTO shop_db.codes VALUES ('k') ON CONFLICT DO UPDATE SET code = 'l'",
        "REPLACE INTO shop_db.codes VALUES ('k')",
        "UPDATE shop_db.orders SET total = input.total FROM temp.input WHERE order_id = line",
        "WITH x(i) AS (SELECT 1) DELETE FROM shop_db.orders WHERE order_id IN (SELECT i FROM x)",
        "DELETE FROM shop_db.orders",
        "INSERT INTO shop_db.words VALUES ('again')",
        "INSERT INTO shop_db.old_words VALUES ('again')",
        "INSERT INTO shop_db.boxes VALUES (2, 1, 1, 'b')",
        "INSERT INTO shop_db.tree_node VALUES (8)",
        "SELECT id FROM other_db.boxes",
        "SELECT value FROM json_each('[1]')",
    ],
)
def test_what_may_be_done(connection: WriteConnection, sql: str) -> None:
    with connection.restricted():
        connection.execute(sql).fetchall()


_OTHERS = [
    ("INSERT INTO other_db.orders(total) VALUES (1)", "INSERT orders"),
    ("UPDATE other_db.orders SET total = 1", "UPDATE orders"),
    ("DELETE FROM other_db.orders", "DELETE orders"),
    ("INSERT INTO input VALUES (2, 3)", "INSERT input"),
    ("DELETE FROM temp.input", "DELETE input"),
    ("SELECT a FROM temp.secret", "READ secret"),
    ("SELECT name FROM sqlite_temp_schema", "READ sqlite_temp_master"),
    ("SAVEPOINT part", "SAVEPOINT BEGIN"),
    ("RELEASE part", "SAVEPOINT RELEASE"),
    ("ROLLBACK", "TRANSACTION ROLLBACK"),
    ("PRAGMA foreign_keys = 0", "PRAGMA foreign_keys"),
    ("PRAGMA recursive_triggers = 0", "PRAGMA recursive_triggers"),
    ("CREATE TRIGGER shop_db.t AFTER INSERT ON orders BEGIN SELECT 1; END", "CREATE TRIGGER t"),
    ("SELECT writefile('/tmp/x', 'y')", "FUNCTION writefile"),
]
_STILL = [
    each
    for each in REFUSED
    if each[1] not in ("INSERT orders", "UPDATE orders", "DELETE orders", "INSERT codes")
]


@pytest.mark.parametrize(("sql", "refused"), [*_OTHERS, *_STILL])
def test_what_is_refused(connection: WriteConnection, sql: str, refused: str) -> None:
    with connection.restricted(), pytest.raises(apsw.Error, match=REFUSAL + "|no such function"):
        connection.execute(sql).fetchall()
    if connection.permissions.refused is not None:
        assert connection.permissions.refused.lower() == refused.lower()
    else:
        assert refused == "FUNCTION writefile"


def test_what_was_allowed_outside_is_refused_inside(connection: WriteConnection) -> None:
    """A statement that was prepared before is asked for anew."""
    connection.execute("INSERT INTO temp.secret VALUES (1)")
    with connection.restricted(), pytest.raises(apsw.AuthError):
        connection.execute("INSERT INTO temp.secret VALUES (1)")
    connection.execute("INSERT INTO temp.secret VALUES (1)")


def test_a_trigger_of_the_database_runs(connection: WriteConnection) -> None:
    with connection.restricted():
        connection.execute("INSERT INTO shop_db.orders(total) VALUES (9)")

    assert connection.execute("SELECT count(*) FROM shop_db.log").get == 1


@pytest.mark.parametrize(
    ("sql", "reads", "writes"),
    [
        ("SELECT total FROM other_db.orders", {"other_db"}, set()),
        ("SELECT id FROM shop_db.boxes", {"shop_db"}, set()),
        ("INSERT INTO shop_db.orders(total) VALUES (1)", {"shop_db"}, {("shop_db", "orders")}),
        ("DELETE FROM other_db.tree_node", set(), {("other_db", "tree_node")}),
        ("INSERT INTO shop_db.boxes VALUES (2, 1, 1, 'b')", set(), {("shop_db", "boxes")}),
        (
            "UPDATE shop_db.orders SET total = o.total FROM other_db.orders AS o",
            {"shop_db", "other_db"},
            {("shop_db", "orders")},
        ),
    ],
)
def test_what_a_statement_reads_and_writes_is_found_by_preparing_it(
    connection: WriteConnection, sql: str, reads: set[str], writes: set[tuple[str, str]]
) -> None:
    found = connection.authorizer = WriteAuthorizer()
    apsw.ext.query_info(connection, sql)

    assert found.writes == writes
    assert {schema for schema, _ in found.reads} - {"main", "temp"} >= reads
    found.forget()
    assert (found.writes, found.reads, found.refused) == (set(), set(), None)


def test_the_files_that_are_only_read_are_read_only_without_the_authorizer(
    connection: WriteConnection, tmp_path: Path
) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM other_db.orders")
    with pytest.raises(apsw.CantOpenError):
        connection.execute(f"ATTACH '{tmp_path / 'new.db'}' AS new")
    with pytest.raises(apsw.SQLError, match=r"not authorized|no such column"):
        connection.execute("SELECT load_extension('x')")
