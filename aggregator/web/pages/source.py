"""`/_/sql/<name>`: the SQL of an endpoint, what its file says, and how SQLite runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import PLAN_WANTED
from aggregator.errors import (
    AggregatorError,
    BrokenReport,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameters,
    NoSuchReport,
)
from aggregator.formats import PLAN
from aggregator.reports.report import Report
from aggregator.web.answer import Answer
from aggregator.web.headers import wants_gzip
from aggregator.web.offered import offered_choices
from aggregator.web.pages import source_facts
from aggregator.web.pages.fields import fields_of
from aggregator.web.pages.highlight import coloured_lines, escaped
from aggregator.web.pages.place import Place, page_url, place_of
from aggregator.web.pages.source_plan import duration, nested, plan_document
from aggregator.web.pages.templating import PAGE_HEADERS, render
from aggregator.web.problems import document
from aggregator.web.request import Request, given_parameters
from aggregator.web.service import Service
from aggregator.writes.write import Write

_PATIENCE = 0.5
"""Seconds that the SQL waits to be shown: for a locked database, and for choices from the data."""


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint as far as it is known. checked: None when something is wrong, which `error` says."""

    endpoint: Endpoint
    checked: Report | Write | None
    error: BrokenReport | DatabaseUnavailable | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says. plan: its document, or what went wrong instead; offered: choices from the data."""

    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wants_plan: bool = False
    plan: Mapping[str, Any] | None = None
    error: AggregatorError | None = None
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)


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
                plan = await plan_document(self._service, found.checked, given, request)
            except Cancelled:
                raise
            except AggregatorError as raised:
                error = raised
        offered = {}
        if self._service.has_place():
            limit = min(self._limit(found), _PATIENCE)
            offered = await offered_choices(self._service, found.checked, request, limit)
        return Asked(given, wants_plan, plan, error, offered)


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
        parameters=source_facts.parameters_of(params),
        input=source_facts.input_of(header.input) if header is not None else [],
        columns=source_facts.columns_of(checked.columns) if checked is not None else [],
        databases=source_facts.databases_of(checked) if checked is not None else [],
        formats=_formats(checked),
        time_limit=time_limit,
        is_report=isinstance(checked, Report),
        fields=fields_of(params, asked.given, asked.offered, errors),
        plan_wanted=PLAN_WANTED,
        plan=asked.plan,
        steps=nested(asked.plan["steps"], asked.plan["warnings"]) if asked.plan is not None else [],
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
