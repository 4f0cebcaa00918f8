"""The file that a report becomes: whole under its name at the end, or not there at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write a report; None is standard output.

    A file that exists stays as it is until the new one is complete, and its permissions are kept.
    Devices and pipes are written as they are. Raises OSError, whose file name is that of the output.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(output))
    try:
        status = target.stat() if target.exists() else None
        if status is not None and not stat.S_ISREG(status.st_mode):
            with target.open("wb") as file:
                yield file
            return
        permissions = stat.S_IMODE(status.st_mode) if status is not None else 0o666 & ~_umask()
        with _beside(target, permissions) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error


@contextmanager
def _beside(target: Path, permissions: int) -> Iterator[IO[bytes]]:
    file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, permissions)
        os.replace(file.name, target)
    except BaseException:
        os.unlink(file.name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
