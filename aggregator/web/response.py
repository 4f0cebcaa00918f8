"""gzip as a content coding (RFC 9110, section 8.4.1.3), made while the rows come."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

import orjson
from isal import isal_zlib
from starlette.types import Receive, Send

from aggregator import __version__
from aggregator.engine.base import Version
from aggregator.errors import AggregatorError, BrokenEndpoint, Cancelled, DatabaseUnavailable, QueryFailed
from aggregator.read.reader import Job
from aggregator.read.run import Run, Spool
from aggregator.sqlfile.header import Header
from aggregator.sqlfile.parameters import Arguments
from aggregator.web.pages.templating import PAGE_HEADERS, page_url_of, problem_page
from aggregator.web.problems import MEDIA_TYPE, allowed_methods, problem
from aggregator.web.request import Request
from aggregator.web.service import Service

SMALLEST = 1_000


"""Bytes below which compressing does not pay."""


_LEVEL = 1


_GZIP_WINDOW = 31


def compressed(body: bytes) -> bytes:
    """One body as a gzip file without a time in it."""
    return b"".join(compressed_chunks([body]))


def compressed_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same for a stream; the first chunk is sent on without waiting for more."""
    compressor = isal_zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    is_first = True
    for chunk in chunks:
        out = compressor.compress(chunk)
        if is_first:
            out += compressor.flush(zlib.Z_SYNC_FLUSH)
            is_first = False
        if out:
            yield out
    yield compressor.flush()


_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>:"/\\|?*;%]+')


_LONGEST_NAME = 180


"""In bytes; file systems take 255, and a browser adds to a name that is there already."""


def file_headers(job: Job, tag: str) -> list[tuple[str, str]]:
    """The headers that go with a file."""
    format = job.format
    if job.is_page:
        return [
            ("content-type", format.media_type),
            ("vary", "Accept, Accept-Encoding, Accept-Language"),
            ("cache-control", "no-cache"),
            ("etag", tag),
        ]
    wanted = wanted_name(job.report.header, job.report.endpoint.short_name, job.arguments)
    policy = [("content-security-policy", format.policy)] if format.policy is not None else []
    return [
        *policy,
        ("content-type", format.media_type),
        ("content-disposition", disposition(wanted, format.suffix, format.disposition)),
        ("vary", "Accept, Accept-Encoding"),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
        ("etag", tag),
    ]


PLAN_HEADERS = [
    ("content-type", "application/json"),
    ("vary", "Accept-Encoding"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
]


"""Those of a plan: it holds the time of one run, so it is nothing to keep."""


def wanted_name(header: Header, name: str, arguments: Arguments) -> str:
    """The header's `filename` with its parameters filled in, else the name."""
    pattern = header.filename or name

    def value(match: re.Match[str]) -> str:
        given = arguments.get(match[1])
        values = given if isinstance(given, list) else [given]
        return "-".join(str(each) for each in values if each is not None)

    return re.sub(r"\{(\w+)\}", value, pattern) if "{" in pattern else pattern


def file_name(wanted: str, suffix: str) -> str:
    """A name for the download that every file system takes, as near to the wanted one as may be."""
    name = _safe(unicodedata.normalize("NFC", wanted))
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    return (name or "report") + suffix


@lru_cache(maxsize=256)
def disposition(wanted: str, suffix: str, kind: str) -> str:
    """The Content-Disposition of a file of that name."""
    return content_disposition(file_name(wanted, suffix), kind)


def content_disposition(name: str, kind: str) -> str:
    """`inline` or `attachment` with the name, in both forms of RFC 6266 (section 4.3) if need be."""
    plain = _safe(unicodedata.normalize("NFKD", name)).encode("ascii", "ignore").decode()
    plain = plain if plain.strip("._ ") and not plain.startswith(".") else "report" + name[name.rfind(".") :]
    if plain == name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def entity_tag(job: Job, versions: Iterable[Version], coding: str, frame: Sequence[object] = ()) -> str:
    """The strong tag (RFC 9110, section 8.8.3) of what the job's result is now.

    versions: of the report's files; frame: what stands for all that is put around the rows. While one of
    the files is so freshly changed that its version proves nothing, or when the SQL depends on the clock or
    on chance, the tag is one that never comes again.
    """
    report, format = job.report, job.format
    parts: list[object] = [__version__, report.digest, format.name, str(format.writer), coding]
    parts += (job.page, job.is_whole, frame)
    parts += (job.arguments, secrets.token_hex(8) if report.statement.is_volatile else None)
    for file, version in zip(report.files, versions, strict=True):
        parts.append([file.schema, version.stamp, None if version.settled else secrets.token_hex(8)])
    digest = hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest()
    # A page says how long it took, so its bytes are never the same.
    return f'W/"{digest}"' if job.is_page else f'"{digest}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag, by weak comparison (RFC 9110, section 13.1.2)."""
    tags = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in tags


def wants_gzip(accept_encoding: str) -> bool:
    """Whether gzip is accepted, by its name or as any coding, and not with q=0."""
    if not accept_encoding:
        return False
    accepted = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        accepted[coding.strip()] = not re.fullmatch(r"q=0(\.0*)?", parameters.replace(" ", ""))
    return accepted.get("gzip", accepted.get("*", False))


def _safe(name: str) -> str:
    """The name without what a header, a file system or an eye could take for something else."""
    if name.isascii():
        return _UNSAFE.sub("_", name)
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return _UNSAFE.sub("_", visible)


_WATCH_AFTER_SECONDS = 0.05


_LET_GO_SECONDS = 0.5


"""SQL that was stopped mostly ends at once, but not inside a single SQLite function."""


HtmlFrame = Callable[[Iterator[bytes]], Iterator[bytes]]


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
        framed: HtmlFrame = iter,
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


Headers = list[tuple[str, str]]


class ResponseWriter:
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
        if gzip_wanted and len(body) >= SMALLEST:
            body = compressed(body)
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
            body = page or problem_page(error, page_url_of(self._request), self._shows_sql)
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
        elif isinstance(error, BrokenEndpoint):
            self._request.line.cause = str(error)

    async def _begin(self, status: int, length: int | None = None) -> None:
        self.is_begun = True
        if length is not None:
            self.headers.append(("content-length", str(length)))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
