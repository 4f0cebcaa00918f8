"""The choices of a form that come from the data."""

from __future__ import annotations

import orjson

from aggregator.errors import AggregatorError
from aggregator.formats import FORM
from aggregator.reports.reading import Job, StaleReport
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.download import small_body
from aggregator.web.request import Request
from aggregator.web.service import Service


async def offered_choices(
    service: Service, report: Report, request: Request, seconds: float
) -> dict[str, list[str]]:
    """The choices of each parameter; empty when they cannot be had in so many seconds."""
    if not report.choices:
        return {}
    run = Run(Job(report, {}, FORM), service.spool())
    try:
        offered: dict[str, list[str]] = orjson.loads(await small_body(service, run, request.receive, seconds))
    except (AggregatorError, StaleReport):
        return {}
    return offered
