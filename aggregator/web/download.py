"""One report on its way to one client: the SQL in a thread, the bytes to the socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.types import Receive

from aggregator.errors import Cancelled
from aggregator.reports.run import Run
from aggregator.reports.spool import Spool
from aggregator.web.gzip import compressed_chunks
from aggregator.web.service import Service

_WATCH_AFTER_SECONDS = 0.05
_LET_GO_SECONDS = 0.5
"""SQL that was stopped mostly ends at once, but not inside a single SQLite function."""

Framed = Callable[[Iterator[bytes]], Iterator[bytes]]
"""Puts something around the pieces of a file; what they raise goes through."""


class Download:
    """Runs a report for a client that may go away at any moment. framed: puts a page around its rows.

    `begin` returns when there is something to send: all of a small result, as `run.body`, or the
    beginning of a large one. The report's place is given back when its SQL has ended, not when the
    client has taken it all.
    """

    def __init__(
        self,
        service: Service,
        run: Run,
        receive: Receive,
        time_limit: float,
        framed: Framed = iter,
    ) -> None:
        self._framed = framed
        self.run = run
        self._is_gone = False
        self._service = service
        self._receive = receive
        self._time_limit = time_limit
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.Task[None] | None = None
        self._turn: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start the SQL; raises what goes wrong before the first bytes."""
        await self._take_place()
        begun: asyncio.Future[None] = self._loop.create_future()

        def set_begun() -> None:
            if not begun.done():
                begun.set_result(None)

        def started() -> None:
            self._loop.call_soon_threadsafe(set_begun)

        limit = self._loop.call_later(self._time_limit, self.run.stop_after, self._time_limit)
        waited_enough = self._loop.call_later(self._time_limit + _LET_GO_SECONDS, set_begun)
        watching = self._loop.call_later(_WATCH_AFTER_SECONDS, self._start_watching)
        execution = self._loop.run_in_executor(
            self._service.runners, self.run.execute, self._service.pool, started, self._service.processes
        )

        def ended(_: asyncio.Future[None]) -> None:
            limit.cancel()
            self._learn()
            self._service.leave_place()
            set_begun()

        execution.add_done_callback(ended)
        try:
            await begun
        finally:
            watching.cancel()
            waited_enough.cancel()
            if not execution.done():
                execution.add_done_callback(lambda future: future.exception())
        if execution.done():
            execution.result()
        self.run.raise_if_stuck()

    def _learn(self) -> None:
        if self.run.seconds is not None:
            self._service.history.learn(self.run.job, self.run.seconds)

    def body(self) -> bytes:
        """All of a small result."""
        return b"".join(self._framed(iter([self.run.body or b""])))

    async def chunks(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks, each made in a thread while the one before it is used.

        Raises what ended the run, or Cancelled when the client has gone.
        """
        self._start_watching()
        following = self._next(chunks)
        while (chunk := await following) is not None:
            self.raise_if_gone()
            following = self._next(chunks)
            yield chunk
        self.raise_if_gone()

    def raise_if_gone(self) -> None:
        """Raises Cancelled when the client has gone."""
        if self._is_gone:
            raise Cancelled("The client has gone.")

    def close(self) -> None:
        """Let go of everything; SQL that still runs is ended."""
        self.run.stop(Cancelled("The request is over."))
        self.run.close()
        if self._watch is not None:
            self._watch.cancel()

    def new_spool(self) -> Spool:
        """Where a file waits that is sent when it is whole."""
        return self._service.spool()

    def output(self, gzip: bool) -> Iterator[bytes]:
        """The bytes to be sent, not yet made."""
        output = self._framed(self.run.output())
        return compressed_chunks(output) if gzip else output

    async def _take_place(self) -> None:
        """Wait in line; a client that goes gives up its turn. Raises TooManyReports, Cancelled."""
        if self._service.has_place():
            await self._service.take_place()
            return
        self._start_watching()
        self._turn = self._loop.create_task(self._service.take_place())
        try:
            await self._turn
        except asyncio.CancelledError:
            self.raise_if_gone()
            raise

    def _next(self, chunks: Iterator[bytes]) -> asyncio.Future[bytes | None]:
        return self._loop.run_in_executor(self._service.encoders, next, chunks, None)

    def _start_watching(self) -> None:
        if self._watch is None:
            self._watch = self._loop.create_task(self._watch_client())

    async def _watch_client(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._turn is not None:
            self._turn.cancel()
        self.run.stop(Cancelled("The client has gone."))
        self.run.close()


async def small_body(service: Service, run: Run, receive: Receive, time_limit: float) -> bytes:
    """All of a small result, read for the service's own use. Raises what ended the run."""
    download = Download(service, run, receive, time_limit)
    try:
        await download.begin()
        return download.body()
    finally:
        download.close()
