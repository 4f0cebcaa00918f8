"""Reading means reading: what SQLite's authorizer lets through on a connection of this service."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile
from tests.sqlite_files import make_database

SCRIPT = """
CREATE TABLE orders(
    order_id INTEGER PRIMARY KEY, total INT, twice AS (total * 2), name TEXT AS (upper('n')) STORED
);
INSERT INTO orders(total) VALUES (3), (4);
CREATE INDEX orders_by_total ON orders(total);
CREATE VIEW large_orders AS SELECT order_id FROM orders WHERE total > 3;
CREATE TABLE log(entry);
CREATE TRIGGER orders_are_logged AFTER INSERT ON orders BEGIN INSERT INTO log VALUES (new.order_id); END;
CREATE TABLE "order items"("select" INT, "unit price" INT); INSERT INTO "order items" VALUES (1, 5);
CREATE TABLE codes(code TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO codes VALUES ('k');
CREATE TABLE tree_node(x); INSERT INTO tree_node VALUES (7);
CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('hello world');
CREATE VIRTUAL TABLE parts USING fts5(word, tokenize = 'trigram'); INSERT INTO parts VALUES ('hello');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
CREATE VIRTUAL TABLE old_words USING fts4(word); INSERT INTO old_words VALUES ('hello world');
CREATE VIRTUAL TABLE boxes USING rtree(id, low, high, +note); INSERT INTO boxes VALUES (1, 2, 3, 'a');
CREATE VIRTUAL TABLE shapes USING geopoly(name);
INSERT INTO shapes(name, _shape) VALUES ('s', '[[0,0],[1,0],[1,1],[0,0]]');
CREATE VIEW boxes_seen AS SELECT id FROM boxes;
CREATE VIEW words_seen AS SELECT word FROM words;
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "shop.db", SCRIPT)


@pytest.fixture
def connection(database: Path) -> Iterator[ReadOnlyConnection]:
    connection = ReadOnlyConnection([DatabaseFile("shop_db", database)], patience=1)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT order_id, total, twice, name FROM shop_db.orders", [(1, 3, 6, "N"), (2, 4, 8, "N")]),
        ("SELECT count(*) FROM shop_db.orders", [(2,)]),
        ("SELECT order_id FROM shop_db.large_orders", [(2,)]),
        ('SELECT "select", "unit price" FROM shop_db."order items"', [(1, 5)]),
        ("SELECT code FROM shop_db.codes", [("k",)]),
        ("SELECT word FROM shop_db.words WHERE words MATCH 'hello'", [("hello world",)]),
        ("SELECT highlight(words, 0, '[', ']') FROM shop_db.words('world')", [("hello [world]",)]),
        ("SELECT word FROM shop_db.parts('ell')", [("hello",)]),
        ("SELECT term FROM shop_db.vocabulary ORDER BY term", [("hello",), ("world",)]),
        ("SELECT word FROM shop_db.old_words WHERE word MATCH 'hello'", [("hello world",)]),
        ("SELECT id, note FROM shop_db.boxes WHERE low < 3", [(1, "a")]),
        ("SELECT name FROM shop_db.shapes WHERE geopoly_contains_point(_shape, 0.9, 0.1)", [("s",)]),
        ("SELECT id FROM shop_db.boxes_seen", [(1,)]),
        ("SELECT word FROM shop_db.words_seen", [("hello world",)]),
        ("VALUES (1), (2)", [(1,), (2,)]),
        ("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) FROM n", [(3,)]),
        ("SELECT total, sum(total) OVER (ORDER BY total) FROM shop_db.orders", [(3, 3), (4, 7)]),
        ("SELECT value FROM json_each('[1, 2]')", [(1,), (2,)]),
        ("SELECT name FROM pragma_table_info('codes', 'shop_db')", [("code",)]),
        ("PRAGMA shop_db.table_info(codes)", [(0, "code", "TEXT", 1, None, 1)]),
        ("PRAGMA shop_db.journal_mode", [("delete",)]),
        ("SELECT count(*) > 5 FROM shop_db.sqlite_schema", [(1,)]),
    ],
)  # fmt: skip
def test_what_may_be_read(connection: ReadOnlyConnection, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert connection.execute(sql).fetchall() == rows


def test_nothing_had_to_be_read_before_an_r_tree(database: Path) -> None:
    """An R-tree prepares writing statements when it is first used on a connection."""
    for sql in ("SELECT id FROM shop_db.boxes", "SELECT name FROM shop_db.shapes"):
        connection = ReadOnlyConnection([DatabaseFile("shop_db", database)], patience=1)
        assert len(connection.execute(sql).fetchall()) == 1
        connection.close()


REFUSED = [
    ("INSERT INTO shop_db.orders(total) VALUES (1)", "INSERT orders"),
    ("UPDATE shop_db.orders SET total = 1", "UPDATE orders"),
    ("DELETE FROM shop_db.orders", "DELETE orders"),
    ("REPLACE INTO shop_db.codes VALUES ('x')", "INSERT codes"),
    ("WITH x AS (SELECT 1) DELETE FROM shop_db.orders", "DELETE orders"),
    ("INSERT INTO shop_db.orders(total) VALUES (1) RETURNING total", "INSERT orders"),
    ("CREATE TABLE shop_db.new(a)", "INSERT sqlite_master"),
    ("CREATE TEMP TABLE new(a)", "INSERT sqlite_temp_master"),
    ("CREATE TABLE main.new(a)", "INSERT sqlite_master"),
    ("CREATE VIEW temp.new AS SELECT 1", "INSERT sqlite_master"),
    ("CREATE VIRTUAL TABLE temp.new USING fts5(a)", "INSERT sqlite_master"),
    ("DROP TABLE shop_db.orders", "DELETE sqlite_master"),
    ("DROP INDEX shop_db.orders_by_total", "DELETE sqlite_master"),
    ("ALTER TABLE shop_db.orders ADD COLUMN x", "ALTER TABLE shop_db"),
    ("REINDEX shop_db.orders", "REINDEX orders_by_total"),
    ("ANALYZE shop_db.codes", "ANALYZE codes"),
    ("ATTACH '/tmp/other.db' AS other", "ATTACH /tmp/other.db"),
    ("ATTACH ':memory:' AS other", "ATTACH :memory:"),
    ("DETACH shop_db", "DETACH shop_db"),
    ("BEGIN", "TRANSACTION BEGIN"),
    ("BEGIN IMMEDIATE", "TRANSACTION BEGIN"),
    ("COMMIT", "TRANSACTION COMMIT"),
    ("SAVEPOINT a", "SAVEPOINT BEGIN"),
    ("VACUUM INTO '/tmp/copy.db'", "ATTACH /tmp/copy.db"),
    ("PRAGMA query_only = 0", "PRAGMA query_only"),
    ("PRAGMA query_only", "PRAGMA query_only"),
    ("PRAGMA database_list", "PRAGMA database_list"),
    ("PRAGMA shop_db.journal_mode = wal", "PRAGMA journal_mode"),
    ("PRAGMA shop_db.schema_version = 7", "PRAGMA schema_version"),
    ("PRAGMA shop_db.data_version = 7", "PRAGMA data_version"),
    ("PRAGMA writable_schema = 1", "PRAGMA writable_schema"),
    ("PRAGMA trusted_schema = 1", "PRAGMA trusted_schema"),
    ("PRAGMA shop_db.wal_checkpoint", "PRAGMA wal_checkpoint"),
    ("PRAGMA hard_heap_limit = 1000", "PRAGMA hard_heap_limit"),
    ("PRAGMA temp_store_directory = '/tmp'", "PRAGMA temp_store_directory"),
    ("PRAGMA shop_db.user_version = 1", "PRAGMA user_version"),
    ("SELECT * FROM pragma_database_list", "READ pragma_database_list"),
    ("SELECT * FROM pragma_query_only", "READ pragma_query_only"),
    ("SELECT load_extension('x')", "FUNCTION load_extension"),
    ("SELECT LOAD_EXTENSION('x')", "FUNCTION load_extension"),
    ("SELECT fts3_tokenizer('simple')", "FUNCTION fts3_tokenizer"),
]


REFUSAL = r"not authorized|prohibited|authorization denied"


@pytest.mark.parametrize(("sql", "refused"), REFUSED)
def test_what_is_refused_and_what_it_was(
    connection: ReadOnlyConnection, database: Path, sql: str, refused: str
) -> None:
    before = database.read_bytes()
    with pytest.raises((apsw.AuthError, apsw.SQLError), match=REFUSAL):
        connection.execute(sql).fetchall()
    assert connection.permissions.refused is not None
    assert connection.permissions.refused.lower() == refused.lower()
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO shop_db.boxes VALUES (2, 1, 1, 'b')",
        "DELETE FROM shop_db.boxes",
        "INSERT INTO shop_db.boxes_node VALUES (9, x'00')",
        "DELETE FROM shop_db.boxes_rowid",
        "INSERT INTO shop_db.words VALUES ('x')",
        "INSERT INTO shop_db.words(words) VALUES ('rebuild')",
        # A table that is only named like a part of an R-tree.
        "DELETE FROM shop_db.tree_node",
        "INSERT INTO shop_db.tree_node VALUES (8)",
    ],
)
def test_what_the_authorizer_lets_be_prepared_for_an_r_tree_writes_nothing(
    connection: ReadOnlyConnection, database: Path, sql: str
) -> None:
    connection.execute("SELECT id FROM shop_db.boxes").fetchall()
    before = database.read_bytes()
    with pytest.raises(apsw.Error):
        connection.execute(sql).fetchall()
    assert database.read_bytes() == before


def test_even_without_the_authorizer_the_files_are_read_only(
    connection: ReadOnlyConnection, tmp_path: Path
) -> None:
    connection.authorizer = None
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("INSERT INTO shop_db.orders(total) VALUES (1)")
    connection.execute("PRAGMA query_only = 0")
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("INSERT INTO shop_db.orders(total) VALUES (1)")
    with pytest.raises(apsw.CantOpenError):
        connection.execute(f"ATTACH '{tmp_path / 'new.db'}' AS new")
    assert not (tmp_path / "new.db").exists()


def test_transactions_are_for_the_service_itself(connection: ReadOnlyConnection) -> None:
    connection.permissions.transactions = True
    connection.execute("BEGIN")
    connection.execute("ROLLBACK")
    with pytest.raises(apsw.AuthError):
        connection.execute("SAVEPOINT a")


def test_what_was_read_is_known(connection: ReadOnlyConnection) -> None:
    connection.permissions.reads.clear()
    connection.execute("SELECT count(*) FROM shop_db.orders").fetchall()
    assert connection.permissions.reads == {("shop_db", False)}
    connection.execute("SELECT order_id FROM shop_db.large_orders").fetchall()
    assert ("shop_db", True) in connection.permissions.reads
