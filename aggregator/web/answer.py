"""The response to one request: a file in one of several ways, or a problem document."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Send

from aggregator.errors import AggregatorError, BrokenReport, DatabaseUnavailable, QueryFailed
from aggregator.web import gzip
from aggregator.web.download import Download
from aggregator.web.pages.place import place_of
from aggregator.web.pages.problem import problem_page
from aggregator.web.pages.templating import PAGE_HEADERS
from aggregator.web.problems import MEDIA_TYPE, allowed_methods, problem
from aggregator.web.request import Request

Headers = list[tuple[str, str]]


class Answer:
    """Sends one response. `headers` are those of a file, set before it begins; `is_begun`: whether it has.

    shows_sql: whether the page of a faulty file leads to its SQL.
    """

    def __init__(self, request: Request, send: Send, shows_sql: bool) -> None:
        self._shows_sql = shows_sql
        self.headers: Headers = []
        self._request = request
        self._send = send
        self.is_begun = False

    async def empty(self, status: int = 200) -> None:
        """Headers only."""
        await self._begin(status)
        await self._send({"type": "http.response.body", "body": b""})

    async def moved(self, location: str, status: int) -> None:
        """Redirect to another URL."""
        self.headers = [("location", location), ("content-length", "0")]
        await self.empty(status)

    async def options(self, methods: Sequence[str]) -> None:
        """What the URL answers."""
        self.headers = [("allow", allowed_methods(methods))]
        await self.empty(204)

    async def whole(self, body: bytes, gzip_wanted: bool, status: int = 200) -> None:
        """A small file."""
        if gzip_wanted and len(body) >= gzip.SMALLEST:
            body = gzip.compressed(body)
            self.headers.append(("content-encoding", "gzip"))
        await self._begin(status, len(body))
        await self._send({"type": "http.response.body", "body": body})

    async def stream(self, download: Download, gzip_wanted: bool) -> None:
        """Send in chunks; only a complete file gets the last, empty one."""
        if gzip_wanted:
            self.headers.append(("content-encoding", "gzip"))
        await self._begin(200)
        async for chunk in download.chunks(download.output(gzip_wanted)):
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def counted(self, download: Download, gzip_wanted: bool) -> None:
        """For HTTP/1.0, where only Content-Length tells a whole file from a broken one, and for what is one
        piece anyway."""
        if gzip_wanted:
            self.headers.append(("content-encoding", "gzip"))
        spool = download.new_spool()
        try:
            length = 0
            async for chunk in download.chunks(download.output(gzip_wanted)):
                spool.write(chunk)
                length += len(chunk)
            spool.end()
            await self._begin(200, length)
            for chunk in spool.chunks():
                download.raise_if_gone()
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            spool.close()
        await self._send({"type": "http.response.body", "body": b""})

    async def fail(self, error: AggregatorError, page: bytes | None = None) -> None:
        """A problem document, or a page for a browser; a broken connection when the file has begun."""
        self.note(error)
        if self.is_begun:
            # Returning without a last chunk makes the server close the connection.
            return
        status, headers, body = problem(error, self._request.path)
        self.headers = [("content-type", MEDIA_TYPE), ("cache-control", "no-store"), *headers]
        if self._request.accepts_html:
            body = page or problem_page(error, place_of(self._request), self._shows_sql)
            self.headers = [*PAGE_HEADERS, ("cache-control", "no-store"), *headers]
        await self._begin(status, len(body))
        await self._send({"type": "http.response.body", "body": b"" if self._request.is_head else body})

    def note(self, error: AggregatorError) -> None:
        """Tell the log of an error, and nobody else."""
        self._request.line.outcome = type(error).__name__
        if isinstance(error, QueryFailed):
            self._request.line.cause = error.cause
        elif isinstance(error, DatabaseUnavailable):
            self._request.line.cause = f"{error} ({error.cause})" if error.cause else str(error)
        elif isinstance(error, BrokenReport):
            self._request.line.cause = str(error)

    async def _begin(self, status: int, length: int | None = None) -> None:
        self.is_begun = True
        if length is not None:
            self.headers.append(("content-length", str(length)))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
