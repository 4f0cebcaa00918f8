"""The end of a SELECT is found, and another order in its place gives the rows in that order."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.engine.model import OrderedSelect
from aggregator.engine.sqlite.dialect import SqliteDialect, ordered_select

END = "\nLIMIT :limit OFFSET :offset"
SORTED = """SELECT t.id, t.a, t.b AS c, (SELECT max(u.a) FROM t AS u ORDER BY u.b LIMIT 1) AS d
FROM t ORDER BY -- as the file says
    coalesce(t.b, 'm', ',') DESC, "t" . [A] collate nocase nulls last /* , */, 'it''s',
    (SELECT count(*) FROM t AS u WHERE u.id < t.id ORDER BY 1, 1 LIMIT 1) DESC, T.Id -- unique"""

ordered = SqliteDialect().ordered


def taken_apart(sql: str) -> OrderedSelect:
    found = ordered_select(sql)
    assert found is not None
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from("aAbBz,'")), max_size=8),
    st.integers(1, 9),
    st.integers(0, 5),
    st.sampled_from(["1 DESC", "3 ASC NULLS LAST, 1", "2 DESC NULLS LAST, 1"]),
)
def test_a_page_has_the_rows_of_the_authors_sql(
    rows: list[tuple[object, ...]], limit: int, offset: int, order: str
) -> None:
    select = taken_apart(SORTED + END)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)")
        connection.executemany("INSERT INTO t (a, b) VALUES (?, ?)", rows)

        def rows_of(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql, {"limit": limit, "offset": offset}).fetchall()

        assert rows_of(f"{ordered(select, select.order)}\n{select.limit}") == rows_of(SORTED + END)
        assert rows_of(ordered(select, select.order)) == rows_of(SORTED)
        assert rows_of(ordered(select, order)) == rows_of(f"SELECT * FROM (\n{SORTED}\n) ORDER BY {order}")
        assert rows_of(select.count) == [(len(rows),)]


def test_the_terms() -> None:
    expected = [("", "desc"), ("", "asc"), ("it's", "asc"), ("", "desc"), ("id", "asc")]
    assert taken_apart(SORTED).terms == taken_apart(SORTED + END).terms == expected
    terms = taken_apart('SELECT a FROM t ORDER BY "s" . [t] . `A b` desc nulls first, 1, -b, a').terms
    assert terms == [("a b", "desc"), ("1", "asc"), ("", "asc"), ("a", "asc")]


@pytest.mark.parametrize(
    ("sql", "limit", "is_page"),
    [
        ("SELECT 1 AS a ORDER BY 1 LIMIT 5", "LIMIT 5", False),
        ("SELECT 1 AS a ORDER BY 1 LIMIT :offset OFFSET :limit", "LIMIT :offset OFFSET :limit", False),
        (
            "SELECT 1 AS a order by 1 limit :limit -- x\noffset :offset",
            "limit :limit -- x\noffset :offset",
            True,
        ),
        ("SELECT 1 AS a UNION SELECT 2 ORDER BY 1", "", False),
    ],
)
def test_the_limit(sql: str, limit: str, is_page: bool) -> None:
    select = taken_apart(sql)
    assert (select.limit, select.is_page, select.order) == (limit, is_page, "1")


def test_an_index_serves_an_order_in_the_place_of_the_files() -> None:
    """Of rows that SQLite can find in their order, also through a WITH and a join, none are sorted."""
    sql = (
        "WITH w AS (SELECT t.id, t.a, u.b FROM t LEFT JOIN u ON u.id = t.a)\n"
        "SELECT w.id, w.b, w.a AS other FROM w ORDER BY w.b, w.id" + END
    )
    select = taken_apart(sql)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX t_a ON t (a);"
            "CREATE TABLE u (id INTEGER PRIMARY KEY, b TEXT);"
        )

        def steps(order: str) -> list[str]:
            text = f"EXPLAIN QUERY PLAN {ordered(select, order)}\n{select.limit}"
            return [step[3] for step in connection.execute(text, {"limit": 1, "offset": 0})]

        assert "USE TEMP B-TREE FOR ORDER BY" in steps(select.order)
        for order in ("3 ASC NULLS LAST, 1", "3 DESC NULLS LAST, 1 DESC"):
            assert steps(order)[0] == "SCAN t USING COVERING INDEX t_a"
            assert not any("TEMP B-TREE" in step for step in steps(order))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT row_number() OVER (ORDER BY 1) AS a LIMIT :limit OFFSET :offset",
        "SELECT * FROM (SELECT 1 AS a ORDER BY 1)",
        "SELECT 1 AS a -- ORDER BY 1",
        "SELECT 'ORDER BY 1' AS a",
        "LIMIT :limit OFFSET :offset",
        "",
    ],
)
def test_what_has_no_order_at_its_end(sql: str) -> None:
    assert ordered_select(sql) is None
