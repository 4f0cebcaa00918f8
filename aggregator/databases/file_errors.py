"""What SQLite's error about a file means, and what to do about it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import apsw

from aggregator.databases.folder import DatabaseFile
from aggregator.errors import DatabaseUnavailable

_REASONS: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.BusyError, "is locked by another program"),
    (apsw.LockedError, "is locked by another program"),
    (apsw.NotADBError, "is not an SQLite database"),
    (apsw.CorruptError, "is damaged (PRAGMA integrity_check tells more)"),
    (apsw.CantOpenError, "cannot be opened, or a file beside it; the service's log has SQLite's reason"),
    (apsw.ReadOnlyError, "needs recovery, which failed; the service's log has SQLite's reason"),
    (apsw.PermissionsError, "may not be read by the service"),
    (apsw.IOError, "could not be read from the disk"),
)
"""Lower-layer errors and what they mean to the person who asked."""

OF_A_FILE = tuple(kind for kind, _ in _REASONS)
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
    known = (reason for kind, reason in _REASONS if isinstance(error, kind))
    return next(known, "gave SQLite an error; the service's log has it")


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
            return f"may not be read by the service: the permissions of {each.name} forbid it"
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
        f"{reason}, and the service may not write {_listed(closed)}. Give it that right, or run "
        f"`sqlite3 {shlex.quote(name)} {shlex.quote(remedy)}` once as a user who has it"
    )


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _may_write(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)
