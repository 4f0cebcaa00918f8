"""A write: in all its files when it ends, or in none, also when the process is killed in the middle.

Over one file SQLite sees to that. Over several, the write is recorded before the first file commits (see
`redo`). A write to one file may come between: it has to see a broken-off write finished, because its own
changes come after that one's. So once it has its file's lock, it looks for a record. If there is one, and
its writer is alive, then this file is committed already, because the writer held the same lock until then.
If the writer is dead, the record is finished first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from aggregator.databases.counting import recording
from aggregator.databases.redo import Changesets, RedoRecord, is_pending, recover
from aggregator.databases.write_connection import WriteConnection
from aggregator.databases.write_faults import explained, is_out_of_room
from aggregator.errors import DatabaseUnavailable, StorageFull

_PAUSE_SECONDS = 0.002

log = logging.getLogger(__name__)


@contextmanager
def transaction(connection: WriteConnection, folder: Path) -> Iterator[None]:
    """What is written inside is in all files when it ends, or in none when it raises.

    folder: of the databases. Raises DatabaseUnavailable (locked, or not to be written), Conflict,
    InvalidWrite, StorageFull; apsw.Error when the SQL itself fails.
    """
    kind = _over_several if len(connection.written) > 1 else _over_one
    try:
        with kind(connection, folder):
            yield
    except apsw.Error as error:
        meant = explained(error, connection.written, connection.readonly)
        if meant is error:
            raise
        raise meant from error


@contextmanager
def _over_one(connection: WriteConnection, folder: Path) -> Iterator[None]:
    _begin_after_recovery(connection, folder)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.roll_back()
        raise


def _begin_after_recovery(connection: WriteConnection, folder: Path) -> None:
    ends_at = time.monotonic() + connection.patience
    while True:
        connection.execute("BEGIN IMMEDIATE")
        if not is_pending(folder) or _is_being_written(folder):
            return
        connection.roll_back()
        if not recover(folder) and time.monotonic() >= ends_at:
            raise _unfinished(connection)


def _is_being_written(folder: Path) -> bool:
    record = RedoRecord(folder)
    try:
        return not record.try_hold()
    finally:
        record.close()


@contextmanager
def _over_several(connection: WriteConnection, folder: Path) -> Iterator[None]:
    with _held_record(connection, folder) as record:
        connection.execute("BEGIN EXCLUSIVE")
        try:
            with _recorded(connection) as changes:
                yield
                changed = changes()
            if len(changed) > 1:
                _decide(record, changed)
        except BaseException:
            connection.roll_back()
            raise
        if len(changed) > 1:
            _commit_decided(connection, record)
        else:
            connection.execute("COMMIT")


@contextmanager
def _held_record(connection: WriteConnection, folder: Path) -> Iterator[RedoRecord]:
    try:
        record = RedoRecord(folder)
    except OSError as error:
        reason = f"lies in a folder where the service may not write: {error.strerror}"
        raise DatabaseUnavailable(connection.written[0].schema, reason, "written") from error
    try:
        if not record.hold(connection.patience, connection.wanted):
            reason = "is being written for too long"
            raise DatabaseUnavailable(connection.written[0].schema, reason, "written")
        record.finish()
        yield record
    finally:
        record.close()


@contextmanager
def _recorded(connection: WriteConnection) -> Iterator[Callable[[], Changesets]]:
    sessions = {file.path.name: recording(connection, file.schema) for file in connection.written}

    def changes() -> Changesets:
        found = {name: session.changeset() for name, session in sessions.items()}
        return {name: changeset for name, changeset in found.items() if changeset}

    try:
        yield changes
    finally:
        for session in sessions.values():
            session.close()


def _decide(record: RedoRecord, changes: Changesets) -> None:
    try:
        record.write(changes)
    except OSError as error:
        if is_out_of_room(error):
            raise StorageFull("The disk of the databases is full; nothing was written.") from error
        raise


def _commit_decided(connection: WriteConnection, record: RedoRecord) -> None:
    """Commit what is decided: whatever fails now, the record brings it to its end, here or later."""
    connection.wanted = _always
    while connection.in_transaction:
        try:
            connection.execute("COMMIT")
        except apsw.BusyError:
            # Only readers on their way out are waited for: every lock is held.
            time.sleep(_PAUSE_SECONDS)
        except apsw.Error as error:
            log.error("a decided write could not be committed, and is made from its record: %s", error)
            with suppress(apsw.Error):
                connection.roll_back()
            _finish_later(record)
            return
    record.clear()


def _finish_later(record: RedoRecord) -> None:
    try:
        record.finish()
    except (apsw.Error, OSError) as error:
        log.error("the record is kept until it can be finished: %s", error)


def _always() -> bool:
    return True


def _unfinished(connection: WriteConnection) -> DatabaseUnavailable:
    reason = "has an unfinished write that cannot be finished now"
    return DatabaseUnavailable(connection.written[0].schema, reason, "written")
