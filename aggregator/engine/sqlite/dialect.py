"""The SQL that the service puts around an author's SELECT, in SQLite's dialect."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.engine.model import OrderedSelect, Statement
from aggregator.engine.sqlite.connection import literal
from aggregator.engine.sqlite.explain import WRAPPER
from aggregator.engine.sqlite.row_sql import row_sql
from aggregator.engine.sqlite.totals import read_totals, totals_sql
from aggregator.values.columns import Column
from aggregator.values.rows import RowKind


class SqliteDialect:
    """The Dialect of SQLite."""

    def rows_as_text(self, statement: Statement, row: RowKind) -> str:
        """As Dialect says.

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
        """As Dialect says."""
        return f"{select.unsorted}\nORDER BY {order}"

    def page(self, sql: str, limit: int, offset: int) -> str:
        """As Dialect says."""
        return f"SELECT * FROM (\n{sql}\n) LIMIT {limit} OFFSET {offset}"

    def all_pages(self, sql: str) -> str:
        """As Dialect says."""
        return f"{sql}\nLIMIT -1 OFFSET :offset"

    def order_terms(self, place: int, direction: str, then: int) -> str:
        """As Dialect says."""
        return _term(str(place), direction) + (f", {then}" if then != place else "")

    def sort_for_reader(self, sql: str, columns: Sequence[Column], place: int, direction: str) -> str:
        """As Dialect says.

        Rows are numbered because SQLite may leave out the ORDER BY of an inner SELECT when the outer one
        has another.
        """
        column, names = columns[place - 1], _names(columns)
        is_amount = column.type == "money" and column.stored == "major"
        key = f"CAST({column.sql} AS REAL)" if is_amount else f"{column.sql} COLLATE NOCASE"
        return (
            f'WITH "the file"({names}) AS (\n{sql}\n)\n'
            f'SELECT {names} FROM (SELECT *, row_number() OVER () AS place FROM "the file")\n'
            f"ORDER BY {_term(key, direction)}, place"
        )

    totals = staticmethod(totals_sql)
    read_totals = staticmethod(read_totals)

    def choice_by_text(self, statement: Statement) -> str:
        """As Dialect says."""
        return (
            f'WITH "the choices"({_names(statement.columns)}) AS (\n{statement.sql}\n)\n'
            f'SELECT c0 FROM "the choices" WHERE CAST(c0 AS TEXT) = ?1 LIMIT 1'
        )

    def present_choices(self, statement: Statement) -> str:
        """As Dialect says."""
        names = _names(statement.columns)
        return (
            f'WITH "the choices"({names}) AS (SELECT * FROM (\n{statement.sql}\n) LIMIT -1)\n'
            f'SELECT c0 FROM "the choices" WHERE c0 IS NOT NULL'
        )

    def example(self, schema: str = "", table: str = "") -> str:
        """As Dialect says."""
        return f"SELECT *\nFROM {literal(schema)}.{literal(table)}" if table else "SELECT 'Hello' AS greeting"


def _term(key: str, direction: str) -> str:
    return f"{key} {direction.upper()} NULLS LAST"


def _names(columns: Sequence[object]) -> str:
    return ", ".join(f"c{position}" for position in range(len(columns)))
