"""What a file that writes may hold, and what is said of one that may not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.sqlfile.catalog import SqlFolder
from tests.server import eventually
from tests.sqlite_files import make_database

SHOP = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, total INT);
CREATE TABLE log (entry);
CREATE TRIGGER logged AFTER INSERT ON orders BEGIN INSERT INTO log VALUES (new.order_id); END;
"""
STOCK = "CREATE TABLE items (item_id INTEGER PRIMARY KEY, left INT)"


def registry_of(folder: Path, files: Mapping[str, str]) -> EndpointRegistry[ReadEndpoint | WriteEndpoint]:
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", SHOP)
    make_database(folder / "dbs" / "stock.db", STOCK)
    for name, text in files.items():
        path = folder / "sql" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return EndpointRegistry(SqlFolder(folder / "sql"), SqliteEngine(folder / "dbs"), 1.0, check_endpoint)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("CREATE TABLE shop_db.x (a)", "a.post.sql:1: CREATE is not allowed here"),
        ("\nPRAGMA shop_db.user_version = 3", "a.post.sql:2: PRAGMA is not allowed here"),
        ("ATTACH 'x.db' AS x", "a.post.sql:1: ATTACH is not allowed here"),
        ("SAVEPOINT x; DELETE FROM shop_db.log", "a.post.sql:1: SAVEPOINT is not allowed here"),
        ("DELETE FROM shop_db.log;\n\nDROP TABLE shop_db.log", "a.post.sql:3: DROP is not allowed here"),
        ("DELETE FROM shop_db.sqlite_schema", "a.post.sql:1: "),
        (
            "DELETE FROM shop_db.none",
            "a.post.sql:1: no such table: shop_db.none (the database shop_db has",
        ),
        (
            "DELETE FROM shopp_db.log",
            "a.post.sql:1: there is no database shopp_db (did you mean shop_db?)",
        ),
        ("DELETE FROM shop_db.log WHERE\n entry = missing", "a.post.sql:2: no such column: missing"),
        (
            "DELETE FROM shop_db.log WHERE entry = :e",
            "a.post.sql:1: :e is not declared under params; begin the file with ",
        ),
        (
            "/* params: {e: {type: text}} */ DELETE FROM shop_db.log",
            "a.post.sql:1: the parameter e is declared",
        ),
        (
            "DELETE FROM shop_db.log RETURNING entry;\nDELETE FROM shop_db.orders",
            "a.post.sql:1: only the last statement can return rows",
        ),
        (
            "\nSELECT entry FROM shop_db.log;\nDELETE FROM shop_db.log",
            "a.post.sql:2: a SELECT before the last statement is a guard; its first"
            " column must be named missing, conflict or invalid, not entry",
        ),
        (
            "SELECT 'x' AS missing, 1 AS line;\nDELETE FROM shop_db.log",
            "a.post.sql:1: a guard for missing rows has no other column; this one has line",
        ),
        (
            "SELECT 'x' AS invalid, 1 AS line;\nDELETE FROM shop_db.log",
            "a.post.sql:1: a guard has no column besides invalid in a file without input; this one has line",
        ),
        (
            "/* input: {n: {type: integer}} */\nSELECT 'x' AS invalid, 1 AS line, n FROM input;\n"
            "DELETE FROM shop_db.log",
            "a.post.sql:2: a guard has the columns invalid, line and column, not n",
        ),
        (
            "/* input: {n: {type: integer}} */\nSELECT 'x' AS conflict, 'n' AS column FROM input;\n"
            "DELETE FROM shop_db.log",
            "a.post.sql:2: a guard with a column needs a line, too",
        ),
        ("INSERT INTO shop_db.log SELECT a FROM input", "a.post.sql:1: no such table: input"),
        (
            "/* input: {n: {type: integer}} */\nINSERT INTO shop_db.log SELECT input.m FROM input",
            "a.post.sql:2: no such column: input.m",
        ),
        (
            "/* input: {n: {type: integer}} */ DELETE FROM temp.input",
            "a.post.sql:1: DELETE input is not allowed",
        ),
        ("DELETE FROM shop_db.log RETURNING entry AS a, entry AS a", "a.post.sql:1: two columns are named a"),
        ("-- nothing", "a.post.sql:1: there is no statement"),
        (
            '/* params: {e: {type: choice, choices_sql: "SELECT 1"}} */'
            " DELETE FROM shop_db.log WHERE entry = :e",
            "a.post.sql:1: params.e.choices_sql: is only for reports",
        ),
    ],
)
def test_faults(tmp_path: Path, text: str, fault: str) -> None:
    found = [str(each) for each in registry_of(tmp_path, {"a.post": text}).faults()]
    assert len(found) == 1
    assert found[0].startswith(fault)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO\n sales_db.inv (cust) VALUES (1)",
        "INSERT INTO sales_db.inv (cust) SELECT inv.cust\nFROM sales_db.inv AS inv",
        "DELETE\nFROM sales_db.inv",
        # Deletes rows of inv, too.
        "DELETE\nFROM sales_db.shops",
    ],
)
def test_a_foreign_key_to_a_table_of_another_file(tmp_path: Path, sql: str) -> None:
    registry = registry_of(tmp_path, {"a.post": sql})
    script = """
    CREATE TABLE shops (shop_id INTEGER PRIMARY KEY);
    CREATE TABLE inv (
        id INTEGER PRIMARY KEY,
        cust INTEGER REFERENCES customer (id),
        shop INTEGER REFERENCES shops (shop_id) ON DELETE CASCADE
    );
    """
    make_database(tmp_path / "dbs" / "sales.db", script)
    make_database(tmp_path / "dbs" / "crm.db", "CREATE TABLE customer (id INTEGER PRIMARY KEY)")
    (fault,) = registry.faults()
    assert fault.message.startswith("inv refers to table customer, which is not in sales.db")
    lines = [number for number, line in enumerate(sql.split("\n"), start=1) if "inv" in line]
    assert fault.line == (lines or [1])[0]


def test_a_foreign_key_without_a_unique_index(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, {"a.post": "INSERT INTO sales_db.inv (cust) VALUES (1)"})
    script = "CREATE TABLE customer (id); CREATE TABLE inv (cust REFERENCES customer (id))"
    make_database(tmp_path / "dbs" / "sales.db", script)
    (fault,) = registry.faults()
    assert fault.message.startswith('foreign key mismatch - "inv" referencing "customer"')
    assert "UNIQUE index" in fault.message


def test_a_file_for_put_writes(tmp_path: Path) -> None:
    (fault,) = registry_of(tmp_path, {"a.put": "SELECT 1 AS n"}).faults()
    assert str(fault) == "a.put.sql:1: no statement writes; a file for PUT must write"


def test_what_is_written_is_not_sorted(tmp_path: Path) -> None:
    header = "/*\nsort: {default: total.asc, columns: [total], then: total}\n*/"
    text = f"{header}\nINSERT INTO shop_db.orders (total) VALUES (1) RETURNING total"
    (fault,) = registry_of(tmp_path, {"a.post": text}).faults()
    assert str(fault) == "a.post.sql:2: sort: is only for files that do not write"


def test_what_is_found_of_a_file_that_writes(tmp_path: Path) -> None:
    text = (
        "/* input: {item: {type: integer}, count: {type: integer}} */\n"
        "UPDATE stock_db.items SET left = left - 1 WHERE item_id IN (SELECT item FROM input);\n"
        "INSERT INTO shop_db.orders (total) SELECT count FROM input RETURNING order_id;"
    )
    registry = registry_of(tmp_path, {"a.post": text})
    ((_, write),) = registry.all(ANYBODY)
    assert isinstance(write, WriteEndpoint)
    assert [file.schema for file in write.written] == ["shop_db", "stock_db"]
    assert write.counted == ("shop_db", "orders")
    assert [column.name for column in write.columns] == ["order_id"]
    assert (write.has_input, write.only_read) == (True, [])


def test_tables_without_their_schema(tmp_path: Path) -> None:
    text = (
        "/* input: {item: {type: integer}} */\n"
        "SELECT 'none left' AS conflict FROM items WHERE items.left < 0;\n"
        "UPDATE items SET left = left - 1 WHERE item_id IN (SELECT item FROM input);\n"
        "INSERT INTO orders (total) SELECT count(*) FROM input RETURNING order_id;"
    )
    ((_, write),) = registry_of(tmp_path, {"a.post": text}).all(ANYBODY)
    assert isinstance(write, WriteEndpoint)
    assert [file.schema for file in write.written] == ["shop_db", "stock_db"]
    assert write.counted == ("shop_db", "orders")
    assert write.has_bare_names


@pytest.mark.parametrize(
    "sql", ["INSERT INTO items\nVALUES (1, 2)", "DELETE FROM items\nWHERE 1", "UPDATE items\nSET left = 1"]
)
def test_a_table_that_two_files_have_needs_its_schema(tmp_path: Path, sql: str) -> None:
    registry = registry_of(tmp_path, {"a.post": f"DELETE FROM stock_db.items;\n{sql}"})
    make_database(tmp_path / "dbs" / "a.db", STOCK)
    (fault,) = registry.faults()
    assert str(fault) == "a.post.sql:2: items is in a_db and in stock_db; write a_db.items or stock_db.items"


def test_a_file_with_a_table_of_the_same_name_is_noticed(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, {"a.post": "DELETE FROM items", "b.post": "DELETE FROM stock_db.items"})
    (a, b) = (endpoint for endpoint, _ in registry.all(ANYBODY))
    assert registry.compiled(a) is not None
    make_database(tmp_path / "dbs" / "a.db", STOCK)
    eventually(lambda: "a_db" in registry.databases.sources())
    assert registry.compiled(a) is None
    assert registry.compiled(b) is not None


def test_what_is_only_read_is_not_written(tmp_path: Path) -> None:
    text = "INSERT INTO shop_db.orders (total) SELECT items.left FROM stock_db.items AS items"
    ((_, write),) = registry_of(tmp_path, {"a.post": text}).all(ANYBODY)
    assert isinstance(write, WriteEndpoint)
    assert [file.schema for file in write.written] == ["shop_db"]
    assert [file.schema for file in write.only_read] == ["stock_db"]


def test_a_post_that_only_reads_is_a_report(tmp_path: Path) -> None:
    text = "WITH w AS (SELECT 1) SELECT orders.total FROM shop_db.orders AS orders"
    ((_, report),) = registry_of(tmp_path, {"a.post": text}).all(ANYBODY)
    assert isinstance(report, ReadEndpoint)


def test_a_get_that_writes_is_none(tmp_path: Path) -> None:
    text = "WITH w AS (SELECT 1) DELETE FROM shop_db.log"
    (fault,) = registry_of(tmp_path, {"a": text}).faults()
    assert "not allowed in a report, which can only read" in str(fault) or "not a SELECT" in str(fault)
