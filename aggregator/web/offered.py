"""The choices of a form that come from the data."""

from __future__ import annotations

from typing import Any

import orjson

from aggregator.errors import AggregatorError
from aggregator.formats import FORM
from aggregator.reports.reading import Job, StaleReport
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.web.download import Download
from aggregator.web.request import Request
from aggregator.web.service import Service


async def offered_choices(
    service: Service, report: Report, request: Request, seconds: float
) -> dict[str, dict[str, Any]]:
    """For each parameter its `texts`, and whether these are `all`; empty when they cannot be had in time."""
    if not report.choices:
        return {}
    run = Run(Job(report, {}, FORM), service.spool())
    download = Download(service, run, request.receive, seconds)
    try:
        await download.begin()
        offered: dict[str, dict[str, Any]] = orjson.loads(run.body or b"{}")
    except (AggregatorError, StaleReport):
        return {}
    finally:
        download.close()
    return offered
