"""`/_/sql/<name>`: the SQL of an endpoint, what its file says, and how SQLite runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from aggregator.endpoints.model import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import Attempts, StaleEndpoint
from aggregator.engine.sqlite.explain import aliases
from aggregator.errors import (
    AggregatorError,
    BrokenEndpoint,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameters,
    NotAcceptable,
    NotFound,
)
from aggregator.formats import PLAN
from aggregator.read.plan import Plan
from aggregator.read.reader import job_of
from aggregator.read.run import Run
from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import PLAN_WANTED
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.vocabulary import Column
from aggregator.web.pages.forms import default_text, fields_of, rules_of
from aggregator.web.pages.highlight import coloured_lines, escaped
from aggregator.web.pages.templating import PAGE_HEADERS, PageUrl, page_url, page_url_of, render
from aggregator.web.problems import document
from aggregator.web.read import form_choices
from aggregator.web.request import Request, given_parameters
from aggregator.web.response import ResponseWriter, small_body, wants_gzip
from aggregator.web.service import Service

_PATIENCE = 0.5


"""Seconds that the SQL waits to be shown: for a locked database, and for choices from the data."""


_STORED = {"real": "number"}


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """An endpoint as far as it is known. checked: None when something is wrong, which `error` says."""

    endpoint: Endpoint
    compiled: ReadEndpoint | WriteEndpoint | None
    error: BrokenEndpoint | DatabaseUnavailable | None = None


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a request says. error: what went wrong instead of the plan; offered: choices from the data."""

    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wants_plan: bool = False
    plan: Plan | None = None
    error: AggregatorError | None = None
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter, or a column of the rows in a body.

    default: as text, None without one; allowed: in words; elsewhere: its names in other people's files.
    """

    name: str
    type: str
    is_required: bool
    default: str | None
    allowed: str
    description: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of the result. is_guessed: whether the header says nothing of its type."""

    name: str
    type: str
    is_guessed: bool
    currency: str
    description: str


@dataclass(frozen=True, slots=True)
class Database:
    """A database that the SQL names. tables: those of it that stand in the SQL; written: some of them."""

    schema: str
    tables: tuple[str, ...]
    written: tuple[str, ...]


class SourceEndpoint:
    """The ASGI application behind these pages."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = ResponseWriter(request, send, self._service.settings.show_sql)
        try:
            await self._answer(scope["path_params"]["name"], request, answer)
        except Cancelled as error:
            answer.note(error)
        except AggregatorError as error:
            await answer.fail(error)

    async def _answer(self, name: str, request: Request, answer: ResponseWriter) -> None:
        request.require_text()
        if not self._service.settings.show_sql:
            raise NotFound(f"There is nothing at {request.path}.")
        await self._service.refresh_library()
        found = await self._find(self._service.registry.named(name))
        asked = await self._asked(found, request)
        page = await self._service.in_checker(
            source_page, found, asked, self._limit(found), page_url_of(request)
        )
        answer.headers = [*PAGE_HEADERS, ("cache-control", "no-store"), ("vary", "Accept-Encoding")]
        if asked.error is not None:
            await answer.fail(asked.error, page)
        elif request.is_head:
            await answer.empty()
        else:
            await answer.whole(page, wants_gzip(request.header(b"accept-encoding")))

    async def _find(self, endpoint: Endpoint) -> SourceMatch:
        registry = self._service.registry
        patience = min(self._service.settings.lock_wait, _PATIENCE)
        try:
            compiled = registry.compiled(endpoint) or await self._service.in_checker(
                registry.check, endpoint, patience
            )
        except (BrokenEndpoint, DatabaseUnavailable) as error:
            return SourceMatch(endpoint, None, error)
        return SourceMatch(endpoint, compiled)

    def _limit(self, found: SourceMatch) -> float:
        limit = self._service.settings.time_limit
        return found.compiled.time_limit(limit) if found.compiled is not None else limit

    async def _asked(self, found: SourceMatch, request: Request) -> SourceRequest:
        query = request.query()
        wants_plan = any(query.pop(PLAN_WANTED, ())) and not request.is_head
        header = found.compiled.header if found.compiled is not None else None
        given = given_parameters(query, {}, header.params if header is not None else ())
        if not isinstance(found.compiled, ReadEndpoint):
            return SourceRequest(given, wants_plan, error=found.error if wants_plan else None)
        plan, error = None, None
        if wants_plan:
            try:
                plan = await plan_of(self._service, found.compiled, given, request)
            except Cancelled:
                raise
            except AggregatorError as raised:
                error = raised
        offered = {}
        if self._service.has_place():
            limit = min(self._limit(found), _PATIENCE)
            offered = await form_choices(self._service, found.compiled, request, limit)
        return SourceRequest(given, wants_plan, plan, error, offered)


async def plan_of(
    service: Service, report: ReadEndpoint, given: Mapping[str, Sequence[str]], request: Request
) -> Plan:
    """The plan of a report, which runs to its end, in one of the places and with its time limit.

    Raises what the report would, and Cancelled when the client goes.
    """
    request.line.report, request.line.format = report.name, PLAN.name
    request.line.parameters = [name for name in given if name in report.header.params]
    attempts = Attempts(service.registry)
    while True:
        try:
            return await _run(service, report, given, request)
        except StaleEndpoint as stale:
            attempts.failed(report, stale)
            compiled = await service.in_checker(service.registry.check, report.endpoint)
            if not isinstance(compiled, ReadEndpoint):
                raise NotAcceptable("A file that writes has no plan.", []) from None
            report = compiled


async def _run(
    service: Service, report: ReadEndpoint, given: Mapping[str, Sequence[str]], request: Request
) -> Plan:
    run = Run(job_of(report, given, PLAN), service.spool())
    limit = report.time_limit(service.settings.time_limit)
    try:
        return Plan.model_validate_json(await small_body(service, run, request.receive, limit))
    finally:
        request.line.rows = run.rows


def source_page(found: SourceMatch, asked: SourceRequest, time_limit: float, place: PageUrl) -> bytes:
    """The page; reading a long file takes a while, so it is not for the event loop."""
    endpoint, compiled = found.endpoint, found.compiled
    header = endpoint.source.header if endpoint.source is not None else None
    params = header.params if header is not None else {}
    errors = asked.error.errors if isinstance(asked.error, InvalidParameters) else ()
    faults = found.error.faults if isinstance(found.error, BrokenEndpoint) else ()
    return render(
        "source.html",
        root=place.root,
        place=place,
        endpoint=endpoint,
        header=header,
        compiled=compiled,
        lines=coloured_lines(endpoint.text),
        text=escaped(endpoint.text),
        faults=faults,
        fault_lines=_by_line(faults, endpoint),
        unavailable=found.error if isinstance(found.error, DatabaseUnavailable) else None,
        parameters=_declared(params),
        input=_declared(header.input) if header is not None else [],
        columns=_columns(compiled.columns) if compiled is not None else [],
        databases=_databases(compiled) if compiled is not None else [],
        formats=_formats(compiled),
        time_limit=time_limit,
        is_report=isinstance(compiled, ReadEndpoint),
        fields=fields_of(params, asked.given, asked.offered, errors),
        plan_wanted=PLAN_WANTED,
        plan=asked.plan,
        problem=document(asked.error, place.path) if asked.error is not None else None,
        others=[each for each in errors if each.parameter not in params],
        duration=duration,
        is_get=endpoint.route.method == "GET",
        page_url=partial(page_url, place.root, name=endpoint.name),
        given=asked.given,
        plan_given={**asked.given, "format": [PLAN.name]},
    )


def _by_line(faults: Sequence[Any], endpoint: Endpoint) -> dict[int, str]:
    """What is wrong on each line; a fault at the end of the file is on its last line."""
    last = endpoint.text.count("\n") + (not endpoint.text.endswith("\n"))
    found: dict[int, str] = {}
    for fault in faults:
        line = min(fault.line, last)
        found[line] = f"{found[line]}; {fault.message}" if line in found else fault.message
    return found


def _formats(compiled: ReadEndpoint | WriteEndpoint | None) -> list[str]:
    """The names of the formats of the rows, and of pictures; none when it answers without rows."""
    if compiled is None or not compiled.columns:
        return []
    return [each.name for each in (*compiled.formats, *compiled.pictures)]


def _declared(all_declared: Mapping[str, Parameter | InputColumn]) -> list[Declared]:
    """The parameters, or the columns of the rows in a body, in the order of the header."""
    return [
        Declared(
            name=name,
            type=_type(each),
            is_required=each.is_required if isinstance(each, Parameter) else each.required,
            default=None if each.default is None else default_text(each),
            allowed="; ".join(rules_of(each)),
            description=each.description,
            elsewhere=", ".join(each.names) if isinstance(each, InputColumn) else "",
        )
        for name, each in all_declared.items()
    ]


def _type(declared: Parameter | InputColumn) -> str:
    name = f"{declared.type}, {declared.currency}" if declared.currency else declared.type
    return f"list of {name}" if isinstance(declared, Parameter) and declared.many else name


def _columns(columns: Iterable[Column]) -> list[ResultColumn]:
    """The columns of the result, in their order."""
    return [
        ResultColumn(
            name=column.name,
            type=column.type or _STORED.get(str(column.storage), column.storage) or "as stored",
            is_guessed=not column.is_declared,
            currency=column.currency or "",
            description=column.description,
        )
        for column in columns
    ]


def _databases(compiled: ReadEndpoint | WriteEndpoint) -> list[Database]:
    """The databases that an endpoint needs, with the tables that its SQL names."""
    texts = [_sql(compiled.endpoint), *_choices(compiled)]
    schemas = {file.schema.lower(): file.schema for file in compiled.files}
    named = set().union(*(each for text in texts for each in aliases(text, schemas).values()))
    statements = (
        compiled.statements
        if isinstance(compiled, WriteEndpoint)
        else (compiled.statement, *compiled.choices.values())
    )
    named = named.union(*(statement.bare for statement in statements))
    written = {table for statement in statements for table in statement.writes}
    return [
        Database(
            file.schema,
            tuple(sorted({table for schema, table in named | written if schema == file.schema})),
            tuple(sorted({table for schema, table in written if schema == file.schema})),
        )
        for file in compiled.files
    ]


def _sql(endpoint: Endpoint) -> str:
    return endpoint.source.sql if endpoint.source is not None else ""


def _choices(compiled: ReadEndpoint | WriteEndpoint) -> list[str]:
    return [each.choices_sql for each in compiled.header.params.values() if each.choices_sql is not None]


def duration(seconds: float) -> str:
    """Seconds for people, to two digits."""
    if seconds >= 10:
        return f"{seconds:,.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{float(f'{seconds * 1000:.1e}'):g} ms"
