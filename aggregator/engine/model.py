"""What engines take and give: statements, columns of results, counts, plans, and errors of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from aggregator.errors import AggregatorError
from aggregator.json_documents import Count, Document

SqlValue = None | int | float | str | bytes
"""What a database stores and what a parameter can be."""

Values = Mapping[str, SqlValue] | Sequence[SqlValue]

TableName = tuple[str, str]
"""Schema and table."""

GuardKind = Literal["missing", "conflict", "invalid"]


@dataclass(frozen=True, slots=True)
class Guard:
    """What a guard's rows say.

    line, column: the places of those columns in a row, None without them.
    """

    kind: GuardKind
    line: int | None = None
    column: int | None = None


_AFFINITIES = {"integer": ("INT",), "text": ("CHAR", "CLOB", "TEXT"), "real": ("REAL", "FLOA", "DOUB")}
"""In the order in which SQLite looks for the words."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a statement's result.

    declared: the type that its table declares, None for an expression. storage: `integer`, `real`
    or `text` when the table's rules make sure that each value is of that storage class or NULL.
    """

    name: str
    declared: str | None
    storage: str | None

    @property
    def affinity(self) -> str | None:
        """Of the declared type (https://sqlite.org/datatype3.html#determination_of_column_affinity).

        `integer`, `text`, `real` or `numeric`; None where values stay as they are.
        """
        declared = (self.declared or "").upper()
        for affinity, words in _AFFINITIES.items():
            if any(word in declared for word in words):
                return affinity
        return "numeric" if declared and "BLOB" not in declared and declared != "ANY" else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, without a closing semicolon: its columns, parameters' names and schemas.

    is_volatile: whether its result may be another one though no file has changed. writes: the tables
    that it changes, without those that triggers do, each as schema and name. guard: what its rows say
    when they are no part of the answer, but reasons not to write. bare: the tables that stand without their
    schema. harmless_texts: see `tokens.harmless_texts`.
    """

    sql: str
    columns: tuple[ResultColumn, ...]
    parameters: frozenset[str]
    schemas: frozenset[str]
    is_volatile: bool = False
    writes: frozenset[TableName] = frozenset()
    guard: Guard | None = None
    bare: frozenset[TableName] = frozenset()
    harmless_texts: float = float("inf")


@dataclass(frozen=True, slots=True)
class StatementError:
    """Why the SQL cannot be used; line counts from 1 inside the SQL text."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class OrderedSelect:
    """A SELECT in three parts. order: the terms of its ORDER BY; limit: `LIMIT …`, or nothing.

    terms: of each its column, in small letters and empty for an expression, and `asc` or `desc`. count: the
    SELECT of the number of rows of all pages. is_page: whether it ends in `LIMIT :limit OFFSET :offset`.
    """

    unsorted: str
    order: str
    limit: str
    terms: Sequence[tuple[str, str]]
    count: str
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a table"""

    inserted: Count = 0
    updated: Count = 0
    deleted: Count = 0


TableCounts = dict[tuple[str, str], Counts]
"""Counts by schema and table; tables of which nothing was changed are not there."""


class PlanStep(Document):
    """One step of a plan, with the steps that belong to it."""

    detail: str = Field(description="SQLite's text")
    table: str | None = Field(description="The table that is read, if known")
    index: str | None = Field(description="The index that is used")
    warning: str | None = Field(description="A warning if a large table is read completely")
    children: list[PlanStep]


@dataclass(frozen=True, slots=True)
class Size:
    """A number of rows, and whether they were counted just now."""

    rows: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """One database.

    tables: names and sizes; bytes: with what waits in its `-wal`; changed_at: seconds since 1970, None when
    it is gone; trouble: why its tables cannot be told, or objects cannot be used; empty when all is well.
    """

    schema: str
    file_name: str
    tables: tuple[tuple[str, Size], ...] = ()
    bytes: int = 0
    changed_at: float | None = None
    trouble: str = ""


class StatementFailed(Exception):
    """A statement that was prepared before failed while it ran.

    error: what to answer. reason: the engine's own sentence. is_stale: whether the engine no longer accepts
    the SQL, because tables have changed. is_interrupted: whether somebody ended it. is_too_long: whether a
    value was longer than the limit.
    """

    def __init__(
        self,
        error: AggregatorError,
        reason: str,
        *,
        is_stale: bool = False,
        is_interrupted: bool = False,
        is_too_long: bool = False,
    ) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.is_stale = is_stale
        self.is_interrupted = is_interrupted
        self.is_too_long = is_too_long


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response to a write: an HTTP status, headers, and the body. rows: those that were received."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    rows: int = 0
