"""Reading a report: a view at one instant, the choices from the data, and chunks of rows as text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import apsw

from aggregator.catalog.arguments import Arguments
from aggregator.databases.connection import SqlValue
from aggregator.databases.inspection import Statement
from aggregator.databases.pool import ViewPool
from aggregator.databases.query import batches, failure
from aggregator.databases.view import View
from aggregator.errors import (
    Cancelled,
    DatabaseUnavailable,
    InvalidParameters,
    ParameterError,
    UnsettledDatabases,
)
from aggregator.formats import Format
from aggregator.reports.report import Report, state
from aggregator.reports.sql import choice_by_text, prepared

_FIRST_SECONDS = 0.01
_CHUNK_SECONDS = 0.1
_CHUNK_BYTES = 64 * 1024
_MOST_CHOICES_SHOWN = 20


class StaleReport(Exception):
    """The tables are no longer those that the report was checked against; check it again."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be read. Without rows_wanted everything is done up to the first row."""

    report: Report
    arguments: Arguments
    format: Format
    rows_wanted: bool = True


@dataclass(frozen=True, slots=True)
class Chunk:
    """So many rows, joined as the format's writer does; is_last when the rows end with it."""

    text: bytes
    rows: int
    is_last: bool


class Reader(Protocol):
    """Reads one job, in this process or in another."""

    def chunks(self, job: Job) -> Generator[Chunk, None, None]:
        """The chunks as SQLite makes them; none when there are no rows.

        Raises StaleReport, InvalidParameters (not a choice), UnfitValue, QueryFailed,
        DatabaseUnavailable, UnsettledDatabases, or Cancelled after `stop`.
        """

    def stop(self) -> None:
        """End the reading as soon as may be, from any thread."""


class OverBudget(Exception):
    """The reading took longer than it was given."""


class LocalReader:
    """Reads in the thread that takes the chunks. For one job only.

    seconds: how long it may take, waiting included, before it raises OverBudget.
    """

    def __init__(self, pool: ViewPool, seconds: float = float("inf")) -> None:
        self._pool = pool
        self._ends_at = time.monotonic() + seconds
        self._view: View | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def chunks(self, job: Job) -> Generator[Chunk, None, None]:
        try:
            with self._pool.view(job.report.files, self._is_wanted) as view, self._stoppable(view):
                view.hold(self._is_wanted)
                if state(view.identity, view.schema_versions.values()) != job.report.checked_against:
                    raise StaleReport
                arguments = _chosen(view, job)
                if job.rows_wanted:
                    yield from self._rows(view, job, arguments)
        except (apsw.Error, DatabaseUnavailable, UnsettledDatabases, Cancelled) as error:
            if self._is_over_budget():
                raise OverBudget from error
            if not isinstance(error, apsw.Error):
                raise
            if self._is_stopped:
                raise Cancelled("The reading was stopped.") from error
            if isinstance(error, apsw.SQLError) and str(error).startswith("no such"):
                # A deleted and new made file can have the old one's inode and schema version.
                raise StaleReport from error
            raise failure(error, job.report.files) from error

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._view is not None:
                self._view.connection.interrupt()

    def _is_wanted(self) -> bool:
        return not self._is_stopped and not self._is_over_budget()

    def _is_over_budget(self) -> bool:
        return time.monotonic() >= self._ends_at

    @contextmanager
    def _stoppable(self, view: View) -> Iterator[None]:
        with self._lock:
            self._view = view
        try:
            yield
        finally:
            with self._lock:
                self._view = None

    def _rows(self, view: View, job: Job, arguments: Arguments) -> Generator[Chunk, None, None]:
        writer, sql = prepared(job.report, job.format)
        rows: list[bytes] = []
        size, flush_at = 0, time.monotonic() + _FIRST_SECONDS
        for batch in batches(view.connection, sql, bindings(arguments)):
            rows += batch
            size += sum(map(len, batch))
            if size >= _CHUNK_BYTES or time.monotonic() >= flush_at:
                yield Chunk(writer.join(rows), len(rows), is_last=False)
                rows, size, flush_at = [], 0, time.monotonic() + _CHUNK_SECONDS
            if self._is_stopped:
                raise Cancelled("The reading was stopped.")
        if rows:
            yield Chunk(writer.join(rows), len(rows), is_last=True)


def bindings(arguments: Arguments) -> dict[str, SqlValue]:
    """The arguments as SQLite takes them; a list as the JSON array that `json_each` reads."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for name, value in arguments.items()
    }


def _chosen(view: View, job: Job) -> Arguments:
    """The arguments, each choice from the data replaced by the data's own value."""
    arguments = dict(job.arguments)
    for name, choices in job.report.choices.items():
        given = arguments[name]
        if isinstance(given, list):
            arguments[name] = [_choice(view, name, text, choices) for text in given]
        elif given is not None:
            arguments[name] = _choice(view, name, given, choices)
    return arguments


def _choice(view: View, name: str, text: object, choices: Statement) -> int | float | str:
    row = view.connection.execute(choice_by_text(choices), (str(text),)).fetchone()
    if row is None:
        raise InvalidParameters([_not_a_choice(view, name, str(text), choices)])
    value: int | float | str = row[0]
    return value


def _not_a_choice(view: View, name: str, text: str, choices: Statement) -> ParameterError:
    rows = view.connection.execute(choices.sql)
    shown = [str(row[0]) for row in islice(rows, _MOST_CHOICES_SHOWN + 1)]
    rows.close(True)
    more = ", …" if len(shown) > _MOST_CHOICES_SHOWN else ""
    allowed = ", ".join(shown[:_MOST_CHOICES_SHOWN]) + more
    return ParameterError(name, text, f"must be one of {allowed}" if shown else "has no choices in the data")
