"""`/_/sql/<name>`: the SQL of an endpoint, what its file says, and how SQLite runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import PLAN_WANTED
from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.parameters import Parameter
from aggregator.databases.table_names import aliases
from aggregator.errors import (
    AggregatorError,
    BrokenReport,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameters,
    NoSuchReport,
    NotAcceptable,
)
from aggregator.formats import PLAN, Column
from aggregator.reports.plan import Plan
from aggregator.reports.reading import StaleReport, job_of
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.answer import Answer
from aggregator.web.download import small_body
from aggregator.web.headers import wants_gzip
from aggregator.web.offered import offered_choices
from aggregator.web.pages.fields import fields_of
from aggregator.web.pages.highlight import coloured_lines, escaped
from aggregator.web.pages.place import Place, page_url, place_of
from aggregator.web.pages.rules import default_text, rules_of
from aggregator.web.pages.templating import PAGE_HEADERS, render
from aggregator.web.problems import document
from aggregator.web.request import Request, given_parameters
from aggregator.web.service import Service
from aggregator.writes.write import Write

_PATIENCE = 0.5
"""Seconds that the SQL waits to be shown: for a locked database, and for choices from the data."""

_MOST_CHECKS = 3
_STORED = {"real": "number"}


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint as far as it is known. checked: None when something is wrong, which `error` says."""

    endpoint: Endpoint
    checked: Report | Write | None
    error: BrokenReport | DatabaseUnavailable | None = None


@dataclass(frozen=True, slots=True)
class Asked:
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
        answer = Answer(request, send, self._service.settings.show_sql)
        try:
            await self._answer(scope["path_params"]["name"], request, answer)
        except Cancelled as error:
            answer.note(error)
        except AggregatorError as error:
            await answer.fail(error)

    async def _answer(self, name: str, request: Request, answer: Answer) -> None:
        request.require_text()
        if not self._service.settings.show_sql:
            raise NoSuchReport(f"There is nothing at {request.path}.")
        await self._service.refresh_library()
        found = await self._find(self._service.library.named(name))
        asked = await self._asked(found, request)
        page = await self._service.in_checker(
            source_page, found, asked, self._limit(found), place_of(request)
        )
        answer.headers = [*PAGE_HEADERS, ("cache-control", "no-store"), ("vary", "Accept-Encoding")]
        if asked.error is not None:
            await answer.fail(asked.error, page)
        elif request.is_head:
            await answer.empty()
        else:
            await answer.whole(page, wants_gzip(request.header(b"accept-encoding")))

    async def _find(self, endpoint: Endpoint) -> Found:
        library = self._service.library
        patience = min(self._service.settings.lock_wait, _PATIENCE)
        try:
            checked = library.checked(endpoint) or await self._service.in_checker(
                library.check, endpoint, patience
            )
        except (BrokenReport, DatabaseUnavailable) as error:
            return Found(endpoint, None, error)
        return Found(endpoint, checked)

    def _limit(self, found: Found) -> float:
        limit = self._service.settings.time_limit
        return found.checked.time_limit(limit) if found.checked is not None else limit

    async def _asked(self, found: Found, request: Request) -> Asked:
        query = request.query()
        wants_plan = any(query.pop(PLAN_WANTED, ())) and not request.is_head
        header = found.checked.header if found.checked is not None else None
        given = given_parameters(query, {}, header.params if header is not None else ())
        if not isinstance(found.checked, Report):
            return Asked(given, wants_plan, error=found.error if wants_plan else None)
        plan, error = None, None
        if wants_plan:
            try:
                plan = await plan_of(self._service, found.checked, given, request)
            except Cancelled:
                raise
            except AggregatorError as raised:
                error = raised
        offered = {}
        if self._service.has_place():
            limit = min(self._limit(found), _PATIENCE)
            offered = await offered_choices(self._service, found.checked, request, limit)
        return Asked(given, wants_plan, plan, error, offered)


async def plan_of(
    service: Service, report: Report, given: Mapping[str, Sequence[str]], request: Request
) -> Plan:
    """The plan of a report, which runs to its end, in one of the places and with its time limit.

    Raises what the report would, and Cancelled when the client goes.
    """
    request.line.report, request.line.format = report.name, PLAN.name
    request.line.parameters = [name for name in given if name in report.header.params]
    stale = StaleReport()
    for _ in range(_MOST_CHECKS):
        try:
            return await _run(service, report, given, request)
        except StaleReport as error:
            stale = error
            service.library.forget(report)
            checked = await service.in_checker(service.library.check, report.endpoint)
            if not isinstance(checked, Report):
                raise NotAcceptable("A file that writes has no plan.", []) from None
            report = checked
    raise stale.at_last(report.files)


async def _run(
    service: Service, report: Report, given: Mapping[str, Sequence[str]], request: Request
) -> Plan:
    run = Run(job_of(report, given, PLAN), service.spool())
    limit = report.time_limit(service.settings.time_limit)
    try:
        return Plan.model_validate_json(await small_body(service, run, request.receive, limit))
    finally:
        request.line.rows = run.rows


def source_page(found: Found, asked: Asked, time_limit: float, place: Place) -> bytes:
    """The page; reading a long file takes a while, so it is not for the event loop."""
    endpoint, checked = found.endpoint, found.checked
    header = endpoint.source.header if endpoint.source is not None else None
    params = header.params if header is not None else {}
    errors = asked.error.errors if isinstance(asked.error, InvalidParameters) else ()
    faults = found.error.faults if isinstance(found.error, BrokenReport) else ()
    return render(
        "source.html",
        root=place.root,
        place=place,
        endpoint=endpoint,
        header=header,
        checked=checked,
        lines=coloured_lines(endpoint.text),
        text=escaped(endpoint.text),
        faults=faults,
        fault_lines=_by_line(faults, endpoint),
        unavailable=found.error if isinstance(found.error, DatabaseUnavailable) else None,
        parameters=_declared(params),
        input=_declared(header.input) if header is not None else [],
        columns=_columns(checked.columns) if checked is not None else [],
        databases=_databases(checked) if checked is not None else [],
        formats=_formats(checked),
        time_limit=time_limit,
        is_report=isinstance(checked, Report),
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


def _formats(checked: Report | Write | None) -> list[str]:
    """The names of the formats of the rows, and of pictures; none when it answers without rows."""
    if checked is None or not checked.columns:
        return []
    return [each.name for each in (*checked.formats, *checked.pictures)]


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


def _databases(checked: Report | Write) -> list[Database]:
    """The databases that an endpoint needs, with the tables that its SQL names."""
    texts = [_sql(checked.endpoint), *_choices(checked)]
    schemas = {file.schema.lower(): file.schema for file in checked.files}
    named = set().union(*(each for text in texts for each in aliases(text, schemas).values()))
    statements = (
        checked.statements if isinstance(checked, Write) else (checked.statement, *checked.choices.values())
    )
    named = named.union(*(statement.bare for statement in statements))
    written = {table for statement in statements for table in statement.writes}
    return [
        Database(
            file.schema,
            tuple(sorted({table for schema, table in named | written if schema == file.schema})),
            tuple(sorted({table for schema, table in written if schema == file.schema})),
        )
        for file in checked.files
    ]


def _sql(endpoint: Endpoint) -> str:
    return endpoint.source.sql if endpoint.source is not None else ""


def _choices(checked: Report | Write) -> list[str]:
    return [each.choices_sql for each in checked.header.params.values() if each.choices_sql is not None]


def duration(seconds: float) -> str:
    """Seconds for people, to two digits."""
    if seconds >= 10:
        return f"{seconds:,.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{float(f'{seconds * 1000:.1e}'):g} ms"
