"""What SQLite says when it cannot write, in words for the person who asked."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

import apsw

from aggregator.databases.connection import unavailable
from aggregator.databases.folder import DatabaseFile
from aggregator.errors import Conflict, DatabaseUnavailable, InvalidWrite, StorageFull

_NOTHING = "nothing was written"
_TWICE = {
    apsw.SQLITE_CONSTRAINT_UNIQUE,
    apsw.SQLITE_CONSTRAINT_PRIMARYKEY,
    apsw.SQLITE_CONSTRAINT_ROWID,
}
_FULL = StorageFull(f"The disk of the databases is full; {_NOTHING}.")


def explained(
    error: apsw.Error,
    files: Sequence[DatabaseFile],
    is_read_only: Callable[[str], bool] = lambda schema: False,
) -> Exception:
    """The error to raise for one of SQLite's; the same one when it is the SQL's own.

    files: those that are to be written. is_read_only: whether SQLite could open a schema for reading only.
    """
    if isinstance(error, apsw.ConstraintError):
        return _constraint(error)
    if isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) in _NO_ROOM:
        return StorageFull(_FULL.detail)
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        locked = next((file for file in files if _is_locked(file)), None) or (files[0] if files else None)
        return _not_writable(locked, "is locked by another program", error)
    if isinstance(error, apsw.ReadOnlyError):
        guilty = [file for file in files if is_read_only(file.schema)] or list(files)
        return _not_writable(guilty[0] if guilty else None, "may not be changed by the service", error)
    if isinstance(error, apsw.CantOpenError | apsw.NotADBError | apsw.CorruptError | apsw.IOError):
        return unavailable(next((file for file in files if not _opens(file)), files[0]), error)
    return error


_NO_ROOM = {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_TRUNCATE}
"""What a full disk looks like when a file is made longer."""


def is_out_of_room(error: OSError) -> bool:
    """Whether the disk, or the share of it that the service has, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _not_writable(file: DatabaseFile | None, reason: str, error: apsw.Error) -> Exception:
    return DatabaseUnavailable(file.schema, reason, "written") if file is not None else error


def _constraint(error: apsw.ConstraintError) -> Exception:
    kind, (_, _, what) = getattr(error, "extendedresult", 0), str(error).partition(" constraint failed: ")
    if kind in _TWICE:
        return Conflict(f"A row with the same {what or 'key'} is there already; {_NOTHING}.")
    if kind == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
        return Conflict(
            f"A row refers to one that is not there, or is still referred to (foreign key); {_NOTHING}."
        )
    if kind == apsw.SQLITE_CONSTRAINT_TRIGGER:
        return Conflict(f"{error}; {_NOTHING}.")
    if kind == apsw.SQLITE_CONSTRAINT_NOTNULL:
        return InvalidWrite(f"{what} must have a value; {_NOTHING}.")
    if kind == apsw.SQLITE_CONSTRAINT_CHECK:
        return InvalidWrite(f"A value breaks the rule {what}; {_NOTHING}.")
    return InvalidWrite(f"{str(error)[:1].upper()}{str(error)[1:]}; {_NOTHING}.")


def _is_locked(file: DatabaseFile) -> bool:
    connection = apsw.Connection(":memory:", flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
    try:
        connection.execute("ATTACH ? AS one", (f"{file.path.as_uri()}?mode=rw",))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except apsw.Error:
        return True
    finally:
        connection.close()
    return False


def _opens(file: DatabaseFile) -> bool:
    if file.identity() is None:
        return False
    connection = apsw.Connection(":memory:", flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
    try:
        connection.execute("ATTACH ? AS one", (f"{file.path.as_uri()}?mode=ro",))
        connection.execute("SELECT count(*) FROM one.sqlite_schema").fetchall()
    except apsw.Error:
        return False
    finally:
        connection.close()
    return True
