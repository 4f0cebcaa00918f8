"""How many rows statements insert, update and delete, table by table, with what triggers do.

One written file: SQLite calls a function for each row (https://sqlite.org/c3ref/preupdate_blobwrite.html),
WITHOUT ROWID tables included. Several: their changes are recorded anyway by sessions, which need that
very call for themselves (a process that uses both crashes), and so these are asked. A session knows what
became of a row in the end: one that is inserted and then updated was inserted, one that was replaced was
updated, where the function sees both steps. An update that leaves a row as it was counts in neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile

import apsw

from aggregator.engine.model import Counts, TableCounts
from aggregator.engine.sqlite.files import DatabaseFile

_KINDS = (apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE)

_Numbers = dict[tuple[int, str], int]
"""Rows by what happened to them, and their table."""

_MOST_IN_MEMORY = 1_000_000


class RowCounter:
    """Counts the rows of one file's tables, while it is switched on by `counting`."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._numbers: _Numbers = defaultdict(int)

    @contextmanager
    def counting(self, connection: apsw.Connection) -> Iterator[None]:
        """Count what is changed inside; nothing temporary may be."""
        connection.preupdate_hook(self._hook(), id=self)
        try:
            yield
        finally:
            connection.preupdate_hook(None, id=self)

    def tables(self) -> TableCounts:
        """The counts so far."""
        return _by_table(self._schema, self._numbers)

    def _hook(self) -> apsw.PreupdateHook:
        numbers, update = self._numbers, apsw.SQLITE_UPDATE

        def count(change: apsw.PreUpdate) -> None:
            kind = change.opcode
            if kind != update or _differs(change):
                numbers[kind, change.table_name] += 1

        return count


def _differs(change: apsw.PreUpdate) -> bool:
    try:
        return change.old != change.new
    except UnicodeDecodeError:
        # Text that is not UTF-8 cannot be looked at.
        return True


class SessionCounter:
    """Counts the changes that sessions have recorded, by the names of their files' schemas."""

    def __init__(self, sessions: Mapping[str, apsw.Session]) -> None:
        self._sessions = sessions
        self._tables: TableCounts = {}

    def finish(self) -> None:
        """Ask the sessions."""
        for schema, session in self._sessions.items():
            self._tables |= _recorded(schema, session)

    def tables(self) -> TableCounts:
        """The counts when it was finished."""
        return self._tables


def session_of(connection: apsw.Connection, file: DatabaseFile) -> apsw.Session:
    """A session that records all changes of a file, also of tables without a primary key.

    It does not record rows with a NULL in their primary key, which SQLite allows in some tables
    (https://sqlite.org/session/sqlite3session_attach.html).
    """
    session = apsw.Session(connection, file.schema)
    session.config(apsw.SQLITE_SESSION_OBJCONFIG_ROWID, 1)
    session.attach()
    return session


def _recorded(schema: str, session: apsw.Session) -> TableCounts:
    if session.is_empty:
        return {}
    numbers: _Numbers = defaultdict(int)
    with SpooledTemporaryFile(_MOST_IN_MEMORY) as file:
        session.changeset_stream(lambda piece: _ignore(file.write(piece)))
        file.seek(0)
        for change in apsw.Changeset.iter(file.read):
            numbers[change.opcode, change.name] += 1
    return _by_table(schema, numbers)


def _ignore(count: int) -> None:
    """For a function that has to return nothing."""


def _by_table(schema: str, numbers: _Numbers) -> TableCounts:
    return {
        (schema, table): Counts(*(numbers.get((kind, table), 0) for kind in _KINDS))
        for table in sorted({table for _, table in numbers})
    }
