"""One run of a report: chunks of rows on one side, the file that they become on the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aggregator.databases.pool import ViewPool
from aggregator.errors import AggregatorError, QueryFailed, TimeLimitExceeded
from aggregator.reports.process import ReaderProcesses
from aggregator.reports.reading import UNCOUNTED, Job, LocalReader, Reader
from aggregator.reports.spool import Spool
from aggregator.reports.sql import prepared

log = logging.getLogger(__name__)


class Run:
    """A report on its way.

    `execute` reads the rows in a thread of its own; `output` gives the file's bytes in another. A
    result that was small is complete when `execute` returns, as `body`. `rows` counts those read;
    `seconds` is what all of them cost, None when they were not all read.
    """

    def __init__(self, job: Job, spool: Spool) -> None:
        self.job = job
        self.rows = 0
        self.seconds: float | None = None
        self.body: bytes | None = None
        self._spool = spool
        self._streaming = False
        self._reader: Reader | None = None
        self._stopped: AggregatorError | None = None
        self._lock = threading.Lock()

    def execute(
        self, pool: ViewPool, started: Callable[[], None], processes: ReaderProcesses | None = None
    ) -> None:
        """Read the rows to their end at full speed, in one of the processes if that pays.

        started: called when there are first bytes to take, unless the result is small. Raises what
        goes wrong before that, StaleReport among it; what goes wrong later is raised by `output`.
        """
        try:
            with self._stoppable_reader(pool, processes) as reader:
                self._read(reader, started)
            self._spool.end()
        except Exception as error:
            self._fail(error)
        # A picture is drawn where files are written, when this thread is free for the next report.
        if not self._streaming and not self.job.format.is_drawn:
            self.body = b"".join(self.output())

    def output(self) -> Iterator[bytes]:
        """The bytes of the file; raises the error that ended the run."""
        writer = prepared(self.job.report, self.job.format).writer
        return writer.encode(self._spool.chunks())

    def stop(self, error: AggregatorError) -> None:
        """End the SQL as soon as may be, from any thread; the run fails with the error."""
        with self._lock:
            self._stopped = self._stopped or error
            if self._reader is not None:
                self._reader.stop()

    def stop_after(self, seconds: float) -> None:
        """End the SQL because it took so long; to be called when it has."""
        message = f"The SQL of this report ran for {seconds:g} seconds, which is its limit."
        self.stop(TimeLimitExceeded(message))

    def raise_if_stuck(self) -> None:
        """Raise what stopped the run when its SQL has not given a row yet and may go on for long."""
        if self._stopped is not None and not self._streaming:
            raise self._stopped

    def close(self) -> None:
        """Let go of what the client did not take."""
        self._spool.close()

    @contextmanager
    def _stoppable_reader(self, pool: ViewPool, processes: ReaderProcesses | None) -> Iterator[Reader]:
        with _reader(self.job, pool, processes) as reader:
            with self._lock:
                if self._stopped is not None:
                    raise self._stopped
                self._reader = reader
            try:
                yield reader
            finally:
                with self._lock:
                    self._reader = None

    def _read(self, reader: Reader, started: Callable[[], None]) -> None:
        began = reader.clock()
        for chunk in reader.chunks(self.job):
            self.rows += chunk.rows
            self._spool.write(chunk.text)
            if not self._streaming and not chunk.is_last:
                self._streaming = True
                started()
        self.seconds = reader.clock() - began

    def _fail(self, error: Exception) -> None:
        """Raise the error, or hand it to the reader of the file when that has begun."""
        error = self._stopped or error
        if not self._streaming:
            self._spool.close()
            raise error
        if self.job.is_page and isinstance(error, TimeLimitExceeded):
            # The rows are all there; it was counting them that took so long.
            self._spool.write(UNCOUNTED)
            self._spool.end()
            return
        if not isinstance(error, AggregatorError):
            log.error("report %s failed", self.job.report.name, exc_info=error)
            error = QueryFailed("The report failed while it ran.", repr(error))
        self._spool.end(error)


@contextmanager
def _reader(job: Job, pool: ViewPool, processes: ReaderProcesses | None) -> Iterator[Reader]:
    if processes is None:
        yield LocalReader(pool)
        return
    with processes.reader(job) as process:
        yield process or LocalReader(pool)
