"""The SQL that is put around a report."""

from __future__ import annotations

import pytest

from aggregator.engine.sqlite.dialect import SqliteDialect


@pytest.mark.parametrize(
    ("place", "direction", "then", "terms"),
    [(2, "desc", 1, "2 DESC NULLS LAST, 1"), (2, "asc", 2, "2 ASC NULLS LAST")],
)
def test_the_column_that_parts_equal_rows_keeps_the_databases_order(
    place: int, direction: str, then: int, terms: str
) -> None:
    assert SqliteDialect().order_terms(place, direction, then) == terms


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        (("order_db", "orders"), "SELECT *\nFROM order_db.orders"),
        (("a-b_db", "order"), 'SELECT *\nFROM "a-b_db"."order"'),
        ((), "SELECT 'Hello' AS greeting"),
    ],
)
def test_an_example_selects_from_a_table_or_greets(table: tuple[str, ...], sql: str) -> None:
    assert SqliteDialect().example(*table) == sql
