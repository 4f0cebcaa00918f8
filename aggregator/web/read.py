"""The responses to reads: which endpoint, which job, and its rows as a file or a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import Version
from aggregator.errors import (
    AggregatorError,
    Cancelled,
    InvalidParameter,
    InvalidParameters,
    MethodNotAllowed,
    NotFound,
)
from aggregator.formats import HTML, PLAN
from aggregator.formats.base import Format, Representation
from aggregator.formats.json import Group
from aggregator.formats.localize import locale_of
from aggregator.inputs.json_body import MOST_FIELD_BYTES, Fields
from aggregator.read.operations import (
    Explain,
    ListChoices,
    Operation,
    Page,
    Rows,
    arguments_of,
    plan_as_json,
    rows_of,
)
from aggregator.read.reader import VersionChanged
from aggregator.read.run import Encode
from aggregator.sqlfile.catalog import Catalog
from aggregator.values.dates import MOVING
from aggregator.web.body import fields_of, receive_body
from aggregator.web.download import Download, small_result
from aggregator.web.pages.home import home_page
from aggregator.web.pages.report import ReportPage
from aggregator.web.pages.templating import PAGE_HEADERS, send_page_path
from aggregator.web.problems import allowed_methods, document, error_response
from aggregator.web.request import (
    EndpointMatch,
    Request,
    choose_format,
    find,
    given_parameters,
    merged,
)
from aggregator.web.response import (
    PLAN_HEADERS,
    entity_tag,
    file_headers,
    page_headers,
    whole,
)
from aggregator.web.service import Service
from aggregator.web.write import respond_to_write


async def form_choices(
    service: Service, report: ReadEndpoint, request: Request, seconds: float
) -> dict[str, list[str]]:
    """The choices of each parameter; empty when they cannot be had in so many seconds."""
    if not report.choices:
        return {}
    try:
        (choices,) = await small_result(service, ListChoices(report, {}), request, seconds)
    except (AggregatorError, StaleEndpoint):
        return {}
    assert isinstance(choices, dict)
    return choices


_MOST_REMEMBERED = 1_000
_LONGEST_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """What a request asks of a report, checked. parameters: the names of those that were given.

    is_lasting: whether the same request will mean the same tomorrow.
    """

    operation: Operation
    gzip: bool
    parameters: list[str]
    is_lasting: bool


class QueryRequests:
    """Reads and checks requests, and remembers the latest: bookmarks come again and again.

    has_plans: whether reports show how SQLite runs them.
    """

    def __init__(self, has_plans: bool) -> None:
        self._has_plans = has_plans
        self._remembered: dict[tuple[object, ...], QueryRequest] = {}

    def of(self, report: ReadEndpoint, match: EndpointMatch, request: Request) -> QueryRequest:
        """What a GET asks of a report; raises InvalidParameters, NotAcceptable."""
        key = (
            report,
            match.format_name,
            *match.path_parameters.values(),
            request.query_string,
            request.header(b"accept"),
            request.header(b"accept-encoding"),
            request.is_head,
        )
        query_request = self._remembered.get(key)
        if query_request is None:
            query_request = self.read(report, match, request)
            length = sum(len(part) for part in key if isinstance(part, str | bytes))
            if query_request.is_lasting and length <= _LONGEST_REMEMBERED:
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = query_request
        request.line.parameters = query_request.parameters
        request.line.format = query_request.operation.format_name
        return query_request

    def read(
        self, report: ReadEndpoint, match: EndpointMatch, request: Request, fields: Fields | None = None
    ) -> QueryRequest:
        """The same for any method, always read anew. fields: the parameters in the body."""
        query, params, is_get = request.query(), report.params, request.method == "GET"
        given = given_parameters(query, match.path_parameters, params if is_get else None)
        if fields:
            given = merged(given, fields)
        request.line.parameters = names = [name for name in given if name in params]
        available = [*report.formats, *([HTML, *report.pictures] if is_get else [])]
        only_by_name = [PLAN] if self._has_plans else []
        format = choose_format(available, request, match, query, only_by_name)
        request.line.format = format.name
        texts = [text for name in params for text in given.get(name, ())]
        for each in params.values():
            defaults = each.default if isinstance(each.default, list) else [each.default]
            texts += [str(value) for value in (*defaults, each.min, each.max)]
        return QueryRequest(
            operation=_operation(report, given, query, format, request.is_head),
            gzip=request.accepts_gzip and not (isinstance(format, Format) and format.compressed),
            parameters=names,
            is_lasting=not any(text in MOVING for text in texts),
        )


def _operation(
    report: ReadEndpoint,
    given: Mapping[str, Sequence[str]],
    query: Mapping[str, Sequence[str]],
    format: Representation,
    is_head: bool,
) -> Operation:
    """What is to be read for a representation. Raises InvalidParameters."""
    pages = [text for text in query.get("_page", ()) if text]
    number = _page_number(report, pages, format) if pages else 1
    if isinstance(format, Format):
        is_grouped = isinstance(format.writer, Group) and "sort" not in report.header.params
        if is_grouped and any(given.get("sort", ())):
            message = "is not available for grouped JSON; use another format"
            raise InvalidParameters([InvalidParameter("sort", given["sort"][0], message)])
        return rows_of(report, given, format, rows_wanted=not is_head)
    rows_wanted = not is_head or report.needs_row
    arguments = arguments_of(report, given)
    if format is PLAN:
        return Explain(report, arguments, rows_wanted)
    return Page(report, arguments, rows_wanted, None, number)


def _page_number(report: ReadEndpoint, given: Sequence[str], format: Representation) -> int:
    if report.paging is not None:
        message = "is not available for this report; use offset"
    elif format is not HTML:
        message = "is only for pages (format=html)"
    elif len(given) > 1 or re.fullmatch("[1-9][0-9]{0,11}", given[0]) is None:
        message = "must be a number from 1"
    else:
        return int(given[0])
    raise InvalidParameters([InvalidParameter("_page", ", ".join(given), message)])


def _with_other_slash(catalog: Catalog, request: Request) -> str | None:
    """The URL with a slash more or less, if there is a report."""
    segments, url = request.other_slash()
    try:
        find(catalog, request.method, segments)
    except (NotFound, MethodNotAllowed):
        return None
    return url


def _with_sort(compiled: ReadEndpoint | WriteEndpoint, request: Request) -> str | None:
    """The URL with `sort` instead of its former name `_sort`, which bookmarks may have."""
    declares_its_own = compiled.header.sort is None and "sort" in compiled.header.params
    if request.method != "GET" or declares_its_own:
        return None
    query = request.query()
    texts = query.pop("_sort", [])
    is_sorted = isinstance(compiled, ReadEndpoint) and any(texts)
    return request.with_query(query | {"sort": texts}) if is_sorted else None


_MOST_LOOKS = 2
_PATIENCE = 0.5


class SqlEndpoints:
    """Answers every URL that the service does not answer by itself.

    A browser that opens what only takes something is led to the page that sends it (303).
    A path that is there only with, or only without, a slash at its end is redirected to it (308);
    `/` without a report of its own is the first page.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._query_requests = QueryRequests(service.settings.show_sql)

    async def respond(self, request: Request) -> ASGIApp:
        """The response to a request; raises AggregatorError."""
        request.require_text()
        await self._service.refresh_endpoints()
        catalog = self._service.registry.catalog(request.actor)
        if request.method == "GET" and request.accepts_html and (write := catalog.sent_to(request.segments)):
            return RedirectResponse(send_page_path(write, request.page_url()), 303)
        try:
            match = find(catalog, request.method, request.segments)
        except MethodNotAllowed as error:
            if request.method != "OPTIONS":
                raise
            return Response(status_code=204, headers={"allow": allowed_methods(error.allowed)})
        except NotFound:
            if request.segments == ("",):
                return await first_page(self._service, request)
            location = _with_other_slash(catalog, request)
            if location is None:
                raise
            return RedirectResponse(location, 308)
        if request.method != "GET":
            request.require_own_origin()
        endpoint = match.endpoint
        request.line.report = endpoint.file.removesuffix(".sql")
        if b"_sort=" in request.query_string:
            location = _with_sort(await self._service.compiled(endpoint), request)
            if location is not None:
                return RedirectResponse(location, 308)
        if request.method != "GET":
            return await self._receive(match, request)
        return await self._service.with_fresh(endpoint, lambda each: self._read(each, match, request))

    async def _receive(self, match: EndpointMatch, request: Request) -> ASGIApp:
        """The response to a request with a body: of a write, or of a report that is read by POST."""
        service, settings = self._service, self._service.settings

        async def respond(compiled: ReadEndpoint | WriteEndpoint) -> ASGIApp:
            if isinstance(compiled, WriteEndpoint):
                return await respond_to_write(service, compiled, match, request, body)
            query_request = self._query_requests.read(compiled, match, request, fields_of(body))
            return await self._deliver(query_request, match, request)

        compiled = await service.compiled(match.endpoint)
        has_rows = isinstance(compiled, WriteEndpoint) and compiled.has_input
        most = settings.max_body if has_rows else min(settings.max_body, MOST_FIELD_BYTES)
        body = await receive_body(request, most, settings.spool_dir, service.spool_space)
        try:
            return await service.with_fresh(match.endpoint, respond)
        finally:
            body.close()

    async def _read(
        self, report: ReadEndpoint | WriteEndpoint, match: EndpointMatch, request: Request
    ) -> ASGIApp:
        """The response to a GET; a browser gets an error on the page, beside the form."""
        assert isinstance(report, ReadEndpoint)
        try:
            return await self._deliver(self._query_requests.of(report, match, request), match, request)
        except Cancelled:
            raise
        except AggregatorError as error:
            if not request.accepts_html:
                raise
            # After a report that failed, nobody waits as long again for the choices of its form.
            is_invalid = isinstance(error, InvalidParameters)
            limit = report.time_limit(self._service.settings.time_limit)
            limit = limit if is_invalid else min(limit, _PATIENCE)
            choices = await form_choices(self._service, report, request, limit)
            page = page_of(self._service, report, request, match)
            errors = error.errors if isinstance(error, InvalidParameters) else ()
            html = page.failed(document(error, request.path), errors, choices)
            return error_response(error, request, self._service.settings.show_sql, html)

    async def _deliver(self, query_request: QueryRequest, match: EndpointMatch, request: Request) -> ASGIApp:
        operation, engine = query_request.operation, self._service.engine
        if not isinstance(operation, Rows | Page):
            gzip = query_request.gzip
            return await Download(self._service, operation, request, plan_as_json, PLAN_HEADERS, gzip).begin()
        files = operation.report.files
        for _ in range(_MOST_LOOKS):
            with suppress(VersionChanged):
                return await self._result(
                    operation, engine.versions(files), query_request.gzip, match, request
                )
        versions = [version.unsettled() for version in engine.versions(files)]
        return await self._result(operation, versions, query_request.gzip, match, request)

    async def _result(
        self,
        operation: Rows | Page,
        versions: Sequence[Version],
        gzip: bool,
        match: EndpointMatch,
        request: Request,
    ) -> ASGIApp:
        """The result with the tag of these versions; raises VersionChanged when a file was written since."""
        encode: Encode
        if isinstance(operation, Page):
            page = page_of(self._service, operation.report, request, match)
            tag = entity_tag(operation, versions, [gzip, *page.build_id()])
            headers, encode = page_headers(tag), partial(page.encode, operation)
        else:
            tag = entity_tag(operation, versions, [gzip])
            headers, encode = file_headers(operation, tag), operation.encode
        known = request.header(b"if-none-match")
        if known and request.method == "GET" and tag.matches(known):
            return Response(status_code=304, headers=headers)
        # A kept result of a stable tag would be given, or kept while it is made, from here on.
        result = self._service.quick.result(operation, versions)
        if result is not None:
            request.line.rows = result.rows
            return whole(result.body, headers, gzip)
        seen = replace(operation, seen=versions)
        return await Download(self._service, seen, request, encode, headers, gzip).begin()


async def first_page(service: Service, request: Request) -> Response:
    """All endpoints and databases; made in a thread, because it may wait for a database."""
    locale = locale_of(request.header(b"accept-language"))
    page = await service.in_checker(
        home_page, service.registry, request.actor, service.overviews, request.page_url(), locale
    )
    headers = {**PAGE_HEADERS, "vary": "Accept-Encoding, Accept-Language", "cache-control": "no-cache"}
    return whole(page, headers, request.accepts_gzip)


def page_of(service: Service, report: ReadEndpoint, request: Request, match: EndpointMatch) -> ReportPage:
    """The page that a request for a report asks for."""
    url = request.page_url(match.suffix, report.header.params)
    catalog = service.registry.catalog(request.actor)
    links = {column.link for column in report.columns if column.link}
    taken = tuple((link, *pair) for link in sorted(links) for pair in catalog.taken(link))
    table = report.table(locale_of(request.header(b"accept-language")), url.root)
    return ReportPage(
        report,
        url,
        given_parameters(request.query(), match.path_parameters),
        replace(table, taken=taken),
        request.base,
        service.settings.show_sql,
        catalog.related_writes(match),
    )
