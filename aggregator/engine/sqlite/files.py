"""Which SQLite files there are, what each is called in SQL, and when one changes."""

from __future__ import annotations

import os
import re
import shlex
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw
import apsw.ext

from aggregator.errors import OUT_OF_DESCRIPTORS, DatabaseUnavailable, Diagnostic

SUFFIXES = (".db", ".sqlite", ".sqlite3")
"""Of the names of databases, in small or capital letters."""

MOST_DATABASES = 125
"""SQLITE_MAX_ATTACHED of the SQLite in apsw's wheels, the highest that SQLite allows."""

RESCAN_SECONDS = 0.5
_FINE_TIMESTAMP_NS = 50_000_000
_COARSE_TIMESTAMP_NS = 3_000_000_000

_COMMIT_NS = 1_000_000_000
"""A commit in WAL mode is seen only after its bytes have been synced, later than their time."""

Identity = tuple[int, int]
"""Device and inode of a file; a replaced file has another."""

NO_WAL = (0,)
"""Of a `-wal` file that is missing or empty."""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """What a database file held at some moment, known without opening it.

    database, wal: of each of the two files, equal for two moments when it was not changed between
    them; both are equal when no transaction was committed. settled: False when the last change is
    so young that the file system's clock could give the next change the same time, or that it may
    not be seen yet; then equality proves nothing. identity: as of DatabaseFile.
    """

    database: tuple[int, ...]
    wal: tuple[int, ...]
    settled: bool
    identity: Identity | None

    @property
    def stamp(self) -> tuple[int, ...]:
        """Both of them."""
        return self.database + self.wal

    def unsettled(self) -> FileVersion:
        """The same, with nothing proved by it."""
        return replace(self, settled=False)


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """One database: its name in SQL and the absolute path of its file."""

    schema: str
    path: Path
    _name: str = field(init=False, repr=False, compare=False)
    _wal_name: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_name", str(self.path))
        object.__setattr__(self, "_wal_name", f"{self.path}-wal")

    def identity(self) -> Identity | None:
        """Which file this is on the disk now, None when it is gone."""
        return _identity(_status(self._name))

    def version(self) -> FileVersion:
        """The file's version, from the times and sizes of the database and its WAL file.

        A commit writes the database file in a rollback-journal mode and appends to or overwrites
        the `-wal` file in WAL mode (https://sqlite.org/walformat.html). The files must not be
        opened here: closing any descriptor of them would drop the locks that SQLite holds in this
        process (https://sqlite.org/howtocorrupt.html, 2.2).

        The change time of the `-wal` file says nothing: SQLite sets the file's owner, to what it is,
        whenever root opens it. Only writing moves its modification time.
        """
        database, wal = _status(self._name), _status(self._wal_name)
        if wal is not None and wal.st_size == 0:
            wal = None
        now = time.time_ns()
        return FileVersion(
            database=_stamp(database),
            wal=NO_WAL if wal is None else (wal.st_ino, wal.st_size, wal.st_mtime_ns),
            settled=(
                (database is None or _is_settled(max(database.st_mtime_ns, database.st_ctime_ns), now))
                and (wal is None or _is_settled(wal.st_mtime_ns, now, _COMMIT_NS))
            ),
            identity=_identity(database),
        )

    def was_overwritten(self, held: FileVersion) -> bool:
        """Whether a program has written the file, past SQLite's locks, while a reader held it.

        held: its version when the reader had its lock. False also when another file has taken its place,
        because the reader still has the old one. In WAL mode a checkpoint may write the file, so the answer
        is False while the `-wal` file has content.
        """
        if held.wal != NO_WAL:
            return False
        now = _status(self._name)
        if now is None or (now.st_ino, now.st_size, now.st_mtime_ns) == held.database[:3]:
            return False
        return now.st_ino == held.database[0] and self.version().wal == NO_WAL


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _identity(status: os.stat_result | None) -> Identity | None:
    return None if status is None else (status.st_dev, status.st_ino)


def _stamp(status: os.stat_result | None) -> tuple[int, ...]:
    if status is None:
        return (0,)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_settled(changed_at: int, now: int, delay: int = 0) -> bool:
    tick = _COARSE_TIMESTAMP_NS if changed_at % 1_000_000_000 == 0 else _FINE_TIMESTAMP_NS
    return abs(now - changed_at) > tick + delay


def schema_name(file_name: str) -> str:
    """The schema of a database file: its name with dots as underscores, `order.db` is `order_db`."""
    return file_name.replace(".", "_")


class DatabaseFolder:
    """The databases of one folder, looked up again at most twice a second. Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._files: dict[str, DatabaseFile] = {}
        self._faults: tuple[Diagnostic, ...] = ()
        self._scanned_at = -RESCAN_SECONDS
        self._was_read = False
        self._lock = threading.Lock()

    def sources(self) -> dict[str, DatabaseFile]:
        """The databases by schema name, in the order of the names. At most 125."""
        self._refresh()
        return self._files

    def faults(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the folder as such: it is missing, names collide, there are too many."""
        self._refresh()
        return self._faults

    def _refresh(self) -> None:
        is_due = time.monotonic() - self._scanned_at >= RESCAN_SECONDS
        if not is_due or not self._lock.acquire(blocking=not self._was_read):
            return
        try:
            with suppress(OSError):
                self._files, self._faults = _scan(self.folder, self._files)
            self._scanned_at, self._was_read = time.monotonic(), True
        finally:
            self._lock.release()


def _scan(
    folder: Path, known: Mapping[str, DatabaseFile]
) -> tuple[dict[str, DatabaseFile], tuple[Diagnostic, ...]]:
    faults: list[Diagnostic] = []
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if _is_database(entry, faults))
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        return {}, (Diagnostic(folder.name, 0, f"the folder of databases cannot be read: {error.strerror}"),)
    files: dict[str, DatabaseFile] = {}
    taken: dict[str, str] = {}
    for name in names:
        schema = schema_name(name)
        if schema.lower() in taken:
            other = taken[schema.lower()]
            faults.append(Diagnostic(name, 0, f"has the same schema name, {schema}, as {other}; rename one"))
        elif len(files) == MOST_DATABASES:
            faults.append(Diagnostic(name, 0, f"left out: SQLite attaches {MOST_DATABASES} files at most"))
        else:
            taken[schema.lower()] = name
            file = DatabaseFile(schema, folder / name)
            files[schema] = known[schema] if known.get(schema) == file else file
    return files, tuple(faults)


def _is_database(entry: os.DirEntry[str], faults: list[Diagnostic]) -> bool:
    """Whether it is a database by its name; a link that leads nowhere becomes a fault."""
    if not entry.name.lower().endswith(SUFFIXES) or entry.name.startswith("."):
        return False
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        if entry.is_symlink():
            faults.append(Diagnostic(entry.name, 0, f"cannot be read: {error.strerror}"))
        return False


_REASONS: tuple[tuple[type[apsw.Error], str, str], ...] = (
    (apsw.BusyError, "is locked by another program", ""),
    (apsw.LockedError, "is locked by another program", ""),
    (apsw.NotADBError, "is not an SQLite database", ""),
    (apsw.CorruptError, "is damaged (run PRAGMA integrity_check for details)", ""),
    (
        apsw.CantOpenError,
        "cannot be opened, or a file beside it; the service's log has the details",
        "cannot be opened for writing; check that the service can write to its folder",
    ),
    (
        apsw.ReadOnlyError,
        "needs recovery, which failed; the service's log has the details",
        "is read-only for the service",
    ),
    (apsw.PermissionsError, "is not readable by the service", "is read-only for the service"),
    (apsw.IOError, "could not be read from the disk", "could not be written to the disk"),
)
"""What errors of SQLite mean to a client that reads, and to one that writes where that is something else."""

OF_A_FILE = tuple(kind for kind, *_ in _REASONS)
"""Errors that are a file's, and not the SQL's."""

_MALFORMED = re.compile(r"malformed database schema \((.*?)\)(?: - (.*))?", re.DOTALL)
_OF_RIGHTS = (apsw.ReadOnlyError, apsw.CantOpenError, apsw.IOError)

_NO_ROOM = (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_SHMSIZE)
"""What a full disk, a quota, or a limit of the process looks like besides SQLITE_FULL."""


def is_full_disk(error: BaseException) -> bool:
    """Whether SQLite could not write because there is no room: into a database, or into a temporary file."""
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) in _NO_ROOM


def unavailable(file: DatabaseFile, error: apsw.Error) -> DatabaseUnavailable:
    """The error that names the database, the reason in words, and for the log SQLite's own sentence."""
    return DatabaseUnavailable(file.schema, _reason(file, error), cause=f"{type(error).__name__}: {error}")


def _reason(file: DatabaseFile, error: apsw.Error) -> str:
    if file.identity() is None:
        return "is gone"
    if is_full_disk(error):
        return f"cannot be opened, because the disk has no room for {file.path.name}-shm beside it"
    if "encoding" in str(error):
        return "stores text as UTF-16; only UTF-8 files are read"
    right = _missing_right(file) if isinstance(error, _OF_RIGHTS) else None
    if right is not None:
        return right
    fault = schema_fault(error)
    if fault is not None:
        return f"has an object that SQLite cannot use: {with_name(fault)}"
    known = (reading for kind, reading, _ in _REASONS if isinstance(error, kind))
    return next(known, "caused an error in SQLite; the service's log has the details")


def why_not_written(error: apsw.Error) -> str | None:
    """Why a file could not be written; None when the error is not of a file."""
    known = (writing or reading for kind, reading, writing in _REASONS if isinstance(error, kind))
    return next(known, None)


def schema_fault(error: BaseException | None) -> tuple[str, str] | None:
    """An object that keeps SQLite from reading a schema: its name, and why; None for any other error."""
    match = _MALFORMED.fullmatch(str(error)) if isinstance(error, apsw.CorruptError) else None
    if match is None:
        return None
    name, reason = match.groups()
    return name, reason or f"the entry {name} of its schema is damaged"


def with_name(fault: tuple[str, str]) -> str:
    """What `schema_fault` tells, as one text. SQLite's reason has the name of a view, but not of a table."""
    name, reason = fault
    return reason if name in reason else f"{name}: {reason}"


def _missing_right(file: DatabaseFile) -> str | None:
    """The right without which the service cannot read the file; None when it has all.

    A journal that its writer left behind has to be rolled back before anybody can read the database
    (https://sqlite.org/lockingv3.html#hot_journals). In WAL mode every reader needs the `-shm` file
    (https://sqlite.org/wal.html#read_only_databases).
    """
    name, folder = file.path.name, file.path.parent
    journal, wal, index = (file.path.with_name(f"{name}-{part}") for part in ("journal", "wal", "shm"))
    for each in (file.path, wal):
        if each.exists() and not os.access(each, os.R_OK):
            return f"is not readable by the service: check the permissions of {each.name}"
    may_add = os.access(folder, os.W_OK)
    if journal.exists():
        beside = [] if may_add else ["the folder"]
        closed = [each.name for each in (file.path, journal) if not _may_write(each)] + beside
        reason = "needs recovery, because a program ended in the middle of a write"
        remedy = ".tables"
    else:
        closed = [] if may_add or index.exists() else ["the folder"]
        closed += [index.name] if index.exists() and not _may_write(index) else []
        reason = f"is in WAL mode, for which SQLite needs {index.name}"
        remedy = "PRAGMA journal_mode = DELETE"
    if not closed:
        return None
    return (
        f"{reason}, and the service has no permission to write {_listed(closed)}. Grant it, or run "
        f"`sqlite3 {shlex.quote(name)} {shlex.quote(remedy)}` once as a user who has that permission"
    )


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _may_write(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)
