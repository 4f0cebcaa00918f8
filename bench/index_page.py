"""docs/indexes.md: all of it is written here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import apsw

from aggregator.read.plan import Plan
from bench.demo_data import PROJECT
from bench.index_use import Index, plan_lines

PAGE = PROJECT / "docs" / "indexes.md"
_INTRODUCTION = """\
# Indexes

What each index of the demo's databases is good for. `make indexes` writes this page: it makes {orders:,}
orders, asks every report for its [plan](sql-files.md#query-plans), drops each index from a copy of
its file, and runs the reports that used it again, with the index and without it in turns. A report is asked
with its defaults, and with the examples of its parameters. The time is that of the SQL: the median of
several runs, each on a new connection with the files in the system's memory; rows are made and dropped.
SQLite {sqlite}, after ANALYZE.

An index also costs: each row that is written is written to it too. And SQLite may be mistaken: where a
report is quicker without an index, it is the choice of the plan that is wrong.

"""
_SAME = 1.1
"""Less than this is what two runs of the same differ by."""


@dataclass(frozen=True)
class Comparison:
    """A report with an index and without it; lacking and seconds_without: None when it took too long."""

    report: str
    url: str
    having: Plan
    lacking: Plan | None
    seconds: float
    seconds_without: float | None

    @property
    def slower(self) -> str:
        """What it means for the report not to have the index."""
        if self.seconds_without is None:
            return "no end within a minute"
        ratio = self.seconds_without / self.seconds
        if 1 / _SAME < ratio < _SAME:
            return "the same"
        return f"{_short(ratio)} × slower" if ratio > 1 else f"{_short(1 / ratio)} × faster"


@dataclass(frozen=True)
class Usage:
    """An index, the reports that use it, what it does for them, and the files that write and use it."""

    index: Index
    reports: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    writes: tuple[str, ...]


def write(usages: Sequence[Usage], dbs: Path, page: Path) -> None:
    """Write the page. dbs: where the orders are."""
    page.write_text("".join(_page(usages, dbs)), encoding="utf-8")


def _page(usages: Sequence[Usage], dbs: Path) -> Iterator[str]:
    yield _INTRODUCTION.format(orders=_orders(dbs), sqlite=apsw.sqlite_lib_version())
    yield "| index | table | reports that use it, and what they are without it | writes that use it |\n"
    yield "|---|---|---|---|\n"
    for usage in usages:
        index = usage.index
        writes = ", ".join(f"`{name}`" for name in usage.writes)
        yield f"| {_link(index)} | `{index.schema}.{index.table}` | {_reports(usage)} | {writes} |\n"
    yield "\nThe index of a `UNIQUE` cannot be dropped, so nothing is measured without it.\n"
    for usage in usages:
        if usage.index.sql is not None:
            yield from _section(usage)


def _orders(dbs: Path) -> int:
    connection = apsw.Connection(str(dbs / "order.db"), flags=apsw.SQLITE_OPEN_READONLY)
    orders: int = connection.execute("SELECT count(*) FROM orders").get
    connection.close()
    return orders


def _link(index: Index) -> str:
    return f"[{index.name}](#{index.name})" if index.sql is not None else f"`{index.title}`"


def _reports(usage: Usage) -> str:
    measured = [f"`{each.report}`: {each.slower}" for each in usage.comparisons]
    return "<br>".join(measured or [f"`{name}`" for name in usage.reports])


def _section(usage: Usage) -> Iterator[str]:
    index = usage.index
    yield f"\n## {index.name}\n\n```sql\n{index.sql};\n```\n"
    if usage.writes:
        yield f"\n{' and '.join(f'`{name}`' for name in usage.writes)}: writes that find rows by it.\n"
    if index.parent is not None:
        yield f"\nWhen a row of `{index.parent}` is deleted, SQLite looks here for rows that refer to it.\n"
    if not usage.comparisons:
        yield "\nNo report uses it.\n"
    for comparison in usage.comparisons:
        yield from _comparison(comparison)


def _comparison(comparison: Comparison) -> Iterator[str]:
    given = comparison.having.parameters.items()
    parameters = ", ".join(f"`{name}` {value}" for name, value in given if value is not None)
    yield f"\n`{comparison.url}`" + (f" with {parameters}" if parameters else "")
    yield f", {comparison.having.rows:,} rows:\n\n"
    yield "| with it | without it |\n|---|---|\n"
    yield f"| {_time(comparison.seconds)} | {_time(comparison.seconds_without)}, {comparison.slower} |\n"
    yield f"| {_plan(comparison.having)} | {_plan(comparison.lacking)} |\n"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "stopped"
    return f"**{seconds:,.2f} s**" if seconds >= 1 else f"**{seconds * 1000:,.1f} ms**"


def _short(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _plan(plan: Plan | None) -> str:
    """The steps as one cell."""
    if plan is None:
        return ""
    lines = (escape(line, quote=False).replace("|", "\\|") for line in plan_lines(plan))
    return "<br>".join(line.replace("  ", "&emsp;") for line in lines)
