"""The responses to reads: which endpoint, which job, and its rows as a file or a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from starlette.responses import Response
from starlette.types import ASGIApp

from aggregator.endpoints.model import ReadEndpoint, WriteEndpoint
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
from aggregator.sqlfile.parameters import Parameter
from aggregator.sqlfile.types import MOVING
from aggregator.web.body import Body, fields_of, receive_body
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
    wanted_formats,
)
from aggregator.web.response import (
    PLAN_HEADERS,
    Headers,
    entity_tag,
    file_headers,
    page_headers,
    wants_gzip,
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

    has_plans: whether reports tell how SQLite runs them.
    """

    def __init__(self, has_plans: bool) -> None:
        self._has_plans = has_plans
        self._remembered: dict[tuple[object, ...], QueryRequest] = {}

    def of(self, report: ReadEndpoint, found: EndpointMatch, request: Request) -> QueryRequest:
        """What a request asks of a report; raises InvalidParameters, NotAcceptable."""
        key = (
            report,
            found.format_name,
            *found.match.path_parameters.values(),
            request.query_string,
            request.header(b"accept"),
            request.header(b"accept-encoding"),
            request.is_head,
        )
        query_request = self._remembered.get(key)
        if query_request is None:
            query_request = query_request_of(report, found, request, self._has_plans)
            length = sum(len(part) for part in key if isinstance(part, str | bytes))
            if query_request.is_lasting and length <= _LONGEST_REMEMBERED:
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = query_request
        request.line.parameters = query_request.parameters
        request.line.format = query_request.operation.format_name
        return query_request


def query_request_of(
    report: ReadEndpoint,
    found: EndpointMatch,
    request: Request,
    has_plans: bool,
    fields: Fields | None = None,
) -> QueryRequest:
    """What a request asks of a report; fields: the parameters in its body.

    Raises InvalidParameters, NotAcceptable.
    """
    query = request.query()
    params = report.params
    declared = params if request.method == "GET" else None
    given = given_parameters(query, found.match.path_parameters, declared)
    if fields:
        given = merged(given, fields)
    request.line.parameters = names = [name for name in given if name in params]
    pages = [HTML, *report.pictures] if request.method == "GET" else []
    format = choose_format(
        [*report.formats, *pages],
        wanted_formats(query, found),
        query,
        request.header(b"accept"),
        only_by_name=[PLAN] if has_plans else [],
    )
    request.line.format = format.name
    return QueryRequest(
        operation=_operation(report, given, query, format, request.is_head),
        gzip=not (isinstance(format, Format) and format.compressed)
        and wants_gzip(request.header(b"accept-encoding")),
        parameters=names,
        is_lasting=not any(_is_moving(params[name], given.get(name, ())) for name in params),
    )


def _operation(
    report: ReadEndpoint,
    given: Mapping[str, Sequence[str]],
    query: Mapping[str, Sequence[str]],
    format: Representation,
    is_head: bool,
) -> Operation:
    """What is to be read for a representation. Raises InvalidParameters."""
    number = _page_number(report, query.get("_page", ()), format)
    if isinstance(format, Format):
        if (
            isinstance(format.writer, Group)
            and "sort" not in report.header.params
            and any(given.get("sort", ()))
        ):
            message = "is not available for grouped JSON; use another format"
            raise InvalidParameters([InvalidParameter("sort", given["sort"][0], message)])
        return rows_of(report, given, format, rows_wanted=not is_head)
    rows_wanted = not is_head or report.needs_row
    arguments = arguments_of(report, given)
    if format is PLAN:
        return Explain(report, arguments, rows_wanted)
    return Page(report, arguments, rows_wanted, None, number)


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


def _page_number(report: ReadEndpoint, texts: Sequence[str], format: Representation) -> int:
    given = [text for text in texts if text]
    if not given:
        return 1
    if format is not HTML or report.paging is not None:
        message = (
            "is only for pages (format=html)"
            if report.paging is None
            else "is not available for this report; use offset"
        )
        raise InvalidParameters([InvalidParameter("_page", ", ".join(given), message)])
    if len(given) > 1 or re.fullmatch("[1-9][0-9]{0,11}", given[0]) is None:
        raise InvalidParameters([InvalidParameter("_page", ", ".join(given), "must be a number from 1")])
    return int(given[0])


def _is_moving(parameter: Parameter, given: Sequence[str]) -> bool:
    """Whether its value, or whether it is allowed, may depend on the time."""
    default = parameter.default if isinstance(parameter.default, list) else [parameter.default]
    return any(text in MOVING for text in (*default, parameter.min, parameter.max, *given))


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
        if request.method == "GET" and request.accepts_html and (taker := catalog.sent_to(request.segments)):
            return redirect(send_page_path(taker, request.page_url()), 303)
        try:
            found = find(catalog, request.method, request.segments)
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
            return redirect(location, 308)
        return await self._respond(found, request)

    async def _respond(self, found: EndpointMatch, request: Request) -> ASGIApp:
        if request.method != "GET":
            request.require_own_origin()
        endpoint = found.match.endpoint
        request.line.report = endpoint.file.removesuffix(".sql")
        if b"_sort=" in request.query_string:
            location = _with_sort(await self._service.compiled(endpoint), request)
            if location is not None:
                return redirect(location, 308)
        if request.method == "GET":
            return await self._service.with_fresh(endpoint, lambda each: self._answer(each, found, request))
        compiled = await self._service.compiled(endpoint)
        settings = self._service.settings
        has_rows = isinstance(compiled, WriteEndpoint) and compiled.has_input
        most = settings.max_body if has_rows else min(settings.max_body, MOST_FIELD_BYTES)
        body = await receive_body(request, most, settings.spool_dir, self._service.spool_space)
        try:
            return await self._service.with_fresh(
                endpoint, lambda each: self._answer(each, found, request, body)
            )
        finally:
            body.close()

    async def _answer(
        self,
        compiled: ReadEndpoint | WriteEndpoint,
        found: EndpointMatch,
        request: Request,
        body: Body | None = None,
    ) -> ASGIApp:
        """The response; raises StaleEndpoint when the tables have changed since the endpoint was checked."""
        if isinstance(compiled, WriteEndpoint):
            return await respond_to_write(self._service, compiled, found, request, body or Body())
        if body is not None:
            has_plans = self._service.settings.show_sql
            query_request = query_request_of(compiled, found, request, has_plans, fields_of(body))
            return await self._deliver(query_request, found, request)
        if request.accepts_html:
            return await self._show(compiled, found, request)
        return await self._deliver(self._query_requests.of(compiled, found, request), found, request)

    async def _show(self, report: ReadEndpoint, found: EndpointMatch, request: Request) -> ASGIApp:
        """Deliver it to somebody with a browser: what goes wrong is said beside the form."""
        try:
            return await self._deliver(self._query_requests.of(report, found, request), found, request)
        except Cancelled:
            raise
        except AggregatorError as error:
            # After a report that failed, nobody waits as long again for the choices of its form.
            limit = report.time_limit(self._service.settings.time_limit)
            limit = limit if isinstance(error, InvalidParameters) else min(limit, _PATIENCE)
            offered = await form_choices(self._service, report, request, limit)
            page = page_of(self._service, report, request, found)
            errors = error.errors if isinstance(error, InvalidParameters) else ()
            html = page.failed(document(error, request.path), errors, offered)
            return error_response(error, request, self._service.settings.show_sql, html)

    async def _deliver(self, query_request: QueryRequest, found: EndpointMatch, request: Request) -> ASGIApp:
        operation, gzip = query_request.operation, query_request.gzip
        if not isinstance(operation, Rows | Page):
            return await self._download(operation, request, plan_as_json, PLAN_HEADERS, gzip)
        files, engine = operation.report.files, self._service.engine
        for _ in range(_MOST_LOOKS):
            try:
                return await self._result(operation, engine.versions(files), gzip, found, request)
            except VersionChanged:
                pass
        versions = [version.unsettled() for version in engine.versions(files)]
        return await self._result(operation, versions, gzip, found, request)

    async def _result(
        self,
        operation: Rows | Page,
        versions: Sequence[Version],
        gzip: bool,
        found: EndpointMatch,
        request: Request,
    ) -> ASGIApp:
        """The result with the tag of these versions; raises VersionChanged when a file was written since."""
        encode: Encode
        if isinstance(operation, Page):
            page = page_of(self._service, operation.report, request, found)
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
        return await self._download(replace(operation, seen=versions), request, encode, headers, gzip)

    async def _download(
        self, operation: Operation, request: Request, encode: Encode, headers: Headers, gzip: bool
    ) -> ASGIApp:
        limit = operation.report.time_limit(self._service.settings.time_limit)
        download = Download(self._service, operation, request, limit, encode, headers, gzip)
        await download.begin()
        return download


async def first_page(service: Service, request: Request) -> Response:
    """All endpoints and databases; made in a thread, because it may wait for a database."""
    locale = locale_of(request.header(b"accept-language"))
    page = await service.in_checker(
        home_page, service.registry, request.actor, service.overviews, request.page_url(), locale
    )
    headers = {**PAGE_HEADERS, "vary": "Accept-Encoding, Accept-Language", "cache-control": "no-cache"}
    return whole(page, headers, wants_gzip(request.header(b"accept-encoding")))


def redirect(location: str, status: int) -> Response:
    """A response that leads to another URL."""
    return Response(status_code=status, headers={"location": location})


def page_of(service: Service, report: ReadEndpoint, request: Request, found: EndpointMatch) -> ReportPage:
    """The page that a request for a report asks for."""
    url = request.page_url(found.suffix, report.header.params)
    catalog = service.registry.catalog(request.actor)
    links = {column.link for column in report.columns if column.link}
    taken = tuple((link, *pair) for link in sorted(links) for pair in catalog.taken(link))
    table = report.table(locale_of(request.header(b"accept-language")), url.root)
    return ReportPage(
        report,
        url,
        given_parameters(request.query(), found.match.path_parameters),
        replace(table, taken=taken),
        request.base,
        service.settings.show_sql,
        catalog.related_writes(found.match),
    )
