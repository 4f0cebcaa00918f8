"""One structured line for each request."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.endpoints.access import ANYBODY, Actor
from aggregator.errors import AggregatorError, BrokenEndpoint, DatabaseUnavailable, QueryFailed

log = logging.getLogger("aggregator.requests")
LINE_KEY = "aggregator.request_line"
"""Where in its scope the `RequestLine` of a request is."""

ACTOR_KEY = "aggregator.actor"
"""Where an application around this one puts the `Actor` of a request."""


@dataclass(slots=True)
class RequestLine:
    """What the log says of a finished request: the names of its parameters, never their values.

    status: as it was sent, 0 when the client had gone before it could be. outcome: `complete`, or
    the name of the error; with status 200 the file broke off. rows: read from the databases; bytes:
    of the body, as sent. cause: what only the log may know.
    """

    method: str
    path: str
    report: str | None = None
    parameters: Iterable[str] = ()
    format: str | None = None
    status: int = 0
    rows: int = 0
    bytes: int = 0
    outcome: str = "complete"
    cause: str | None = None
    actor: Actor = ANYBODY
    began: float = field(default_factory=time.perf_counter)

    def fail(self, error: AggregatorError) -> None:
        """Note what went wrong, and what only the log may know of it."""
        self.outcome = type(error).__name__
        if isinstance(error, QueryFailed):
            self.cause = error.cause
        elif isinstance(error, DatabaseUnavailable):
            self.cause = f"{error} ({error.cause})" if error.cause else str(error)
        elif isinstance(error, BrokenEndpoint):
            self.cause = str(error)

    def write(self) -> None:
        """Write the line, as one JSON object, at the level info; at error when something broke."""
        level = logging.ERROR if self.cause else logging.INFO
        if not log.isEnabledFor(level):
            return
        line = {
            "time": _utc(int(time.time())),
            "actor": None if self.actor == ANYBODY else self.actor.name,
            "method": self.method,
            "report": self.report,
            "path": None if self.report else self.path,
            "parameters": list(self.parameters),
            "format": self.format,
            "status": self.status,
            "outcome": self.outcome,
            "rows": self.rows,
            "bytes": self.bytes,
            "ms": round((time.perf_counter() - self.began) * 1000, 1),
        }
        if self.cause:
            line["cause"] = self.cause
        _print(orjson.dumps({key: value for key, value in line.items() if value is not None}))


@lru_cache(maxsize=2)
def _utc(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _print(line: bytes) -> None:
    """A handler of the logging module would take as long as a small report."""
    with suppress(OSError, ValueError):
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()


class LoggedRequests:
    """ASGI middleware that writes the line of each request when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        line = RequestLine(scope["method"], scope["path"], actor=scope.get(ACTOR_KEY, ANYBODY))
        scope[LINE_KEY] = line

        async def noting(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and line.actor != ANYBODY:
                message["headers"] = _private(message["headers"])
            await send(message)
            if is_start:
                line.status = message["status"]
            elif scope["method"] != "HEAD":
                line.bytes += len(message.get("body", b""))

        try:
            await self._app(scope, receive, noting)
        except BaseException as error:
            line.outcome = "Cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            raise
        finally:
            line.write()


def _private(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a response to one actor: a shared cache must not give it to another (RFC 9111, 5.2.2.7).

    What is public, such as a style sheet, stays so.
    """
    others = [(name, value) for name, value in headers if name.lower() != b"cache-control"]
    given = b", ".join(value for name, value in headers if name.lower() == b"cache-control")
    is_public = b"public" in given
    return [
        *others,
        (b"cache-control", given if is_public else b"private, " + given if given else b"private"),
    ]


def configure_logging(level: str) -> None:
    """Send the service's log to standard error: requests as bare JSON lines, the rest as text."""
    root = logging.getLogger("aggregator")
    root.setLevel(level.upper())
    root.propagate = False
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s:     %(message)s"))
    root.handlers = [handler]
