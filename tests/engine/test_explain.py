"""Plans of known tables: the tree that SQLite gives, the tables and indexes of its steps, and warnings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aggregator.engine.model import PlanStep
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.explain import READS, explain
from aggregator.engine.sqlite.files import DatabaseFile
from tests.sqlite_files import make_database

LARGE = 30_000
SHOP = f"""
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, shop_id INT, seller_id INT, day TEXT, cents INT) STRICT;
CREATE TABLE shops (shop_id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;
CREATE INDEX sales_by_shop ON sales (shop_id, day);
CREATE INDEX "odd (name)" ON sales (lower(day));
CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE visits (visit_id INTEGER PRIMARY KEY);
CREATE VIEW odd_visits AS SELECT visit_id FROM visits WHERE visit_id % 2;
CREATE VIEW all_sales AS SELECT cents FROM sales WHERE cents > 5;
CREATE VIEW long_names AS SELECT name FROM shops WHERE length(name) > 5;
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LARGE})
INSERT INTO sales SELECT n, n % 300, n % 7000, CAST(2000 + n % 25 AS TEXT), n FROM numbers;
INSERT INTO shops SELECT sale_id, 'shop ' || sale_id FROM sales WHERE sale_id <= 300;
INSERT INTO visits SELECT sale_id FROM sales;
ANALYZE;
"""
OTHER = """
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, seller_id INT) STRICT;
INSERT INTO sales VALUES (1, 2);
"""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadOnlyConnection]:
    folder = tmp_path_factory.mktemp("plans")
    scripts = {"shop_db": SHOP, "other_db": OTHER}
    files = [DatabaseFile(name, make_database(folder / name, script)) for name, script in scripts.items()]
    connection = ReadOnlyConnection(files, patience=1)
    yield connection
    connection.close()


def plan(connection: ReadOnlyConnection, sql: str) -> list[PlanStep]:
    """All steps, each before those that belong to it."""
    return flat(explain(connection, sql, {}))


def flat(steps: Sequence[PlanStep]) -> list[PlanStep]:
    return [each for step in steps for each in (step, *flat(step.children))]


def warnings(connection: ReadOnlyConnection, sql: str) -> list[str]:
    return [step.warning for step in plan(connection, sql) if step.warning is not None]


ALL = f"Reads all {LARGE:,} rows of shop_db.sales."


@pytest.mark.parametrize(
    ("sql", "table", "index"),
    [
        ("SELECT * FROM shop_db.sales AS s", "shop_db.sales", None),
        ("SELECT * FROM shop_db.sales", "shop_db.sales", None),
        ("SELECT * FROM sales", None, None),
        ("SELECT k.v FROM keyed AS k", "shop_db.keyed", None),
        ("SELECT day FROM shop_db.sales AS s ORDER BY shop_id", "shop_db.sales", "sales_by_shop"),
        ("SELECT * FROM shop_db.sales AS s WHERE shop_id = 1", "shop_db.sales", "sales_by_shop"),
        ("SELECT s.* FROM SHOP_DB.Sales s WHERE shop_id = 1", "shop_db.Sales", "sales_by_shop"),
        ("SELECT * FROM shop_db.sales AS s WHERE sale_id = 1", "shop_db.sales", None),
        ("SELECT * FROM shop_db.sales AS s WHERE lower(day) = 'x'", "shop_db.sales", "odd (name)"),
        ("SELECT * FROM shop_db.keyed AS k WHERE k = 'x'", "shop_db.keyed", None),
        ("SELECT name FROM shop_db.shops WHERE name = 'a'", "shop_db.shops", "sqlite_autoindex_shops_1"),
        ("SELECT max(s.sale_id) AS a FROM shop_db.sales AS s", "shop_db.sales", None),
        ("SELECT v.name FROM shop_db.long_names AS v", "shop_db.shops", None),
        ("SELECT v.cents FROM shop_db.all_sales AS v", None, None),
        ("SELECT 1", None, None),
        ("VALUES (1), (2)", None, None),
        ("SELECT * FROM json_each('[1]') AS j", None, None),
    ],
)
def test_a_step(connection: ReadOnlyConnection, sql: str, table: str | None, index: str | None) -> None:
    [step] = plan(connection, sql)
    [(_, _, _, detail)] = connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()

    assert (step.detail, step.table, step.index) == (detail, table, index)


def test_the_tree_is_that_of_sqlite(connection: ReadOnlyConnection) -> None:
    recursive = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT n.i + 1 FROM n) SELECT n.i FROM n"
    [made, scan] = explain(connection, recursive, {})
    assert (made.detail, scan.detail, scan.children) == ("CO-ROUTINE n", "SCAN n", [])
    assert [step.detail for step in made.children] == ["SETUP", "RECURSIVE STEP"]
    assert [[each.detail for each in step.children] for step in made.children] == [
        ["SCAN CONSTANT ROW"],
        ["SCAN n"],
    ]

    either = "SELECT s.cents FROM shop_db.sales AS s WHERE s.sale_id = 5 OR s.shop_id = 299"
    [both] = explain(connection, either, {})
    assert [(step.detail, step.children[0].index) for step in both.children] == [
        ("INDEX 1", None),
        ("INDEX 2", "sales_by_shop"),
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT s.cents FROM shop_db.sales AS s WHERE s.cents > 5", [ALL]),
        ("SELECT s.cents FROM shop_db.sales AS s WHERE s.sale_id > 0 AND s.day <> ''", []),
        ("SELECT s.cents FROM shop_db.sales AS s WHERE +s.shop_id = 5", [ALL]),
        ("SELECT s.day FROM shop_db.sales AS s ORDER BY s.shop_id", [ALL]),
        ("SELECT s.day FROM shop_db.sales AS s WHERE s.shop_id = 5", []),
        (
            "SELECT s.cents FROM shop_db.sales AS s LEFT JOIN shop_db.shops AS h ON s.shop_id = h.shop_id",
            [ALL],
        ),
        ("SELECT h.name FROM shop_db.shops AS h WHERE h.name > 'a' AND h.shop_id + 1 > 0", []),
        ("SELECT h.name FROM shop_db.shops AS h", []),
        # SQLite makes an index of the whole table for this query.
        (
            "SELECT a.cents FROM shop_db.sales AS a LEFT JOIN shop_db.sales AS b ON a.sale_id = b.seller_id",
            [ALL, ALL],
        ),
        ("SELECT max(s.sale_id) AS a FROM shop_db.sales AS s", []),
        # Which `sales` the view reads is not certain.
        ("SELECT v.cents FROM shop_db.all_sales AS v", []),
        ("SELECT v.visit_id FROM shop_db.odd_visits AS v", [ALL.replace("sales", "visits")]),
        ("SELECT count(*) AS n FROM shop_db.sales", [ALL]),
        (
            "WITH s AS MATERIALIZED (SELECT s.cents FROM shop_db.sales AS s LIMIT 3) SELECT s.cents FROM s",
            [],
        ),
    ],
)
def test_warnings(connection: ReadOnlyConnection, sql: str, expected: list[str]) -> None:
    assert warnings(connection, sql) == expected


def test_a_table_that_is_not_counted(tmp_path: Path) -> None:
    script = """
        CREATE TABLE many (many_id INTEGER PRIMARY KEY);
        WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 120000)
        INSERT INTO many SELECT x + 1000 FROM n;
    """
    connection = ReadOnlyConnection([DatabaseFile("a_db", make_database(tmp_path / "a", script))], patience=1)

    assert warnings(connection, "SELECT m.many_id FROM a_db.many AS m") == [
        "Reads all rows of a_db.many, about 120,000."
    ]
    connection.close()


def test_two_tables_of_one_name_are_kept_apart(connection: ReadOnlyConnection) -> None:
    sql = "SELECT a.cents FROM shop_db.sales AS a INNER JOIN other_db.sales AS b ON a.cents = b.seller_id"

    assert {step.table for step in plan(connection, sql)} >= {"shop_db.sales", "other_db.sales"}
    assert all("shop_db.sales" in text for text in warnings(connection, sql))


def test_an_alias_that_stands_for_two_tables_is_not_guessed(connection: ReadOnlyConnection) -> None:
    sql = "SELECT (SELECT max(t.seller_id) FROM other_db.sales AS t) AS a, t.cents FROM shop_db.sales AS t"

    assert {step.table for step in plan(connection, sql)} == {None}
    assert warnings(connection, sql) == []


def test_a_common_table_expression_is_not_taken_for_a_table(connection: ReadOnlyConnection) -> None:
    sql = """
        WITH keyed AS MATERIALIZED (SELECT s.cents FROM shop_db.sales AS s WHERE s.shop_id = 5)
        SELECT (SELECT count(*) FROM keyed) AS a, (SELECT max(keyed.cents) FROM keyed) AS b
    """

    found = plan(connection, sql)
    assert sum("keyed" in step.detail for step in found) >= 3
    assert {step.table for step in found} == {None, "shop_db.sales"}


@pytest.mark.parametrize(
    ("detail", "name", "index", "is_search"),
    [
        ("SCAN o LEFT-JOIN", "o", None, False),
        ("SCAN o USING COVERING INDEX odd (name) LEFT-JOIN", "o", "odd (name)", False),
        ("SEARCH o USING INDEX o_by_a (ANY(a) AND b>?) LEFT-JOIN", "o", "o_by_a", True),
        ("SEARCH o EXISTS USING AUTOMATIC PARTIAL COVERING INDEX (q=?)", "o", None, True),
        ("SEARCH a.o EXISTS USING PRIMARY KEY (k=?)", "a.o", None, True),
    ],
)
def test_details_that_are_rare(detail: str, name: str, index: str | None, is_search: bool) -> None:
    found = READS.fullmatch(detail)

    assert found is not None
    assert (found["name"], found["index"], found["search"] is not None) == (name, index, is_search)
    assert (found["automatic"] is not None) == ("AUTOMATIC" in detail)
