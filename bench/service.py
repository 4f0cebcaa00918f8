"""This service, as a user starts it."""

import contextlib
import sys
import time
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
def service(dbs: Path, logs: Path, workers: int = 1, sql: Path = SQL_FOLDER) -> Iterator[Service]:
    """The service over the demo data and the bench's own reports, all its processes ready."""
    port = free_port()
    command = [sys.executable, str(PROJECT / "app.py"), "--port", str(port), "--workers", str(workers)]
    command += ["--dbs", str(dbs), "--sql", str(sql), "--time-limit", str(_TIME_LIMIT_SECONDS)]
    log = logs / f"service-{port}.log"
    with serving(command, port, log) as pid:
        while log.read_text().count("a reader process is ready") < workers:
            time.sleep(0.05)
        yield Service(pid, port)
