"""Which SQLite files there are, what each is called in SQL, and when one changes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from aggregator.errors import Fault

SUFFIXES = (".db", ".sqlite", ".sqlite3")
MOST_DATABASES = 125
"""SQLITE_MAX_ATTACHED of the SQLite in apsw's wheels, the highest that SQLite allows."""

RESCAN_SECONDS = 0.5
_FINE_TIMESTAMP_NS = 50_000_000
_COARSE_TIMESTAMP_NS = 3_000_000_000
_COMMIT_NS = 1_000_000_000
"""A commit in WAL mode is seen only after its bytes have been synced, later than their time."""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """What a database file held at some moment, known without opening it.

    stamp: equal for two moments when no transaction was committed between them. settled: False
    when the last change is so young that the file system's clock could give the next change the
    same time, or that it may not be seen yet; then an equal stamp proves nothing.
    """

    stamp: tuple[int, ...]
    settled: bool


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """One database: its name in SQL and the absolute path of its file."""

    schema: str
    path: Path

    def identity(self) -> tuple[int, int] | None:
        """Device and inode of the file, None when it is gone; a replaced file has another."""
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def version(self) -> FileVersion:
        """The file's version, from the times and sizes of the database and its WAL file.

        A commit writes the database file in a rollback-journal mode and appends to or overwrites
        the `-wal` file in WAL mode (https://sqlite.org/walformat.html). The files must not be
        opened here: closing any descriptor of them would drop the locks that SQLite holds in this
        process (https://sqlite.org/howtocorrupt.html, 2.2).
        """
        parts: list[int] = []
        is_settled = True
        for path, delay in ((str(self.path), 0), (f"{self.path}-wal", _COMMIT_NS)):
            try:
                status = os.stat(path)
            except OSError:
                parts.append(0)
                continue
            if delay and status.st_size == 0:
                parts.append(0)
                continue
            parts += (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            newest = max(status.st_mtime_ns, status.st_ctime_ns)
            tick = _COARSE_TIMESTAMP_NS if newest % 1_000_000_000 == 0 else _FINE_TIMESTAMP_NS
            is_settled = is_settled and abs(time.time_ns() - newest) > tick + delay
        return FileVersion(tuple(parts), is_settled)


def schema_name(file_name: str) -> str:
    """The schema of a database file: its name with dots as underscores, `order.db` is `order_db`."""
    return file_name.replace(".", "_")


class DatabaseFolder:
    """The databases of one folder, looked up again at most twice a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._files: dict[str, DatabaseFile] = {}
        self._faults: tuple[Fault, ...] = ()
        self._scanned_at = -RESCAN_SECONDS

    def files(self) -> dict[str, DatabaseFile]:
        """The databases by schema name, in the order of the names. At most 125."""
        self._refresh()
        return self._files

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the folder as such: it is missing, names collide, there are too many."""
        self._refresh()
        return self._faults

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._scanned_at >= RESCAN_SECONDS:
            self._files, self._faults = _scan(self.folder)
            self._scanned_at = now


def _scan(folder: Path) -> tuple[dict[str, DatabaseFile], tuple[Fault, ...]]:
    try:
        names = sorted(
            entry.name
            for entry in os.scandir(folder)
            if entry.name.endswith(SUFFIXES) and not entry.name.startswith(".") and entry.is_file()
        )
    except OSError as error:
        return {}, (Fault(folder.name, 0, f"the folder of databases cannot be read: {error.strerror}"),)
    files: dict[str, DatabaseFile] = {}
    faults: list[Fault] = []
    taken: dict[str, str] = {}
    for name in names:
        schema = schema_name(name)
        if schema.lower() in taken:
            other = taken[schema.lower()]
            faults.append(Fault(name, 0, f"has the same schema name, {schema}, as {other}; rename one"))
        elif len(files) == MOST_DATABASES:
            faults.append(Fault(name, 0, f"left out: SQLite attaches {MOST_DATABASES} files at most"))
        else:
            taken[schema.lower()] = name
            files[schema] = DatabaseFile(schema, folder / name)
    return files, tuple(faults)
