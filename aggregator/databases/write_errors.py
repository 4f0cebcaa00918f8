"""What SQLite refuses to write, told to the person who sent it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import apsw

from aggregator.databases.connection import quoted, too_long
from aggregator.databases.file_errors import is_full_disk
from aggregator.databases.folder import DatabaseFile
from aggregator.errors import (
    OUT_OF_ROOM,
    AggregatorError,
    Conflict,
    DatabaseUnavailable,
    InvalidWrite,
    StorageFull,
)

_LOST_REFERENCE = (
    "A row would refer to one that is not there, or one would be deleted that others refer to; "
    "nothing was written."
)
_OF_CONSTRAINTS: dict[int, tuple[Callable[[str], AggregatorError], str]] = {
    apsw.SQLITE_CONSTRAINT_UNIQUE: (
        Conflict,
        "There is a row already with the same {}; nothing was written.",
    ),
    apsw.SQLITE_CONSTRAINT_PRIMARYKEY: (
        Conflict,
        "There is a row already with the same {}; nothing was written.",
    ),
    apsw.SQLITE_CONSTRAINT_ROWID: (Conflict, "There is a row already with the same {}; nothing was written."),
    apsw.SQLITE_CONSTRAINT_FOREIGNKEY: (Conflict, _LOST_REFERENCE),
    apsw.SQLITE_CONSTRAINT_TRIGGER: (Conflict, "The database refuses it: {}; nothing was written."),
    apsw.SQLITE_CONSTRAINT_NOTNULL: (InvalidWrite, "{} must have a value; nothing was written."),
    apsw.SQLITE_CONSTRAINT_CHECK: (InvalidWrite, "A value breaks the rule {}; nothing was written."),
    apsw.SQLITE_CONSTRAINT_DATATYPE: (InvalidWrite, "The database {}; nothing was written."),
}
_OTHERS: tuple[tuple[type[apsw.Error], Callable[[str], AggregatorError], str], ...] = (
    (apsw.ConstraintError, Conflict, "A rule of the database refuses it; nothing was written."),
    (
        apsw.MismatchError,
        InvalidWrite,
        "The key of a row is to be an integer, and is none; nothing was written.",
    ),
)
_OF_THE_FILES: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.BusyError, "is locked by another program"),
    (apsw.LockedError, "is locked by another program"),
    (apsw.ReadOnlyError, "may not be written by the service"),
    (apsw.PermissionsError, "may not be written by the service"),
    (apsw.CantOpenError, "cannot be opened for writing; may the service write its folder?"),
    (apsw.NotADBError, "is not an SQLite database"),
    (apsw.CorruptError, "is damaged (PRAGMA integrity_check tells more)"),
    (apsw.IOError, "could not be written to the disk"),
)


def lost_reference() -> Conflict:
    """A foreign key without its row, found at the end."""
    return Conflict(_LOST_REFERENCE)


def no_room() -> StorageFull:
    """The disk is full."""
    return StorageFull("The disk has no room left; nothing was written.")


def explained(error: Exception, connection: apsw.Connection, written: Collection[DatabaseFile]) -> Exception:
    """The error to raise instead; the same one when it is the SQL's own."""
    if isinstance(error, OSError) and error.errno in OUT_OF_ROOM:
        return no_room()
    if not isinstance(error, apsw.Error):
        return error
    kind = _OF_CONSTRAINTS.get(getattr(error, "extendedresult", 0))
    if kind is not None and isinstance(error, apsw.ConstraintError):
        make, sentence = kind
        return make(sentence.format(_what(str(error), connection, written)))
    if is_full_disk(error):
        return no_room()
    if isinstance(error, apsw.TooBigError):
        return InvalidWrite(f"{too_long(connection.limit(apsw.SQLITE_LIMIT_LENGTH))} Nothing was written.")
    for type_, make, sentence in _OTHERS:
        if isinstance(error, type_):
            return make(sentence)
    for type_, reason in _OF_THE_FILES:
        if isinstance(error, type_):
            return DatabaseUnavailable(_schema_of(connection, written), reason, "written")
    return error


def _what(message: str, connection: apsw.Connection, written: Collection[DatabaseFile]) -> str:
    """The columns, the rule or the text that SQLite's sentence ends in; columns with their schema."""
    head, colon, tail = message.partition(" constraint failed: ")
    if not colon:
        return message
    if head not in ("UNIQUE", "NOT NULL"):
        return tail
    table = tail.partition(".")[0]
    having = [file.schema for file in written if _has_table(connection, file.schema, table)]
    place = f"{having[0]}." if len(having) == 1 else ""
    return ", ".join(place + column for column in tail.split(", "))


def _has_table(connection: apsw.Connection, schema: str, table: str) -> bool:
    sql = f"SELECT count(*) FROM {quoted(schema)}.sqlite_schema WHERE type = 'table' AND name = ?"
    try:
        return bool(connection.execute(sql, (table,)).get)
    except apsw.Error:
        return False


def _schema_of(connection: apsw.Connection, written: Collection[DatabaseFile]) -> str:
    """The file that an error is of, as far as can be told."""
    for file in written:
        if file.identity() is None or connection.readonly(file.schema):
            return file.schema
    return " or ".join(file.schema for file in written)
