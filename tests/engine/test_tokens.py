"""The words of SQL text: comments and literals hide what is in them."""

import time

import apsw
import apsw.ext
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.engine.sqlite.connection import literal
from aggregator.engine.sqlite.tokens import code, compared, line_of_table, parameters, tokens

EVERYWHERE = """SELECT ':a', "b:c", [d:e], `f:g`, :h -- :i
/* :j
:k */, @l, $m::n, ?, ?12, 'it''s :o', "p"":q",
x ->> '$.y', 1.5e3, :é, :r$1"""


def test_parameters_and_where_they_stand() -> None:
    assert [(token.text, token.line) for token in parameters(EVERYWHERE)] == [
        (":h", 1),
        ("@l", 3),
        ("$m::n", 3),
        ("?", 3),
        ("?12", 3),
        (":é", 4),
        (":r$1", 4),
    ]


def test_sqlite_finds_the_same_parameters() -> None:
    sql = EVERYWHERE.replace("x ->>", "'{}' ->>").replace("[d:e], `f:g`, ", "").replace('"b:c", ', "")
    sql = sql.replace('"p"":q",', "")
    names = apsw.ext.query_info(apsw.Connection(":memory:"), sql).bindings_names
    # SQLite numbers `?` itself and knows each parameter once, without its first sign.
    assert [name for name in names if name] == ["h", "l", "m::n", "12", "é", "r$1"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", []),
        (" ;; -- x\n /* ; */ ;", []),
        ("; SELECT 1;", ["SELECT", "1", ";"]),
        ("-- a\nSELECT/* b */1", ["SELECT", "1"]),
        ("SELECT ';' ; --", ["SELECT", "';'", ";"]),
        ("SELECT 1 /* open", ["SELECT", "1"]),
        ("SELECT 'open", ["SELECT", "'", "open"]),
        ("a-b--c", ["a", "-", "b"]),
        ("a/b", ["a", "/", "b"]),
        ("größe.€", ["größe", ".", "€"]),
    ],
)
def test_code(sql: str, words: list[str]) -> None:
    assert [token.text for token in code(sql)] == words


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("Orders", "orders"),
        ('"Order ""Lines"""', 'order "lines"'),
        ("`a``b`", "a`b"),
        ("[a b]", "a b"),
        ("'it''s'", "it's"),
        ('""', ""),
        (".", None),
        (":a", None),
        ("-- a", None),
    ],
)
def test_names(sql: str, name: str | None) -> None:
    (token,) = tokens(sql)
    assert token.name == name


@pytest.mark.parametrize(
    ("sql", "table", "line"),
    [
        ("SELECT orders.x\nFROM a.orders", "a.orders", 2),
        ("SELECT x -- a.orders\n/* a.orders */\nFROM A . [Orders]", "a.orders", 3),
        ("SELECT orders.x\nFROM b.x\nJOIN orders", "orders", 3),
        ("SELECT x\nFROM 'orders'", "orders", 2),
        ("SELECT x", "orders", None),
        ("", "a.orders", None),
    ],
)
def test_the_line_of_a_table(sql: str, table: str, line: int | None) -> None:
    assert line_of_table(sql, table) == line


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("a IN (:x)", [":x"]),
        ("a NOT IN (1, :x)", [":x"]),
        ("a IN ((:x))", [":x"]),
        ("a IN (VALUES (:x), (:y))", [":x", ":y"]),
        ("a = :x OR :y <> a", [":x", ":y"]),
        ("a != :x", [":x"]),
        ("a BETWEEN :x AND 1", [":x"]),
        ("a LIKE :x", [":x"]),
        ("UPDATE t SET a = :x WHERE b = :y", [":y"]),
        ("a IN (SELECT value FROM json_each(:x))", []),
        ("a IN (lower(:x))", []),
        (":x IS NULL OR :y IS NOT NULL", []),
        (":x = '[]' AND '[]' == :y", []),
        ("SELECT :x AS x, json_array_length(:y) = 0", []),
        ("INSERT INTO t VALUES (:x)", []),
        (":x -> '$[0]' = 1 AND 1 = a ->> :y", []),
        ("'a IN (:x)' /* a = :x */", []),
        ("a IN (SELECT :x)", [":x"]),
        ("SELECT (SELECT :x), cast(:y AS INTEGER)", [":y"]),
    ],
)
def test_parameters_that_are_compared(sql: str, names: list[str]) -> None:
    assert [token.text for token in compared(sql)] == names


@pytest.mark.parametrize(
    "name", ["order_db", "größe_sqlite", "order", "2024-Q1 sales_db", 'a"b', "a$b", "", "_x", "2a"]
)
def test_an_identifier_has_the_quotes_that_sqlite_needs(name: str) -> None:
    connection = apsw.Connection(":memory:")
    assert connection.execute(f"SELECT 1 AS {literal(name)}").get_description()[0][0] == name
    is_plain = True
    try:
        connection.execute(f"CREATE TABLE {name} (a)")
    except apsw.SQLError:
        is_plain = False
    assert (literal(name) == name) == is_plain


SQL_SIGNS = st.text(st.sampled_from("ab1 .;:@$?'\"`[]-/*\n\té€\u2028"))


@given(SQL_SIGNS)
@example("/**/")
@example("/*/")
@example("'\n''\n'x")
def test_tokens_are_the_text_without_its_white_space(sql: str) -> None:
    found = list(tokens(sql))
    position = 0
    for token in found:
        start = sql.index(token.text, position)
        assert sql[position:start].strip(" \t\n") == ""
        assert token.line == 1 + sql.count("\n", 0, start)
        position = start + len(token.text)
    assert sql[position:].strip(" \t\n") == ""


def test_signs_that_are_not_closed_take_linear_time() -> None:
    started = time.process_time()
    for sign in ("[", "'", '"', "`", "/*"):
        assert list(tokens(sign * 300_001))
    # With a search for the end from each bracket, this takes minutes.
    assert time.process_time() - started < 5


@given(SQL_SIGNS)
@example("1 --\n:a")
@example("':a' || :a")
@example('1 ":a" /*:b*/')
@example(":1::")
@example(":::a")
def test_where_sqlite_understands_the_text_it_finds_the_same_parameters(text: str) -> None:
    sql = f"SELECT 1 AS x, {text}"
    try:
        details = apsw.ext.query_info(apsw.Connection(":memory:"), sql)
    except (apsw.Error, ValueError):
        return
    ours = {token.text[1:] for token in parameters(details.first_query)} - {""}
    assert ours == {name for name in details.bindings_names if name}
