"""What a plan is expected to cost, roughly: rows visited, times what a row takes.

Loops of one level stand inside each other, so what an inner one visits counts for each row of those
around it. A scan visits all rows of its table. What a search finds is SQLite's guess, which knows the
parameters and, after ANALYZE, the data. That a condition drops rows is not counted. The seconds of a row
were measured on one machine, with the file in memory; a cold disk takes much longer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.databases.inspection import TableName
from aggregator.databases.query_plan import Step
from aggregator.databases.table_facts import TableFacts

ROW_SECONDS = 1.2e-7
SEARCH_SECONDS = 5e-7
SORT_SECONDS = 8e-7
ANSWER_SECONDS = 7e-7
"""Of a row that is read, one that is searched, one that is sorted, and one that is written."""

_SCAN_COST = 3.0
_COVERING_COST = 2.0
_INDEX_COST = 5.0
"""SQLite's cost of a row that is read, of one found in an index alone, and of one found by an index and
read from its table (https://sqlite.org/src/file/src/where.c, whereLoopAddBtreeIndex)."""

_UNKNOWN_ROWS = 1_048_576
"""What SQLite takes for a table's size without ANALYZE."""


@dataclass(slots=True)
class Estimate:
    """rows: that each step visits each time; times: how often it is done; both by the step's number."""

    seconds: float = 0.0
    rows: dict[int, float] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)


def estimate(steps: Sequence[Step], tables: Mapping[int, TableName], facts: TableFacts) -> Estimate:
    """What the plan is expected to cost. tables: what each step reads, by its number."""
    work = _Estimating(steps, tables, facts)
    rows = work.level(0, 1.0)
    work.result.seconds += rows * ANSWER_SECONDS
    return work.result


class _Estimating:
    def __init__(self, steps: Sequence[Step], tables: Mapping[int, TableName], facts: TableFacts) -> None:
        self.result = Estimate()
        self._tables = tables
        self._facts = facts
        self._children: dict[int, list[Step]] = defaultdict(list)
        for step in steps:
            self._children[step.parent].append(step)

    def level(self, parent: int, times: float) -> float:
        """Count the steps under another, which is done so many times; returns the rows that come out."""
        rows = times
        for step in self._children[parent]:
            self.result.times[step.id] = rows
            if step.is_access:
                rows *= self._visit(step, rows)
            elif step.kind == "compound":
                self.result.rows[step.id] = self._sum_of_parts(step, rows)
                rows = max(self.result.rows[step.id], 1.0)
            elif step.kind == "sort":
                self._add(rows * SORT_SECONDS)
            elif step.kind == "bloom_filter":
                self._add(self._size(step) * ROW_SECONDS)
            else:
                self.level(step.id, rows if step.is_correlated else 1.0)
        return rows

    def _visit(self, step: Step, times: float) -> float:
        rows = self._size(step) if step.kind == "scan" else self._found(step)
        if step.is_automatic:
            self._add(self._size(step) * (ROW_SECONDS + SORT_SECONDS))
        by_index = step.index is not None and not step.is_covering
        seek = SEARCH_SECONDS if step.kind == "search" else 0.0
        each = ROW_SECONDS + (SEARCH_SECONDS if by_index else 0.0)
        self._add(times * (seek + rows * each))
        self.result.rows[step.id] = rows
        return max(rows, 1.0)

    def _sum_of_parts(self, step: Step, times: float) -> float:
        """The rows of UNION's SELECTs, or of the searches for each side of an OR."""
        parts = self._children[step.id]
        for part in parts:
            self.result.times[part.id] = times
        return sum(self.level(part.id, times) for part in parts)

    def _size(self, step: Step) -> float:
        """Of the table; of a subquery what SQLite guesses."""
        table = self._tables.get(step.id)
        return self._facts.size(table).rows if table is not None else step.cost / _SCAN_COST

    def _found(self, step: Step) -> float:
        """The rows that one search finds: its cost without the way to them, by that of one row."""
        table = self._tables.get(step.id)
        size = self._facts.size(table).rows if table is not None else _UNKNOWN_ROWS
        if self._finds_one(step, table):
            return 1.0
        if step.is_key:
            each = _SCAN_COST
        else:
            each = _COVERING_COST if step.is_covering or step.is_automatic else _INDEX_COST
        rows = (step.cost - math.log2(max(size, 2))) / each
        return min(max(rows, 1.0), max(size, 1.0))

    def _finds_one(self, step: Step, table: TableName | None) -> bool:
        """Whether all of a unique key is given."""
        if "<" in step.terms or ">" in step.terms:
            return False
        indexes = self._facts.indexes(table) if table is not None else ()
        unique = {index.name: len(index.columns) for index in indexes if index.is_unique}
        return step.is_key or unique.get(step.index or "") == step.terms.count("=?")

    def _add(self, seconds: float) -> None:
        self.result.seconds += seconds
