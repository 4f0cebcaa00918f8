"""Plans of known tables, in words, with what they are expected to cost and what they warn of."""

from collections.abc import Iterator

import pytest

from aggregator.databases.connection import ReadOnlyConnection
from aggregator.databases.folder import DatabaseFile
from aggregator.reports.plan import Plan, plan_of
from tests.sqlite_files import make_database

LARGE = 30_000
SHOP = f"""
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, shop_id INT, seller_id INT, day TEXT, cents INT) STRICT;
CREATE TABLE shops (shop_id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;
CREATE INDEX sales_by_shop ON sales (shop_id, day);
CREATE VIEW long_names AS SELECT name FROM shops WHERE length(name) > 5;
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LARGE})
INSERT INTO sales SELECT n, n % 300, n % 7000, CAST(2000 + n % 25 AS TEXT), n FROM numbers;
INSERT INTO shops SELECT sale_id, 'shop ' || sale_id FROM sales WHERE sale_id <= 300;
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


def plan(connection: ReadOnlyConnection, sql: str) -> Plan:
    return plan_of(connection, sql, {})


ALL = f"Read all {LARGE:,} rows of shop_db.sales"


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        ("SELECT s.cents FROM shop_db.sales AS s", [ALL]),
        (
            "SELECT s.day FROM shop_db.sales AS s ORDER BY s.shop_id",
            [f"{ALL}, from the index sales_by_shop; the table is not needed"],
        ),
        (
            "SELECT s.cents FROM shop_db.sales AS s ORDER BY s.shop_id, s.cents",
            [f"{ALL}, in the order of the index sales_by_shop", "Sort the rows for LAST TERM OF ORDER BY"],
        ),
        (
            "SELECT s.cents, shops.name FROM shop_db.shops AS shops "
            "LEFT JOIN shop_db.sales AS s ON s.sale_id = shops.shop_id WHERE shops.name = 'a'",
            [
                "Search shop_db.shops by the index of UNIQUE (name) (name=?); the table is not needed",
                "  for each: Look up the row of shop_db.sales by the primary key (rowid=?)",
            ],
        ),
        (
            "SELECT s.cents FROM shop_db.sales AS s WHERE s.sale_id = 5 OR s.shop_id = 299",
            [
                "Search for each side of OR:",
                "  Index 1:",
                "    Look up the row of shop_db.sales by the primary key (rowid=?)",
                "  Index 2:",
                "    Search shop_db.sales by the index sales_by_shop (shop_id=?), about 100 rows",
            ],
        ),
        (
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT n.i + 1 FROM n) SELECT n.i FROM n",
            [
                "Make the rows of n:",
                "  The first rows:",
                "    Take the row that stands in the SQL",
                "  For each row that was added, the rows that follow from it:",
                "    Go through the rows of n",
                "Go through the rows of n",
            ],
        ),
        (
            "SELECT max(s.sale_id) AS a FROM shop_db.sales AS s",
            ["Search shop_db.sales for its least or greatest value"],
        ),
        ("SELECT max(s.cents) AS a FROM shop_db.sales AS s", [ALL]),
        ("SELECT v.name FROM shop_db.long_names AS v", ["Read all 300 rows of shop_db.shops"]),
    ],
)
def test_words(connection: ReadOnlyConnection, sql: str, lines: list[str]) -> None:
    assert list(plan(connection, sql).lines) == lines


def test_two_tables_of_one_name_are_kept_apart(connection: ReadOnlyConnection) -> None:
    found = plan(
        connection,
        "SELECT a.cents FROM shop_db.sales AS a INNER JOIN other_db.sales AS b ON a.cents = b.seller_id",
    )

    assert any("all 1 rows of other_db.sales" in line for line in found.lines)
    assert [text for text in found.warnings if "other_db" in text] == []


def test_an_alias_that_stands_for_two_tables_is_not_guessed(connection: ReadOnlyConnection) -> None:
    found = plan(
        connection,
        "SELECT (SELECT max(t.seller_id) FROM other_db.sales AS t) AS a, t.cents FROM shop_db.sales AS t",
    )

    assert found.warnings == ()
    assert "Go through the rows of t" in found.lines


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT s.cents FROM shop_db.sales AS s WHERE s.cents > 5", "an index on (cents) could find"),
        ("SELECT s.cents FROM shop_db.sales AS s WHERE s.sale_id > 0 AND s.day <> ''", None),
        ("SELECT s.cents FROM shop_db.sales AS s WHERE s.cents + 1 > 5", "no condition compares"),
        (
            "SELECT s.cents FROM shop_db.sales AS s LEFT JOIN shop_db.shops AS h ON s.shop_id = h.shop_id",
            "quicker than to use the index sales_by_shop for shop_id",
        ),
        ("SELECT s.cents FROM shop_db.sales AS s WHERE +s.shop_id = 5", "no condition compares"),
        ("SELECT h.name FROM shop_db.shops AS h WHERE h.name > 'a' AND h.shop_id + 1 > 0", None),
        (
            "SELECT a.cents FROM shop_db.sales AS a LEFT JOIN shop_db.sales AS b ON a.sale_id = b.seller_id",
            "keep one, on (seller_id)",
        ),
    ],
)
def test_warnings(connection: ReadOnlyConnection, sql: str, words: str | None) -> None:
    warnings = plan(connection, sql).warnings

    assert any(words in text for text in warnings) if words is not None else warnings == ()


def test_what_is_expected_grows_with_the_work(connection: ReadOnlyConnection) -> None:
    costs = [
        plan(connection, sql).estimated_seconds
        for sql in (
            "SELECT s.cents FROM shop_db.sales AS s WHERE s.sale_id = 5",
            "SELECT s.cents FROM shop_db.sales AS s WHERE s.shop_id = 5",
            "SELECT s.cents FROM shop_db.sales AS s",
            "SELECT s.cents FROM shop_db.sales AS s INNER JOIN shop_db.shops AS h ON s.shop_id = h.shop_id",
            "SELECT a.cents + b.cents AS c FROM shop_db.sales AS a CROSS JOIN shop_db.sales AS b",
        )
    ]

    assert costs == sorted(costs)
    assert costs[0] < 1e-4 < 1e-3 < costs[2] < 1 < 60 < costs[4]
