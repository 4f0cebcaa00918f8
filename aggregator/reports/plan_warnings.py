"""What a plan should make its reader think of: tables that are read from end to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aggregator.databases.inspection import TableName
from aggregator.databases.query_plan import Step
from aggregator.databases.table_facts import TableFacts
from aggregator.databases.table_names import compared_columns
from aggregator.reports.plan_estimate import Estimate

LARGE_TABLE_ROWS = 10_000
"""A table with more rows is warned of when all of them are read."""


def warnings(
    sql: str,
    steps: Sequence[Step],
    tables: Mapping[int, TableName],
    facts: TableFacts,
    expected: Estimate,
) -> Iterator[str]:
    """A sentence for each large table that is read from end to end. sql: the author's."""
    for step in steps:
        table = tables.get(step.id)
        if table is None or facts.size(table).rows <= LARGE_TABLE_ROWS:
            continue
        rows = facts.size(table).all_of(".".join(table))
        if step.is_automatic:
            columns = step.terms.replace("=?", "").replace(" AND ", ", ")
            yield f"Makes an index of {rows}, for each run; keep one, on ({columns})."
        elif step.kind == "scan":
            again = ", again and again" if expected.times.get(step.id, 1.0) > 1 else ""
            order = f", in the order of the index {step.index}" if step.index is not None else ""
            where = f", from the index {step.index}" if step.is_covering else order
            compared = compared_columns(sql, step.name.rpartition(".")[2])
            yield f"Reads {rows}{where}{again}; {_advice(compared, table, facts)}"


def _advice(compared: Sequence[str], table: TableName, facts: TableFacts) -> str:
    """What an index could do, as far as the SQL's conditions tell."""
    if not compared:
        return "no condition compares a column of it in a way that an index could help."
    first = {index.columns[0]: str(index) for index in reversed(facts.indexes(table)) if index.columns}
    first[facts.row_key(table)] = "the primary key"
    known = [f"{first[column]} for {column}" for column in compared if column in first]
    if known:
        return f"SQLite expects this to be quicker than to use {' or '.join(known)}."
    return f"an index on ({', '.join(compared)}) could find those that are wanted."
