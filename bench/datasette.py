"""Datasette with its limits lifted, on the same files."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from bench.children import free_port, serving
from bench.environment import Environment
from bench.queries import DATABASES, for_datasette

_SETTINGS = {"max_returned_rows": "20000000", "sql_time_limit_ms": "600000", "max_csv_mb": "0"}


@contextlib.contextmanager
def datasette(environment: Environment, dbs: Path, logs: Path) -> Iterator[int]:
    """Its port, while it runs."""
    port = free_port()
    command = [environment.python(), "-m", "datasette", *(str(dbs / f"{name}.db") for name in DATABASES)]
    command += ["--crossdb", "--port", str(port)]
    for name, value in _SETTINGS.items():
        command += ["--setting", name, value]
    with serving(command, port, logs / f"datasette-{port}.log"):
        yield port


def csv_url(query: str) -> str:
    """All rows of a query as CSV."""
    return f"/_memory.csv?{urlencode({'sql': for_datasette(query), '_size': 'max'})}"


def json_url(query: str, **parameters: int) -> str:
    """The rows of a query as a JSON array of objects."""
    return f"/_memory.json?{urlencode({'sql': for_datasette(query), '_shape': 'array', **parameters})}"
