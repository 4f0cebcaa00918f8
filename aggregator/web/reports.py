"""Every URL that `sql/` answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from starlette.types import Receive, Scope, Send

from aggregator.catalog.folder import Endpoint
from aggregator.databases.folder import FileVersion
from aggregator.databases.view import look_at
from aggregator.errors import (
    AggregatorError,
    Cancelled,
    InvalidParameters,
    MethodNotAllowed,
    NoSuchReport,
    QueryFailed,
    SpoolFull,
)
from aggregator.inputs.fields import MOST_FIELD_BYTES
from aggregator.reports.reading import Overtaken, StaleReport
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.answer import Answer
from aggregator.web.body import Body, fields_of, receive_body
from aggregator.web.download import Download, Framed
from aggregator.web.headers import PLAN_HEADERS, entity_tag, file_headers, matches, wants_gzip
from aggregator.web.negotiation import Found, find
from aggregator.web.offered import offered_choices
from aggregator.web.orders import Order, Orders, order_of
from aggregator.web.pages.home import first_page
from aggregator.web.pages.place import place_of, way_to_send
from aggregator.web.pages.report import page_of
from aggregator.web.pages.templating import PAGE_HEADERS, SECURITY
from aggregator.web.request import Request
from aggregator.web.service import Service
from aggregator.web.writes import carry_out
from aggregator.writes.write import Write

_MOST_CHECKS = 3
_MOST_LOOKS = 2
_PATIENCE = 0.5

log = logging.getLogger(__name__)


class ReportsEndpoint:
    """The ASGI application behind every URL that the service does not answer by itself.

    A browser that opens what only takes something is led to the page that sends it (303).
    A path that is there only with, or only without, a slash at its end is redirected to it (308);
    `/` without a report of its own is the first page.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._orders = Orders(service.library, service.settings.show_sql)
        self._checking: dict[tuple[str, str], asyncio.Task[Report | Write]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = Answer(request, send, self._service.settings.show_sql)
        try:
            await self._answer(request, answer)
        except Cancelled as error:
            answer.note(error)
        except AggregatorError as error:
            await answer.fail(error)
        except asyncio.CancelledError as cancelled:
            if cancelled.args and isinstance(cancelled.args[0], SpoolFull):
                await answer.fail(cancelled.args[0])
                return
            unknown = "" if request.method == "GET" else " Whether this was written is not known."
            await answer.fail(Cancelled(f"The service is being stopped.{unknown}"))
        except Exception as error:
            log.exception("a request failed in a way that nobody thought of")
            await answer.fail(
                QueryFailed("Something in the service is broken; its log says what.", repr(error))
            )

    async def _answer(self, request: Request, answer: Answer) -> None:
        request.require_text()
        await self._service.refresh_library()
        library = self._service.library
        if request.method == "GET" and request.accepts_html and (taker := library.sent_to(request.segments)):
            await answer.moved(way_to_send(taker, place_of(request)), 303)
            return
        try:
            found = find(library, request.method, request.segments)
        except MethodNotAllowed as error:
            if request.method != "OPTIONS":
                raise
            await answer.options(error.allowed)
        except NoSuchReport:
            if request.segments == ("",):
                await self._first_page(request, answer)
                return
            location = self._with_other_slash(request)
            if location is None:
                raise
            await answer.moved(location, 308)
        else:
            await self._answer_found(found, request, answer)

    async def _first_page(self, request: Request, answer: Answer) -> None:
        page = await first_page(self._service, place_of(request), request.header(b"accept-language"))
        answer.headers = [*PAGE_HEADERS, ("vary", "Accept-Encoding, Accept-Language")]
        answer.headers.append(("cache-control", "no-cache"))
        if request.is_head:
            await answer.empty()
        else:
            await answer.whole(page, wants_gzip(request.header(b"accept-encoding")))

    def _with_other_slash(self, request: Request) -> str | None:
        """The URL with a slash more or less, if there is a report."""
        segments, url = request.other_slash()
        try:
            find(self._service.library, request.method, segments)
        except (NoSuchReport, MethodNotAllowed):
            return None
        return url

    async def _answer_found(self, found: Found, request: Request, answer: Answer) -> None:
        if request.method != "GET":
            request.require_own_origin()
        endpoint = found.match.endpoint
        request.line.report = endpoint.file.removesuffix(".sql")
        checked = await self._checked_now(endpoint)
        body = await self._body(checked, request)
        stale = StaleReport()
        try:
            for _ in range(_MOST_CHECKS):
                try:
                    if isinstance(checked, Write):
                        await carry_out(self._service, checked, found, request, body, answer)
                    elif request.method == "GET" and request.accepts_html:
                        await self._show(checked, found, request, answer)
                    else:
                        await self._deliver(
                            self._order(checked, found, request, body), found, request, answer
                        )
                    return
                except StaleReport as error:
                    stale = error
                    self._service.library.forget(checked)
                    checked = await self._checked_now(endpoint)
        finally:
            body.close()
        raise stale.at_last(checked.files)

    async def _body(self, checked: Report | Write, request: Request) -> Body:
        if request.method == "GET":
            return Body()
        settings = self._service.settings
        has_rows = isinstance(checked, Write) and checked.has_input
        most = settings.max_body if has_rows else min(settings.max_body, MOST_FIELD_BYTES)
        return await receive_body(request, most, settings.spool_dir, self._service.spool_space)

    def _order(self, report: Report, found: Found, request: Request, body: Body) -> Order:
        if request.method == "GET":
            return self._orders.of(report, found, request)
        catalog, has_plans = self._service.library.catalog(), self._service.settings.show_sql
        return order_of(report, found, request, catalog, has_plans, fields_of(body))

    async def _checked_now(self, endpoint: Endpoint) -> Report | Write:
        """The endpoint, checked at most once at a time however many ask for it."""
        library = self._service.library
        report = library.checked(endpoint)
        if report is not None:
            return report
        key = (endpoint.file, endpoint.digest)
        checking = self._checking.get(key)
        if checking is None:
            checking = asyncio.create_task(self._service.in_checker(library.check, endpoint))
            self._checking[key] = checking
            checking.add_done_callback(partial(self._checked, key))
        return await asyncio.shield(checking)

    def _checked(self, key: tuple[str, str], checking: asyncio.Task[Report | Write]) -> None:
        del self._checking[key]
        if not checking.cancelled():
            checking.exception()

    async def _show(self, report: Report, found: Found, request: Request, answer: Answer) -> None:
        """Deliver it to somebody with a browser: what goes wrong is said beside the form."""
        try:
            await self._deliver(self._order(report, found, request, Body()), found, request, answer)
        except AggregatorError as error:
            if answer.is_begun or isinstance(error, Cancelled):
                raise
            # After a report that failed, nobody waits as long again for the choices of its form.
            limit = report.time_limit(self._service.settings.time_limit)
            limit = limit if isinstance(error, InvalidParameters) else min(limit, _PATIENCE)
            offered = await offered_choices(self._service, report, request, limit)
            page = page_of(self._service, report, request, found)
            await answer.fail(error, page.failed(error, offered))

    async def _deliver(self, order: Order, found: Found, request: Request, answer: Answer) -> None:
        if order.job.is_for_plan:
            answer.headers = [*PLAN_HEADERS]
            await self._download(order, request, answer)
            return
        for _ in range(_MOST_LOOKS):
            try:
                await self._deliver_as(look_at(order.job.report.files), order, found, request, answer)
                return
            except Overtaken:
                pass
        versions = [version.unsettled() for version in look_at(order.job.report.files)]
        await self._deliver_as(versions, order, found, request, answer)

    async def _deliver_as(
        self,
        versions: Sequence[FileVersion],
        order: Order,
        found: Found,
        request: Request,
        answer: Answer,
    ) -> None:
        """Deliver with the tag of these versions; raises Overtaken when a file was written since."""
        job = order.job
        page = page_of(self._service, job.report, request, found) if job.is_page else None
        frame = page.edition() if page is not None else ()
        tag = entity_tag(job, versions, "gzip" if order.gzip else "", frame)
        answer.headers = [*file_headers(job, tag), *(SECURITY if job.is_page else ())]
        if request.method == "GET" and matches(request.header(b"if-none-match"), tag):
            await answer.empty(304)
            return
        result = self._service.quick.result(job, versions)
        if result is not None:
            request.line.rows = result.rows
            await answer.whole(result.body, order.gzip)
            return
        framed: Framed = partial(page.framed, job) if page is not None else iter
        await self._download(replace(order, job=replace(job, seen=versions)), request, answer, framed)

    async def _send(self, download: Download, order: Order, request: Request, answer: Answer) -> None:
        if request.is_head:
            await answer.empty()
        elif download.run.body is not None:
            await answer.whole(download.body(), order.gzip)
        elif request.counts_bytes or order.job.format.is_drawn:
            await answer.counted(download, order.gzip)
        else:
            await answer.stream(download, order.gzip)

    async def _download(self, order: Order, request: Request, answer: Answer, framed: Framed = iter) -> None:
        run = Run(order.job, self._service.spool())
        limit = run.job.report.time_limit(self._service.settings.time_limit)
        download = Download(self._service, run, request.receive, limit, framed)
        try:
            await download.begin()
            await self._send(download, order, request, answer)
        finally:
            request.line.rows = run.rows
            download.close()
