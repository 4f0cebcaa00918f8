"""Child processes: none outlives the bench."""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_PATIENCE_SECONDS = 30.0
_running: set["subprocess.Popen[bytes]"] = set()


class ChildFailed(Exception):
    """A program could not be run to its end."""


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def serving(command: Sequence[str], port: int, log: Path) -> Iterator[int]:
    """A server while the block runs; gives its process id when it answers on the port."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    _running.add(child)
    try:
        _wait_until_it_listens(child, port, log)
        yield child.pid
    finally:
        _end(child)


def finish(command: Sequence[str], stdin: bytes = b"", keep_output: bool = True) -> str:
    """Run a program to its end and give what it wrote; raises ChildFailed."""
    output = subprocess.PIPE if keep_output else subprocess.DEVNULL
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, start_new_session=True
    )
    _running.add(child)
    try:
        out, err = child.communicate(stdin)
    finally:
        _end(child)
    if child.returncode:
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise ChildFailed(f"{Path(command[0]).name} ended with status {child.returncode}: {last}")
    return (out or b"").decode()


def _wait_until_it_listens(child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < limit and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise ChildFailed(f"a server did not start: {log.read_text(errors='replace')[-500:]}")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a child and all that it started: each has a process group of its own."""
    _running.discard(child)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    for child in list(_running):
        _end(child)


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the bench as Ctrl-C does, so that its children end with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
