"""This service, as a user starts it."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.children import free_port, serving
from bench.client import Downloaded, download
from bench.demo_data import PROJECT
from bench.queries import SQL_FOLDER

_TIME_LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Service:
    """A server that runs."""

    pid: int
    port: int

    def get(self, target: str) -> Downloaded:
        """Fetch all of a URL."""
        return download(self.port, target)


@contextlib.contextmanager
def service(dbs: Path, logs: Path, workers: int = 1) -> Iterator[Service]:
    """The service over the demo data and the bench's own reports."""
    port = free_port()
    command = [sys.executable, str(PROJECT / "app.py"), "--port", str(port), "--workers", str(workers)]
    command += ["--dbs", str(dbs), "--sql", str(SQL_FOLDER), "--time-limit", str(_TIME_LIMIT_SECONDS)]
    with serving(command, port, logs / f"service-{port}.log") as pid:
        yield Service(pid, port)
