"""The SQL of a page is cut from the author's, and sorts as the author's does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.databases.paging import NoPages, paging_of

END = "\nLIMIT :limit OFFSET :offset"
SORTED = """SELECT t.id, t.a, t.b AS c, (SELECT max(u.a) FROM t AS u ORDER BY u.b LIMIT 1) AS d
FROM t ORDER BY -- as was asked
    CASE WHEN :sort = 'a.asc' THEN t.a END,
    CASE WHEN :sort = 'a.desc' THEN t.a END DESC NULLS LAST,
    case when :sort in ('b.desc', 'it''s') then coalesce(t.b, 'm', ',') || t.a end DESC,
    CASE WHEN :sort = 'c' THEN c END DESC,
    CASE WHEN :sort = 'comment' THEN t.a + t.id -- of both
    END DESC,
    CASE WHEN :sort = '1' THEN 1 END DESC,
    CASE WHEN :sort = 'nocase' THEN t.b END COLLATE NOCASE,
    CASE WHEN :sort = 'else' THEN t.a ELSE t.b END,
    CASE WHEN :sort = 'case' THEN CASE WHEN t.a > 1 THEN t.b END END,
    CASE :sort WHEN 'form' THEN t.b END DESC,
    t.id"""
SORTS = [
    "a.asc",
    "a.desc",
    "b.desc",
    "it's",
    "c",
    "1",
    "nocase",
    "else",
    "case",
    "comment",
    "form",
    "none",
    None,
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from("aAbBz,'")), max_size=8),
    st.sampled_from(SORTS),
    st.integers(1, 9),
    st.integers(0, 5),
)
def test_a_page_has_the_rows_of_the_authors_sql(
    rows: list[tuple[object, ...]], sort: str | None, limit: int, offset: int
) -> None:
    arguments = {"sort": sort, "limit": limit, "offset": offset}
    paging = paging_of(SORTED + END)
    sorting = paging.sorting(arguments)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)")
        connection.executemany("INSERT INTO t (a, b) VALUES (?, ?)", rows)

        def rows_of(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql, arguments).fetchall()

        assert rows_of(paging.sql(sorting, is_whole=False)) == rows_of(SORTED + END)
        assert rows_of(paging.sql(sorting, is_whole=True)) == rows_of(SORTED)[offset:]
        assert rows_of(paging.count) == [(len(rows),)]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("a.desc", "(t.a) DESC NULLS LAST, t.id"),
        ("it's", "(coalesce(t.b, 'm', ',') || t.a) DESC, t.id"),
        # A name alone would be that of a column of the result.
        ("c", "CASE WHEN :sort = 'c' THEN c END DESC, t.id"),
        ("nothing", "t.id"),
    ],
)
def test_only_what_counts_is_sorted_by(sort: str, order: str) -> None:
    paging = paging_of(SORTED + END)
    plain = [text for text in paging.sorting({"sort": sort}) if not text.startswith("CASE :sort")]
    plain = [text for text in plain if "-- of both" not in text]
    simple = [text for text in plain if "nocase" not in text and "ELSE" not in text and "'case'" not in text]
    assert ", ".join(simple) == order


def test_an_index_serves_what_was_asked() -> None:
    paging = paging_of("SELECT t.a FROM t ORDER BY CASE WHEN :sort = 'a' THEN t.a END DESC, t.id DESC" + END)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX t_a ON t (a);")
        sql = "EXPLAIN QUERY PLAN " + paging.sql(paging.sorting({"sort": "a"}), is_whole=False)
        plan = connection.execute(sql, {"limit": 1, "offset": 0}).fetchall()
    assert [step[3] for step in plan] == ["SCAN t USING COVERING INDEX t_a"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT 1 AS a ORDER BY 1 LIMIT 5", "must end in LIMIT :limit OFFSET :offset"),
        ("SELECT 1 AS a ORDER BY 1 LIMIT :offset OFFSET :limit", "must end in LIMIT :limit OFFSET :offset"),
        ("SELECT row_number() OVER (ORDER BY 1) AS a LIMIT :limit OFFSET :offset", "must have an ORDER BY"),
        ("LIMIT :limit OFFSET :offset", "must have an ORDER BY"),
    ],
)
def test_what_is_no_page(sql: str, why: str) -> None:
    with pytest.raises(NoPages, match=why):
        paging_of(sql)
