"""How SQLite runs a report: its plan in words, what that is expected to cost, and what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from aggregator.databases.connection import ReadOnlyConnection, SqlValue
from aggregator.databases.inspection import TableName
from aggregator.databases.query_plan import Step, query_plan
from aggregator.databases.table_facts import TableFacts
from aggregator.databases.table_names import extreme_columns
from aggregator.reports.plan_estimate import estimate
from aggregator.reports.plan_tables import tables_of
from aggregator.reports.plan_warnings import warnings
from aggregator.reports.plan_words import PlanWords
from aggregator.reports.sql import WRAPPER

_PLACES = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a SELECT before it runs.

    lines: the plan in words, indented; steps: as SQLite gives them, the writing of the rows among them;
    tables: what each reads, by its number.
    """

    lines: tuple[str, ...]
    steps: tuple[Step, ...]
    tables: Mapping[int, TableName]
    estimated_seconds: float
    warnings: tuple[str, ...]


def plan_of(connection: ReadOnlyConnection, sql: str, parameters: Mapping[str, SqlValue]) -> Plan:
    """The plan of a SELECT for these parameters, as SQL gets them; it is not run. Raises apsw.Error."""
    facts = TableFacts(connection)
    steps = query_plan(connection, sql, parameters)
    tables = tables_of(steps, sql, facts)
    steps = [_as_scan_if_it_is(step, sql, tables, facts) for step in steps]
    expected = estimate(steps, tables, facts)
    return Plan(
        lines=tuple(PlanWords(steps, tables, facts, expected, WRAPPER).lines()),
        steps=tuple(steps),
        tables=tables,
        estimated_seconds=expected.seconds,
        warnings=tuple(warnings(sql, steps, tables, facts, expected)),
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """The plan of a report with what it took; of a page, the plan of its total too.

    parameters: as SQL gets them.
    """

    report: str
    parameters: Mapping[str, SqlValue]
    of_rows: Plan
    of_total: Plan | None
    seconds: float
    rows: int

    def document(self) -> bytes:
        """The answer to a request for the plan, as JSON."""
        plans = {"rows": self.of_rows} | ({"total": self.of_total} if self.of_total is not None else {})
        lines = [*self.of_rows.lines]
        if self.of_total is not None:
            lines += ["The total of all pages:", *(f"  {line}" for line in self.of_total.lines)]
        document = {
            "report": self.report,
            "parameters": self.parameters,
            "steps": lines,
            "warnings": list(dict.fromkeys(text for plan in plans.values() for text in plan.warnings)),
            "estimated_seconds": round(sum(plan.estimated_seconds for plan in plans.values()), _PLACES),
            "seconds": round(self.seconds, _PLACES),
            "rows": self.rows,
            "plan": [row for of, plan in plans.items() for row in _raw(plan, of)],
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _raw(plan: Plan, of: str) -> Iterator[dict[str, object]]:
    for step in plan.steps:
        table = plan.tables.get(step.id)
        yield {
            "of": of,
            "id": step.id,
            "parent": step.parent,
            "detail": step.detail,
            "kind": step.kind,
            "table": ".".join(table) if table is not None else None,
            "index": step.index,
        }


def _as_scan_if_it_is(step: Step, sql: str, tables: Mapping[int, TableName], facts: TableFacts) -> Step:
    """SQLite calls it a search when the least or greatest value is wanted, also without an index."""
    table = tables.get(step.id)
    is_bare = step.kind == "search" and step.index is None and not (step.is_key or step.is_automatic)
    if not is_bare or table is None or facts.row_key(table).lower() in extreme_columns(sql):
        return step
    return replace(step, kind="scan")
