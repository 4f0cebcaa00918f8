"""The `.sql` files below a folder, and what stands there but cannot be one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from aggregator.errors import OUT_OF_DESCRIPTORS, Fault

Signature = tuple[int, ...]
"""Equal for two moments when the file was not changed between them, or twice in one clock tick."""

_MOST_BYTES = 1_000_000
_OUTSIDE = "links to a folder outside the SQL folder, which is not followed; link its files, or copy it"


def sql_files(folder: Path) -> tuple[dict[str, Signature], list[Fault]]:
    """The signature of each file by its path inside the folder, and what is wrong with others.

    Hidden files and folders are left out. A link to a file is followed, and one to a folder when it leads
    neither outside nor above itself: a tree outside may be huge, such as /proc. Raises OSError when
    the folder is not there, or no descriptor is left.
    """
    files: dict[str, Signature] = {}
    faults: list[Fault] = []
    top = os.path.realpath(folder)
    waiting = [(str(folder), "", frozenset({_identity(folder.stat())}))]
    while waiting:
        directory, inside, above = waiting.pop()
        try:
            entries = [entry for entry in os.scandir(directory) if not entry.name.startswith(".")]
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                raise
            name = printable(inside) or folder.name
            faults.append(Fault(name, 0, f"the folder cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = inside + entry.name
            try:
                status = entry.stat()
            except OSError as error:
                if entry.name.endswith(".sql") and entry.is_symlink():
                    faults.append(Fault(printable(path), 0, f"cannot be read: {error.strerror}"))
                continue
            if stat.S_ISDIR(status.st_mode):
                if _leads_outside(entry, top):
                    faults.append(Fault(printable(path), 0, _OUTSIDE))
                elif _identity(status) not in above:
                    waiting.append((entry.path, f"{path}/", above | {_identity(status)}))
            elif reason := _reason_against(entry.name, status):
                faults.append(Fault(printable(path), 0, reason))
            elif entry.name.endswith(".sql"):
                files[path] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return dict(sorted(files.items())), sorted(faults)


def read_sql(path: Path, signature: Signature) -> bytes:
    """The content of a file with this signature; raises OSError.

    An empty file is not opened: the system has files of no size whose reading never ends.
    """
    if signature[1] == 0:
        return b""
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def printable(path: str) -> str:
    """A path for a message: bytes that are no text and control characters as `\\udce9` and `\\n`."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in path)


def _reason_against(name: str, status: os.stat_result) -> str | None:
    if not name.lower().endswith(".sql"):
        return None
    if not name.endswith(".sql"):
        return "the ending is .sql, in small letters"
    if not stat.S_ISREG(status.st_mode):
        return "is not a file"
    if status.st_size > _MOST_BYTES:
        return f"is larger than {_MOST_BYTES:,} bytes; is it SQL that a person wrote?"
    return None


def _leads_outside(entry: os.DirEntry[str], top: str) -> bool:
    return entry.is_symlink() and os.path.commonpath([top, os.path.realpath(entry.path)]) != top


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
