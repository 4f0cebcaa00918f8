"""Writing to files: all of it or nothing, also over several files and when the process is killed.

One written file is SQLite's own business: BEGIN IMMEDIATE, COMMIT. Over several, the changes are
recorded before they are committed (see `redo`), and only one writer of a folder at a time is at it. So is
who writes one file by what it reads in others: two that each read what the other writes would both go on.

A write also reads, and what it reads is one instant, told as `view` does. A file whose part of another
write is decided and not yet there must not be changed before: when a record is pending although the
file's lock is had, everything is let go. Its writer has died, or another is finishing what it left.

Nothing waits long for one file while it holds another, all ask for them in the same order, and whoever
has several has all the locks that it will need from the beginning (BEGIN EXCLUSIVE): otherwise two
writers could stop each other. Only the COMMIT of a lone file in a rollback-journal mode waits for readers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from aggregator.engine.sqlite.authorizer import WriteAuthorizer
from aggregator.engine.sqlite.commit_journal import RedoRecord, finish, is_pending, recover_if_dead
from aggregator.engine.sqlite.connection import (
    ATTACHING,
    LONGEST_VALUE,
    PatientConnection,
    SqlFunction,
    quoted_name,
)
from aggregator.engine.sqlite.counting import RowCounter, SessionCounter, session_of
from aggregator.engine.sqlite.files import DatabaseFile, schema_fault, with_name
from aggregator.engine.sqlite.runtime_errors import lost_reference, to_write_error
from aggregator.errors import DISK_FULL, Cancelled, DatabaseUnavailable, QueryFailed, UnstableDatabases

_log = logging.getLogger(__name__)


_PAUSE_SECONDS = 0.002


_LONGEST_WAIT_INSIDE = 0.1


_TEMPORARY_CACHE_KIBIBYTES = 8_000


_WAL_PAGES = 1_000


class WriteConnection(PatientConnection):
    """SQLite with an empty main database, some files attached to be written, and others to be read.

    patience, wanted, longest_value: as of PatientConnection. functions: Python functions callable in SQL.
    Raises DatabaseUnavailable, which names the file, when one cannot be attached.
    """

    def __init__(
        self,
        files_written: Collection[DatabaseFile],
        files_read: Collection[DatabaseFile] = (),
        patience: float = 5.0,
        wanted: Callable[[], bool] = lambda: True,
        functions: Mapping[str, SqlFunction] | None = None,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        super().__init__(":memory:", ATTACHING, patience, wanted, longest_value=longest_value)
        self.written = tuple(files_written)
        self.files = tuple(sorted((*files_written, *files_read), key=_order))
        self.permissions = WriteAuthorizer([file.schema for file in self.written])
        self.sessions: dict[str, apsw.Session] = {}
        self.data_versions: dict[str, object] = {}
        self._long_wals: set[str] = set()
        self._counter: RowCounter | None = None
        self._configure()
        try:
            for file in self.files:
                self._attach(file, "rw" if file in self.written else "ro")
                self._make_durable(file)
        except DatabaseUnavailable as error:
            self.close()
            fault = schema_fault(error.__cause__)
            if fault is None:
                raise
            # Without one of its triggers or indexes a table must not be changed.
            reason = f"can only be read while it has an object that SQLite cannot use: {with_name(fault)}"
            raise DatabaseUnavailable(error.schema, reason, "written", error.cause) from error
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 0)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, 0)
        self.add_functions(functions or {})

    @contextmanager
    def restricted(self) -> Iterator[None]:
        """Run an author's SQL: it may do what WriteAuthorizer allows, and its changes are counted."""
        self.authorizer = self.permissions
        try:
            if self._counter is None:
                yield
            else:
                with self._counter.counting(self):
                    yield
        finally:
            self.authorizer = None

    @contextmanager
    def counted(self) -> Iterator[RowCounter | SessionCounter]:
        """Count the rows that are changed in `restricted` inside; `tables()` tells them at the end."""
        if len(self.written) == 1:
            self._counter = RowCounter(self.written[0].schema)
            try:
                yield self._counter
            finally:
                self._counter = None
            return
        own = {} if all(session.is_empty for session in self.sessions.values()) else self._new_sessions()
        counter = SessionCounter(own or self.sessions)
        try:
            yield counter
            counter.finish()
        finally:
            _close(own)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that is taken back alone when it raises.

        Raises Conflict when a row without its parent is left. After errors for which SQLite takes
        back everything (a full disk), `in_transaction` is False.
        """
        self.execute("SAVEPOINT part")
        try:
            yield
            self.require_references()
        except BaseException:
            if self.in_transaction:
                self.execute("ROLLBACK TO part")
                self.execute("RELEASE part")
            raise
        self.execute("RELEASE part")

    def require_references(self) -> None:
        """Raise Conflict when deferred foreign keys are not met, as COMMIT would find."""
        if self.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0]:
            raise lost_reference()

    def to_write_error(self, error: Exception) -> Exception:
        """What to raise instead of an error of SQLite: an AggregatorError, or itself when it is the SQL's."""
        return to_write_error(error, self, self.written)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record all changes in `sessions`."""
        self.sessions = self._new_sessions()
        try:
            yield
        finally:
            _close(self.sessions)
            self.sessions = {}

    def shorten_wals(self) -> None:
        """Put long WAL files into their databases, now that nobody waits for the commit.

        https://sqlite.org/wal.html#ckpt; it can as well be done later.
        """
        for schema in self._long_wals:
            with suppress(apsw.Error):
                self.wal_checkpoint(schema)
        self._long_wals.clear()

    def empty_wals(self) -> bool:
        """Put the WAL files into their databases; whether all are empty then, which a reader can prevent.

        So the versions of the files stay as they are when connections are closed later. Waits for nobody.
        """
        patience, self.patience = self.patience, 0
        try:
            for mode in (apsw.SQLITE_CHECKPOINT_PASSIVE, apsw.SQLITE_CHECKPOINT_TRUNCATE):
                for file in self.written:
                    self.wal_checkpoint(file.schema, mode)
        except apsw.Error:
            return False
        finally:
            self.patience = patience
        return True

    def checkpoint_on_close(self, is_wanted: bool) -> None:
        """Whether the last connection to a file puts its WAL file into the database when it is closed."""
        self.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(not is_wanted))

    def _new_sessions(self) -> dict[str, apsw.Session]:
        return {file.schema: session_of(self, file) for file in self.written}

    def _configure(self) -> None:
        self.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        self.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        self.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)
        self.execute("PRAGMA foreign_keys = 1")
        self.execute("PRAGMA temp_store = FILE")
        self.execute(f"PRAGMA temp.cache_size = -{_TEMPORARY_CACHE_KIBIBYTES}")
        self.set_wal_hook(self._note_long_wal)

    def _make_durable(self, file: DatabaseFile) -> None:
        """A commit of several files must not be undone by a journal that comes back when the power fails.

        https://sqlite.org/pragma.html#pragma_synchronous
        """
        level = "EXTRA" if len(self.written) > 1 else "FULL"
        self.execute(f"PRAGMA {quoted_name(file.schema)}.synchronous = {level}")

    def _note_long_wal(self, connection: apsw.Connection, schema: str, pages: int) -> int:
        if pages >= _WAL_PAGES:
            self._long_wals.add(schema)
        return apsw.SQLITE_OK


def _order(file: DatabaseFile) -> tuple[bool, Path]:
    """The same in every process. The service's own files, which are hidden ones, come last.

    SQLite takes a table without a schema from the first file that has it, so that is never one of them.
    """
    return file.path.name.startswith("."), file.path


@contextmanager
def transaction(connection: WriteConnection, folder: Path) -> Iterator[None]:
    """What is written inside is in all files when it ends, or in none when it raises.

    folder: of the databases. Raises DatabaseUnavailable (locked, not writable), UnsettledDatabases,
    Cancelled, StorageFull, Conflict or InvalidWrite, what is raised inside, and apsw.Error when the SQL
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
    except (apsw.Error, OSError) as error:
        reason = connection.to_write_error(error)
        if reason is error:
            raise
        raise reason from error
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
                connection.written[0].schema, "is being written by others all the time", "written"
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
        reason = "can be written together with others only if the service may write their folder"
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
                raise Cancelled("The request was given up.")
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
        reason = "has another write to be finished first"
        return DatabaseUnavailable(connection.files[0].schema, reason, "written")
    if len(connection.files) == len(connection.written):
        return None
    before = connection.data_versions
    connection.data_versions = {file.schema: connection.data_version_of(file) for file in connection.files}
    if connection.data_versions == before:
        return None
    connection.execute("ROLLBACK")
    return UnstableDatabases("The databases change too fast to be read at one instant.")


def _require_transaction(connection: WriteConnection) -> None:
    if not connection.in_transaction:
        raise QueryFailed("SQLite took the whole write back; nothing was written.", "no transaction is left")


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
        _log.exception("a decided write could not be committed to all files at once; it is being finished")
        with suppress(apsw.Error):
            connection.execute("ROLLBACK")
        try:
            finish(record, folder, connection.patience)
        except Exception:
            _log.exception("a decided write waits to be finished; the record of it is kept")


def _close(sessions: Mapping[str, apsw.Session]) -> None:
    for session in sessions.values():
        session.close()
