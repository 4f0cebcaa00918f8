"""Every URL that `sql/` answers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

from starlette.types import Receive, Scope, Send

from aggregator.catalog.arguments import Arguments, read_arguments
from aggregator.catalog.folder import Endpoint
from aggregator.errors import (
    AggregatorError,
    Cancelled,
    DatabaseUnavailable,
    MethodNotAllowed,
    NoSuchReport,
    QueryFailed,
)
from aggregator.formats import Format
from aggregator.reports.reading import StaleReport
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.answer import Answer
from aggregator.web.download import Download
from aggregator.web.headers import entity_tag, file_headers, matches, wants_gzip
from aggregator.web.negotiation import Found, choose_format, find
from aggregator.web.request import Request, given_parameters
from aggregator.web.service import Service

_MOST_CHECKS = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What one request asks for, all of it checked."""

    report: Report
    arguments: Arguments
    format: Format
    gzip: bool


class ReportsEndpoint:
    """The ASGI application behind every URL that the service does not answer by itself.

    A path that is there only with, or only without, a slash at its end is redirected to it (308).
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._checking: dict[str, asyncio.Task[Report]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = Answer(request, send)
        try:
            await self._answer(request, answer)
        except Cancelled as error:
            answer.note(error)
        except AggregatorError as error:
            await answer.fail(error)
        except asyncio.CancelledError:
            await answer.fail(Cancelled("The service is being stopped."))
        except Exception as error:
            log.exception("a request failed in a way that nobody thought of")
            await answer.fail(
                QueryFailed("Something in the service is broken; its log says what.", repr(error))
            )

    async def _answer(self, request: Request, answer: Answer) -> None:
        library = self._service.library
        try:
            found = find(library, request.method, request.path)
        except MethodNotAllowed as error:
            if request.method != "OPTIONS":
                raise
            await answer.options(error.allowed)
        except NoSuchReport:
            path, url = request.other_slash()
            try:
                find(library, request.method, path)
            except (NoSuchReport, MethodNotAllowed):
                pass
            else:
                await answer.moved(url)
                return
            raise
        else:
            await self._answer_found(found, request, answer)

    async def _answer_found(self, found: Found, request: Request, answer: Answer) -> None:
        endpoint = found.match.endpoint
        request.line.report = endpoint.file.removesuffix(".sql")
        for _ in range(_MOST_CHECKS):
            report = await self._report(endpoint)
            try:
                await self._deliver(_order(report, found, request), request, answer)
                return
            except StaleReport:
                self._service.library.forget(report)
        raise DatabaseUnavailable(report.files[0].schema, "has its tables altered again and again")

    async def _report(self, endpoint: Endpoint) -> Report:
        """The report, checked at most once at a time however many ask for it."""
        library = self._service.library
        report = library.checked(endpoint)
        if report is not None:
            return report
        checking = self._checking.get(endpoint.file)
        if checking is None:
            checking = asyncio.create_task(self._service.in_checker(library.check, endpoint))
            self._checking[endpoint.file] = checking
            checking.add_done_callback(partial(self._checked, endpoint))
        return await asyncio.shield(checking)

    def _checked(self, endpoint: Endpoint, checking: asyncio.Task[Report]) -> None:
        del self._checking[endpoint.file]
        if not checking.cancelled():
            checking.exception()

    async def _deliver(self, order: Order, request: Request, answer: Answer) -> None:
        tag = entity_tag(order.report, order.arguments, order.format, "gzip" if order.gzip else "")
        answer.headers = file_headers(order.report, order.arguments, order.format, tag)
        if matches(request.headers.get("if-none-match", ""), tag):
            await answer.empty(304)
            return
        run = Run(
            order.report,
            order.arguments,
            order.format,
            self._service.spool(),
            rows_wanted=not request.is_head,
        )
        limit = min(order.report.header.time_limit or float("inf"), self._service.settings.time_limit)
        download = Download(self._service, run, request.receive, limit)
        try:
            await download.begin()
            if request.is_head:
                await answer.empty()
            elif run.body is not None:
                await answer.whole(run.body, order.gzip)
            elif request.counts_bytes:
                await answer.counted(download, order.gzip)
            else:
                await answer.stream(download, order.gzip)
        finally:
            request.line.rows = run.rows
            download.close()


def _order(report: Report, found: Found, request: Request) -> Order:
    """Raises InvalidParameters, NotAcceptable."""
    query = request.query()
    params = report.header.params
    given = given_parameters(query, found.match.path_parameters)
    request.line.parameters = [name for name in given if name in params]
    wanted = [*query.get("format", []), *([found.format_name] if found.format_name else [])]
    format = choose_format(report.formats, wanted, query.get("for", []), request.headers.get("accept", ""))
    request.line.format = format.name
    return Order(
        report=report,
        arguments=read_arguments(params, given),
        format=format,
        gzip=not format.compressed and wants_gzip(request.headers.get("accept-encoding", "")),
    )
