"""The documentation of the API: unlike FastAPI's own pages, nothing inline runs and links are relative."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from aggregator.web.pages.place import place_at
from aggregator.web.pages.templating import PAGE_HEADERS, render

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
    page = render(template, root=place_at(request.scope).root)
    return Response(page, headers=dict(PAGE_HEADERS) | {"content-security-policy": _POLICY})
