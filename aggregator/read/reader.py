"""Reading a report: a view at one instant, the choices from the data, and chunks of rows as text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol

import orjson

from aggregator.endpoints.model import ReadEndpoint
from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import Snapshot, Snapshots, SqlValue, StatementFailed, Version
from aggregator.errors import (
    Cancelled,
    DatabaseUnavailable,
    RecordNotFound,
    UnstableDatabases,
)
from aggregator.formats import FORM, HTML, PLAN
from aggregator.formats.base import Format
from aggregator.formats.html import MARK
from aggregator.formats.json import end_of_page
from aggregator.read.plan import plan_of
from aggregator.read.query import (
    PAGE_ROWS,
    Prepared,
    chosen_values,
    list_choices,
    prepared,
    totals,
    totals_sql,
    unsorted_sql,
)
from aggregator.sqlfile.parameters import Arguments, read_arguments

_FIRST_SECONDS = 0.01
_CHUNK_SECONDS = 0.1
_CHUNK_BYTES = 32 * 1024
_MOST_IN_SMALL = 1000
_SAYING_PAGES = ("json", PLAN.name, HTML.name)

_COUNTING_SECONDS = 5.0
"""How long a page waits for its totals."""

UNCOUNTED = MARK + orjson.dumps({"rows": None, "is_slow": True})
"""What ends a page whose rows could not be counted."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be read. Without rows_wanted everything is done up to the first row.

    is_whole: all rows of a report in pages. page: in HTML, from 1.
    seen: the files as they were when the answer's tag was made, None without a tag.
    """

    report: ReadEndpoint
    arguments: Arguments
    format: Format
    rows_wanted: bool = True
    is_whole: bool = False
    page: int = 1
    seen: Sequence[Version] | None = None

    def prepared(self) -> Prepared:
        """What is run."""
        sort, page = self.arguments.get("sort"), self.page if self.is_page else 0
        return prepared(self.report, self.format, self.is_whole, None if sort is None else str(sort), page)

    @property
    def part(self) -> tuple[int, int]:
        """Of a page, how many rows stand before it, and how many it has at most."""
        if self.report.paging is None:
            return (self.page - 1) * PAGE_ROWS, PAGE_ROWS
        return int(str(self.arguments["offset"])), int(str(self.arguments["limit"]))

    @property
    def is_page(self) -> bool:
        """Whether it is one page of rows, for people."""
        return self.format.name == HTML.name

    @property
    def may_be_stuck(self) -> bool:
        """Whether one call of a function may take minutes, with these arguments."""
        harmless = self.report.statement.harmless_texts
        if harmless == float("inf") or not self.rows_wanted or self.format.name == FORM.name:
            return False
        return sum(map(_characters, self.arguments.values())) > harmless

    @property
    def is_for_plan(self) -> bool:
        """Whether it is not the rows that are wanted, but how SQLite makes them."""
        return self.format.name == PLAN.name


def _characters(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_characters, value))
    return len(value) if isinstance(value, str | bytes) else 0


def job_of(
    report: ReadEndpoint,
    given: Mapping[str, Sequence[str]],
    format: Format,
    *,
    rows_wanted: bool = True,
    page: int = 1,
) -> Job:
    """The job that a request asks for; given: the texts of its parameters. Raises InvalidParameters.

    Only JSON says that there are more pages, so other formats have all rows unless a limit is given.
    """
    is_flat = report.paging is not None and format.name not in _SAYING_PAGES
    arguments = read_arguments(report.params, given)
    if "sort" not in report.header.params and arguments["sort"] is None:
        del arguments["sort"]
    return Job(
        report,
        arguments,
        format,
        rows_wanted=rows_wanted or report.needs_row,
        is_whole=is_flat and not any(given.get("limit", ())),
        page=page,
    )


@dataclass(frozen=True, slots=True)
class Chunk:
    """So many rows, joined as the format's writer does; is_last when the rows end with it."""

    text: bytes
    rows: int
    is_last: bool


class Reader(Protocol):
    """Reads one job, in this process or in another. clock: seconds that tell what that costs."""

    clock: Callable[[], float]

    def chunks(self, job: Job) -> Generator[Chunk, None, None]:
        """The chunks as SQLite makes them; none when there are no rows.

        Raises StaleEndpoint, Overtaken, InvalidParameters (not a choice), UnrepresentableValue, QueryFailed,
        DatabaseUnavailable, UnstableDatabases, or Cancelled after `stop`.
        """

    def stop(self) -> None:
        """End the reading as soon as may be, from any thread."""


class VersionChanged(Exception):
    """A file was written after the answer's tag was made; make it again."""


class BudgetExceeded(Exception):
    """The reading took longer than it was given."""


class LocalReader:
    """Reads in the thread that takes the chunks. For one job only.

    seconds: how long it may take, waiting included, before it raises BudgetExceeded.
    """

    clock = staticmethod(time.thread_time)

    def __init__(self, pool: Snapshots, seconds: float = float("inf")) -> None:
        self._pool = pool
        self._is_brief = seconds < float("inf")
        self._ends_at = time.monotonic() + seconds
        self._snapshot: Snapshot | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def chunks(self, job: Job) -> Generator[Chunk, None, None]:
        with self._held(job, job.seen) as (snapshot, arguments):
            if job.rows_wanted:
                with self._stoppable(snapshot):
                    read = self._SPECIAL.get(job.format.name, LocalReader._rows)
                    yield from read(self, snapshot, job, arguments)

    def small_result(self, job: Job, seen: Sequence[Version]) -> Chunk | None:
        """All rows, joined; None when there are more than a thousand. Raises as `chunks` does.

        seen: the report's files as they were just now.
        """
        run = job.prepared()
        with self._held(job, seen) as (snapshot, arguments):
            found = snapshot.first(run.sql, bindings(arguments), _MOST_IN_SMALL + 1)
            if len(found) > _MOST_IN_SMALL:
                return None
            rows: list[bytes] = [row for (row,) in found]  # type: ignore[misc]
            return _last_chunk(snapshot, job, arguments, rows, len(rows))

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._snapshot is not None:
                self._snapshot.interrupt()

    @contextmanager
    def _held(self, job: Job, seen: Sequence[Version] | None) -> Iterator[tuple[Snapshot, Arguments]]:
        """A view at one instant, and the arguments to read it with."""
        try:
            with self._pool.snapshot(job.report.files, self._is_wanted, seen) as snapshot:
                if snapshot.schema_state != job.report.checked_against:
                    raise StaleEndpoint
                # Of files that were just written, the tag never comes again, so it may be of any rows.
                if seen and all(version.settled for version in seen) and not snapshot.holds(seen):
                    raise VersionChanged
                yield snapshot, chosen_values(snapshot, job.report, job.arguments)
        except StatementFailed as failure:
            raise self._explained(failure) from failure
        except (DatabaseUnavailable, UnstableDatabases, Cancelled) as error:
            if self._is_over_budget():
                raise BudgetExceeded from error
            raise

    def _explained(self, failure: StatementFailed) -> Exception:
        if failure.is_stale:
            return StaleEndpoint(failure.reason)
        if self._is_over_budget() or (self._is_brief and failure.is_too_long):
            return BudgetExceeded()
        return Cancelled("Reading was cancelled.") if self._is_stopped else failure.error

    def _is_wanted(self) -> bool:
        return not self._is_stopped and not self._is_over_budget()

    def _is_over_budget(self) -> bool:
        return time.monotonic() >= self._ends_at

    @contextmanager
    def _stoppable(self, snapshot: Snapshot) -> Iterator[None]:
        with self._lock:
            self._snapshot = snapshot
        try:
            yield
        finally:
            with self._lock:
                self._snapshot = None

    def _rows(self, snapshot: Snapshot, job: Job, arguments: Arguments) -> Generator[Chunk, None, None]:
        run = job.prepared()
        rows: list[bytes] = []
        size, count, flush_at = 0, 0, time.monotonic() + _FIRST_SECONDS
        for batch in snapshot.rows(run.sql, bindings(arguments)):
            rows += batch
            size += sum(map(len, batch))
            count += len(batch)
            if size >= _CHUNK_BYTES or time.monotonic() >= flush_at:
                yield Chunk(run.writer.join(rows), len(rows), is_last=False)
                rows, size, flush_at = [], 0, time.monotonic() + _CHUNK_SECONDS
            if self._is_stopped:
                raise Cancelled("Reading was cancelled.")
        last = _last_chunk(snapshot, job, arguments, rows, count)
        if last.text:
            yield last

    def _plan(self, snapshot: Snapshot, job: Job, arguments: Arguments) -> Generator[Chunk, None, None]:
        """The plan and what the rows took, as one chunk; the rows are read to their end and dropped."""
        plan = plan_of(
            job.report.name,
            snapshot,
            job.prepared(),
            bindings(arguments),
            lambda: sum(chunk.rows for chunk in self._rows(snapshot, job, arguments)),
        )
        yield Chunk(plan.to_json(), plan.rows, is_last=True)

    def _page(self, snapshot: Snapshot, job: Job, arguments: Arguments) -> Generator[Chunk, None, None]:
        """One page: the choices of its form, its rows, and the totals of all pages, which may take longer."""
        began = time.monotonic()
        join = job.prepared().writer.join
        choices = list_choices(snapshot, job.report)
        chunks = [*self._rows(snapshot, job, arguments)]
        count, text = sum(chunk.rows for chunk in chunks), join([chunk.text for chunk in chunks])
        facts = {"choices": choices, "seconds": time.monotonic() - began, "shown": count}
        beginning = orjson.dumps(facts) + MARK + text
        before, most = job.part
        if before == 0 and count < most:
            last = MARK + orjson.dumps({"rows": count, "is_whole": True})
            yield Chunk(beginning + last, count, is_last=True)
            return
        yield Chunk(beginning, count, is_last=False)
        found = self._totals(snapshot, job, arguments)
        yield Chunk(MARK + orjson.dumps(found), 0, is_last=True)

    def _totals(self, snapshot: Snapshot, job: Job, arguments: Arguments) -> dict[str, object]:
        """Count and sums of all rows; no count, and why, when that takes too long or cannot be done."""
        sql = totals_sql(unsorted_sql(job.report), job.report.columns)
        try:
            (row,) = snapshot.first(sql, bindings(arguments), seconds=_COUNTING_SECONDS)
        except StatementFailed as failure:
            if not self._is_wanted():
                raise
            return {"rows": None, "is_slow": failure.is_interrupted}
        rows, sums = totals(row, job.report.columns)
        return {"rows": rows, "sums": sums}

    def _form(self, snapshot: Snapshot, job: Job, arguments: Arguments) -> Generator[Chunk, None, None]:
        yield Chunk(orjson.dumps(list_choices(snapshot, job.report)), 0, is_last=True)

    _SPECIAL: ClassVar = {PLAN.name: _plan, HTML.name: _page, FORM.name: _form}
    """What is read for the formats that are more, or less, than rows."""


def _last_chunk(snapshot: Snapshot, job: Job, arguments: Arguments, rows: list[bytes], count: int) -> Chunk:
    """The rows that are left, with what comes after them. count: all that there were.

    Raises RecordNotFound when there were none and the report's shape needs one.
    """
    if not count and job.report.needs_row and not job.is_for_plan:
        names = job.report.endpoint.route.parameters or [
            name for name, parameter in job.report.header.params.items() if parameter.is_required
        ]
        asked = ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {arguments[name]}" for name in names)
        raise RecordNotFound(f"Not found: {asked} does not exist." if asked else "The record does not exist.")
    run = job.prepared()
    text = run.writer.join(rows) if rows else b""
    if run.count_sql is not None:
        offset, limit = job.part
        is_last_page = 0 < count < limit or count == offset == 0
        total = offset + count if is_last_page else _total(snapshot, run.count_sql, arguments)
        text += end_of_page(total, limit, offset)
    return Chunk(text, len(rows), is_last=True)


def _total(snapshot: Snapshot, count_sql: str, arguments: Arguments) -> int:
    ((count,),) = snapshot.first(count_sql, bindings(arguments))
    return int(str(count))


def bindings(arguments: Arguments) -> dict[str, SqlValue]:
    """The arguments as SQLite takes them; a list as the JSON array that `json_each` reads."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for name, value in arguments.items()
    }
