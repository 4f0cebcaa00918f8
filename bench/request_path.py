"""What the first request of a process passes in `aggregator/`: `python -m bench.request_path --help`.

All threads are counted, with `sys.setprofile`, from the call of the ASGI application to its end. A function
is code of the package that was called at least once; bodies of modules and classes, lambdas and
comprehensions do not count. A change of package is a call into another folder than that of the call before
it in the same thread. Before the request /openapi.json is answered, so that all files are read and checked,
as after the start of a server. There is no reader process, in which nothing could be counted. On a slow
machine a few more functions are called, because the client is watched after 50 ms and the folders are read
again after a while.
"""

import argparse
import asyncio
import inspect
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from starlette.types import ASGIApp

import setup_db
from aggregator.settings import Settings
from aggregator.web.app import create_app
from bench.demo_data import PROJECT

_PACKAGE = PROJECT / "aggregator"
_TARGET = "/report/customer-orders.csv?customer_id=1"
_ORDERS = 300


@dataclass
class Trace:
    """The calls of functions of the package, of each thread in their order."""

    calls: defaultdict[int, list[CodeType]] = field(default_factory=lambda: defaultdict(list))

    def note(self, frame: FrameType, event: str, argument: object) -> None:
        """A function for `sys.setprofile`."""
        code = frame.f_code
        is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
        if event == "call" and is_function and code.co_filename.startswith(f"{_PACKAGE}/"):
            self.calls[threading.get_ident()].append(code)

    def functions(self) -> dict[str, list[str]]:
        """The names of the functions by the path of their file, both in the order of the first call."""
        found: dict[CodeType, None] = {}
        for calls in self.calls.values():
            found.update(dict.fromkeys(calls))
        by_file = defaultdict(list)
        for code in found:
            by_file[str(Path(code.co_filename).relative_to(_PACKAGE))].append(code.co_qualname)
        return by_file

    def changes(self) -> int:
        """How often a call went into another package than the call before it."""
        folders = [[Path(code.co_filename).parent for code in calls] for calls in self.calls.values()]
        return sum(a != b for each in folders for a, b in pairwise(each))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when the answer is not 200."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="aggregator-request-path-") as folder:
        setup_db.main(["--dbs", folder, "--orders", str(_ORDERS)])
        settings = Settings(dbs=Path(folder), sql=PROJECT / "sql", reader_processes=0)
        status, trace = asyncio.run(_traced(create_app(settings), options.target))
    functions = trace.functions()
    if options.list:
        for file, names in functions.items():
            print(f"{file} ({len(names)})", *names, sep="\n    ")
    print(f"\nGET {options.target}: {status}\n")
    print("| files | functions | changes of package |\n|---|---|---|")
    print(f"| {len(functions)} | {sum(map(len, functions.values()))} | {trace.changes()} |")
    return 0 if status == 200 else 1


async def _traced(app: ASGIApp, target: str) -> tuple[int, Trace]:
    """The status of the answer to a GET, and all that was called for it."""
    trace = Trace()
    threading.setprofile(trace.note)
    sys.setprofile(trace.note)
    try:
        await _get(app, "/openapi.json")
        trace.calls.clear()
        return await _get(app, target), trace
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


async def _get(app: ASGIApp, target: str) -> int:
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
    }
    statuses: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.request_path",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", nargs="?", default=_TARGET, help="path and query (%(default)s)")
    parser.add_argument("--list", action="store_true", help="print the functions of each file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
