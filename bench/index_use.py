"""Which files of `sql/` use which index, told by their plans."""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.model import PlanStep
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.connection import quoted_name
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.explain import explain
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.prepare import InspectionConnection
from aggregator.engine.sqlite.snapshot import SnapshotPool
from aggregator.errors import AggregatorError
from aggregator.read.operations import Explain, arguments_of
from aggregator.read.plan import Plan
from aggregator.read.reader import LocalReader
from aggregator.sqlfile.catalog import SqlFolder
from aggregator.sqlfile.parameter_types import text_of
from aggregator.sqlfile.parameters import Parameter

_LOCK_WAIT = 5.0
_LONGEST_SECONDS = 60.0
_CONFLICT = re.compile(r"ON CONFLICT \(([^)]*)\)", re.IGNORECASE)
_INSERT = re.compile(r"\bINSERT INTO (\w+)\.(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Index:
    """An index of a database. sql: None when it belongs to a constraint of its table.

    parent: the table whose rows a foreign key by these columns refers to, None without one.
    """

    schema: str
    table: str
    name: str
    columns: tuple[str, ...]
    sql: str | None
    parent: str | None

    @property
    def title(self) -> str:
        """Its name, or the constraint that it belongs to."""
        return self.name if self.sql is not None else f"UNIQUE ({', '.join(self.columns)})"


def indexes(folder: Path) -> list[Index]:
    """All indexes of the databases of a folder, in the order of files, tables and names."""
    found = (index for file in SqliteEngine(folder).sources().values() for index in _indexes(file))
    return sorted(found, key=lambda index: (index.schema, index.table, index.sql is None, index.name))


def _indexes(file: DatabaseFile) -> Iterator[Index]:
    connection = apsw.Connection(str(file.path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index'")
    for name, table, sql in rows.fetchall():
        parts = connection.execute(f"PRAGMA index_xinfo({quoted_name(name)})").fetchall()
        columns = tuple(column or "an expression" for _, number, column, *_, is_key in parts if is_key)
        keys = connection.execute(f"PRAGMA foreign_key_list({quoted_name(table)})").fetchall()
        parent = next((key[2] for key in keys if key[3] == columns[0]), None)
        yield Index(file.schema, table, name, columns, sql, parent)
    connection.close()


class Folders:
    """The SQL of a folder over the databases of another."""

    def __init__(self, sql: Path, dbs: Path) -> None:
        self.registry: EndpointRegistry[ReadEndpoint | WriteEndpoint] = EndpointRegistry(
            SqlFolder(sql), SqliteEngine(dbs), _LOCK_WAIT, check_endpoint
        )

    def questions(self) -> list["Question"]:
        """What the reports that can be run are asked, in the order of their files."""
        reports = (report for _, report in self.registry.all(ANYBODY) if isinstance(report, ReadEndpoint))
        return [question for report in reports for question in questions(report)]

    def writes(self) -> list[WriteEndpoint]:
        """The files that write."""
        return [write for _, write in self.registry.all(ANYBODY) if isinstance(write, WriteEndpoint)]


Given = dict[str, list[str]]
"""The texts of each parameter that a request gives."""


@dataclass(frozen=True)
class Question:
    """A report, and what it is asked with."""

    report: ReadEndpoint
    given: Given

    @property
    def name(self) -> str:
        """The report with its parameters: `report/customer-orders?customer_id=1`."""
        pairs = "&".join(f"{name}={text}" for name, texts in self.given.items() for text in texts)
        return f"{self.report.name}?{pairs}" if pairs else self.report.name


def questions(report: ReadEndpoint) -> list[Question]:
    """What a report is asked: with its defaults, and with all its examples when that is something else."""
    examples = {name: _example(each) for name, each in report.header.params.items()}
    examples = {name: texts for name, texts in examples.items() if texts}
    required = {name for name, each in report.header.params.items() if each.is_required}
    least = {name: texts for name, texts in examples.items() if name in required}
    return [Question(report, given) for given in ([least] if least == examples else [least, examples])]


def _example(parameter: Parameter) -> list[str]:
    if parameter.example is None and parameter.choices:
        return [text_of(parameter.choices[0])]
    examples = parameter.example if isinstance(parameter.example, list) else [parameter.example]
    return [text_of(each) for each in examples if each is not None]


def explained(question: Question, longest: float = _LONGEST_SECONDS) -> Plan:
    """Run a report on a connection of its own, and give its plan with what it took.

    Raises InvalidParameters when a parameter has neither a default nor an example that fits, Cancelled
    when it takes longer than so many seconds, or what else goes wrong.
    """
    pool = SnapshotPool(SQL_FUNCTIONS, _LOCK_WAIT)
    reader = LocalReader(pool)
    limit = threading.Timer(longest, reader.stop)
    limit.start()
    try:
        [chunk] = reader.chunks(Explain(question.report, arguments_of(question.report, question.given)))
    finally:
        limit.cancel()
        pool.close_idle(older_than=0)
    (plan,) = chunk.items
    assert isinstance(plan, Plan)
    return plan


def explained_all(asked: Iterable[Question]) -> tuple[dict[str, Plan], dict[str, str]]:
    """The plans by the questions' names, and why some have none."""
    plans: dict[str, Plan] = {}
    failures: dict[str, str] = {}
    for question in asked:
        try:
            plans[question.name] = explained(question)
        except AggregatorError as error:
            failures[question.name] = error.detail
    return plans, failures


def uses(plan: Plan, index: Index) -> bool:
    """Whether a plan has a step that goes through the index."""
    return any(_is_through(step, index) for step, _ in steps_of([*plan.plan, *plan.total_plan]))


def plan_lines(plan: Plan) -> list[str]:
    """SQLite's words for each step, indented by two spaces for each step around it."""
    lines = ["  " * depth + step.detail for step, depth in steps_of(plan.plan)]
    if plan.total_plan:
        lines += [
            "The total of all pages:",
            *("  " * depth + f"  {step.detail}" for step, depth in steps_of(plan.total_plan)),
        ]
    return lines


def _is_through(step: PlanStep, index: Index) -> bool:
    return (step.index, step.table) == (index.name, f"{index.schema}.{index.table}")


def steps_of(steps: Iterable[PlanStep], depth: int = 0) -> Iterator[tuple[PlanStep, int]]:
    """All steps of a plan in their order, each with how deep it stands."""
    for step in steps:
        yield step, depth
        yield from steps_of(step.children, depth + 1)


def used_by_writes(write: WriteEndpoint, all_indexes: list[Index]) -> set[Index]:
    """The indexes by which a file that writes finds rows, or knows that one is there already."""
    connection = InspectionConnection(write.files, _LOCK_WAIT, list(write.header.input))
    connection.add_functions(SQL_FUNCTIONS)
    found: set[Index] = set()
    try:
        for statement in write.statements:
            nothing: Mapping[str, None] = dict.fromkeys(statement.parameters)
            for step, _ in steps_of(explain(connection, statement.sql, nothing)):
                found |= {index for index in all_indexes if _is_through(step, index)}
            found |= {index for index in all_indexes if _tells_conflicts(statement.sql, index)}
    finally:
        connection.close()
    return found


def _tells_conflicts(sql: str, index: Index) -> bool:
    """Whether ON CONFLICT names just the columns of the index of the table that is inserted into."""
    into = _INSERT.search(sql)
    if into is None or (into[1], into[2]) != (index.schema, index.table):
        return False
    targets = [{column.strip() for column in match[1].split(",")} for match in _CONFLICT.finditer(sql)]
    return set(index.columns) in targets
