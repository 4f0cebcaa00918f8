"""From a request to the bytes of a report."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from aggregator.catalog.arguments import Arguments, read_arguments
from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import RESERVED_PARAMETERS
from aggregator.errors import (
    AggregatorError,
    BrokenReport,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameters,
    ParameterError,
    QueryFailed,
)
from aggregator.formats import Format
from aggregator.reports.report import Report
from aggregator.reports.run import Run, StaleReport
from aggregator.web import gzip
from aggregator.web.access_log import RequestLine
from aggregator.web.download import Download
from aggregator.web.headers import content_disposition, entity_tag, file_name, matches, wants_gzip
from aggregator.web.negotiation import choose_format, find
from aggregator.web.problems import MEDIA_TYPE, problem
from aggregator.web.service import Service

_MOST_CHECKS = 3
_FILE_CHUNK = 256 * 1024
_MOST_FIELDS = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What one request asks for, all of it checked."""

    report: Report
    arguments: Arguments
    format: Format
    gzip: bool


class ReportsEndpoint:
    """The ASGI application behind every URL that the service does not answer by itself."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        line = RequestLine(scope["method"], scope["path"])
        answer = _Answer(scope, send, line)
        try:
            await self._answer(scope, receive, answer)
        except AggregatorError as error:
            await answer.fail(error)
        except Exception as error:
            log.exception("a request failed in a way that nobody thought of")
            await answer.fail(
                QueryFailed("Something in the service is broken; its log says what.", repr(error))
            )
        finally:
            line.write()

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = find(self._service.library, method, scope["path"])
        endpoint = found.match.endpoint
        answer.line.report = endpoint.file.removesuffix(".sql")
        query = _query(scope["query_string"])
        for _ in range(_MOST_CHECKS):
            report = await self._report(endpoint)
            wanted = [*query.get("format", []), *([found.format_name] if found.format_name else [])]
            format = choose_format(report.formats, wanted, query.get("for", []), headers.get(b"accept", ""))
            order = Order(
                report=report,
                arguments=read_arguments(report.header.params, _given(query, found.match.path_parameters)),
                format=format,
                gzip=not format.compressed and wants_gzip(headers.get(b"accept-encoding", "")),
            )
            answer.line.format = format.name
            answer.line.parameters = [name for name in query if name in report.header.params]
            try:
                await self._deliver(order, scope, receive, answer, headers.get(b"if-none-match"))
                return
            except StaleReport:
                self._service.library.forget(report)
        raise DatabaseUnavailable(report.files[0].schema, "has its tables altered again and again")

    async def _report(self, endpoint: Endpoint) -> Report:
        library = self._service.library
        report = library.checked(endpoint)
        if report is not None:
            return report
        return await self._service.in_checker(library.check, endpoint)

    async def _deliver(
        self, order: Order, scope: Scope, receive: Receive, answer: _Answer, if_none_match: str | None
    ) -> None:
        tag = entity_tag(order.report, order.arguments, order.format, "gzip" if order.gzip else "")
        answer.describe(order, tag)
        if tag is not None and if_none_match is not None and matches(if_none_match, tag):
            await answer.not_modified()
            return
        is_head = scope["method"] == "HEAD"
        run = Run(order.report, order.arguments, order.format, self._service.spool(), rows_wanted=not is_head)
        limit = min(order.report.header.time_limit or float("inf"), self._service.settings.time_limit)
        download = Download(self._service, run, receive, limit)
        try:
            await download.begin()
            if is_head:
                await answer.head()
            elif run.body is not None:
                await answer.whole(run.body, order.gzip)
            elif scope["http_version"] == "1.0":
                await answer.counted(download, order.gzip)
            else:
                await answer.stream(download, order.gzip)
        finally:
            answer.line.rows = run.rows
            answer.line.bytes = max(answer.line.bytes, download.bytes_sent)
            download.close()


class _Answer:
    """The response: its headers, its body in one of several ways, or its failure."""

    def __init__(self, scope: Scope, send: Send, line: RequestLine) -> None:
        self.line = line
        self._path = scope["path"]
        self._is_head = scope["method"] == "HEAD"
        self._send = send
        self._headers: list[tuple[str, str]] = []
        self._is_begun = False

    def describe(self, order: Order, tag: str | None) -> None:
        """Set the headers that go with a file."""
        name = file_name(order.report, order.arguments, order.format)
        self._headers = [
            ("content-type", order.format.media_type),
            ("content-disposition", content_disposition(name, order.format.disposition)),
            ("vary", "Accept, Accept-Encoding"),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
        ]
        if tag is not None:
            self._headers.append(("etag", tag))

    async def not_modified(self) -> None:
        await self._begin(304)
        await self._send({"type": "http.response.body", "body": b""})

    async def head(self) -> None:
        await self._begin(200)
        await self._send({"type": "http.response.body", "body": b""})

    async def whole(self, body: bytes, gzip_wanted: bool) -> None:
        if gzip_wanted and len(body) >= gzip.SMALLEST:
            body = gzip.compressed(body)
            self._headers.append(("content-encoding", "gzip"))
        await self._begin(200, len(body))
        self.line.bytes = len(body)
        await self._send({"type": "http.response.body", "body": body})

    async def stream(self, download: Download, gzip_wanted: bool) -> None:
        """Send in chunks; only a complete file gets the last, empty one."""
        if gzip_wanted:
            self._headers.append(("content-encoding", "gzip"))
        await self._begin(200)
        await download.send(self._send, download.output(gzip_wanted))
        await self._send({"type": "http.response.body", "body": b""})

    async def counted(self, download: Download, gzip_wanted: bool) -> None:
        """For HTTP/1.0, where only Content-Length tells a whole file from a broken one."""
        if gzip_wanted:
            self._headers.append(("content-encoding", "gzip"))
        with tempfile.TemporaryFile(dir=download.spool_dir) as file:
            async for chunk in download.chunks(download.output(gzip_wanted)):
                file.write(chunk)
            length = file.tell()
            file.seek(0)
            await self._begin(200, length)
            while chunk := file.read(_FILE_CHUNK):
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
                self.line.bytes += len(chunk)
        await self._send({"type": "http.response.body", "body": b""})

    async def fail(self, error: AggregatorError) -> None:
        """A problem document; a broken connection when the file has begun."""
        self.line.cause = error.cause if isinstance(error, QueryFailed) else None
        self.line.outcome = type(error).__name__
        if isinstance(error, BrokenReport | DatabaseUnavailable):
            self.line.cause = str(error)
        if self._is_begun or isinstance(error, Cancelled):
            # Returning without a last chunk makes the server close the connection.
            return
        status, headers, body = problem(error, self._path)
        self._headers = [("content-type", MEDIA_TYPE), ("cache-control", "no-store"), *headers]
        await self._begin(status, len(body))
        await self._send({"type": "http.response.body", "body": b"" if self._is_head else body})

    async def _begin(self, status: int, length: int | None = None) -> None:
        self._is_begun = True
        self.line.status = status
        if length is not None:
            self._headers.append(("content-length", str(length)))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._headers]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


def _query(query_string: bytes) -> dict[str, list[str]]:
    """The texts of each name; raises InvalidParameters for bytes that are not UTF-8."""
    query: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeDecodeError:
        raise InvalidParameters(
            [ParameterError("query string", None, "is not UTF-8, percent-encoded")]
        ) from None
    except ValueError:
        message = f"has more than {_MOST_FIELDS:,} fields"
        raise InvalidParameters([ParameterError("query string", None, message)]) from None
    for name, text in pairs:
        query.setdefault(name, []).append(text)
    return query


def _given(query: Mapping[str, list[str]], path_parameters: Mapping[str, str]) -> dict[str, list[str]]:
    """What the URL gives for the report's own parameters; the path's go before the query's."""
    given = {name: texts for name, texts in query.items() if name not in RESERVED_PARAMETERS}
    for name, text in path_parameters.items():
        given[name] = [text, *given.get(name, [])]
    return given
