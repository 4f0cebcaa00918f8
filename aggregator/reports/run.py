"""One run of a report: a view at one instant, the rows, and the file that they become."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import apsw

from aggregator.catalog.arguments import Arguments
from aggregator.databases.connection import SqlValue
from aggregator.databases.inspection import Statement
from aggregator.databases.pool import ViewPool
from aggregator.databases.query import batches, failure
from aggregator.databases.view import View
from aggregator.errors import AggregatorError, InvalidParameters, ParameterError, QueryFailed
from aggregator.formats import Format
from aggregator.reports.report import Report, state
from aggregator.reports.spool import Spool
from aggregator.reports.sql import choice_by_text, rows_as_text

_FIRST_SECONDS = 0.01
_CHUNK_SECONDS = 0.1
_CHUNK_BYTES = 64 * 1024
_MOST_CHOICES_SHOWN = 20

log = logging.getLogger(__name__)


class StaleReport(Exception):
    """The tables are no longer those that the report was checked against; check it again."""


class Run:
    """A report on its way.

    `execute` runs the SQL in a thread of its own; `output` gives the file's bytes in another. A
    result that was small is complete when `execute` returns, as `body`. `rows` counts those read.
    Without rows_wanted everything is done up to the first row.
    """

    def __init__(
        self,
        report: Report,
        arguments: Arguments,
        format: Format,
        spool: Spool,
        rows_wanted: bool = True,
    ) -> None:
        self.report = report
        self._rows_wanted = rows_wanted
        self.rows = 0
        self.body: bytes | None = None
        self._arguments = arguments
        self._writer = format.writer(report.columns, report.name.rsplit("/", 1)[-1])
        self._spool = spool
        self._streaming = False
        self._view: View | None = None
        self._stopped: AggregatorError | None = None
        self._lock = threading.Lock()

    def execute(self, pool: ViewPool, started: Callable[[], None]) -> None:
        """Run the SQL to its end at full speed.

        started: called when there are first bytes to take, unless the result is small. Raises what
        goes wrong before that, StaleReport among it; what goes wrong later is raised by `output`.
        """
        try:
            with pool.view(self.report.files) as view, self._stoppable(view):
                self._begin(view)
                if self._rows_wanted:
                    self._read_rows(view, started)
            self._spool.end()
        except Exception as error:
            self._fail(error)
        if not self._streaming:
            self.body = b"".join(self.output())

    def output(self) -> Iterator[bytes]:
        """The bytes of the file; raises the error that ended the run."""
        return self._writer.encode(self._spool.chunks())

    def stop(self, error: AggregatorError) -> None:
        """End the SQL as soon as may be, from any thread; the run fails with the error."""
        with self._lock:
            self._stopped = self._stopped or error
            if self._view is not None:
                self._view.connection.interrupt()

    def close(self) -> None:
        """Let go of what the client did not take."""
        self._spool.close()

    @contextmanager
    def _stoppable(self, view: View) -> Iterator[None]:
        with self._lock:
            self._view = view
        try:
            yield
        finally:
            with self._lock:
                self._view = None

    def _begin(self, view: View) -> None:
        view.hold(wanted=lambda: self._stopped is None)
        if state(self.report.files, view.schema_versions) != self.report.checked_against:
            raise StaleReport
        for name, choices in self.report.choices.items():
            self._choose(view, name, choices)

    def _choose(self, view: View, name: str, choices: Statement) -> None:
        """Replace each text given for a choice from the data by the data's own value."""
        given = self._arguments[name]
        if given is None:
            return
        chosen = []
        for text in given if isinstance(given, list) else [given]:
            row = view.connection.execute(choice_by_text(choices), (text,)).fetchone()
            if row is None:
                raise InvalidParameters([_not_a_choice(view, name, str(text), choices)])
            chosen.append(row[0])
        self._arguments[name] = chosen if isinstance(given, list) else chosen[0]

    def _read_rows(self, view: View, started: Callable[[], None]) -> None:
        sql = rows_as_text(self.report.statement, self._writer.row_sql)
        rows: list[bytes] = []
        size, flush_at = 0, time.monotonic() + _FIRST_SECONDS
        for batch in batches(view.connection, sql, bindings(self._arguments)):
            self._raise_if_stopped()
            self.rows += len(batch)
            rows += batch
            size += sum(map(len, batch))
            if size < _CHUNK_BYTES and time.monotonic() < flush_at:
                continue
            self._spool.write(self._writer.join(rows))
            rows, size, flush_at = [], 0, time.monotonic() + _CHUNK_SECONDS
            if not self._streaming:
                self._streaming = True
                started()
        if rows:
            self._spool.write(self._writer.join(rows))

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    def _fail(self, error: Exception) -> None:
        """Raise the error, or hand it to the reader when the file has begun."""
        if self._stopped is not None:
            error = self._stopped
        elif isinstance(error, apsw.Error):
            error = failure(error, self.report.files)
        if not self._streaming:
            self._spool.close()
            raise error
        if not isinstance(error, AggregatorError):
            log.error("report %s failed", self.report.name, exc_info=error)
            error = QueryFailed("The report failed while it ran.", repr(error))
        self._spool.end(error)


def bindings(arguments: Arguments) -> dict[str, SqlValue]:
    """The arguments as SQLite takes them; a list as the JSON array that `json_each` reads."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for name, value in arguments.items()
    }


def _not_a_choice(view: View, name: str, text: str, choices: Statement) -> ParameterError:
    rows = view.connection.execute(choices.sql)
    shown = [str(row[0]) for row in islice(rows, _MOST_CHOICES_SHOWN + 1)]
    rows.close(True)
    more = ", …" if len(shown) > _MOST_CHOICES_SHOWN else ""
    allowed = ", ".join(shown[:_MOST_CHOICES_SHOWN]) + more
    return ParameterError(name, text, f"must be one of {allowed}" if shown else "has no choices in the data")
