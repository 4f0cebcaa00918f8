"""The SQL that is run: the author's SELECT with the writing of its rows around it."""

from __future__ import annotations

from aggregator.databases.inspection import Statement


def rows_as_text(statement: Statement, row_sql: str) -> str:
    """The SELECT with each row as one BLOB of text, which `row_sql` makes of the columns c0, c1, ….

    The inner LIMIT and the outer WHERE keep SQLite from merging the two
    (https://sqlite.org/optoverview.html#flattening), so that each value is computed once, rows
    still flow one by one, and the order stays.
    """
    return (
        f'WITH "the report"({_names(statement)}) AS (SELECT * FROM (\n{statement.sql}\n) LIMIT -1)\n'
        f'SELECT CAST({row_sql} AS BLOB) FROM "the report" WHERE true'
    )


def choice_by_text(statement: Statement) -> str:
    """The SELECT of the one choice whose text is the first parameter."""
    return (
        f'WITH "the choices"({_names(statement)}) AS (\n{statement.sql}\n)\n'
        f'SELECT c0 FROM "the choices" WHERE CAST(c0 AS TEXT) = ?1 LIMIT 1'
    )


def _names(statement: Statement) -> str:
    return ", ".join(f"c{position}" for position in range(len(statement.columns)))
