"""A plan in words: what SQLite does, in the order in which it does it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from aggregator.databases.inspection import TableName
from aggregator.databases.query_plan import Step
from aggregator.databases.table_facts import TableFacts
from aggregator.reports.plan_estimate import Estimate

_INDENT = "  "
_PARTS = {
    "LEFT-MOST SUBQUERY": "The first SELECT:",
    "LEFT": "The first SELECT:",
    "RIGHT": "The second SELECT:",
    "SETUP": "The first rows:",
    "RECURSIVE STEP": "For each row that was added, the rows that follow from it:",
    "UNION": "The next SELECT, without rows that were there before:",
    "UNION ALL": "The next SELECT:",
    "INTERSECT": "The next SELECT, for the rows that are in both:",
    "EXCEPT": "The next SELECT, whose rows are taken away:",
}
_OTHERS = {"CREATE BLOOM FILTER": "Note, to know soon which values are not in it"}


class PlanWords:
    """Says what steps do. tables: what each reads, by its number."""

    def __init__(
        self,
        steps: Sequence[Step],
        tables: Mapping[int, TableName],
        facts: TableFacts,
        expected: Estimate,
        wrapper: str,
    ) -> None:
        self._tables = tables
        self._facts = facts
        self._expected = expected
        self._wrapper = wrapper
        self._children: dict[int, list[Step]] = defaultdict(list)
        for step in steps:
            self._children[step.parent].append(step)

    def lines(self, parent: int = 0, depth: int = 0) -> Iterator[str]:
        """The steps under one as indented lines. What is in a loop is a line `for each: …` below it."""
        loops = 0
        # A Bloom filter is made once, before the loops.
        for step in sorted(self._children[parent], key=lambda step: step.kind != "bloom_filter"):
            if step.name == self._wrapper:
                yield from self.lines(step.id, depth)
                continue
            is_loop = step.is_access or step.kind == "virtual"
            if is_loop:
                each = "for each: " if loops else ""
                yield f"{_INDENT * (depth + loops)}{each}{self.words(step)}"
                loops += 1
            else:
                yield f"{_INDENT * depth}{self.words(step)}"
            yield from self.lines(step.id, depth + 1)

    def words(self, step: Step) -> str:
        """What one step does."""
        match step.kind:
            case "scan":
                return self._scan(step)
            case "search":
                return self._search(step)
            case "virtual":
                return f"Read the rows of {step.name}"
            case "constant":
                return "Take the row that stands in the SQL"
            case "rows":
                kept = " and keep them" if step.detail.startswith("MATERIALIZE") else ""
                return f"Make the rows of {_subquery(step.name)}{kept}:"
            case "subquery":
                return _value(step)
            case "sort" if step.name.endswith("ORDER BY"):
                return f"Sort the rows for {step.name}"
            case "sort":
                return f"Collect the rows in a sorted list for {step.name}"
            case "bloom_filter":
                return f"Read {self._table(step)} once, to know soon which searches are in vain"
            case "compound":
                return _compound(step)
            case "part":
                return _PARTS.get(step.name, step.name.capitalize() + ":")
        return _OTHERS.get(step.detail, step.detail.capitalize())

    def _table(self, step: Step) -> str:
        table = self._tables.get(step.id)
        return ".".join(table) if table is not None else _subquery(step.name)

    def _index(self, step: Step) -> str:
        table = self._tables.get(step.id)
        indexes = self._facts.indexes(table) if table is not None else ()
        return next((str(each) for each in indexes if each.name == step.index), f"the index {step.index}")

    def _scan(self, step: Step) -> str:
        table = self._tables.get(step.id)
        if table is None:
            return f"Go through the rows of {_subquery(step.name)}"
        what = self._facts.size(table).all_of(".".join(table))
        if step.is_covering:
            return f"Read {what}, from {self._index(step)}; the table is not needed"
        return f"Read {what}" + (f", in the order of {self._index(step)}" if step.index else "")

    def _search(self, step: Step) -> str:
        table = self._table(step)
        terms = f" ({step.terms})" if step.terms else ""
        if step.is_automatic:
            return f"Make an index of {table} for this one run, and search it{terms}{self._about(step)}"
        if step.is_key:
            about = self._about(step)
            return f"Look up {'rows' if about else 'the row'} of {table} by the primary key{terms}{about}"
        if step.index is None:
            return f"Search {table} for its least or greatest value"
        alone = "; the table is not needed" if step.is_covering else ""
        return f"Search {table} by {self._index(step)}{terms}{self._about(step)}{alone}"

    def _about(self, step: Step) -> str:
        """The rows that are expected, to one digit: more would look as if they were known."""
        rows = self._expected.rows.get(step.id, 1.0)
        return f", about {int(float(f'{rows:.0e}')):,} rows" if rows >= 1.5 else ""


def _subquery(name: str) -> str:
    """`(subquery-1)` is one without a name."""
    return name.strip("()").replace("subquery-", "subquery ") if name.startswith("(") else name


def _value(step: Step) -> str:
    what = "the list of an IN" if step.name.startswith("LIST") else "the value of a subquery"
    if step.detail.startswith("REUSE"):
        return f"Use {what} again"
    return f"For each row, make {what}:" if step.is_correlated else f"Make {what}, once:"


def _compound(step: Step) -> str:
    if step.detail == "MULTI-INDEX OR":
        return "Search for each side of OR:"
    return f"Merge two sorted SELECTs ({step.name}):" if step.name else "Several SELECTs, one after another:"
