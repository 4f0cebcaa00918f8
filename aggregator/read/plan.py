"""The plan of a report and what it took to run: what `?format=plan` answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import Field

from aggregator.engine.base import Snapshot
from aggregator.engine.model import PlanStep, SqlValue
from aggregator.json_documents import Count, Document


class Plan(Document):
    """How SQLite runs the report: what `?format=plan` answers"""

    report: str
    parameters: dict[str, str | int | float | None] = Field(
        description="The values that are passed to the SQL"
    )
    rows: Count
    seconds: float = Field(ge=0, description="Duration of this run of the SQL")
    warnings: list[str] = Field(description="Warnings about large tables that are read completely")
    plan: list[PlanStep] = Field(description="SQLite's query plan")
    total_plan: list[PlanStep] = Field(description="For the shape page: the plan of the total")


def plan_of(
    report: str,
    snapshot: Snapshot,
    sql: str,
    count_sql: str | None,
    values: Mapping[str, SqlValue],
    read: Callable[[], int],
) -> Plan:
    """Explain what is run for a report, then run it.

    count_sql: the SELECT of a page's total; read: runs sql, and gives the number of rows.

    Raises what `read` raises, and StatementFailed.
    """
    plan = snapshot.explain(sql, values)
    total_plan = snapshot.explain(count_sql, values) if count_sql is not None else []
    began = time.monotonic()
    rows = read()
    return Plan(
        report=report,
        parameters=dict(values),
        rows=rows,
        seconds=round(time.monotonic() - began, 6),
        warnings=list(dict.fromkeys(_warnings([*plan, *total_plan]))),
        plan=plan,
        total_plan=total_plan,
    )


def _warnings(steps: Sequence[PlanStep]) -> Iterator[str]:
    for step in steps:
        if step.warning is not None:
            yield step.warning
        yield from _warnings(step.children)
