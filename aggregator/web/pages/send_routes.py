"""`/_/send/…` and `/_/template/…`: the page of an endpoint that is not only read, and a file to fill in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.errors import NoSuchReport
from aggregator.reports.report import Report
from aggregator.web.headers import disposition
from aggregator.web.pages.place import place_at
from aggregator.web.pages.send import SendPage, template_csv
from aggregator.web.pages.templating import PAGE_HEADERS
from aggregator.web.service import Service
from aggregator.writes.write import Write


def send_routes(service: Service) -> list[Route]:
    """The routes of one service."""

    async def checked(name: str) -> Report | Write:
        """The endpoint of a file. Raises NoSuchReport, BrokenReport or DatabaseUnavailable."""
        await service.refresh_library()
        endpoint = service.library.named(name)
        if endpoint.route.method == "GET":
            raise NoSuchReport(f"{name} is a report; it takes nothing.")
        return await service.in_checker(service.library.check, endpoint)

    async def send_page(request: Request) -> Response:
        found = await checked(request.path_params["name"])
        base = str(request.base_url).rstrip("/")
        given = {name: request.query_params.getlist(name) for name in request.query_params}
        place, settings = place_at(request.scope), service.settings
        page = SendPage(found, place, given, base, settings.max_body, settings.show_sql)
        return Response(page.page(), headers={"cache-control": "no-store", **dict(PAGE_HEADERS)})

    async def template(request: Request) -> Response:
        found = await checked(request.path_params["name"])
        if not found.header.input:
            raise NoSuchReport(f"{found.name} takes no rows.")
        name = f"{found.name.rpartition('/')[0].replace('/', '-') or 'rows'}-{found.endpoint.short_name}"
        headers = {
            "content-disposition": disposition(name, ".csv", "attachment"),
            "content-type": "text/csv; charset=utf-8; header=present",
            "cache-control": "no-store",
        }
        return Response(template_csv(found.header.input), headers=headers)

    return [
        Route("/_/send/{name:path}", send_page),
        Route("/_/template/{name:path}.csv", template),
    ]
