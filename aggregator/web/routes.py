"""The service's own URLs: the first page, forms, the SQL of a file, the API's description, its health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.engine.base import Engine
from aggregator.errors import (
    AggregatorError,
    BrokenEndpoint,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameter,
    InvalidParameters,
    NotAcceptable,
    NotFound,
)
from aggregator.formats import SUFFIXES
from aggregator.formats.html import last_part
from aggregator.read.operations import Explain, arguments_of
from aggregator.read.plan import Plan
from aggregator.sqlfile.catalog import Catalog, Endpoint
from aggregator.sqlfile.header import PLAN_WANTED
from aggregator.sqlfile.routing import parameter_of
from aggregator.web.download import small_result
from aggregator.web.openapi import description
from aggregator.web.pages.send import SendPage, template_csv
from aggregator.web.pages.sql_page import SourceMatch, SourceRequest, source_page
from aggregator.web.pages.templating import PAGE_HEADERS, STATIC, PageUrl, render
from aggregator.web.problems import Handler, document, error_response
from aggregator.web.read import first_page, form_choices
from aggregator.web.request import Request, given_parameters
from aggregator.web.response import disposition, whole
from aggregator.web.service import Service

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As for other pages; Swagger UI and Redoc have images and styles in their own texts, Redoc a worker, too."""

_PATIENCE = 0.5
"""Seconds that the SQL waits to be shown: for a locked database, and for choices from the data."""

_A_YEAR = "public, max-age=31536000, immutable"


class _Versioned(StaticFiles):
    """Files whose URL changes when they do, so they are kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _A_YEAR if scope["query_string"].startswith(b"v=") else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response


def health(engine: Engine) -> tuple[int, dict[str, Any]]:
    """Status and body: 200 and `{"status": "ok"}`, or 503 with what fails and why."""
    failing = {}
    for file in engine.sources().values():
        reason = engine.trouble(file)
        if reason is not None:
            failing[file.schema] = reason
    faults = [str(fault) for fault in engine.faults()]
    if not failing and not faults:
        return 200, {"status": "ok"}
    return 503, {"status": "failing", "databases": failing, "folder": faults}


def open_form(catalog: Catalog, name: str, fields: Sequence[tuple[str, str]]) -> str:
    """The URL, as seen from `/_/open/<name>`, of the report of that name with these fields.

    The default, or else the example, stands for what the path needs and is not given. Raises NotFound,
    and InvalidParameters for a value that no path can hold.
    """
    endpoint = catalog.named(name)
    params = endpoint.source.header.params if endpoint.source is not None else {}
    given = {field: text for field, text in fields if text}
    segments: list[str] = []
    for segment in endpoint.route.segments:
        parameter = parameter_of(segment)
        if parameter is not None:
            declared = params.get(parameter)
            known = (declared.default, declared.example) if declared is not None else ()
            texts = (str(value) for value in known if value is not None)
            segment = given.pop(parameter, next(texts, "-"))
            if segment in (".", "..") and len(segments) + 1 < len(endpoint.route.segments):
                message = "cannot be . or .. in a URL"
                raise InvalidParameters([InvalidParameter(parameter, segment, message)])
        segments.append(segment)
    if endpoint.route.method == "GET" and catalog.find("GET", segments).endpoint is not endpoint:
        values = [text for part, text in zip(endpoint.route.segments, segments, strict=True) if part != text]
        errors = zip(endpoint.route.parameters, values, strict=True)
        message = "is the name of another report"
        raise InvalidParameters([InvalidParameter(name, text, message) for name, text in errors])
    *folders, last = segments
    path = "/".join([*(quote(folder, safe="") for folder in folders), last_part(last, SUFFIXES)])
    query = urlencode([(field, text) for field, text in fields if given.get(field)])
    return "../" * (name.count("/") + 2) + path + (f"?{query}" if query else "")


class OwnPages:
    """The handlers of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route | Mount]:
        """Each page by its path."""
        return [
            self._route("/openapi.json", self._openapi),
            self._route("/health", self._health),
            self._route("/docs", partial(_documentation, "docs.html")),
            self._route("/redoc", partial(_documentation, "redoc.html")),
            self._route("/_/", self._home),
            self._route("/_/open/{name:path}", self._open),
            self._route("/_/send/{name:path}", self._send),
            self._route("/_/template/{name:path}.csv", self._template),
            self._route("/_/sql/{name:path}", self._source),
            Mount("/_/static", _Versioned(directory=STATIC)),
        ]

    def _route(self, path: str, respond: Callable[[Request], Awaitable[ASGIApp]]) -> Route:
        return Route(path, Handler(respond, self._service.settings.show_sql), methods=["GET"])

    async def _catalog(self, request: Request) -> Catalog:
        await self._service.refresh_endpoints()
        return self._service.registry.catalog(request.actor)

    async def _openapi(self, request: Request) -> Response:
        """The description of the API; made in a thread, because it may wait for a database."""
        service = self._service
        shows_sql = service.settings.show_sql
        return JSONResponse(await service.in_checker(description, service.registry, request.actor, shows_sql))

    async def _health(self, request: Request) -> Response:
        status, body = await self._service.in_checker(health, self._service.engine)
        return JSONResponse(body, status)

    async def _home(self, request: Request) -> Response:
        """The first page, also where `sql/` has an index of its own at `/`."""
        await self._service.refresh_endpoints()
        return await first_page(self._service, request)

    async def _open(self, request: Request) -> Response:
        """Lead to a report whose path is made from fields of a form."""
        catalog = await self._catalog(request)
        fields = [(name, text) for name, texts in request.query().items() for text in texts]
        return RedirectResponse(open_form(catalog, _name(request), fields), 303)

    async def _send(self, request: Request) -> Response:
        compiled, settings = await self._input_of(request), self._service.settings
        url = PageUrl(request.segments)
        page = SendPage(compiled, url, request.query(), request.base, settings.max_body, settings.show_sql)
        return Response(page.page(), headers={"cache-control": "no-store", **PAGE_HEADERS})

    async def _template(self, request: Request) -> Response:
        compiled = await self._input_of(request)
        if not compiled.header.input:
            raise NotFound(f"{compiled.name} does not accept rows.")
        folder = compiled.name.rpartition("/")[0].replace("/", "-") or "rows"
        headers = {
            "content-disposition": disposition(
                f"{folder}-{compiled.endpoint.short_name}", ".csv", "attachment"
            ),
            "content-type": "text/csv; charset=utf-8; header=present",
            "cache-control": "no-store",
        }
        return Response(template_csv(compiled.header.input), headers=headers)

    async def _input_of(self, request: Request) -> ReadEndpoint | WriteEndpoint:
        """The endpoint that takes something. Raises NotFound, BrokenEndpoint or DatabaseUnavailable."""
        endpoint = (await self._catalog(request)).named(_name(request))
        if endpoint.route.method == "GET":
            raise NotFound(f"{endpoint.name} is a report; it does not accept data.")
        return await self._service.in_checker(self._service.registry.check, endpoint)

    async def _source(self, request: Request) -> ASGIApp:
        """The SQL of an endpoint, with the plan of a report where it is asked for."""
        request.require_text()
        settings = self._service.settings
        if not settings.show_sql:
            raise NotFound(f"Not match: {request.path}")
        match = await self._source_of((await self._catalog(request)).named(_name(request)))
        limit = (
            settings.time_limit if match.compiled is None else match.compiled.time_limit(settings.time_limit)
        )
        source_request, error = await self._source_request(match, request, limit)
        page = await self._service.in_checker(source_page, match, source_request, limit, request.page_url())
        if error is not None:
            return error_response(error, request, settings.show_sql, page)
        headers = {**PAGE_HEADERS, "cache-control": "no-store", "vary": "Accept-Encoding"}
        return whole(page, headers, request.accepts_gzip)

    async def _source_of(self, endpoint: Endpoint) -> SourceMatch:
        registry = self._service.registry
        patience = min(self._service.settings.lock_wait, _PATIENCE)
        try:
            compiled = registry.compiled(endpoint) or await self._service.in_checker(
                registry.check, endpoint, patience
            )
        except (BrokenEndpoint, DatabaseUnavailable) as error:
            return SourceMatch(endpoint, None, error)
        return SourceMatch(endpoint, compiled)

    async def _source_request(
        self, match: SourceMatch, request: Request, limit: float
    ) -> tuple[SourceRequest, AggregatorError | None]:
        """What a request says, and what went wrong with its plan. limit: seconds that the report may run."""
        query = request.query()
        wants_plan = any(query.pop(PLAN_WANTED, ())) and not request.is_head
        compiled = match.compiled
        given = given_parameters(query, {}, compiled.header.params if compiled is not None else ())
        plan, error = None, None
        if wants_plan and isinstance(compiled, ReadEndpoint):
            try:
                plan = await plan_of(self._service, compiled, given, request)
            except Cancelled:
                raise
            except AggregatorError as raised:
                error = raised
        elif wants_plan:
            error = match.error
        choices: Mapping[str, Sequence[str]] = {}
        if isinstance(compiled, ReadEndpoint) and not self._service.slots.locked():
            choices = await form_choices(self._service, compiled, request, min(limit, _PATIENCE))
        problem = document(error, request.path) if error is not None else None
        errors = error.errors if isinstance(error, InvalidParameters) else ()
        return SourceRequest(given, wants_plan, plan, problem, errors, choices), error


async def plan_of(
    service: Service, report: ReadEndpoint, given: Mapping[str, Sequence[str]], request: Request
) -> Plan:
    """The plan of a report, which runs to its end, in one of the slots and with its time limit.

    Raises what the report would, and Cancelled when the client goes.
    """
    request.line.report, request.line.format = report.name, Explain.name
    request.line.parameters = [name for name in given if name in report.header.params]

    async def explain(compiled: ReadEndpoint | WriteEndpoint) -> Plan:
        if not isinstance(compiled, ReadEndpoint):
            raise NotAcceptable("A file that writes has no query plan.", [])
        operation = Explain(compiled, arguments_of(compiled, given))
        (plan,) = await small_result(service, operation, request)
        assert isinstance(plan, Plan)
        return plan

    return await service.with_fresh(report.endpoint, explain)


async def _documentation(template: str, request: Request) -> Response:
    page = render(template, root=request.page_url().root)
    return Response(page, headers=PAGE_HEADERS | {"content-security-policy": _POLICY})


def _name(request: Request) -> str:
    """The name of the endpoint in the path of its page."""
    name: str = request.scope["path_params"]["name"]
    return name
