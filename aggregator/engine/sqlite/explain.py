"""SQLite's own plan of a statement (https://sqlite.org/eqp.html), and which large tables it reads whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import pairwise

from aggregator.engine.model import PlanStep, SqlValue, TableName
from aggregator.engine.sqlite.connection import ReadOnlyConnection, quoted_name
from aggregator.engine.sqlite.schema import table_size
from aggregator.engine.sqlite.tokens import END, Token, code

WRAPPER = "the report"
"""What the author's SELECT is called in the SQL that is run."""

LARGE_TABLE_ROWS = 10_000
"""A table with more rows is warned of when all of them are read."""

READS = re.compile(
    r"(?:SCAN|(?P<search>SEARCH)) (?P<name>.+?)(?: EXISTS)?"
    r"(?: USING (?:(?P<automatic>AUTOMATIC) .+?|(?:INTEGER )?PRIMARY KEY"
    r"|(?:COVERING )?INDEX (?P<index>.+?)))?"
    r"(?(search)(?: \((?:[^()]|ANY\([^()]*\))*\))?)(?: EXISTS| LEFT-JOIN)*"
)

_MAKES = re.compile(r"(?:CO-ROUTINE|MATERIALIZE) (.+)")


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

    return [*_unwrapped(steps_under(0))]


def _unwrapped(steps: Sequence[PlanStep]) -> Iterator[PlanStep]:
    """The steps of the author's SELECT, without those around it that only write its rows."""
    for step in steps:
        if step.detail == f"CO-ROUTINE {WRAPPER}":
            yield from step.children
        elif step.detail != f"SCAN {WRAPPER}":
            yield step


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
            if self._connection.execute(sql.format(quoted_name(file.schema)), (table, index or table)).get
        )


_CLAUSES = {
    *("select", "from", "join", "where", "on", "group", "order", "limit", "having", "window", "values"),
    *("inner", "left", "right", "full", "cross", "natural", "union", "intersect", "except", "using"),
}

_BEFORE_A_TABLE = {"from", "join", ","}
_BEFORE_A_SCHEMA = {"from", "join", "into", "update", "ignore", "replace", "abort", "fail", "rollback"}


def aliases(
    sql: str, schemas: Mapping[str, str], schemas_with: Callable[[str], Sequence[str]] = lambda table: ()
) -> dict[str, set[TableName]]:
    """For each alias in small letters the tables that it may stand for: one alias may be used twice.

    schemas: their names by the same in small letters. schemas_with: those that have a table, for names
    without a schema.
    """
    words = code(sql)
    found: dict[str, set[TableName]] = {}
    for place, (schema, dot, table) in enumerate(zip(words, words[1:], words[2:], strict=False)):
        known = schemas.get(schema.name or "")
        if dot.text == "." and known is not None and table.name is not None:
            named = (known, _plain(table))
            for alias in (_alias(words, place + 2), f"{schema.name}.{table.name}"):
                found.setdefault(alias, set()).add(named)
    for place, (before, table) in enumerate(pairwise(words)):
        after = words[place + 2].text if place + 2 < len(words) else ""
        if before.text.lower() in _BEFORE_A_TABLE and table.name is not None and after not in (".", "("):
            having = schemas_with(table.name)
            if len(having) == 1:
                found.setdefault(_alias(words, place + 1), set()).add((having[0], _plain(table)))
    return found


def _alias(words: Sequence[Token], place: int) -> str:
    """What the table at a place is called in the rest of the SQL."""
    rest = words[place + 1 : place + 3]
    if rest and rest[0].name == "as":
        rest = rest[1:]
    name = rest[0].name if rest else None
    return words[place].name or "" if name is None or name in _CLAUSES else name


def absent_schemas(sql: str, known: Iterable[str]) -> dict[str, int]:
    """The schemas of tables in the SQL that are not among the known ones, each with its first line."""
    listed = [END, END, *code(sql), END, END]
    present = {"main", "temp", *(name.lower() for name in known)}
    found: dict[str, int] = {}
    is_list = [False]
    for earlier, before, word, dot, table in zip(*(listed[place:] for place in range(5)), strict=False):
        text, introduction = _text(word), _text(before)
        if text == "(":
            is_list.append(introduction in ("from", "join") or (introduction in ",(" and is_list[-1]))
        elif text == ")" and len(is_list) > 1:
            is_list.pop()
        elif text in _CLAUSES:
            is_list[-1] = text in ("from", "join")
        elif word.name is not None and dot.text == "." and table.name is not None:
            is_named = introduction in _BEFORE_A_SCHEMA and _text(earlier) != "distinct"
            if (is_named or (introduction in ",(" and is_list[-1])) and word.name not in present:
                present.add(word.name)
                found[_plain(word)] = word.line
    return found


def _text(word: Token) -> str:
    """A word in small letters, anything else as it is."""
    return word.text.lower() if word.kind == "word" else word.text


def _plain(word: Token) -> str:
    """A name as it is written, without its quotes."""
    return word.text if word.kind == "word" else word.text[1:-1].replace(word.text[-1] * 2, word.text[-1])
