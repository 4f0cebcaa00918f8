"""Which parameter an error is about that SQLite raises while it runs; the errors are SQLite's own."""

from collections.abc import Iterator

import apsw
import pytest

from aggregator.engine.sqlite.runtime_errors import refusal, suspects

SCHEMA = """
CREATE VIRTUAL TABLE docs USING fts5(title, body);
INSERT INTO docs VALUES ('chat', 'send');
CREATE TABLE notes (note_id INTEGER PRIMARY KEY, data TEXT, n INT);
INSERT INTO notes VALUES (1, '{"a": 1}', 2);
"""
LOWEST = -(2**63)


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    yield connection
    connection.close()


FTS = "SELECT title FROM docs WHERE docs MATCH :q"


@pytest.mark.parametrize(
    ("sql", "refused", "values"),
    [
        (FTS, ["q"], {"q": "chat-send"}),
        (FTS, ["q"], {"q": "grammar::fa"}),
        (FTS, ["q"], {"q": "20.04"}),
        (FTS, ["q"], {"q": "don't"}),
        (FTS, ["q"], {"q": '"foo'}),
        (FTS, ["q"], {"q": "*"}),
        (f"{FTS} AND abs(:n) >= 0", ["q"], {"q": "^", "n": 1}),
        (f"{FTS} AND abs(:n) >= 0", ["n"], {"q": "chat", "n": LOWEST}),
        ("SELECT title FROM docs WHERE docs MATCH 'title:' || :q", ["q"], {"q": ")"}),
        ("SELECT title FROM docs WHERE docs = :q AND title <> :t", ["q"], {"q": "20.04", "t": None}),
        ("SELECT title FROM docs(:q) WHERE title <> :t", ["q"], {"q": "a b OR", "t": "x"}),
        ("WITH p (q) AS (SELECT :q) SELECT title FROM docs, p WHERE docs MATCH q", ["q"], {"q": "20.04"}),
        ("SELECT value FROM json_each(:j)", ["j"], {"j": "{bad"}),
        ("SELECT json_extract(data, :path) FROM notes WHERE note_id = :id", ["path"], {"path": "a", "id": 1}),
        ("SELECT :j -> '$.a', :n + 1", ["j"], {"j": "{bad", "n": 1}),
        ("SELECT data ->> :path FROM notes WHERE n = :n", ["path"], {"path": "$a", "n": 2}),
        ("SELECT abs(coalesce(:n, 0) * 1)", ["n"], {"n": LOWEST}),
        ("SELECT 1 FROM notes WHERE n = (SELECT max(abs(:n)) WHERE :m)", ["n"], {"n": LOWEST, "m": 1}),
        ("SELECT abs(:n), json(:j)", ["n"], {"n": LOWEST, "j": "[1]"}),
        ("SELECT json(:j), abs(:n)", ["j"], {"n": LOWEST, "j": "[1"}),
        ("SELECT zeroblob(:n)", ["n"], {"n": 2**40}),
        ("SELECT 1 FROM notes LIMIT :most", ["most"], {"most": "x"}),
        ("SELECT 1 FROM notes WHERE data LIKE '%' ESCAPE :e AND n <> :n", ["e"], {"e": "xx", "n": 1}),
        ("SELECT ntile(:n) OVER () FROM notes WHERE n <> :m", ["n"], {"n": 0, "m": 7}),
        ("SELECT sum(n) OVER (ROWS :n PRECEDING) FROM notes", ["n"], {"n": -1}),
        ("INSERT INTO notes (note_id, data) VALUES (:id, json(:j))", ["j"], {"id": 5, "j": "{"}),
        # Either can be meant.
        ("SELECT json_set(:j, :path, 1)", ["j", "path"], {"j": "{}", "path": "x"}),
        # It is the data that is refused.
        ("SELECT abs(n - 2 + -9223372036854775808) FROM notes WHERE note_id = :id", [], {"id": 1}),
        ("SELECT json(lower(:word) || data) FROM notes", ["word"], {"word": "x"}),
        ("SELECT json('x' || data) FROM notes WHERE lower(data) <> lower(:word)", [], {"word": "x"}),
    ],
)
def test_the_parameter_that_sqlite_refuses(
    connection: apsw.Connection, sql: str, refused: list[str], values: dict[str, object]
) -> None:
    with pytest.raises(apsw.Error) as raised:
        connection.execute(sql, values).fetchall()
    error = refusal(raised.value, sql, values)  # type: ignore[arg-type]
    assert ([each.parameter for each in error.errors] if error is not None else []) == refused
    for each in error.errors if error is not None else ():
        assert str(raised.value) in each.message
        assert each.given == str(values[each.parameter])


def test_a_lock_or_a_damaged_file_is_no_value() -> None:
    assert refusal(apsw.BusyError("database is locked"), "SELECT abs(:n)", {"n": 1}) is None
    assert refusal(apsw.CorruptError("malformed"), "SELECT abs(:n)", {"n": 1}) is None


def test_words_in_literals_and_comments_are_no_sql() -> None:
    sql = "SELECT 'MATCH :x', abs(/* :y */ 1) -- abs(:z)\nWHERE :w"
    assert suspects(sql, "integer overflow") == []
