"""What the figures were measured with."""

import os
import platform
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import apsw

from bench.children import ChildFailed, finish
from bench.environment import Environment
from bench.load import generator
from bench.skipped import Skipped


def facts(environment: Environment) -> dict[str, str]:
    """Names and values, for the page and the terminal."""
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite in the service (apsw)": apsw.sqlite_lib_version(),
        "SQLite in the shell": _shell_version(),
        "SQLite in Python (Datasette, pandas)": sqlite3.sqlite_version,
        "Compared with": _versions(environment),
        "Load generator": generator(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _shell_version() -> str:
    shell = shutil.which("sqlite3")
    if shell is None:
        return "there is none"
    try:
        return finish([shell, "-version"]).split()[0]
    except ChildFailed:
        return "it does not run"


def _versions(environment: Environment) -> str:
    try:
        return environment.versions()
    except Skipped as reason:
        return f"nothing: {reason}"
