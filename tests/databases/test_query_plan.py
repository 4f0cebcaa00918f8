"""SQLite's own words for its plans, taken apart; and what its planner's cost tells."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.databases.connection import ReadOnlyConnection
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.query_plan import Step, query_plan, step_of
from aggregator.databases.table_facts import TableFacts
from tests.sqlite_files import make_database

SCRIPT = """
CREATE TABLE few (few_id INTEGER PRIMARY KEY, a, b, UNIQUE (a, b)) STRICT;
CREATE TABLE many (many_id INTEGER PRIMARY KEY, a INT, b INT) STRICT;
CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE INDEX many_by_a ON many (a);
CREATE INDEX "odd (name)" ON many (lower(b));
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 120000)
INSERT INTO many SELECT n + 1000, n % 6000, n FROM numbers;
INSERT INTO keyed SELECT b, a FROM many WHERE b <= 7;
INSERT INTO few VALUES (1, 2, 3);
""".replace("a, b, UNIQUE", "a INT, b INT, UNIQUE")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_database(tmp_path_factory.mktemp("plans") / "shop.db", SCRIPT)


@pytest.fixture
def connection(path: Path) -> Iterator[ReadOnlyConnection]:
    connection = ReadOnlyConnection([DatabaseFile("shop_db", path)], patience=1)
    yield connection
    connection.close()


def plan(connection: ReadOnlyConnection, sql: str) -> list[Step]:
    return query_plan(connection, sql, {})


@pytest.mark.parametrize(
    ("sql", "kind", "name", "index", "terms"),
    [
        ("SELECT * FROM shop_db.many AS m", "scan", "m", None, ""),
        ("SELECT * FROM shop_db.many", "scan", "shop_db.many", None, ""),
        ("SELECT a FROM shop_db.many AS m", "scan", "m", "many_by_a", ""),
        ("SELECT * FROM shop_db.many AS m WHERE a = 1", "search", "m", "many_by_a", "a=?"),
        ("SELECT * FROM shop_db.many AS m WHERE many_id = 1", "search", "m", None, "rowid=?"),
        ("SELECT * FROM shop_db.many AS m WHERE lower(b) = 1", "search", "m", "odd (name)", "<expr>=?"),
        ("SELECT * FROM shop_db.keyed AS k WHERE k = 'x'", "search", "k", None, "k=?"),
        ("SELECT 1", "constant", "", None, ""),
        ("VALUES (1), (2)", "constant", "", None, ""),
        ("SELECT * FROM json_each('[1]') AS j", "virtual", "j", None, ""),
    ],
)
def test_a_step(
    connection: ReadOnlyConnection, sql: str, kind: str, name: str, index: str | None, terms: str
) -> None:
    [step] = plan(connection, sql)

    assert (step.kind, step.name, step.index, step.terms) == (kind, name, index, terms)
    assert step.is_key == (terms in ("rowid=?", "k=?"))
    assert step.is_covering == (sql == "SELECT a FROM shop_db.many AS m")


@pytest.mark.parametrize(
    ("detail", "kind", "name"),
    [
        ("CO-ROUTINE order_totals", "rows", "order_totals"),
        ("MATERIALIZE (subquery-2)", "rows", "(subquery-2)"),
        ("SCAN (subquery-2)", "scan", "(subquery-2)"),
        ("SCAN o LEFT-JOIN", "scan", "o"),
        ("SEARCH o USING INDEX o_by_a (ANY(a) AND b>?) LEFT-JOIN", "search", "o"),
        ("SEARCH o EXISTS USING AUTOMATIC PARTIAL COVERING INDEX (q=?)", "search", "o"),
        ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "sort", "LAST TERM OF ORDER BY"),
        ("CORRELATED SCALAR SUBQUERY 3", "subquery", "SCALAR SUBQUERY"),
        ("REUSE LIST SUBQUERY 1", "subquery", "LIST SUBQUERY"),
        ("BLOOM FILTER ON a.u (q=? AND r=?)", "bloom_filter", "a.u"),
        ("MULTI-INDEX OR", "compound", ""),
        ("UNION USING TEMP B-TREE", "part", "UNION"),
        ("SOMETHING NEW IN SQLITE 4", "other", ""),
    ],
)
def test_other_words(detail: str, kind: str, name: str) -> None:
    step = step_of(5, 2, 0, detail)

    assert (step.id, step.parent, step.detail, step.kind, step.name) == (5, 2, detail, kind, name)
    assert step.is_automatic == ("AUTOMATIC" in detail)
    assert step.is_correlated == ("CORRELATED" in detail)


def test_the_third_column_is_a_cost_that_grows_with_the_rows(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "shop.db"
    copy.write_bytes(path.read_bytes())
    make_database(copy, "ANALYZE")
    connection = ReadOnlyConnection([DatabaseFile("shop_db", copy)], patience=1)
    [scan] = plan(connection, "SELECT * FROM shop_db.many AS m")
    [search] = plan(connection, "SELECT * FROM shop_db.many AS m WHERE a = 1")
    connection.close()

    assert 120_000 <= scan.cost <= 120_000 * 4
    assert 20 <= search.cost <= 20 * 10


def test_sizes(connection: ReadOnlyConnection) -> None:
    facts = TableFacts(connection)

    few, many = facts.size(("shop_db", "few")), facts.size(("shop_db", "many"))
    assert (few.rows, few.is_exact) == (1, True)
    assert (many.rows, many.is_exact) == (120_000, False)
    assert facts.size(("shop_db", "keyed")).rows == 7
    assert few.all_of("t") == "all 1 rows of t"
    assert many.all_of("t") == "all rows of t, about 120,000"


def test_indexes_and_keys(connection: ReadOnlyConnection) -> None:
    facts = TableFacts(connection)

    assert [str(index) for index in facts.indexes(("shop_db", "few"))] == ["the index of UNIQUE (a, b)"]
    names = {index.name: index.columns for index in facts.indexes(("shop_db", "many"))}
    assert names == {"many_by_a": ("a",), "odd (name)": (None,)}
    assert facts.row_key(("shop_db", "many")) == "many_id"
    assert facts.row_key(("shop_db", "keyed")) == "rowid"
    assert facts.schemas_with("MANY") == ("shop_db",)
    assert facts.schemas_with("none") == ()
