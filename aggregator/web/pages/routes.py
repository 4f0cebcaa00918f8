"""What the service answers under `/_/`: its static files, and its own pages; `/docs` and `/redoc`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from aggregator.web.pages.docs import docs, redoc
from aggregator.web.pages.home import first_page
from aggregator.web.pages.open import opened
from aggregator.web.pages.place import place_at
from aggregator.web.pages.send_routes import send_routes
from aggregator.web.pages.source import SourceEndpoint
from aggregator.web.pages.templating import PAGE_HEADERS, STATIC
from aggregator.web.service import Service

_A_YEAR = "public, max-age=31536000, immutable"


class _Versioned(StaticFiles):
    """Files whose URL changes when they do, so they are kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _A_YEAR if scope["query_string"].startswith(b"v=") else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response


def routes(service: Service) -> list[Route | Mount]:
    """The routes of one service."""

    async def open_report(request: Request) -> Response:
        """Lead to a report whose path is made from fields of a form."""
        await service.refresh_library()
        location = opened(service.library, request.path_params["name"], request.query_params.multi_items())
        return RedirectResponse(location, 303)

    async def home(request: Request) -> Response:
        """The first page, also where `sql/` has an index of its own at `/`."""
        await service.refresh_library()
        language = request.headers.get("accept-language", "")
        page = await first_page(service, place_at(request.scope), language)
        kept = {"cache-control": "no-cache", "vary": "Accept-Language"}
        return Response(page, headers=kept | dict(PAGE_HEADERS))

    return [
        Route("/docs", docs),
        Route("/redoc", redoc),
        Route("/_/", home),
        Route("/_/open/{name:path}", open_report),
        *send_routes(service),
        Route("/_/sql/{name:path}", SourceEndpoint(service), methods=["GET"]),
        Mount("/_/static", _Versioned(directory=STATIC)),
    ]
