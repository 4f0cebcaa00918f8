"""What a request asks for: a job, and how it is to be sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aggregator.catalog.folder import Catalog
from aggregator.catalog.parameters import MOVING, Parameter
from aggregator.errors import InvalidParameters, ParameterError
from aggregator.formats import HTML, PLAN, Format
from aggregator.formats.html import locale_of
from aggregator.formats.shapes import Group
from aggregator.inputs.fields import Fields
from aggregator.reports.library import Library
from aggregator.reports.reading import Job, job_of
from aggregator.reports.report import Report
from aggregator.web.headers import wants_gzip
from aggregator.web.negotiation import Found, choose_format, wanted_formats
from aggregator.web.pages.place import place_of
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
    """Reads orders, and remembers those of the latest requests: bookmarks come again and again.

    library: whose names links avoid; has_plans: whether reports tell how SQLite runs them.
    """

    def __init__(self, library: Library[Any], has_plans: bool) -> None:
        self._library = library
        self._has_plans = has_plans
        self._remembered: dict[Asked, Order] = {}

    def of(self, report: Report, found: Found, request: Request) -> Order:
        """The order of a request for a report; raises InvalidParameters, NotAcceptable."""
        catalog = self._library.catalog()
        asked = (
            report,
            catalog,
            found.format_name,
            *found.match.path_parameters.values(),
            request.query_string,
            request.header(b"accept"),
            request.header(b"accept-encoding"),
            request.header(b"accept-language"),
            len(request.segments),
            request.is_head,
        )
        order = self._remembered.get(asked)
        if order is None:
            order = order_of(report, found, request, catalog, self._has_plans)
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


def order_of(
    report: Report,
    found: Found,
    request: Request,
    catalog: Catalog,
    has_plans: bool,
    fields: Fields | None = None,
) -> Order:
    """Read an order; fields: the parameters in the request's body. Raises as `Orders.of` does."""
    query = request.query()
    params = report.params
    declared = params if request.method == "GET" else None
    given = merged(given_parameters(query, found.match.path_parameters, declared), fields or {})
    request.line.parameters = names = [name for name in given if name in params]
    wanted = wanted_formats(query, found)
    accept = request.header(b"accept")
    pages = [HTML, *report.pictures] if request.method == "GET" else []
    only_by_name = [PLAN] if has_plans else []
    available = [*report.formats, *pages]
    format = choose_format(available, wanted, query, accept, only_by_name)
    request.line.format = format.name
    if isinstance(format.writer, Group) and "sort" not in report.header.params and any(given.get("sort", ())):
        message = "is not for JSON in groups, whose rows stand together; take another format"
        raise InvalidParameters([ParameterError("sort", given["sort"][0], message)])
    if format is HTML:
        format = _page_format(report, request, catalog)
    return Order(
        job=job_of(
            report,
            given,
            format,
            rows_wanted=not request.is_head,
            page=_page(report, query.get("_page", []), format),
        ),
        gzip=not format.compressed and wants_gzip(request.header(b"accept-encoding")),
        parameters=names,
        is_lasting=not any(_moves(parameter, given.get(name, ())) for name, parameter in params.items()),
    )


def _page_format(report: Report, request: Request, catalog: Catalog) -> Format:
    """HTML for this reader, with the links of this URL."""
    locale = locale_of(request.header(b"accept-language"))
    root = place_of(request).root
    links = {column.link for column in report.columns if column.link}
    taken = tuple((link, *pair) for link in sorted(links) for pair in catalog.taken(link))
    return replace(HTML, writer=replace(report.table(locale, root), taken=taken))


def _page(report: Report, texts: Sequence[str], format: Format) -> int:
    given = [text for text in texts if text]
    if not given:
        return 1
    if format.name != HTML.name or report.paging is not None:
        message = (
            "is for pages (format=html)" if report.paging is None else "is not for this report; say offset"
        )
        raise InvalidParameters([ParameterError("_page", ", ".join(given), message)])
    if len(given) > 1 or re.fullmatch("[1-9][0-9]{0,11}", given[0]) is None:
        raise InvalidParameters([ParameterError("_page", ", ".join(given), "must be a number from 1")])
    return int(given[0])


def _moves(parameter: Parameter, given: Sequence[str]) -> bool:
    """Whether its value, or whether it is allowed, may depend on the time."""
    default = parameter.default if isinstance(parameter.default, list) else [parameter.default]
    return any(text in MOVING for text in (*default, parameter.min, parameter.max, *given))
