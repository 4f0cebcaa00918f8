"""Which table each step of a plan reads."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.databases.inspection import TableName
from aggregator.databases.query_plan import Step
from aggregator.databases.table_facts import TableFacts
from aggregator.databases.table_names import aliases


def tables_of(steps: Sequence[Step], sql: str, facts: TableFacts) -> dict[int, TableName]:
    """By the number of the step; one that reads a subquery's rows has none, nor one that is not certain."""
    by_alias = aliases(sql, {schema.lower(): schema for schema in facts.schemas}, facts.schemas_with)
    made = {(step.parent, step.name) for step in steps if step.kind == "rows"}
    found: dict[int, TableName] = {}
    for step in steps:
        if not step.is_access and step.kind != "bloom_filter":
            continue
        if (step.parent, step.name) in made and step.index is None:
            continue
        table = _table(step, by_alias.get(step.name.lower()) or _named(step.name, facts), facts)
        if table is not None:
            found[step.id] = table
    return found


def _named(name: str, facts: TableFacts) -> set[TableName]:
    """The tables of that name, which a view may read."""
    schema, dot, table = name.rpartition(".")
    return {(each, table) for each in facts.schemas_with(table) if not dot or each == schema}


def _table(step: Step, candidates: set[TableName], facts: TableFacts) -> TableName | None:
    if step.index is not None:
        candidates = {
            each for each in candidates if step.index in (index.name for index in facts.indexes(each))
        }
    tables = {each for each in candidates if each[0] in facts.schemas_with(each[1])}
    return tables.pop() if len(tables) == 1 else None
