"""What a request asks for: a job, and how it is to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.catalog.parameters import MOVING, Parameter
from aggregator.formats import PLAN
from aggregator.inputs.fields import Fields
from aggregator.reports.reading import Job, job_of
from aggregator.reports.report import Report
from aggregator.web.headers import wants_gzip
from aggregator.web.negotiation import Found, choose_format
from aggregator.web.request import Request, given_parameters, merged

_MOST_REMEMBERED = 1_000
_LONGEST_REMEMBERED = 500

Asked = tuple[object, ...]
"""All of a request on which its order depends."""


@dataclass(frozen=True, slots=True)
class Order:
    """All of it checked. parameters: the names of those that were given.

    is_lasting: whether the same request will mean the same tomorrow.
    """

    job: Job
    gzip: bool
    parameters: list[str]
    is_lasting: bool


class Orders:
    """Reads orders, and remembers those of the latest requests: bookmarks come again and again."""

    def __init__(self) -> None:
        self._remembered: dict[Asked, Order] = {}

    def of(self, report: Report, found: Found, request: Request) -> Order:
        """The order of a request for a report; raises InvalidParameters, NotAcceptable."""
        asked = (
            report,
            found.format_name,
            *found.match.path_parameters.values(),
            request.query_string,
            request.header(b"accept"),
            request.header(b"accept-encoding"),
            request.is_head,
        )
        order = self._remembered.get(asked)
        if order is None:
            order = order_of(report, found, request)
            self._remember(asked, order)
        request.line.parameters = order.parameters
        request.line.format = order.job.format.name
        return order

    def _remember(self, asked: Asked, order: Order) -> None:
        if not order.is_lasting:
            return
        if sum(len(part) for part in asked if isinstance(part, str | bytes)) > _LONGEST_REMEMBERED:
            return
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[asked] = order


def order_of(report: Report, found: Found, request: Request, fields: Fields | None = None) -> Order:
    """Read an order; fields: the parameters in the request's body. Raises as `Orders.of` does."""
    query = request.query()
    params = report.header.params
    given = merged(given_parameters(query, found.match.path_parameters), fields or {})
    request.line.parameters = names = [name for name in given if name in params]
    wanted = [*query.get("format", []), *([found.format_name] if found.format_name else [])]
    accept = request.header(b"accept")
    format = choose_format(report.formats, wanted, query.get("for", []), accept, only_by_name=[PLAN])
    request.line.format = format.name
    return Order(
        job=job_of(report, given, format, rows_wanted=not request.is_head),
        gzip=not format.compressed and wants_gzip(request.header(b"accept-encoding")),
        parameters=names,
        is_lasting=not any(_moves(parameter, given.get(name, ())) for name, parameter in params.items()),
    )


def _moves(parameter: Parameter, given: Sequence[str]) -> bool:
    """Whether its value, or whether it is allowed, may depend on the time."""
    default = parameter.default if isinstance(parameter.default, list) else [parameter.default]
    return any(text in MOVING for text in (*default, parameter.min, parameter.max, *given))
