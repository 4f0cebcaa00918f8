"""SQLite's plan of a statement, taken apart (https://sqlite.org/eqp.html)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aggregator.databases.connection import ReadOnlyConnection, SqlValue

# fmt: off
Kind = Literal[
    "scan", "search", "virtual", "constant", "rows", "subquery", "sort", "bloom_filter", "compound", "part",
    "other",
]
# fmt: on

_NAMED_INDEX = r"(?P<covering>COVERING )?INDEX (?P<index>.+?)"
_KEY = r"(?P<key>(?:INTEGER )?PRIMARY KEY)"
_AUTOMATIC = r"(?P<automatic>AUTOMATIC )(?:PARTIAL )?COVERING INDEX"
_TERMS = r"(?: \((?P<terms>(?:[^()]|ANY\([^()]*\))*)\))?"
_HOW = rf"(?: EXISTS)?(?: USING (?:{_AUTOMATIC}|{_KEY}|{_NAMED_INDEX}))?{_TERMS}"
_JOIN = r"(?: EXISTS| LEFT-JOIN)*"
_FORMS: tuple[tuple[Kind, str], ...] = (
    ("constant", r"SCAN (?:CONSTANT ROW|\d+ CONSTANT ROWS|\d+-ROW VALUES CLAUSE)"),
    ("virtual", r"S(?:CAN|EARCH) (?P<name>.+?) VIRTUAL TABLE INDEX .*"),
    ("scan", rf"SCAN (?P<name>.+?){_HOW}{_JOIN}"),
    ("search", rf"SEARCH (?P<name>.+?){_HOW}{_JOIN}"),
    ("rows", r"(?:CO-ROUTINE|MATERIALIZE) (?P<name>.+)"),
    ("subquery", r"(?:REUSE )?(?P<correlated>CORRELATED )?(?P<name>(?:SCALAR|LIST) SUBQUERY) \d+"),
    ("sort", r"USE TEMP B-TREE FOR (?P<name>.+)"),
    ("bloom_filter", rf"BLOOM FILTER ON (?P<name>.+?){_TERMS}"),
    ("compound", r"COMPOUND QUERY|MERGE \((?P<name>.+)\)|MULTI-INDEX OR"),
    ("part", r"(?P<name>LEFT-MOST SUBQUERY|LEFT|RIGHT|SETUP|RECURSIVE STEP|INDEX \d+|RIGHT-JOIN .+)"),
    ("part", r"(?P<name>(?:UNION ALL|UNION|INTERSECT|EXCEPT))(?: USING TEMP B-TREE)?"),
)
_PATTERNS = [(kind, re.compile(form)) for kind, form in _FORMS]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan; `detail` is SQLite's own text, and the rest is taken from it.

    kind: scan and search read a table or the rows of a subquery; `rows` makes such rows. name: of what is
    read, as the SQL calls it; of a sort what it is for; of a part which one it is. index: its name; terms:
    what is compared, as `(customer_id=?)`; is_key: whether the primary key is used; is_covering: whether the
    index has all that is wanted; is_automatic: whether SQLite makes it for this query; is_correlated: whether
    it is done anew for each row around it. cost: of doing it once, in SQLite's own unit, 0 when not told.
    """

    id: int
    parent: int
    detail: str
    cost: float
    kind: Kind
    name: str = ""
    index: str | None = None
    terms: str = ""
    is_key: bool = False
    is_covering: bool = False
    is_automatic: bool = False
    is_correlated: bool = False

    @property
    def is_access(self) -> bool:
        """Whether it goes through rows of a table, or of a subquery."""
        return self.kind in ("scan", "search")


def query_plan(connection: ReadOnlyConnection, sql: str, parameters: Mapping[str, SqlValue]) -> list[Step]:
    """The plan of a SELECT for these parameters, in the order of SQLite; nothing of it is run.

    Raises apsw.Error.
    """
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
    return [step_of(*row) for row in rows]


def step_of(number: int, parent: int, cost: int, detail: str) -> Step:
    """A step of a row of EXPLAIN QUERY PLAN.

    cost: the row's third column, ten times the binary logarithm of what SQLite's planner expects one pass
    to cost. SQLite does not promise it; the tests would tell when it stopped.
    """
    linear = 2.0 ** (cost / 10) if cost > 0 else 0.0
    for kind, pattern in _PATTERNS:
        match = pattern.fullmatch(detail)
        if match is not None:
            given = match.groupdict()
            return Step(
                *(number, parent, detail, linear, kind),
                name=given.get("name") or "",
                index=given.get("index"),
                terms=given.get("terms") or "",
                is_key=bool(given.get("key")),
                is_covering=bool(given.get("covering")),
                is_automatic=bool(given.get("automatic")),
                is_correlated=bool(given.get("correlated")),
            )
    return Step(number, parent, detail, linear, "other")
