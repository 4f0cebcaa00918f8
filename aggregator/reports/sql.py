"""The SQL that is run: the author's SELECT with the writing of its rows around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.databases.inspection import Statement
from aggregator.databases.paging import OrderedSelect
from aggregator.formats import PLAN, Format, Writer
from aggregator.formats.shapes import Page
from aggregator.reports.report import Report

WRAPPER = "the report"
"""What the author's SELECT is called in the plan of the SQL that is run."""


PAGE_ROWS = 100
"""On one page of a report whose SQL has no pages of its own."""


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
    report: Report, format: Format, is_whole: bool = False, sort: str | None = None, page: int = 0
) -> Prepared:
    """What is run for a report. Of one in pages, is_whole: all rows.

    sort: a column and its direction, `name.desc`, or None for the file's order; page: of a report without
    pages, 0 for all rows.
    """
    sql = _ordered(report, sort, is_whole)
    if page:
        sql = f"SELECT * FROM (\n{sql}\n) LIMIT {PAGE_ROWS} OFFSET {(page - 1) * PAGE_ROWS}"
    statement, paging = replace(report.statement, sql=sql), report.paging
    writer = format.writer(report.columns, report.endpoint.sheet)
    is_page = paging is not None and (isinstance(format.writer, Page) or format == PLAN)
    return Prepared(
        writer, rows_as_text(statement, writer.row_sql), paging.count if paging and is_page else None
    )


def _ordered(report: Report, sort: str | None, is_whole: bool) -> str:
    """The SELECT in an order, with its LIMIT."""
    select = report.ordered
    sql = report.statement.sql if select is None else select.sql(_order(report, select, sort))
    if sort is not None and "sort" not in report.header.params:
        sql = _ordered_by_any(report, sort, sql)
    return sql if select is None else f"{sql}\n{'LIMIT -1 OFFSET :offset' if is_whole else select.limit}"


def _order(report: Report, select: OrderedSelect, sort: str | None) -> str:
    """The terms of the ORDER BY: columns of the header as SQLite compares them, so an index can serve."""
    spec = report.header.sort
    if spec is None or sort is None or sort == spec.default:
        return select.order
    (place, direction), (then, _) = _place(report, sort), _place(report, f"{spec.then}.asc")
    return f"{place} {direction}" + (f", {then}" if then != place else "")


def _ordered_by_any(report: Report, sort: str, sql: str) -> str:
    """Sorted for a reader: small and capital letters alike, texts of amounts as numbers.

    Equal rows keep the order of the file by their numbers in it: SQLite may leave out the ORDER BY of an
    inner SELECT when the outer one has another.
    """
    place, direction = _place(report, sort)
    column, names = report.columns[place - 1], _names(report.statement)
    is_amount = column.type == "money" and column.stored == "major"
    key = f"CAST({column.sql} AS REAL)" if is_amount else f"{column.sql} COLLATE NOCASE"
    return (
        f'WITH "the file"({names}) AS (\n{sql}\n)\n'
        f'SELECT {names} FROM (SELECT *, row_number() OVER () AS place FROM "the file")\n'
        f"ORDER BY {key} {direction}, place"
    )


def _place(report: Report, sort: str) -> tuple[int, str]:
    """The place of a column, from 1, and the direction; NULL comes last."""
    name, _, direction = sort.rpartition(".")
    return [each.name for each in report.columns].index(name) + 1, f"{direction.upper()} NULLS LAST"


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
