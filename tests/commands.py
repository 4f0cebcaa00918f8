"""Commands of the project in processes that are forked from one that has imported the application.

To start Python and import the application takes a second of processor time, to fork a hundredth. Tests whose
subject is the start itself, or how Python ends, use `subprocess`.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tests.server import ForkedProcess


class Command(ForkedProcess):
    """`subprocess.Popen` of `python ARGUMENTS`, which are `-m MODULE …` or `FILE.py …`.

    Each stream is None for that of the test, a descriptor, a file, or `subprocess.PIPE`.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        cwd: str | Path = ".",
        env: Mapping[str, str] = os.environ,
        stdin: int | IO[Any] | None = subprocess.DEVNULL,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
    ) -> None:
        streams = [_ends(number, each) for number, each in enumerate((stdin, stdout, stderr))]
        self.stdin, self.stdout, self.stderr = (own for _, own in streams)
        of_process = [Connection(descriptor) for descriptor, _ in streams]
        self._start(_run, [str(each) for each in arguments], of_process, Path(cwd).resolve(), dict(env))
        for each in of_process:
            each.close()

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def communicate(self, input: bytes = b"", timeout: float | None = None) -> tuple[Any, Any]:
        """What it writes to the two pipes until it ends; None for what is no pipe."""
        if self.stdin is not None:
            self.stdin.write(input)
            self.stdin.close()
        with ThreadPoolExecutor(2) as readers:
            written = [each and readers.submit(each.read) for each in (self.stdout, self.stderr)]
            self.wait(timeout)
            out, err = (each and each.result() for each in written)
        return out, err


def run(
    arguments: Sequence[str | Path],
    cwd: str | Path = ".",
    env: Mapping[str, str] = os.environ,
    input: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; the input is short."""
    pipe = subprocess.PIPE
    with Command(arguments, cwd, env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        out, err = process.communicate(input)
    return subprocess.CompletedProcess(arguments, process.wait(), out, err)


def run_text(
    arguments: Sequence[str | Path], cwd: str | Path = ".", env: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    done = run(arguments, cwd, env)
    return subprocess.CompletedProcess(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())


def _ends(number: int, stream: int | IO[Any] | None) -> tuple[int, IO[bytes] | None]:
    """The descriptor of the process, and the test's end of a pipe."""
    if stream is None:
        return os.dup(number), None
    if stream == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if stream != subprocess.PIPE:
        return os.dup(stream if isinstance(stream, int) else stream.fileno()), None
    reading, writing = os.pipe()
    return (reading, open(writing, "wb")) if number == 0 else (writing, open(reading, "rb"))


def _run(arguments: list[str], streams: list[Connection], cwd: Path, environment: dict[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    status = _status(arguments)
    sys.stdout.flush()
    os._exit(status)


def _status(arguments: list[str]) -> int:
    try:
        if arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
