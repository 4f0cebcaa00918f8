"""SQLite files as other programs make, change, lock and write them."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw


def make_database(path: Path, script: str, journal_mode: str = "delete") -> Path:
    """A new file with what the script makes."""
    with closing(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        connection.execute(script)
    return path


def run_script(path: Path, script: str, busy_seconds: float = 5.0) -> None:
    """Do something to a file, as another program would; raises apsw.BusyError when it is locked."""
    with closing(path) as connection:
        connection.set_busy_timeout(int(busy_seconds * 1000))
        connection.execute(script)


@contextmanager
def closing(path: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(path))
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the file so that nobody may read it."""
    program = (
        "import apsw, sys; c = apsw.Connection(sys.argv[1]); c.execute('BEGIN EXCLUSIVE');"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with program_running(program, [path]):
        yield


@contextmanager
def program_running(program: str, paths: Sequence[Path]) -> Iterator[subprocess.Popen[str]]:
    """A Python program in a process of its own, from its first line of output to the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "the program ended before its first line"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextmanager
def full_disk(room: int = 100_000) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes, SQLite's temporary ones included."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
