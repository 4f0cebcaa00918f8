"""SQLite's own plan of a statement (https://sqlite.org/eqp.html), and which large tables it reads whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Set
from functools import cache

from pydantic import Field

from aggregator.databases.connection import ReadOnlyConnection, SqlValue, quoted
from aggregator.databases.inspection import TableName
from aggregator.databases.overview import table_size
from aggregator.databases.table_names import aliases
from aggregator.documents import Document

LARGE_TABLE_ROWS = 10_000
"""A table with more rows is warned of when all of them are read."""

READS = re.compile(
    r"(?:SCAN|(?P<search>SEARCH)) (?P<name>.+?)(?: EXISTS)?"
    r"(?: USING (?:(?P<automatic>AUTOMATIC) .+?|(?:INTEGER )?PRIMARY KEY"
    r"|(?:COVERING )?INDEX (?P<index>.+?)))?"
    r"(?(search)(?: \((?:[^()]|ANY\([^()]*\))*\))?)(?: EXISTS| LEFT-JOIN)*"
)
_MAKES = re.compile(r"(?:CO-ROUTINE|MATERIALIZE) (.+)")


class PlanStep(Document):
    """One step of a plan, with the steps that belong to it."""

    detail: str = Field(description="SQLite's own text")
    table: str | None = Field(description="The table that is read, where that is certain")
    index: str | None = Field(description="The index that is used")
    warning: str | None = Field(description="That a large table is read whole")
    children: list[PlanStep]


def explain(connection: ReadOnlyConnection, sql: str, values: Mapping[str, SqlValue]) -> list[PlanStep]:
    """The plan of a SELECT for these values, as a tree; the SELECT is not run. Raises apsw.Error."""
    details: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        details[parent].append((number, detail))
    made = {
        match[1] for steps in details.values() for _, detail in steps if (match := _MAKES.fullmatch(detail))
    }
    tables = _Tables(connection, sql, made)

    def steps_under(parent: int) -> list[PlanStep]:
        return [_step(detail, tables, steps_under(number)) for number, detail in details[parent]]

    return steps_under(0)


def _step(detail: str, tables: _Tables, children: list[PlanStep]) -> PlanStep:
    reads = READS.fullmatch(detail)
    index = reads["index"] if reads is not None else None
    table = tables.named(reads["name"], index) if reads is not None else None
    is_whole = reads is not None and (reads["search"] is None or reads["automatic"] is not None)
    return PlanStep(
        detail=detail,
        table=".".join(table) if table is not None else None,
        index=index,
        warning=tables.warning(table) if table is not None and is_whole else None,
        children=children,
    )


class _Tables:
    """The tables that the steps of a plan read; None where it is not certain which one that is.

    made: the names of what is no table: subqueries and common table expressions.
    """

    def __init__(self, connection: ReadOnlyConnection, sql: str, made: Set[str]) -> None:
        self._connection = connection
        self._made = made
        self._schemas_with = cache(self._find_schemas)
        schemas = {file.schema.lower(): file.schema for file in connection.files}
        self._aliases = aliases(sql, schemas, self._schemas_with)

    def named(self, name: str, index: str | None) -> TableName | None:
        """The table that a plan calls so; a name that is not in the SQL may stand in a view."""
        if name in self._made and index is None:
            return None
        schema, _, table = name.rpartition(".")
        candidates = self._aliases.get(name.lower()) or {
            (each, table) for each in self._schemas_with(table) if schema in ("", each)
        }
        found = {each for each in candidates if each[0] in self._schemas_with(each[1], index)}
        return found.pop() if len(found) == 1 else None

    def warning(self, table: TableName) -> str | None:
        """That all rows of the table are read, when there are many."""
        size, name = table_size(self._connection, table), ".".join(table)
        if size.rows <= LARGE_TABLE_ROWS:
            return None
        if size.is_exact:
            return f"Reads all {size.rows:,} rows of {name}."
        return f"Reads all rows of {name}, about {size.rows:,}."

    def _find_schemas(self, table: str, index: str | None = None) -> tuple[str, ...]:
        """The schemas that have an ordinary table of this name, with an index of that name."""
        sql = (
            "SELECT count(*) FROM {}.sqlite_schema WHERE rootpage > 0 "
            "AND tbl_name = ? COLLATE NOCASE AND name = ? COLLATE NOCASE"
        )
        return tuple(
            file.schema
            for file in self._connection.files
            if self._connection.execute(sql.format(quoted(file.schema)), (table, index or table)).get
        )
