"""Writing to files: all of it or nothing, also over several files and when the process is killed.

One written file: SQLite guarantees it (BEGIN IMMEDIATE, COMMIT). Several: the changes are recorded before
they are committed (see `commit_journal`), and a folder has one such writer at a time. The same holds for a
write of one file that reads others: otherwise two writes that each read what the other changes could both
succeed.

What a write reads is one instant, determined as in `snapshot`. A file must not be changed while its part of
another write is decided but not yet in the file: when a record is pending although this writer has the
file's lock, it releases everything. The other writer has died, or somebody is finishing its write.

To prevent deadlocks, a writer waits only briefly for one file while it holds another, all writers ask in the
same order, and a writer of several files takes all its locks at the beginning (BEGIN EXCLUSIVE). Only the
COMMIT of a single file in a rollback-journal mode waits for readers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from aggregator.engine.sqlite.commit_journal import RedoRecord, finish, is_pending, recover_if_dead
from aggregator.engine.sqlite.runtime_errors import no_room
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import DISK_FULL, Cancelled, DatabaseUnavailable, QueryFailed, UnstableDatabases

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.002
_LONGEST_WAIT_INSIDE = 0.1


@contextmanager
def transaction(connection: WriteConnection, folder: Path) -> Iterator[None]:
    """What is written inside is in all files when it ends, or in none when it raises.

    folder: of the databases. Raises DatabaseUnavailable (locked, not writable), UnstableDatabases,
    Cancelled, StorageFull, Conflict or InvalidWrite, what is raised inside, and StatementFailed when the SQL
    itself fails.
    """
    several = len(connection.written) > 1
    reads_others = len(connection.files) > len(connection.written)
    strangers = [file.schema for file in connection.written if file.path.parent != folder.absolute()]
    if several and strangers:
        raise ValueError(f"{', '.join(strangers)} cannot be recorded in {folder}")
    try:
        if several:
            kind = _of_several
        else:
            kind = _of_one_that_reads if reads_others else _of_one
        with kind(connection, folder):
            yield
    except apsw.Error as error:
        raise connection.to_write_error(error) from error
    except OSError as error:
        if error.errno in DISK_FULL:
            raise no_room() from error
        raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    connection.shorten_wals()


@contextmanager
def _of_one(connection: WriteConnection, folder: Path) -> Iterator[None]:
    _begin(connection, "BEGIN IMMEDIATE", folder, may_be_pending=bool(connection.files))
    yield
    _commit_one(connection)


@contextmanager
def _of_one_that_reads(connection: WriteConnection, folder: Path) -> Iterator[None]:
    """What it has read in other files stays so until its commit, as far as this service writes them."""
    with _only_writer(connection, folder):
        _begin(connection, "BEGIN EXCLUSIVE", folder, may_be_pending=False)
        yield
        _commit_one(connection)


@contextmanager
def _of_several(connection: WriteConnection, folder: Path) -> Iterator[None]:
    with _only_writer(connection, folder) as record:
        _begin(connection, "BEGIN EXCLUSIVE", folder, may_be_pending=False)
        with connection.recorded():
            yield
            _require_transaction(connection)
            _commit(connection, record, folder)


@contextmanager
def _only_writer(connection: WriteConnection, folder: Path) -> Iterator[RedoRecord]:
    """Of all writes that concern more than one file, this one alone is at it; what was left is finished."""
    record = _record_of(connection, folder)
    try:
        if not record.lock(connection.patience, connection.wanted):
            raise DatabaseUnavailable(
                connection.written[0].schema, "is constantly being written by others", "written"
            )
        finish(record, folder, connection.patience)
        yield record
    finally:
        record.close()


def _commit_one(connection: WriteConnection) -> None:
    _require_transaction(connection)
    connection.require_references()
    connection.execute("COMMIT")


def _record_of(connection: WriteConnection, folder: Path) -> RedoRecord:
    try:
        return RedoRecord(folder)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        reason = "can be written together with others only if the service can write to their folder"
        raise DatabaseUnavailable(connection.written[0].schema, reason, "written") from error


def _begin(connection: WriteConnection, statement: str, folder: Path, may_be_pending: bool) -> None:
    """Take the locks of all files that are written, and one instant of those that are read."""
    began = time.monotonic()
    patience = connection.patience
    try:
        while True:
            connection.patience = min(patience, _LONGEST_WAIT_INSIDE)
            obstacle = _try_to_begin(connection, statement, folder, may_be_pending)
            if obstacle is None:
                return
            if not connection.wanted():
                raise Cancelled("The request was cancelled.")
            if time.monotonic() - began >= patience:
                raise obstacle
            if not isinstance(obstacle, UnstableDatabases):
                time.sleep(_PAUSE_SECONDS)
    finally:
        connection.patience = patience


def _try_to_begin(
    connection: WriteConnection, statement: str, folder: Path, may_be_pending: bool
) -> Exception | None:
    """None when the transaction has begun, or why it could not."""
    reads = len(connection.files) > 1
    was_pending = may_be_pending and reads and is_pending(folder)
    try:
        connection.execute(statement)
    except apsw.BusyError as error:
        return error
    if was_pending or (may_be_pending and is_pending(folder)):
        connection.execute("ROLLBACK")
        recover_if_dead(folder, connection.patience)
        reason = "has another unfinished write"
        return DatabaseUnavailable(connection.files[0].schema, reason, "written")
    if len(connection.files) == len(connection.written):
        return None
    before = connection.data_versions
    connection.data_versions = {file.schema: connection.data_version_of(file) for file in connection.files}
    if connection.data_versions == before:
        return None
    connection.execute("ROLLBACK")
    return UnstableDatabases("The databases change too often to be read in one consistent state.")


def _require_transaction(connection: WriteConnection) -> None:
    if not connection.in_transaction:
        raise QueryFailed("SQLite rolled the write back; nothing was written.", "no transaction is left")


def _commit(connection: WriteConnection, record: RedoRecord, folder: Path) -> None:
    # At its end, foreign keys that are not met are found, which COMMIT would find when it is decided; at its
    # beginning full-text indexes put what they keep in memory into their tables
    # (https://sqlite.org/vtab.html#xsavepoint).
    with connection.savepoint():
        pass
    names = {file.schema: file.path.name for file in connection.written}
    changed = {
        names[schema]: session.changeset_stream
        for schema, session in connection.sessions.items()
        if not session.is_empty
    }
    if len(changed) < 2:
        connection.execute("COMMIT")
        return
    record.write(changed)
    _execute_commit(connection, record, folder)


def _execute_commit(connection: WriteConnection, record: RedoRecord, folder: Path) -> None:
    """Commit what is decided. It is a success from here on, also when it has to be finished later."""
    try:
        while connection.in_transaction:
            try:
                connection.execute("COMMIT")
            except apsw.BusyError:
                time.sleep(_PAUSE_SECONDS)
        record.clear()
    except Exception:
        _log.exception("a committed write did not reach all files at once; it is being finished")
        with suppress(apsw.Error):
            connection.execute("ROLLBACK")
        try:
            finish(record, folder, connection.patience)
        except Exception:
            _log.exception("a committed write is unfinished; its record is kept")
