"""The SQL that the service puts around an author's SELECT, in SQLite's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from aggregator.engine.base import Dialect
from aggregator.engine.model import OrderedSelect, SqlValue, Statement
from aggregator.engine.sqlite.cell_sql import money_text
from aggregator.engine.sqlite.connection import literal
from aggregator.engine.sqlite.explain import WRAPPER
from aggregator.engine.sqlite.row_sql import row_sql
from aggregator.engine.sqlite.tokens import Token, code
from aggregator.values.columns import Column
from aggregator.values.rows import RowKind

_PARTS = 4
"""What is asked of a column: other values than numbers, integers in two halves, fractions.

A sum of 64-bit integers may need more than 64 bits; that of each half of them does not.
"""


class SqliteDialect(Dialect):
    """The Dialect of SQLite."""

    def rows_as_text(self, statement: Statement, row: RowKind) -> str:
        """The SELECT with each row as one BLOB of text.

        The inner LIMIT and the outer WHERE keep SQLite from merging the two
        (https://sqlite.org/optoverview.html#flattening), so that each value is computed once, rows
        still flow one by one, and the order stays. Columns that come straight from a table need no
        such fence.
        """
        names, text = _names(statement.columns), f"CAST({row_sql(row)} AS BLOB)"
        if all(column.storage is not None for column in statement.columns):
            return f'WITH "{WRAPPER}"({names}) AS (\n{statement.sql}\n)\nSELECT {text} FROM "{WRAPPER}"'
        return (
            f'WITH "{WRAPPER}"({names}) AS (SELECT * FROM (\n{statement.sql}\n) LIMIT -1)\n'
            f'SELECT {text} FROM "{WRAPPER}" WHERE true'
        )

    def ordered(self, select: OrderedSelect, order: str) -> str:
        return f"{select.unsorted}\nORDER BY {order}"

    def page(self, sql: str, limit: int, offset: int) -> str:
        return f"SELECT * FROM (\n{sql}\n) LIMIT {limit} OFFSET {offset}"

    def all_pages(self, sql: str) -> str:
        return f"{sql}\nLIMIT -1 OFFSET :offset"

    def order_terms(self, place: int, direction: str, then: int) -> str:
        return _term(str(place), direction) + (f", {then}" if then != place else "")

    def sort_for_reader(self, sql: str, columns: Sequence[Column], place: int, direction: str) -> str:
        # Rows are numbered: SQLite may leave out the ORDER BY of an inner SELECT when the outer one has one.
        column, names = columns[place - 1], _names(columns)
        is_amount = column.type == "money" and column.stored == "major"
        key = f"CAST({column.sql} AS REAL)" if is_amount else f"{column.sql} COLLATE NOCASE"
        return (
            f'WITH "the file"({names}) AS (\n{sql}\n)\n'
            f'SELECT {names} FROM (SELECT *, row_number() OVER () AS place FROM "the file")\n'
            f"ORDER BY {_term(key, direction)}, place"
        )

    def totals(self, sql: str, columns: Sequence[Column]) -> str:
        parts = ", ".join(["count(*)", *(part for column in _summed(columns) for part in _parts(column))])
        return f'WITH "the rows"({_names(columns)}) AS (\n{sql}\n)\nSELECT {parts} FROM "the rows"'

    def read_totals(self, row: Sequence[SqlValue], columns: Sequence[Column]) -> tuple[int, dict[str, str]]:
        count, *parts = row
        sums = {}
        for place, column in enumerate(_summed(columns)):
            others, high, low, fractions = parts[place * _PARTS : (place + 1) * _PARTS]
            if others == 0 and (high is not None or fractions is not None):
                sums[column.name] = _total(column, int(high or 0), int(low or 0), fractions)
        return int(str(count)), sums

    def choice_by_text(self, statement: Statement) -> str:
        return (
            f'WITH "the choices"({_names(statement.columns)}) AS (\n{statement.sql}\n)\n'
            f'SELECT c0 FROM "the choices" WHERE CAST(c0 AS TEXT) = ?1 LIMIT 1'
        )

    def present_choices(self, statement: Statement) -> str:
        names = _names(statement.columns)
        return (
            f'WITH "the choices"({names}) AS (SELECT * FROM (\n{statement.sql}\n) LIMIT -1)\n'
            f'SELECT c0 FROM "the choices" WHERE c0 IS NOT NULL'
        )

    def example(self, schema: str = "", table: str = "") -> str:
        return f"SELECT *\nFROM {literal(schema)}.{literal(table)}" if table else "SELECT 'Hello' AS greeting"


def _term(key: str, direction: str) -> str:
    return f"{key} {direction.upper()} NULLS LAST"


def _names(columns: Sequence[object]) -> str:
    return ", ".join(f"c{position}" for position in range(len(columns)))


def _summed(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.is_summed]


def _parts(column: Column) -> Iterator[str]:
    value = column.sql
    if column.type == "money" and column.stored == "major":
        # The sum of what is shown, not of what is stored.
        units = f"CAST(replace({money_text(column, refused='NULL')}, '.', '') AS INTEGER)"
        yield from (f"count({value}) - count({units})", f"sum({units} >> 32)")
        yield from (f"sum({units} & 4294967295)", "NULL")
        return
    if column.storage == "integer":
        yield from ("0", f"sum({value} >> 32)", f"sum({value} & 4294967295)", "NULL")
        return
    integer = f"CASE typeof({value}) WHEN 'integer' THEN {value}"
    yield f"count(*) FILTER (WHERE typeof({value}) IN ('text', 'blob'))"
    yield f"sum({integer} >> 32 END)"
    yield f"sum({integer} & 4294967295 END)"
    yield f"sum(CASE typeof({value}) WHEN 'real' THEN {value} END)"


def _total(column: Column, high: int, low: int, fractions: SqlValue) -> str:
    whole = (high << 32) + low
    if column.type == "money":
        return f"{Decimal(whole).scaleb(-column.digits):f}"
    return str(whole) if fractions is None else f"{whole + float(str(fractions)):.15g}"


_PAGE = "limit :limit offset :offset"


def ordered_select(sql: str) -> OrderedSelect | None:
    """Take a statement without a closing semicolon apart; None when it does not end in an ORDER BY.

    An ORDER BY in brackets belongs to a subquery, a window or an aggregate. A request's order is written in
    place of the file's and not around it, so that an index can serve it.
    """
    words = code(sql)
    outer = _outside_brackets(words)
    starts = [at for at, after in pairwise(outer) if (words[at].name, words[after].name) == ("order", "by")]
    if not starts:
        return None
    first = starts[-1] + 2
    end = next((at for at in outer if at >= first and words[at].name == "limit"), len(words))
    bounds = [first - 1, *(at for at in outer if first <= at < end and words[at].text == ","), end]
    order, limit = (sql[words[at].start :] if at < len(words) else "" for at in (first, end))
    terms = [_order_term(words[before + 1 : after]) for before, after in pairwise(bounds)]
    unsorted = sql[: words[starts[-1]].start].rstrip()
    is_page = " ".join(token.text.lower() for token in code(limit)) == _PAGE
    count = f"SELECT count(*) FROM (\n{unsorted}\n)"
    return OrderedSelect(unsorted, order.removesuffix(limit).rstrip(), limit, terms, count, is_page)


def _order_term(words: Sequence[Token]) -> tuple[str, str]:
    names = [word.name or word.text for word in words]
    key = [name for name in names if name not in ("asc", "desc", "nulls", "first", "last")]
    return "" if {*key[1::2]} - {"."} else key[-1], "desc" if "desc" in names else "asc"


def _outside_brackets(words: Sequence[Token]) -> list[int]:
    """The places of the words that stand in no brackets."""
    depth, places = 0, []
    for place, word in enumerate(words):
        depth -= word.text == ")"
        if depth == 0 and word.text not in "()":
            places.append(place)
        depth += word.text == "("
    return places
