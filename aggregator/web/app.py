"""The ASGI application: the allowed hosts, the service's own pages, and the endpoints."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from fastapi import FastAPI
from fastapi import Request as StarletteRequest
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator import __version__
from aggregator.endpoints.access import Access
from aggregator.errors import MisdirectedRequest
from aggregator.settings import Settings
from aggregator.sqlfile.routing import RESERVED, segments_of
from aggregator.web.pages.templating import warm
from aggregator.web.problems import Handler, error_response
from aggregator.web.read import SqlEndpoints
from aggregator.web.request import Request
from aggregator.web.request_log import LoggedRequests, configure_logging
from aggregator.web.routes import OwnPages
from aggregator.web.server import END_SECONDS, end_in_time
from aggregator.web.service import Service

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]*)?")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_REMEMBERED = 1_000
_LONGEST_SHOWN = 100


class AllowedHosts:
    """The names that are allowed in `Host`, besides every IP address, `localhost` and its subdomains.

    A page of another site can point its own name at this machine (DNS rebinding), and a browser then takes it
    for a page of the service. Its requests still carry that name in `Host`. An IP address is safe: the page
    is then from that very address.

    bound: the address that the service listens on. Unless that is a loopback one, the machine's own name is
    allowed too. listed: further names; `*.example.com` stands for all subdomains, `*` for every name.
    """

    def __init__(self, bound: str, listed: Sequence[str] = ()) -> None:
        own = [] if bound in _LOOPBACK else [socket.gethostname()]
        names = [name.lower().rstrip(".") for name in ("localhost", "*.localhost", bound, *own, *listed)]
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._remembered: set[str] = set()

    def require(self, host: str) -> None:
        """Raises MisdirectedRequest for the `Host` of another service; an empty one is of no browser."""
        if host in self._remembered:
            return
        if not self._is_allowed(host):
            shown = host if len(host) <= _LONGEST_SHOWN else host[:_LONGEST_SHOWN] + "…"
            raise MisdirectedRequest(
                f'This service does not answer requests for the host "{shown}". Use localhost or the '
                "IP address, or start the service with this name in --allowed-hosts."
            )
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered.add(host)

    def _is_allowed(self, host: str) -> bool:
        if host == "" or "*" in self._names:
            return True
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].lower().rstrip(".")
        return name in self._names or name.endswith(self._suffixes) or _is_ip_address(name)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def create_app(settings: Settings, access: Access | None = None) -> ASGIApp:
    """The ASGI application for one process. access: what there is for whom, None for all for anybody."""
    service = Service(settings, access)
    hosts = AllowedHosts(settings.host, settings.host_names)
    endpoints = Handler(SqlEndpoints(service).respond, settings.show_sql)
    return LoggedRequests(_Front(own_pages(service), endpoints, hosts))


def own_pages(service: Service) -> FastAPI:
    """The service's own pages, their static files, and the files of the API's documentation."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            asyncio.get_running_loop().run_in_executor(service.checkers, warm)
            yield

    app: FastAPI = FastAPIOffline(None, None, title="Aggregator", version=__version__, lifespan=lifespan)
    app.router.redirect_slashes = False
    # What stays of FastAPI's own routes are the files of Swagger UI and Redoc.
    static = [route for route in app.router.routes if isinstance(route, Mount)]
    app.router.routes[:] = [*static, *OwnPages(service).routes()]

    async def answer_error(request: StarletteRequest, error: Exception) -> Any:
        return error_response(error, Request(request.scope, request.receive), service.settings.show_sql)

    for kind in (HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)
    return app


class _Front:
    """Sends a request to the service's own pages or, by the shortest way, to the reports.

    One whose Host is not allowed is refused here, so that no URL is left out.
    """

    def __init__(self, own: ASGIApp, endpoints: ASGIApp, hosts: AllowedHosts) -> None:
        self._own = own
        self._endpoints = endpoints
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._own
        if scope["type"] == "http":
            host = b", ".join([value for name, value in scope["headers"] if name == b"host"])
            first = scope["raw_path"].removeprefix(b"/").partition(b"/")[0]
            try:
                self._hosts.require(host.decode("latin-1"))
            except MisdirectedRequest as error:
                app = error_response(error, Request(scope, receive), shows_sql=False)
            else:
                app = self._own if segments_of(first)[0] in RESERVED else self._endpoints
        await app(scope, receive, send)


def from_environment() -> ASGIApp:
    """The application with the settings of the environment, for uvicorn's worker processes."""
    end_in_time(END_SECONDS)
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(settings)
