"""Which SQL may hold one call of a function that takes minutes, as SQLite itself tells the functions."""

from __future__ import annotations

import apsw
import pytest

from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.prepare import prepare

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("expression", "harmless"),
    [
        (":a || 'x'", INFINITE),
        ("length(:a) + hex(:a)", INFINITE),
        ("zeroblob(:a)", INFINITE),
        (":a LIKE :b", 200),
        (":a NOT GLOB :b", 200),
        ("INSTR(:a, :b)", 200),
        ("replace(:a, 'x', :b)", 200),
        ("rtrim(:a, :b)", 200),
        ("instr(zeroblob(2 * :a), zeroblob(:a))", -1),
        ("printf('%*d', :a, 1) LIKE '%1'", -1),
        ("printf('%s %.*f', 'x', :a, 1.5) LIKE '%1'", -1),
        ("Format(:a, 1) LIKE '%1'", -1),
        ("printf('%' || :a || 'd', 1) LIKE '%1'", -1),
        ("printf('%1000000d', :a) LIKE '%1'", -1),
        ("printf('%05.2f', :a) LIKE '%1'", 200),
        ("format('%,d', :a) || printf('none') LIKE '%1'", 200),
    ],
)
def test_functions_of_a_statement(expression: str, harmless: float) -> None:
    connection = ReadOnlyConnection([], patience=0)
    try:
        statement, faults = prepare(f"SELECT {expression} AS value", connection, {})
    finally:
        connection.close()
    assert faults == []
    assert statement is not None
    assert statement.harmless_texts == harmless


@pytest.mark.parametrize("sql", [":a LIKE :b", "instr(:a, :b)", "trim(:a, :b)"])
def test_short_texts_are_harmless(sql: str) -> None:
    """A pattern of 200 characters at a cell of 100,000: a fraction of a second, uninterrupted."""
    connection = apsw.Connection(":memory:")
    values = {"a": "a" * 100_000, "b": "%" + "a" * 198 + "b"}
    began = connection.execute("SELECT julianday('now')").get
    connection.execute(f"SELECT {sql}", values).fetchall()
    assert (connection.execute("SELECT julianday('now')").get - began) * 86_400 < 2
