"""The documentation of the API: unlike FastAPI's own pages, nothing inline runs and links are relative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from aggregator.endpoints.registry import EndpointRegistry
from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.formats import SUFFIXES
from aggregator.formats.html import last_part
from aggregator.sqlfile.routing import parameter_of
from aggregator.web.pages.home import first_page
from aggregator.web.pages.send import send_routes
from aggregator.web.pages.source import SourceEndpoint
from aggregator.web.pages.templating import PAGE_HEADERS, STATIC, page_url_at, render
from aggregator.web.service import Service

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


"""As for other pages; Swagger UI and Redoc have images and styles in their own texts, Redoc a worker, too."""


async def docs(request: Request) -> Response:
    """The page of Swagger UI."""
    return _page("docs.html", request)


async def redoc(request: Request) -> Response:
    """The page of Redoc."""
    return _page("redoc.html", request)


def _page(template: str, request: Request) -> Response:
    page = render(template, root=page_url_at(request.scope).root)
    return Response(page, headers=dict(PAGE_HEADERS) | {"content-security-policy": _POLICY})


def open_form(registry: EndpointRegistry[Any], name: str, fields: Sequence[tuple[str, str]]) -> str:
    """The URL, as seen from `/_/open/<name>`, of the report of that name with these fields.

    The default, or else the example, stands for what the path needs and is not given. Raises NoSuchReport,
    and InvalidParameters for a value that no path can hold.
    """
    endpoint = registry.named(name)
    params = endpoint.source.header.params if endpoint.source is not None else {}
    given = {field: text for field, text in fields if text}
    segments: list[str] = []
    for segment in endpoint.route.segments:
        parameter = parameter_of(segment)
        if parameter is not None:
            declared = params.get(parameter)
            known = (declared.default, declared.example) if declared is not None else ()
            texts = (str(value) for value in known if value is not None)
            segment = given.pop(parameter, next(texts, "-"))
            if segment in (".", "..") and len(segments) + 1 < len(endpoint.route.segments):
                message = "cannot be . or .. here: a URL has no such folder"
                raise InvalidParameters([InvalidParameter(parameter, segment, message)])
        segments.append(segment)
    if endpoint.route.method == "GET" and registry.find("GET", segments).endpoint is not endpoint:
        values = [text for part, text in zip(endpoint.route.segments, segments, strict=True) if part != text]
        errors = zip(endpoint.route.parameters, values, strict=True)
        message = "is the name of another report in a URL"
        raise InvalidParameters([InvalidParameter(name, text, message) for name, text in errors])
    *folders, last = segments
    path = "/".join([*(quote(folder, safe="") for folder in folders), last_part(last, SUFFIXES)])
    query = urlencode([(field, text) for field, text in fields if given.get(field)])
    return "../" * (name.count("/") + 2) + path + (f"?{query}" if query else "")


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
        location = open_form(
            service.registry, request.path_params["name"], request.query_params.multi_items()
        )
        return RedirectResponse(location, 303)

    async def home(request: Request) -> Response:
        """The first page, also where `sql/` has an index of its own at `/`."""
        await service.refresh_library()
        language = request.headers.get("accept-language", "")
        page = await first_page(service, page_url_at(request.scope), language)
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
