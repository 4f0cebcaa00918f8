"""One structured line for each request."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

log = logging.getLogger("aggregator.requests")


@dataclass(slots=True)
class RequestLine:
    """What is told of a request when it is over: no parameter's value, only their names."""

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
    began: float = field(default_factory=time.perf_counter)

    def write(self) -> None:
        """Write the line, as one JSON object, at the level info; at error when something broke."""
        level = logging.ERROR if self.cause else logging.INFO
        if not log.isEnabledFor(level):
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
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
        log.log(
            level, orjson.dumps({key: value for key, value in line.items() if value is not None}).decode()
        )


def configure_logging(level: str) -> None:
    """Send the service's log to standard error: requests as bare JSON lines, the rest as text."""
    root = logging.getLogger("aggregator")
    root.setLevel(level.upper())
    root.propagate = False
    root.handlers = [_handler("%(levelname)s:     %(message)s")]
    log.propagate = False
    log.handlers = [_handler("%(message)s")]


def _handler(form: str) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(form))
    return handler
