"""The application: the service's own URLs, and all others from `sql/`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline

from aggregator import __version__
from aggregator.settings import Settings
from aggregator.web.access_log import configure_logging
from aggregator.web.health import health
from aggregator.web.openapi import description
from aggregator.web.reports import ReportsEndpoint
from aggregator.web.service import Service

log = logging.getLogger("aggregator")


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application for one process."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for fault in await service.in_checker(service.library.faults):
            log.warning("%s", fault)
        async with service.running():
            yield

    app: FastAPI = FastAPIOffline(title="Aggregator", version=__version__, lifespan=lifespan)
    app.router.redirect_slashes = False
    # The description is made in a thread, because it may wait for a database.
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url
    ]

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(await service.in_checker(description, service.library))

    @app.get("/health", include_in_schema=False)
    async def answer_health() -> JSONResponse:
        status, body = await service.in_checker(health, service.library.databases)
        return JSONResponse(body, status)

    app.router.default = ReportsEndpoint(service)
    return app


def from_environment() -> FastAPI:
    """The application with the settings of the environment, for uvicorn's worker processes."""
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(settings)
