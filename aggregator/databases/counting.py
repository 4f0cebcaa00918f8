"""How many rows of which tables SQL inserts, updates and deletes.

Over one file by SQLite's preupdate hook (https://sqlite.org/c3ref/preupdate_blobwrite.html). The session
extension needs that hook for itself, and a write over several files has sessions anyway; so over several it
is told from what a session recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import apsw

from aggregator.databases.write_connection import WriteConnection

TableName = tuple[str, str]
"""Schema and table."""


@dataclass(slots=True)
class Counts:
    """Rows of a table; an update that leaves a row as it was is none."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def add(self, operation: str) -> None:
        """Count one row; operation: INSERT, UPDATE or DELETE."""
        if operation == "INSERT":
            self.inserted += 1
        elif operation == "UPDATE":
            self.updated += 1
        else:
            self.deleted += 1


@dataclass(slots=True)
class TableCounts:
    """The counts of each table in which anything happened."""

    tables: dict[TableName, Counts] = field(default_factory=dict)

    def of(self, schema: str, table: str) -> Counts:
        """The counts of a table."""
        return self.tables.setdefault((schema, table), Counts())


@contextmanager
def counted(connection: WriteConnection) -> Iterator[TableCounts]:
    """Count what happens inside; the counts are complete when it ends. Those of triggers are among them."""
    counts = TableCounts()
    if len(connection.written) > 1:
        with _sessions(connection) as sessions:
            yield counts
            for schema, session in sessions.items():
                _add_changes(counts, schema, session.changeset())
        return
    connection.preupdate_hook(lambda change: _add(counts, change))
    try:
        yield counts
    finally:
        connection.preupdate_hook(None)


def _add(counts: TableCounts, change: apsw.PreUpdate) -> None:
    schema = change.database_name
    if schema != "temp":
        operation = change.op
        if operation != "UPDATE" or change.old != change.new:
            counts.of(schema, change.table_name).add(operation)


@contextmanager
def _sessions(connection: WriteConnection) -> Iterator[dict[str, apsw.Session]]:
    sessions = {file.schema: recording(connection, file.schema) for file in connection.written}
    try:
        yield sessions
    finally:
        for session in sessions.values():
            session.close()


def recording(connection: apsw.Connection, schema: str) -> apsw.Session:
    """A session that records all changes of a database, also of tables without a primary key."""
    session = apsw.Session(connection, schema)
    session.config(apsw.SQLITE_SESSION_OBJCONFIG_ROWID, 1)
    session.attach()
    return session


def _add_changes(counts: TableCounts, schema: str, changeset: bytes) -> None:
    for change in apsw.Changeset.iter(changeset):
        counts.of(schema, change.name).add(change.op)
