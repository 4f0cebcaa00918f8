"""The SQL that is run: the author's SELECT with the writing of its rows around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.databases.inspection import Statement
from aggregator.formats import PLAN, Format, Writer
from aggregator.formats.shapes import Page
from aggregator.reports.report import Report

WRAPPER = "the report"
"""What the author's SELECT is called in the plan of the SQL that is run."""


PAGE_ROWS = 100
"""On one page of a report whose SQL has no pages of its own."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """The reader's own order. place: of the column, from 1; is_amount: whether its texts are numbers."""

    place: int
    is_descending: bool = False
    is_amount: bool = False

    @property
    def term(self) -> str:
        """For ORDER BY: small and capital letters alike, what is not there last."""
        return f"{self.place} COLLATE NOCASE {self._way}"

    @property
    def term_of_names(self) -> str:
        """The same where the columns are called c0, c1, …."""
        return f"CAST(c{self.place - 1} AS REAL) {self._way}" if self.is_amount else self.term

    @property
    def _way(self) -> str:
        return f"{'DESC' if self.is_descending else 'ASC'} NULLS LAST"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The writer of a report's rows in a format, and the SQL that gives it each row as one BLOB.

    count_sql: of a page, how many rows all pages have.
    """

    writer: Writer
    sql: str
    count_sql: str | None


@lru_cache(maxsize=1_000)
def prepared(
    report: Report,
    format: Format,
    is_whole: bool = False,
    sorting: tuple[str, ...] = (),
    sorted_by: Sorting | None = None,
    page: int = 0,
) -> Prepared:
    """What is run for a report. Of one in pages, is_whole: all rows; sorting: the terms of its ORDER BY.

    sorted_by: the reader's order, which goes before the file's; page: of one without pages, 0 for all rows.
    """
    statement, paging = report.statement, report.paging
    if paging is not None:
        terms = (sorted_by.term, *sorting) if sorted_by is not None else sorting
        statement = replace(statement, sql=paging.sql(terms, is_whole=is_whole))
    else:
        statement = replace(statement, sql=_part(statement, sorted_by, page))
    writer = format.writer(report.columns, report.endpoint.sheet)
    is_page = paging is not None and (isinstance(format.writer, Page) or format == PLAN)
    return Prepared(
        writer, rows_as_text(statement, writer.row_sql), paging.count if paging and is_page else None
    )


def _part(statement: Statement, sorted_by: Sorting | None, page: int) -> str:
    """The SELECT in the reader's order, and one page of it.

    Equal rows keep the order of the file by their numbers in it: SQLite may leave out the ORDER BY of an
    inner SELECT when the outer one has another.
    """
    sql = statement.sql
    if sorted_by is not None:
        names = _names(statement)
        sql = (
            f'WITH "the file"({names}) AS (\n{sql}\n)\n'
            f'SELECT {names} FROM (SELECT *, row_number() OVER () AS place FROM "the file")\n'
            f"ORDER BY {sorted_by.term_of_names}, place"
        )
    if page:
        sql = f"SELECT * FROM (\n{sql}\n) LIMIT {PAGE_ROWS} OFFSET {(page - 1) * PAGE_ROWS}"
    return sql


def unsorted_sql(report: Report) -> str:
    """The SELECT of all rows of all pages, in any order."""
    return report.paging.unsorted if report.paging is not None else report.statement.sql


def rows_as_text(statement: Statement, row_sql: str) -> str:
    """The SELECT with each row as one BLOB of text, which `row_sql` makes of the columns c0, c1, ….

    The inner LIMIT and the outer WHERE keep SQLite from merging the two
    (https://sqlite.org/optoverview.html#flattening), so that each value is computed once, rows
    still flow one by one, and the order stays. Columns that come straight from a table need no
    such fence.
    """
    names = _names(statement)
    if all(column.storage is not None for column in statement.columns):
        return (
            f'WITH "{WRAPPER}"({names}) AS (\n{statement.sql}\n)\n'
            f'SELECT CAST({row_sql} AS BLOB) FROM "{WRAPPER}"'
        )
    return (
        f'WITH "{WRAPPER}"({names}) AS (SELECT * FROM (\n{statement.sql}\n) LIMIT -1)\n'
        f'SELECT CAST({row_sql} AS BLOB) FROM "{WRAPPER}" WHERE true'
    )


def choice_by_text(statement: Statement) -> str:
    """The SELECT of the one choice whose text is the first parameter."""
    return (
        f'WITH "the choices"({_names(statement)}) AS (\n{statement.sql}\n)\n'
        f'SELECT c0 FROM "the choices" WHERE CAST(c0 AS TEXT) = ?1 LIMIT 1'
    )


def _names(statement: Statement) -> str:
    return ", ".join(f"c{position}" for position in range(len(statement.columns)))
