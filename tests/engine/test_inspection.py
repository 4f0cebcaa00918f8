"""What SQLite says of a statement before it runs, and on which line something is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from aggregator.engine.model import ResultColumn, Statement
from aggregator.engine.sqlite.files import DatabaseFile, DatabaseFolder
from aggregator.engine.sqlite.prepare import prepare, referenced
from aggregator.errors import DatabaseUnavailable
from tests.engine.test_bare_names import attached
from tests.sqlite_files import locked, make_database

ORDERS = """
CREATE TABLE orders(order_id INTEGER PRIMARY KEY, placed_at DATETIME, total NUMERIC, note) ;
CREATE TABLE lines(
    line_id INTEGER PRIMARY KEY, order_id INT NOT NULL, price REAL, name TEXT, any_kind ANY
) STRICT;
CREATE TABLE x_node(a);
CREATE VIEW all_lines AS SELECT order_id, name FROM lines;
CREATE VIEW broken AS SELECT missing FROM nowhere;
"""
CUSTOMERS = "CREATE TABLE customers(customer_id INTEGER PRIMARY KEY, name TEXT) STRICT;"


@pytest.fixture(scope="module")
def dbs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbs")
    make_database(folder / "order.db", ORDERS)
    make_database(folder / "customer.db", CUSTOMERS)
    make_database(folder / "2024-Q1 sales.db", CUSTOMERS)
    make_database(folder / "größe.sqlite", CUSTOMERS)
    return folder


@pytest.fixture(scope="module")
def files(dbs: Path) -> dict[str, DatabaseFile]:
    return DatabaseFolder(dbs).sources()


GiveStatement = Callable[[str], Statement]
GiveFaults = Callable[[str], list[tuple[int, str]]]


@pytest.fixture(scope="module")
def statement(files: dict[str, DatabaseFile]) -> GiveStatement:
    def inspected(sql: str) -> Statement:
        with attached(sql, files) as connection:
            statement, faults = prepare(sql, connection, files)
        assert faults == []
        assert statement is not None
        return statement

    return inspected


@pytest.fixture(scope="module")
def faults(files: dict[str, DatabaseFile]) -> GiveFaults:
    def found(sql: str) -> list[tuple[int, str]]:
        with attached(sql, files) as connection:
            _, faults = prepare(sql, connection, files)
        return [(fault.line, fault.message) for fault in faults]

    return found


# --- which databases -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "schemas"),
    [
        ("SELECT 1", []),
        ("SELECT a FROM order_db.orders", ["order_db"]),
        ("SELECT a FROM ORDER_DB.orders", ["order_db"]),
        ('SELECT a FROM "order_db".orders, [customer_db].c', ["customer_db", "order_db"]),
        ("SELECT a FROM `order_db`.orders JOIN 'customer_db'.c", ["customer_db", "order_db"]),
        ('SELECT a FROM "2024-Q1 sales_db".customers', ["2024-Q1 sales_db"]),
        ("SELECT a FROM größe_sqlite.customers", ["größe_sqlite"]),
        ("SELECT a -- order_db\nFROM x /* customer_db */", []),
        ("SELECT my_order_db.a, order_db2.b, order_dbs FROM x", []),
        ("SELECT a FROM order_db.", ["order_db"]),
    ],
)
def test_only_the_databases_that_are_named_are_attached(
    files: dict[str, DatabaseFile], sql: str, schemas: list[str]
) -> None:
    assert sorted(file.schema for file in referenced(sql, files)) == schemas


@pytest.mark.parametrize(
    ("sql", "schemas"),
    [
        ("SELECT 1 AS one", set()),
        ("SELECT count(*) AS n FROM order_db.orders", {"order_db"}),
        ("SELECT 1 AS one FROM order_db.orders, customer_db.customers", {"order_db", "customer_db"}),
        ("SELECT 'customer_db' AS text FROM order_db.orders", {"order_db"}),
        ("SELECT order_id FROM order_db.all_lines", {"order_db"}),
        ("SELECT EXISTS (SELECT 1 FROM customer_db.customers) AS has_any", {"customer_db"}),
        ("SELECT 1 AS one FROM order_db.orders WHERE 0", {"order_db"}),
        (
            "SELECT a.note FROM order_db.orders a LEFT JOIN customer_db.customers b",
            {"order_db", "customer_db"},
        ),
        ('SELECT name FROM "2024-Q1 sales_db".customers', {"2024-Q1 sales_db"}),
        ("SELECT name FROM größe_sqlite.customers", {"größe_sqlite"}),
        ("SELECT sql FROM order_db.sqlite_schema", {"order_db"}),
        ("WITH customer_db AS (SELECT 1 AS a) SELECT a FROM customer_db", set()),
        ("SELECT key FROM json_each('{}')", set()),
        # Names without a schema.
        ("SELECT note FROM orders", {"order_db"}),
        ("SELECT count(*) AS n FROM Orders", {"order_db"}),
        ("SELECT count(*) AS n FROM ORDER_DB.orders", {"order_db"}),
        ("SELECT order_id FROM all_lines, customer_db.customers", {"order_db", "customer_db"}),
        (
            "SELECT o.note FROM orders AS o WHERE EXISTS (SELECT 1 FROM lines WHERE order_id = o.order_id)",
            {"order_db"},
        ),
        ("SELECT (SELECT count(*) FROM orders) AS n FROM customer_db.customers", {"order_db", "customer_db"}),
        ("SELECT 1 AS one WHERE 1 IN (SELECT order_id FROM orders)", {"order_db"}),
        ("WITH orders AS (SELECT 1 AS a) SELECT a FROM orders", set()),
        ("WITH lines AS (SELECT note FROM orders) SELECT count(*) AS n FROM lines", {"order_db"}),
        ("SELECT customers.name FROM customer_db.customers AS customers", {"customer_db"}),
        ("SELECT customers.note FROM orders AS customers", {"order_db"}),
        # Tables about tables.
        ("SELECT name FROM order_db.pragma_table_info('lines')", {"order_db"}),
        ("SELECT name FROM pragma_table_info('lines')", {"order_db"}),
        ("SELECT name FROM pragma_table_info('customers', 'customer_db')", {"customer_db"}),
        ("SELECT count(*) AS n FROM dbstat('order_db')", {"order_db"}),
        ("SELECT name FROM pragma_table_list WHERE schema = 'order_db'", {"order_db"}),
    ],
)
def test_the_databases_that_are_read(statement: GiveStatement, sql: str, schemas: set[str]) -> None:
    assert statement(sql).schemas == schemas


# --- columns, parameters, text -------------------------------------------------------------------


def test_columns_and_what_the_tables_promise_of_them(statement: GiveStatement) -> None:
    sql = """
        SELECT o.order_id, o.placed_at, o.total, o.note,
            l.line_id, l.order_id AS of_order, l.price, l.name, l.any_kind, l.price + 1 AS more, :a AS a
        FROM order_db.orders AS o LEFT JOIN order_db.lines AS l ON l.order_id = o.order_id"""
    found = statement(sql)
    assert found.columns == (
        ResultColumn("order_id", "INTEGER", None),
        ResultColumn("placed_at", "DATETIME", None),
        ResultColumn("total", "NUMERIC", None),
        ResultColumn("note", None, None),
        # Only a STRICT table keeps its word.
        ResultColumn("line_id", "INTEGER", "integer"),
        ResultColumn("of_order", "INT", "integer"),
        ResultColumn("price", "REAL", "real"),
        ResultColumn("name", "TEXT", "text"),
        ResultColumn("any_kind", "ANY", None),
        ResultColumn("more", None, None),
        ResultColumn("a", None, None),
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM order_db.all_lines",
        "SELECT name FROM order_db.lines UNION ALL SELECT 5",
        "SELECT name FROM (SELECT name FROM order_db.lines UNION SELECT 5)",
    ],
)
def test_what_cannot_be_proved_is_not_promised(statement: GiveStatement, sql: str) -> None:
    assert [column.storage for column in statement(sql).columns] == [None]


def test_the_promise_holds_for_what_comes_out(
    files: dict[str, DatabaseFile], statement: GiveStatement, dbs: Path
) -> None:
    """The compound SELECT shows why: its first part is what SQLite describes."""
    sql = "SELECT name FROM order_db.lines UNION ALL SELECT 5"
    with attached(sql, files) as connection:
        assert connection.execute(sql).fetchall() == [(5,)]


def test_parameters(statement: GiveStatement) -> None:
    sql = "SELECT :a AS x, ':b' AS y, :a AS z /* :c */ WHERE :Δ = :A -- :d"
    assert statement(sql).parameters == {"a", "A", "Δ"}


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1 AS a", "SELECT 1 AS a"),
        ("SELECT 1 AS a;", "SELECT 1 AS a"),
        ("SELECT 1 AS a ; \n", "SELECT 1 AS a"),
        ("SELECT 1 AS a;;;\n;", "SELECT 1 AS a"),
        ("SELECT 1 AS a;;; -- done;\n/* ; */", "SELECT 1 AS a"),
        ("SELECT 1 AS a -- no line end", "SELECT 1 AS a -- no line end"),
        ("SELECT 1 AS a -- a comment;\n;", "SELECT 1 AS a -- a comment"),
        ("SELECT ';' AS a", "SELECT ';' AS a"),
        ("-- first\n SELECT 1 AS a", "SELECT 1 AS a"),
        ("VALUES (1)", "VALUES (1)"),
        (" ;; SELECT 1 AS a", "SELECT 1 AS a"),
        ("-- é\n;/* ; */ SELECT 1 AS a", "SELECT 1 AS a"),
    ],
)
def test_the_text_can_stand_inside_of_another_select(
    statement: GiveStatement, files: dict[str, DatabaseFile], sql: str, text: str
) -> None:
    assert statement(sql).sql == text
    with attached(sql, files) as connection:
        assert len(connection.execute(f"SELECT * FROM (\n{statement(sql).sql}\n) LIMIT -1").fetchall()) == 1


# --- faults --------------------------------------------------------------------------------------

SECOND = "a second statement begins here; a report has exactly one"
WRITES = "the statement writes ({}); a report can only read"
NO_SELECT = "{} is not allowed; a report is a SELECT"
REFUSED = "{} is not allowed in a report, which can only read"
SAME_NAME = "two columns are named {}; give one of them another name with AS"
NO_TABLE = "the database order_db has no such table"


@pytest.mark.parametrize(
    ("sql", "line", "message"),
    [
        ("", 1, "there is no statement; a report needs one SELECT"),
        ("\n-- only\n/* comments */ ;", 1, "there is no statement; a report needs one SELECT"),
        ("SELECT 1 AS a;\n\nSELECT 2", 3, SECOND),
        ("SELECT 1 AS a; -- x\nDROP TABLE b;\n", 2, SECOND),
        ("SELECT 1 AS a\n/* open", 2, "the comment that begins here is not closed with */"),
        # Statements that are no SELECT.
        ("\nINSERT INTO order_db.orders(note) VALUES ('x')", 2, WRITES.format("INSERT")),
        ("-- x\nupdate order_db.orders SET note = 1", 2, WRITES.format("update")),
        ("DELETE FROM order_db.orders", 1, WRITES.format("DELETE")),
        ("REPLACE INTO order_db.orders(note) VALUES (1)", 1, WRITES.format("REPLACE")),
        ("CREATE TEMP TABLE t(a)", 1, WRITES.format("CREATE")),
        ("DROP TABLE order_db.orders", 1, WRITES.format("DROP")),
        ("ALTER TABLE order_db.orders ADD x", 1, WRITES.format("ALTER")),
        ("EXPLAIN SELECT 1", 1, NO_SELECT.format("EXPLAIN")),
        ("EXPLAIN QUERY PLAN SELECT 1", 1, NO_SELECT.format("EXPLAIN")),
        ("PRAGMA table_list", 1, NO_SELECT.format("PRAGMA")),
        ("PRAGMA hard_heap_limit = 1", 1, NO_SELECT.format("PRAGMA")),
        ("ATTACH 'x' AS y", 1, NO_SELECT.format("ATTACH")),
        ("DETACH order_db", 1, NO_SELECT.format("DETACH")),
        ("BEGIN", 1, NO_SELECT.format("BEGIN")),
        ("VACUUM", 1, NO_SELECT.format("VACUUM")),
        ("ANALYZE order_db", 1, NO_SELECT.format("ANALYZE")),
        ("REINDEX", 1, NO_SELECT.format("REINDEX")),
        ("SAVEPOINT a", 1, NO_SELECT.format("SAVEPOINT")),
        (
            "\nWITH a AS (SELECT 1)\nINSERT INTO order_db.orders(note) SELECT * FROM a",
            2,
            REFUSED.format("INSERT orders"),
        ),
        (
            "WITH a AS (SELECT 1) DELETE FROM order_db.x_node",
            1,
            "the statement is not a SELECT that only reads",
        ),
        (
            "WITH a AS (SELECT 1) DELETE FROM order_db.x_node RETURNING a",
            1,
            "the statement is not a SELECT that only reads",
        ),
        # What a SELECT may not call.
        ("SELECT load_extension('x') AS a", 1, REFUSED.format("FUNCTION load_extension")),
        (
            "SELECT file FROM pragma_database_list",
            1,
            REFUSED.format("READ pragma_database_list"),
        ),
        # What SQLite does not understand, with multi-byte text before it.
        ("SELECT 'Größe 😀',\n'é', missing\nFROM order_db.orders", 2, "no such column: missing"),
        ("SELECT note,\n-- ü\n  o.missing\nFROM order_db.orders AS o", 3, "no such column: o.missing"),
        ("SELECT 'äöüäöüäöüäöüäöüäöü', wrong,\n1,\n2,\n3", 1, "no such column: wrong"),
        ("SELECT\n  nofunction(1)", 2, "no such function: nofunction"),
        ("SELECT\nabs(1,\n2)", 2, "wrong number of arguments to function abs()"),
        ("SELECT 1\nFORM x", 2, 'near "x": syntax error'),
        ("SELECT 'é',\n\n(1", 3, "the statement is incomplete: a bracket or a word is missing"),
        ("SELECT 'open\n", 1, 'unrecognized token: "\'open\n"'),
        (".mode csv\nSELECT 1", 1, 'near ".": syntax error'),
        ('SELECT "text"', 1, 'no such column: "text" - should this be a string literal in single-quotes?'),
        ("SELECT note\nFROM order_db.orders\nORDER BY missing", 3, "no such column: missing"),
        # Tables that there are not.
        (
            "SELECT orders.x\nFROM order_db.missing AS orders",
            2,
            f"no such table: order_db.missing ({NO_TABLE})",
        ),
        (
            'SELECT order_db.x\n-- order_db.missing\nFROM customer_db.customers\nJOIN [order_db] . "Nothing"',
            4,
            f"no such table: order_db.Nothing ({NO_TABLE})",
        ),
        (
            "SELECT 1\nFROM oder_db.orders",
            2,
            "no such table: oder_db.orders (there is no database oder_db; did you mean order_db?)",
        ),
        ("SELECT 1\nFROM zzz.orders", 2, "no such table: zzz.orders (there is no database zzz)"),
        (
            "SELECT 1\nFROM customers",
            2,
            'customers is in "2024-Q1 sales_db" and in customer_db and in größe_sqlite; '
            'write "2024-Q1 sales_db".customers or customer_db.customers or größe_sqlite.customers',
        ),
        (
            "SELECT 1\nFROM customer_db.customers, order_db.orders JOIN\ncustomers",
            3,
            'customers is in "2024-Q1 sales_db" and in customer_db and in größe_sqlite; '
            'write "2024-Q1 sales_db".customers or customer_db.customers or größe_sqlite.customers',
        ),
        (
            "SELECT 1 FROM linez",
            1,
            "no such table: linez (no database has such a table; did you mean order_db.lines?)",
        ),
        (
            "SELECT 1 FROM order_db.customers",
            1,
            "no such table: order_db.customers (the database order_db has no such table; did you mean "
            '"2024-Q1 sales_db".customers or customer_db.customers or größe_sqlite.customers?)',
        ),
        (
            "SELECT 1 FROM 2024-Q1 sales_db.customers",
            1,
            'near "2024": syntax error (2024-Q1 sales_db needs quotes: "2024-Q1 sales_db")',
        ),
        (
            "SELECT\nplacedat FROM order_db.orders",
            2,
            "no such column: placedat (did you mean placed_at of order_db.orders?)",
        ),
        (
            "SELECT 1 FROM input",
            1,
            "no such table: input (the table input exists only if the header has the key input)",
        ),
        # Tables of SQLite's own, which would have no rows.
        (
            "SELECT count(*) AS n\nFROM sqlite_schema",
            2,
            'sqlite_schema needs a schema: "2024-Q1 sales_db".sqlite_schema',
        ),
        (
            "SELECT orders.note\nFROM order_db.orders JOIN sqlite_master",
            2,
            "sqlite_master needs a schema: order_db.sqlite_master",
        ),
        ("SELECT name FROM dbstat", 1, "dbstat must name its database: dbstat('2024-Q1 sales_db')"),
        ("SELECT name FROM order_db.dbstat", 1, "dbstat must name its database: dbstat('order_db')"),
        ("SELECT name FROM dbstat('zz')", 1, "dbstat: there is no database zz"),
        (
            "SELECT name FROM pragma_table_list",
            1,
            "pragma_table_list must name its databases: WHERE schema = '2024-Q1 sales_db'",
        ),
        (
            "SELECT name FROM pragma_table_info('customers')",
            1,
            "customers is in 2024-Q1 sales_db and in customer_db and in größe_sqlite; "
            "write pragma_table_info('customers', '2024-Q1 sales_db')",
        ),
        (
            "SELECT name FROM pragma_table_info('order', 'order_db')",
            1,
            "pragma_table_info: the database order_db has no table order",
        ),
        (
            "SELECT name FROM customer_db.pragma_table_info('lines')",
            1,
            "pragma_table_info: the database customer_db has no table lines",
        ),
        ("SELECT name FROM pragma_table_info('nil')", 1, "pragma_table_info: no database has a table nil"),
        ("SELECT name FROM pragma_index_info('nil')", 1, "pragma_index_info: no database has an index nil"),
        ("SELECT * FROM pragma_schema_version", 1, REFUSED.format("READ pragma_schema_version")),
        ("SELECT missing FROM\n order_db.broken", 1, f"no such table: order_db.nowhere ({NO_TABLE})"),
        # Two columns of one name.
        ("\nSELECT 1 AS a, 2 AS A", 2, SAME_NAME.format("A")),
        ("SELECT note, note FROM order_db.orders", 1, SAME_NAME.format("note")),
    ],
)
def test_faults(faults: GiveFaults, sql: str, line: int, message: str) -> None:
    assert faults(sql) == [(line, message)]


def test_several_faults_at_once(faults: GiveFaults) -> None:
    assert faults("SELECT 1 AS a, 2 AS a, 3 AS A;\nSELECT 2;\nSELECT 3") == [
        (2, SECOND),
        (3, SECOND),
        (1, SAME_NAME.format("a")),
        (1, SAME_NAME.format("A")),
    ]


def test_preparing_changes_missing_of_the_process(faults: GiveFaults, files: dict[str, DatabaseFile]) -> None:
    """Some pragmas act when they are prepared, and this one on all connections."""
    assert apsw.hard_heap_limit(-1) == 0
    faults("PRAGMA hard_heap_limit = 100000000")
    faults("WITH a AS (SELECT 1) SELECT * FROM pragma_hard_heap_limit(100000000)")
    assert apsw.hard_heap_limit(-1) == 0


# --- databases that cannot be read ---------------------------------------------------------------


def unavailable(sql: str, dbs: Path) -> str:
    files = DatabaseFolder(dbs).sources()
    with pytest.raises(DatabaseUnavailable) as raised, attached(sql, files) as connection:
        prepare(sql, connection, files)
    return raised.value.detail


BOTH = "SELECT 1 FROM good_db.customers, bad_db.customers"


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    make_database(tmp_path / "good.db", CUSTOMERS)
    (tmp_path / "bad.db").write_text("This is no database, but a text of some length. " * 100)
    assert unavailable(BOTH, tmp_path) == "The database bad_db cannot be read: it is not an SQLite database."


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    make_database(tmp_path / "good.db", CUSTOMERS)
    with locked(make_database(tmp_path / "bad.db", CUSTOMERS)):
        assert unavailable(BOTH, tmp_path) == (
            "The database bad_db cannot be read: it is locked by another program."
        )


def test_a_database_in_utf_16_is_named(tmp_path: Path) -> None:
    make_database(tmp_path / "good.db", CUSTOMERS)
    make_database(tmp_path / "bad.db", "PRAGMA encoding = 'UTF-16le';" + CUSTOMERS)
    assert unavailable(BOTH, tmp_path) == (
        "The database bad_db cannot be read: it stores text as UTF-16; only UTF-8 files are read."
    )


def test_a_damaged_list_of_tables_is_named(tmp_path: Path) -> None:
    make_database(tmp_path / "good.db", CUSTOMERS)
    bad = make_database(tmp_path / "bad.db", CUSTOMERS)
    content = bytearray(bad.read_bytes())
    content[100] = 77  # no kind of b-tree page: https://sqlite.org/fileformat.html#b_tree_pages
    bad.write_bytes(content)
    assert unavailable(BOTH, tmp_path) == (
        "The database bad_db cannot be read: it is damaged (run PRAGMA integrity_check for details)."
    )


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    make_database(tmp_path / "good.db", CUSTOMERS)
    bad = make_database(tmp_path / "bad.db", CUSTOMERS)
    bad.write_bytes(bad.read_bytes()[:4096])
    assert unavailable("SELECT name FROM bad_db.customers", tmp_path).startswith("The database bad_db")


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "bad.db").touch()
    sql = "SELECT 1 FROM bad_db.customers"
    files = DatabaseFolder(tmp_path).sources()
    with attached(sql, files) as connection:
        _, (fault,) = prepare(sql, connection, files)
    assert fault.message == "no such table: bad_db.customers (the database bad_db has no such table)"
