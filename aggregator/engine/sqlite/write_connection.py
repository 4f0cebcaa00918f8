"""A connection that writes: savepoints, counts, kept rows, and the table `input`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import cast

import apsw

from aggregator.engine import base
from aggregator.engine.base import Refused, Source
from aggregator.engine.model import SqlValue, StatementFailed, Values
from aggregator.engine.sqlite.authorizer import WriteAuthorizer
from aggregator.engine.sqlite.change_counts import RowCounter, SessionCounter, session_of
from aggregator.engine.sqlite.connection import (
    ATTACHING,
    LONGEST_VALUE,
    PatientConnection,
    SqlFunction,
    can_prepare,
    quoted_name,
)
from aggregator.engine.sqlite.files import DatabaseFile, schema_fault, with_name
from aggregator.engine.sqlite.prepare import INPUT_TABLE, LINE_COLUMN, input_table
from aggregator.engine.sqlite.runtime_errors import lost_reference, refusal, to_write_error
from aggregator.errors import (
    AggregatorError,
    DatabaseUnavailable,
    InvalidWrite,
    QueryFailed,
    UnrepresentableValue,
)

_TEMPORARY_CACHE_KIBIBYTES = 8_000
_WAL_PAGES = 1_000
_KEPT = 'temp."the rows"'
_INPUT = f"temp.{INPUT_TABLE}"
_REFUSED = 'temp."the refused"'


class WriteConnection(PatientConnection, base.WriteConnection):
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
        self.has_input = False
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
        self.forbid_attaching()
        self.add_functions(functions or {})

    kept_rows = f"SELECT * FROM {_KEPT}"

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
        with self.failing():
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
        if self.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0]:
            raise lost_reference()

    @property
    def staged(self) -> StagedRows:
        return StagedRows(self)

    def to_write_error(self, error: apsw.Error, sql: str | None = None, values: Values = ()) -> Exception:
        """What to raise instead of an error of SQLite: an AggregatorError, or a StatementFailed.

        sql: the statement that failed with these values.
        """
        meant = to_write_error(error, self, self.written)
        if meant is not None:
            return meant
        reason, is_stale = str(error), False
        failed: AggregatorError = QueryFailed(
            "The SQL failed; nothing was written. The service's log has the reason.",
            f"{type(error).__name__}: {error}",
        )
        if isinstance(error, apsw.SQLError) and sql is not None:
            with self.restricted():
                is_stale = not can_prepare(self, sql)
            refused = refusal(error, sql, values) if isinstance(values, Mapping) else None
            if refused is not None:
                failed = refused
            elif self.has_input:
                failed = InvalidWrite(f"SQLite refuses a value: {reason}; nothing was written.")
        is_interrupted = isinstance(error, apsw.InterruptError)
        return StatementFailed(failed, reason, is_stale=is_stale, is_interrupted=is_interrupted)

    @contextmanager
    def failing(self, sql: str | None = None, values: Values = ()) -> Iterator[None]:
        """Turn errors of SQLite inside into what `to_write_error` says."""
        try:
            yield
        except apsw.Error as error:
            raise self.to_write_error(error, sql, values) from error

    def schema_state(self, sources: Sequence[Source]) -> tuple[object, ...]:
        files = cast(Sequence[DatabaseFile], sources)
        return tuple(file.identity() for file in files), tuple(self.schema_version(file) for file in files)

    def run(self, sql: str, values: Values) -> int:
        before = self.total_changes()
        with self.failing(sql, values), self.restricted():
            self.execute(sql, values).fetchall()
        return self.total_changes() - before

    def run_and_keep(self, sql: str, values: Values, width: int) -> int:
        """Run an author's statement and keep the rows that it gives; how many rows it changed.

        width: of a row. Raises StatementFailed, stale, when the rows are of another width.
        """
        # The table cannot be made anew while a statement still gives rows.
        names = ", ".join(f"c{position}" for position in range(width))
        self.execute(f"DROP TABLE IF EXISTS {_KEPT}")
        self.execute(f"CREATE TEMP TABLE {_KEPT.removeprefix('temp.')} ({names})")
        before = self.total_changes()
        with self.failing(sql, values):
            with self.restricted():
                rows = self.execute(sql, values)
            try:
                self.executemany(f"INSERT INTO {_KEPT} VALUES ({', '.join('?' * width)})", rows)
            except apsw.BindingsError as error:
                # `RETURNING *` of a table that has got or lost a column.
                failed = QueryFailed("The columns of the rows have changed.", str(error))
                raise StatementFailed(failed, str(error), is_stale=True) from error
            except UnicodeDecodeError:
                message = "A text of the answer's rows is not UTF-8; nothing was written."
                raise UnrepresentableValue(message) from None
            finally:
                # Nothing can be taken back while a statement runs.
                rows.close(True)
        kept = int(self.execute(f"SELECT count(*) FROM {_KEPT}").get)
        return self.total_changes() - before - kept

    def texts(self, sql: str) -> Iterator[bytes]:
        with self.failing():
            yield from chain.from_iterable(self.execute(sql))

    @contextmanager
    def found(self, sql: str, values: Values) -> Iterator[Iterator[tuple[SqlValue, ...]]]:
        with self.failing(sql, values):
            with self.restricted():
                rows = self.execute(sql, values)
            try:
                yield rows
            finally:
                # Nothing can be taken back while a statement runs.
                rows.close(True)

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
        self.distrust_schemas()
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


def _close(sessions: Mapping[str, apsw.Session]) -> None:
    for session in sessions.values():
        session.close()


class StagedRows(base.StagedRows):
    """The rows of one request on a connection."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection

    def stage(self, columns: Sequence[str], rows: Iterable[Sequence[SqlValue]]) -> None:
        marks = ", ".join("?" * (len(columns) + 1))
        with self._connection.failing():
            self._connection.execute(input_table(columns))
            self._connection.execute("BEGIN")
            self._connection.executemany(f"INSERT INTO {_INPUT} VALUES ({marks})", rows)
            self._connection.execute("COMMIT")
        self._connection.has_input = True

    def has_line(self, line: SqlValue) -> bool:
        sql = f"SELECT 1 FROM {_INPUT} WHERE {LINE_COLUMN} = ?"
        return isinstance(line, int) and self._connection.execute(sql, (line,)).fetchone() is not None

    def value(self, line: int, column: str) -> SqlValue:
        sql = f"SELECT {quoted_name(column)} FROM {_INPUT} WHERE {LINE_COLUMN} = ?"
        value: SqlValue = self._connection.execute(sql, (line,)).get
        return value

    def begin_refusing(self) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS {_REFUSED}")
        self._connection.execute(
            f"CREATE TEMP TABLE {_REFUSED.removeprefix('temp.')} ({LINE_COLUMN} INTEGER, guard INTEGER, name,"
            f" reason, PRIMARY KEY ({LINE_COLUMN}, guard, name)) WITHOUT ROWID"
        )

    def refuse(self, guard: int, found: Iterable[Refused]) -> None:
        self._connection.executemany(f"INSERT OR IGNORE INTO {_REFUSED} VALUES (?, ?, ?, ?)", found)
        self._connection.execute(
            f"DELETE FROM {_REFUSED} WHERE guard = ?1 AND name = '' AND {LINE_COLUMN} IN"
            f" (SELECT {LINE_COLUMN} FROM {_REFUSED} WHERE guard = ?1 AND name <> '')",
            (guard,),
        )

    def refused(self, most: int) -> list[Refused]:
        sql = f"SELECT * FROM {_REFUSED} ORDER BY 1, 2, 3 LIMIT {most}"
        rows: list[Refused] = self._connection.execute(sql).fetchall()  # type: ignore[assignment]
        return rows

    def count_refused(self, without: Collection[int]) -> int:
        sql = f"SELECT count(DISTINCT {LINE_COLUMN}) FROM {_REFUSED} WHERE {LINE_COLUMN} NOT IN "
        return int(self._connection.execute(f"{sql}({', '.join(map(str, without))})").get)

    def remove_refused(self) -> None:
        self._connection.execute(
            f"DELETE FROM {_INPUT} WHERE {LINE_COLUMN} IN (SELECT {LINE_COLUMN} FROM {_REFUSED})"
        )
        self._connection.execute(f"DELETE FROM {_REFUSED}")
