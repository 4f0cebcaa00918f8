"""The documentation of the API, without the inline script that FastAPI's own page has."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from aggregator.web.pages.place import Place
from aggregator.web.pages.templating import PAGE_HEADERS, render

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As for other pages; Swagger UI has images and styles in its own text."""


async def docs(request: Request) -> Response:
    """The page of Swagger UI."""
    page = render("docs.html", root=Place(request.url.path).root)
    return Response(page, headers=dict(PAGE_HEADERS) | {"content-security-policy": _POLICY})
