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
