"""The SQL that is run: the author's SELECT with the writing of its rows around it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.engine.base import Dialect, Snapshot
from aggregator.engine.model import OrderedSelect, SqlValue, Statement
from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.formats.base import Writer, WriterFactory
from aggregator.sqlfile.parameters import Arguments

PAGE_ROWS = 100
"""On one page of a report whose SQL has no pages of its own."""


@dataclass(frozen=True, slots=True)
class Query:
    """The writer of a report's rows, and the SQL that gives it each row as one BLOB."""

    writer: Writer
    sql: str


@lru_cache(maxsize=1_000)
def query_of(
    report: ReadEndpoint,
    make_writer: WriterFactory,
    sort: str | None = None,
    all_pages: bool = False,
    page: int = 0,
) -> Query:
    """What is run for a report.

    sort: a column and its direction, `name.desc`, or None for the file's order; all_pages: of one in pages,
    all rows from its offset on; page: of one without pages, from 1, or 0 for all rows.
    """
    sql = _ordered(report, sort, all_pages)
    if page and report.paging is None:
        sql = report.dialect.page(sql, PAGE_ROWS, (page - 1) * PAGE_ROWS)
    writer = make_writer(report.columns, report.endpoint.sheet)
    return Query(writer, report.dialect.rows_as_text(replace(report.statement, sql=sql), writer.row))


def bindings(arguments: Arguments) -> dict[str, SqlValue]:
    """The arguments as SQL takes them; a list as the JSON array that `json_each` reads."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for name, value in arguments.items()
    }


def _ordered(report: ReadEndpoint, sort: str | None, all_pages: bool) -> str:
    """The SELECT in an order, with its LIMIT."""
    select, dialect = report.ordered, report.dialect
    sql = report.statement.sql if select is None else dialect.ordered(select, _order(report, select, sort))
    if sort is not None and "sort" not in report.header.params:
        place, direction = _sort_key(report, sort)
        sql = dialect.sort_for_reader(sql, report.columns, place, direction)
    if select is None:
        return sql
    return dialect.all_pages(sql) if all_pages else f"{sql}\n{select.limit}"


def _order(report: ReadEndpoint, select: OrderedSelect, sort: str | None) -> str:
    """The terms of the ORDER BY: columns as the database compares them, so an index can serve."""
    spec = report.header.sort
    if spec is None or sort is None or sort == spec.default:
        return select.order
    (place, direction), (then, _) = _sort_key(report, sort), _sort_key(report, f"{spec.then}.asc")
    return report.dialect.order_terms(place, direction, then)


def _sort_key(report: ReadEndpoint, sort: str) -> tuple[int, str]:
    """The place of a column, from 1, and `asc` or `desc`."""
    name, _, direction = sort.rpartition(".")
    return [each.name for each in report.columns].index(name) + 1, direction


def unsorted_sql(report: ReadEndpoint) -> str:
    """The SELECT of all rows of all pages, in any order."""
    return report.paging.unsorted if report.paging is not None else report.statement.sql


_MOST_OFFERED = 500
_MOST_CHOICES_SHOWN = 20


def chosen_values(snapshot: Snapshot, report: ReadEndpoint, arguments: Arguments) -> Arguments:
    """The arguments, each choice from the data replaced by the data's own value; raises InvalidParameters."""
    arguments = dict(arguments)
    for name, choices in report.choices.items():
        given = arguments.get(name)
        if isinstance(given, list):
            arguments[name] = [_choice(snapshot, report.dialect, name, text, choices) for text in given]
        elif given is not None:
            arguments[name] = _choice(snapshot, report.dialect, name, given, choices)
    return arguments


def list_choices(snapshot: Snapshot, report: ReadEndpoint) -> dict[str, list[str]]:
    """The first choices of each parameter, for a form."""
    return {
        name: _first(snapshot, report.dialect, choices, _MOST_OFFERED)
        for name, choices in report.choices.items()
    }


def _first(snapshot: Snapshot, dialect: Dialect, choices: Statement, most: int) -> list[str]:
    rows = snapshot.first(dialect.present_choices(choices), most=most)
    return [str(row[0]) for row in rows]


def _choice(
    snapshot: Snapshot, dialect: Dialect, name: str, text: object, choices: Statement
) -> int | float | str:
    rows = snapshot.first(dialect.choice_by_text(choices), (str(text),))
    if not rows:
        raise InvalidParameters([_not_a_choice(snapshot, dialect, name, str(text), choices)])
    value: int | float | str = rows[0][0]  # type: ignore[assignment]
    return value


def _not_a_choice(
    snapshot: Snapshot, dialect: Dialect, name: str, text: str, choices: Statement
) -> InvalidParameter:
    shown = _first(snapshot, dialect, choices, _MOST_CHOICES_SHOWN + 1)
    more = ", …" if len(shown) > _MOST_CHOICES_SHOWN else ""
    allowed = ", ".join(shown[:_MOST_CHOICES_SHOWN]) + more
    return InvalidParameter(
        name, text, f"must be one of {allowed}" if shown else "has no choices in the data"
    )
