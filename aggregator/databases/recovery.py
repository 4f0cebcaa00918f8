"""Finishing a write over several files whose process died after it was decided.

A change that is in its file already is no conflict, and what another program has changed since then
stays: whatever does not fit is left out (https://sqlite.org/session/c_changeset_conflict.html). Triggers
and foreign keys are off, because what they did is among the changes. Dying here leaves the record, and
the next one does it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import apsw

from aggregator.databases.connection import PatientConnection
from aggregator.databases.file_errors import unavailable
from aggregator.databases.folder import DatabaseFile, schema_name
from aggregator.databases.redo import Changeset, RedoRecord, is_pending
from aggregator.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

_LOST = (apsw.NotADBError, apsw.CorruptError)
"""Of a file in which nothing can be finished any more."""


def recover(folder: Path, patience: float) -> None:
    """Finish what was broken off, if anything was; for the start of the service.

    patience: seconds to wait for another that does so, or that is committing. Raises
    DatabaseUnavailable when a file cannot be written now; the record is kept.
    """
    if is_pending(folder):
        _recover(folder, lambda record: record.lock(patience), patience)


def recover_if_dead(folder: Path, patience: float) -> bool:
    """The same, unless the record is another's who is at work; whether it was free."""
    return _recover(folder, RedoRecord.try_lock, patience)


def finish(record: RedoRecord, folder: Path, patience: float) -> None:
    """Do what was decided; the record is locked. Raises DatabaseUnavailable, and keeps it then."""
    if not record.size():
        return
    for name, changeset in record.read():
        file = DatabaseFile(schema_name(name), folder / name)
        if file.identity() is None:
            _log.warning("%s is gone; what was to be written to it is dropped", name)
            continue
        try:
            _apply(file, changeset, patience)
        except _LOST:
            _log.exception("%s is damaged; what was to be written to it is dropped", name)
        except apsw.FullError as error:
            reason = "has a write to be finished, and the disk has no room left"
            raise DatabaseUnavailable(file.schema, reason) from error
        except apsw.Error as error:
            raise unavailable(file, error) from error
    record.clear()


def _recover(folder: Path, take: Callable[[RedoRecord], bool], patience: float) -> bool:
    try:
        record = RedoRecord(folder)
    except OSError as error:
        raise _not_writable(folder) from error
    try:
        is_taken = take(record)
        if is_taken:
            finish(record, folder, patience)
        return is_taken
    finally:
        record.close()


def _not_writable(folder: Path) -> DatabaseUnavailable:
    return DatabaseUnavailable(folder.name, "has a write to be finished, which the service may not do there")


def _apply(file: DatabaseFile, changeset: Changeset, patience: float) -> None:
    connection = PatientConnection(str(file.path), apsw.SQLITE_OPEN_READWRITE, patience)
    try:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA foreign_keys = 0")
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.execute("BEGIN IMMEDIATE")
        apsw.Changeset.apply(
            changeset,
            connection,
            conflict=lambda kind, change: apsw.SQLITE_CHANGESET_OMIT,
            flags=apsw.SQLITE_CHANGESETAPPLY_FKNOACTION,
        )
        connection.execute("COMMIT")
    finally:
        connection.close()
