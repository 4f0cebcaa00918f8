"""The response of a report's rows: its SQL runs for one client, and the file is sent while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Self

from starlette.types import Receive, Scope, Send

from aggregator.errors import Cancelled
from aggregator.read.operations import Item, Operation
from aggregator.read.run import Encode, Run, Spool
from aggregator.web.request import Request
from aggregator.web.response import Headers, compressed_chunks, head, whole
from aggregator.web.service import Service

_WATCH_AFTER_SECONDS = 0.05

_LET_GO_SECONDS = 0.5
"""SQL that was stopped mostly ends at once, but not inside a single SQLite function."""


class Download:
    """A response whose client may go away at any moment.

    encode: makes the file or the page; time_limit: in seconds, the report's own when it is None.

    `begin` returns when there is something to send: all of a small result, or the beginning of a large one.
    The report's slot is released when its SQL has ended, not when the client has taken it all. After `begin`
    the response must be sent, or closed.
    """

    def __init__(
        self,
        service: Service,
        operation: Operation,
        request: Request,
        encode: Encode | None = None,
        headers: Headers | None = None,
        gzip: bool = False,
        time_limit: float | None = None,
    ) -> None:
        self._service = service
        self._run = Run(operation, service.spool(), encode)
        self._request = request
        most = service.settings.time_limit
        self._time_limit = operation.report.time_limit(most) if time_limit is None else time_limit
        self._headers = headers or {}
        self._gzip = gzip
        self._spool: Spool | None = None
        self._is_gone = False
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.Task[None] | None = None
        self._turn: asyncio.Task[None] | None = None

    async def begin(self) -> Self:
        """Start the SQL; raises what goes wrong before the first bytes, and closes the response then."""
        try:
            if self._service.slots.locked():
                await self._wait_for_slot()
            else:
                await self._service.slots.acquire()
            await self._start()
            # With HTTP/1.0 only Content-Length tells a complete file from a broken one.
            # A picture is one piece anyway.
            is_large = self._run.body is None and self._run.items is None and not self._request.is_head
            if is_large and (self._request.counts_bytes or self._run.operation.is_drawn):
                await self._collect()
        except BaseException:
            self.close()
            raise
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file. Only a complete one gets the last, empty chunk; raises what ended it before."""
        try:
            if self._request.is_head:
                await head(self._headers)(scope, receive, send)
            elif self._run.body is not None:
                await whole(self._run.body, self._headers, self._gzip)(scope, receive, send)
            else:
                await self._stream(send)
        finally:
            self.close()

    @property
    def items(self) -> Sequence[Item]:
        """The parts of a small result that is not encoded."""
        return self._run.items or ()

    def close(self) -> None:
        """Release everything, and end SQL that still runs."""
        self._request.line.rows += self._run.rows
        self._run.stop(Cancelled("The request has ended."))
        self._run.close()
        if self._spool is not None:
            self._spool.close()
        if self._watch is not None:
            self._watch.cancel()

    async def _start(self) -> None:
        begun = asyncio.Event()

        def started() -> None:
            self._loop.call_soon_threadsafe(begun.set)

        limit = self._loop.call_later(self._time_limit, self._run.stop_after, self._time_limit)
        waited_enough = self._loop.call_later(self._time_limit + _LET_GO_SECONDS, begun.set)
        watching = self._loop.call_later(_WATCH_AFTER_SECONDS, self._start_watching)
        execution = self._loop.run_in_executor(
            self._service.runners, self._run.execute, self._service.pool, started, self._service.processes
        )

        def ended(_: asyncio.Future[None]) -> None:
            limit.cancel()
            if self._run.seconds is not None:
                self._service.history.learn(self._run.operation, self._run.seconds)
            self._service.slots.release()
            begun.set()

        execution.add_done_callback(ended)
        try:
            await begun.wait()
        finally:
            watching.cancel()
            waited_enough.cancel()
            if not execution.done():
                execution.add_done_callback(lambda future: future.exception())
        if execution.done():
            execution.result()
        self._run.raise_if_stuck()

    async def _collect(self) -> None:
        """Make all of a large file before it is sent, so that its length is known."""
        length = 0
        self._spool = self._service.spool()
        async for chunk in self._chunks():
            self._spool.write(chunk)
            length += len(chunk)
        self._spool.end()
        self._headers = {**self._headers, "content-length": str(length)}

    async def _stream(self, send: Send) -> None:
        headers = {**self._headers, "content-encoding": "gzip"} if self._gzip else self._headers
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        async for chunk in self._collected() if self._spool is not None else self._chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _collected(self) -> AsyncIterator[bytes]:
        assert self._spool is not None
        for chunk in self._spool.items():
            self._raise_if_gone()
            assert isinstance(chunk, bytes)
            yield chunk

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The bytes to send, each chunk made in a thread while the one before it is used.

        Raises what ended the run, or Cancelled when the client has gone.
        """
        self._start_watching()
        output = self._run.output()
        chunks = compressed_chunks(output) if self._gzip else output
        following = self._next(chunks)
        while (chunk := await following) is not None:
            self._raise_if_gone()
            following = self._next(chunks)
            yield chunk
        self._raise_if_gone()

    def _next(self, chunks: Iterator[bytes]) -> asyncio.Future[bytes | None]:
        return self._loop.run_in_executor(self._service.encoders, next, chunks, None)

    async def _wait_for_slot(self) -> None:
        """Wait in line; a client that goes gives up its turn. Raises Overloaded, Cancelled."""
        self._start_watching()
        self._turn = self._loop.create_task(self._service.take_slot())
        try:
            await self._turn
        except asyncio.CancelledError:
            self._raise_if_gone()
            raise

    def _raise_if_gone(self) -> None:
        if self._is_gone:
            raise Cancelled("The client has disconnected.")

    def _start_watching(self) -> None:
        if self._watch is None:
            self._watch = self._loop.create_task(self._watch_client())

    async def _watch_client(self) -> None:
        await self._request.disconnected()
        self._is_gone = True
        if self._turn is not None:
            self._turn.cancel()
        self._run.stop(Cancelled("The client has disconnected."))
        self._run.close()


async def small_result(
    service: Service, operation: Operation, request: Request, time_limit: float | None = None
) -> Sequence[Item]:
    """The parts of a small result, read for the service's own use. Raises what ended the run."""
    download = await Download(service, operation, request, time_limit=time_limit).begin()
    try:
        return download.items
    finally:
        download.close()
