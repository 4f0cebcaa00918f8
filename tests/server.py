"""The real server in a process of its own, and its answers over real sockets."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from email.message import Message
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, TypeVar

PROJECT = Path(__file__).parent.parent
PATIENCE = 20.0
"""Seconds after which a test gives up; never how long it waits when all is well."""

T = TypeVar("T")


def eventually(question: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Ask until the answer is true; the last answer fails the test when it never is."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} seconds"
        time.sleep(0.01)
    return answer


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR_")}


def _started(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        command = [sys.executable, "app.py", *arguments]
        return subprocess.Popen(command, cwd=PROJECT, stderr=stderr, env=_environment())


class ForkedProcess:
    """The part of `subprocess.Popen` that the tests use, for a process that forkserver forks."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        log.write_bytes(b"")
        self._start(_serve, arguments, log, _environment())

    def _start(self, target: Callable[..., None], *values: object) -> None:
        with chdir(
            PROJECT
        ):  # where the server, which is started now if it is not there, finds what to preload
            forkserver.ensure_running()
        self._process = _FORKSERVER.Process(target=target, args=values, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("app.py", timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


_FORKSERVER = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(
    [
        "aggregator.web.server",
        # What uvicorn imports only when it starts to serve.
        *("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.loops.uvloop"),
        *("uvicorn.protocols.websockets.auto", "encodings.idna"),
        *("aggregator.cli", "setup_db", "tests.server", "tests.commands", "tests.forked"),
    ]
)


def _serve(arguments: list[str], log: Path, environment: dict[str, str]) -> None:
    """`python app.py` in a forked process."""
    from aggregator.web.server import main

    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    sys.exit(main(arguments))


class Server:
    """`python app.py --port 0` over two folders.

    settings: as the names of the environment variables, without their prefix and in small letters.
    from_scratch: start Python anew. Otherwise the process is forked from one that has imported the
    application already, which saves a second of processor time.
    """

    def __init__(
        self, dbs: Path, sql: Path, log: Path, from_scratch: bool = False, **settings: object
    ) -> None:
        self.dbs, self.sql = dbs, sql
        self._log = log
        arguments = ["--port", "0", "--dbs", str(dbs), "--sql", str(sql)]
        for name, value in settings.items():
            option = name.replace("_", "-")
            if isinstance(value, bool):
                arguments.append(f"--{option}" if value else f"--no-{option}")
            else:
                arguments += [f"--{option}", str(value)]
        has_workers = settings.get("workers", 1) != 1
        start = _started if from_scratch or has_workers else ForkedProcess
        self.process = start(arguments, log)
        self.host = "127.0.0.1"
        self.port = eventually(self._announced_port)
        workers = settings.get("workers", 1)
        if workers != 1:
            eventually(lambda: self.log().count("Application startup complete") == workers)
        if settings.get("heavy_seconds") == 0:  # everything is to run in a reader process
            eventually(lambda: self.log().count("a reader process is ready") == settings["reader_processes"])

    def _announced_port(self) -> int | None:
        assert self.process.poll() is None, self.log()
        match = re.search(r"running on http://[\d.]+:(\d+)", self.log())
        return int(match[1]) if match else None

    def stop(self, patience: float = PATIENCE) -> int:
        """Ask it to end, as a service manager does; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def lines(self, after: int = 0, **fields: object) -> list[dict[str, Any]]:
        """The lines of the requests that are over, without the first so many, those with these fields."""
        whole = self.log().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")][after:]
        return [line for line in lines if all(line.get(key) == value for key, value in fields.items())]

    def line(self, after: int = 0, **fields: object) -> dict[str, Any]:
        """The last such line, waited for."""
        return eventually(lambda: self.lines(after, **fields))[-1]

    def get(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        timeout: float = PATIENCE,
        body: bytes | str | None = None,
    ) -> Answer:
        """One request over a connection of its own; raises http.client.IncompleteRead."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            all_headers = {"Accept-Encoding": "identity", **(headers or {})}
            connection.request(method, path, body, all_headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def send(
        self, path: str, body: object = None, method: str = "POST", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request with a body: bytes as they are, text as CSV, anything else as JSON."""
        if isinstance(body, str):
            kind, data = "text/csv", body.encode()
        elif isinstance(body, bytes):
            kind, data = "application/octet-stream", body
        else:
            kind, data = "application/json", json.dumps(body).encode() if body is not None else b""
        return self.get(path, {"Content-Type": kind, **(headers or {})}, method, body=data)

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection((self.host, self.port), timeout=PATIENCE) as client:
            yield client

    def send_request(self, client: socket.socket, path: str, version: str = "1.1", *headers: str) -> None:
        lines = [f"GET {path} HTTP/{version}", f"Host: {self.host}", *headers, "", ""]
        client.sendall("\r\n".join(lines).encode())

    def resident_bytes(self) -> int:
        """The memory that the process and those that it has started have now (Linux)."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self.processes()]
        return sum(int(size) * 1024 for size in re.findall(r"VmRSS:\s+(\d+) kB", "".join(statuses)))

    def processes(self) -> list[int]:
        """The process and those that it has started, and these (Linux)."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found


def url(server: Server, path: str) -> str:
    return f"http://{server.host}:{server.port}{path}"
