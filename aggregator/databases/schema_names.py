"""The names of the tables in every database file: whose a table is, and which names are like a wrong one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches

import apsw

from aggregator.databases.connection import ReadOnlyConnection, quoted, written
from aggregator.databases.file_errors import unavailable
from aggregator.databases.folder import DatabaseFile, FileVersion
from aggregator.errors import DatabaseUnavailable

_PATIENCE_SECONDS = 0.05
_MOST_KNOWN = 1_000
_MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class SchemaNames:
    """tables: of one file, views among them; indexes: of the same. Each by its name in small letters."""

    tables: Mapping[str, str]
    indexes: Mapping[str, str]


_known: dict[DatabaseFile, tuple[FileVersion, SchemaNames]] = {}
_lock = threading.Lock()


def names_of(file: DatabaseFile) -> SchemaNames:
    """The names in a file; they are read again when it has changed. Raises DatabaseUnavailable."""
    version = file.version()
    with _lock:
        known = _known.get(file)
    if known is not None and known[0] == version and version.settled:
        return known[1]
    names = _read(file)
    with _lock:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[file] = version, names
    return names


def owners_of(name: str, files: Mapping[str, DatabaseFile], *, is_index: bool = False) -> list[str]:
    """The schemas that have a table or view of that name; an unreadable file has none."""
    found = []
    for schema, file in files.items():
        names = _names_if_readable(file)
        if names is not None and name.lower() in (names.indexes if is_index else names.tables):
            found.append(schema)
    return found


def unreadable_files(files: Mapping[str, DatabaseFile]) -> list[str]:
    """The schemas whose tables cannot be listed now."""
    return [schema for schema, file in files.items() if _names_if_readable(file) is None]


def tables_like(name: str, schemas: Iterable[str], files: Mapping[str, DatabaseFile]) -> list[str]:
    """The nearest names of tables, each as SQL needs it: `schema.table`, with quotes where they must be."""
    by_name: dict[str, list[str]] = {}
    for schema in schemas:
        names = _names_if_readable(files[schema])
        for key, table in names.tables.items() if names is not None else ():
            if not key.startswith("sqlite_"):
                by_name.setdefault(key, []).append(f"{written(schema)}.{written(table)}")
    close = get_close_matches(name.lower(), by_name, n=_MOST_OFFERED)
    return [each for key in close for each in by_name[key]][:_MOST_OFFERED]


def columns_like(name: str, tables: Iterable[tuple[str, str]], connection: ReadOnlyConnection) -> list[str]:
    """The nearest columns of some tables, each as `column of schema.table`. tables: schema and name."""
    by_name: dict[str, list[str]] = {}
    for schema, table in tables:
        for column in _columns(schema, table, connection):
            by_name.setdefault(column.lower(), []).append(
                f"{written(column)} of {written(schema)}.{written(table)}"
            )
    close = get_close_matches(name.lower(), by_name, n=1)
    return [each for key in close for each in by_name[key]][:_MOST_OFFERED]


def _columns(schema: str, table: str, connection: ReadOnlyConnection) -> list[str]:
    try:
        rows = connection.execute(f"PRAGMA {quoted(schema)}.table_info({quoted(table)})").fetchall()
    except apsw.Error:
        return []
    return [str(row[1]) for row in rows]


def _names_if_readable(file: DatabaseFile) -> SchemaNames | None:
    try:
        return names_of(file)
    except DatabaseUnavailable:
        return None


def _read(file: DatabaseFile) -> SchemaNames:
    listed = f"SELECT type, name FROM {quoted(file.schema)}.sqlite_schema"
    with closing(ReadOnlyConnection([file], _PATIENCE_SECONDS)) as connection:
        connection.read_schema(file)
        try:
            rows = connection.execute(listed).fetchall()
        except apsw.Error as error:
            raise unavailable(file, error) from error
    tables, indexes = (
        {str(name).lower(): str(name) for kind, name in rows if kind in kinds}
        for kinds in (("table", "view"), ("index",))
    )
    return SchemaNames(tables, indexes)
