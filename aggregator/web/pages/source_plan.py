"""The plan of a report for the page that shows its SQL: it runs like any report, and is told in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from aggregator.errors import NotAcceptable
from aggregator.formats import PLAN
from aggregator.reports.reading import StaleReport, job_of
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.download import small_body
from aggregator.web.request import Request
from aggregator.web.service import Service

_MOST_CHECKS = 3
_READING = re.compile(r"Read (.+ of [^,]+)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step in words, and those that belong to it. is_warned: whether a warning is about it."""

    text: str
    is_warned: bool
    steps: list[Step] = field(default_factory=list)


async def plan_document(
    service: Service, report: Report, given: Mapping[str, Sequence[str]], request: Request
) -> dict[str, Any]:
    """What `?format=plan` answers: the report runs to its end, in one of the places and with its time limit.

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
) -> dict[str, Any]:
    run = Run(job_of(report, given, PLAN), service.spool())
    limit = report.time_limit(service.settings.time_limit)
    try:
        document: dict[str, Any] = orjson.loads(await small_body(service, run, request.receive, limit))
    finally:
        request.line.rows = run.rows
    return document


def nested(lines: Sequence[str], warnings: Sequence[str]) -> list[Step]:
    """Steps that are indented by two spaces as steps inside of steps."""
    first: list[Step] = []
    open_steps = [(-1, first)]
    for line in lines:
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        while open_steps[-1][0] >= depth:
            open_steps.pop()
        step = Step(text, _is_warned(text, warnings))
        open_steps[-1][1].append(step)
        open_steps.append((depth, step.steps))
    return first


def _is_warned(text: str, warnings: Sequence[str]) -> bool:
    reading = _READING.search(text)
    starts = (f"Reads {reading[1]};", f"Reads {reading[1]},") if reading else ()
    return any(warning.startswith(starts) for warning in warnings) if starts else False


def duration(seconds: float) -> str:
    """Seconds for people, to two digits."""
    if seconds >= 10:
        return f"{seconds:,.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{float(f'{seconds * 1000:.1e}'):g} ms"
