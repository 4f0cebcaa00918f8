"""The names of the tables in every database file: whose a table is, and which names are like a wrong one."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Generic, TypeVar, cast

import apsw
import apsw.ext

from aggregator.engine.base import Source
from aggregator.engine.model import Overview, Size, TableName
from aggregator.engine.sqlite.connection import ReadOnlyConnection, literal, quoted_name
from aggregator.engine.sqlite.files import DatabaseFile, FileVersion, unavailable
from aggregator.errors import DatabaseUnavailable

_PATIENCE_SECONDS = 0.05
_MOST_KNOWN = 1_000
_MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class SchemaNames:
    """tables: of one file, views among them; indexes: of the same. Each by its name in small letters."""

    tables: Mapping[str, str]
    indexes: Mapping[str, str]


T = TypeVar("T")


class _ByVersion(Generic[T]):
    """A function's result for each file, computed again after a change. Safe to use from many threads."""

    def __init__(self, make: Callable[[DatabaseFile], T]) -> None:
        self._make = make
        self._known: dict[DatabaseFile, tuple[FileVersion, T]] = {}
        self._lock = threading.Lock()

    def __call__(self, file: DatabaseFile) -> T:
        version = file.version()
        with self._lock:
            known = self._known.get(file)
        if known is not None and known[0] == version and version.settled:
            return known[1]
        made = self._make(file)
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[file] = version, made
        return made


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
                by_name.setdefault(key, []).append(f"{literal(schema)}.{literal(table)}")
    close = get_close_matches(name.lower(), by_name, n=_MOST_OFFERED)
    return [each for key in close for each in by_name[key]][:_MOST_OFFERED]


def columns_like(name: str, tables: Iterable[tuple[str, str]], connection: ReadOnlyConnection) -> list[str]:
    """The nearest columns of some tables, each as `column of schema.table`. tables: schema and name."""
    by_name: dict[str, list[str]] = {}
    for schema, table in tables:
        for column in _columns(schema, table, connection):
            by_name.setdefault(column.lower(), []).append(
                f"{literal(column)} of {literal(schema)}.{literal(table)}"
            )
    close = get_close_matches(name.lower(), by_name, n=1)
    return [each for key in close for each in by_name[key]][:_MOST_OFFERED]


def _columns(schema: str, table: str, connection: ReadOnlyConnection) -> list[str]:
    try:
        rows = connection.execute(f"PRAGMA {quoted_name(schema)}.table_info({quoted_name(table)})").fetchall()
    except apsw.Error:
        return []
    return [str(row[1]) for row in rows]


def _names_if_readable(file: DatabaseFile) -> SchemaNames | None:
    try:
        return names_of(file)
    except DatabaseUnavailable:
        return None


def _read(file: DatabaseFile) -> SchemaNames:
    listed = f"SELECT type, name FROM {quoted_name(file.schema)}.sqlite_schema"
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


names_of = _ByVersion(_read)
"""The names in a file. Raises DatabaseUnavailable."""


_CREATE = re.compile(
    r"CREATE\s+(?:(?:UNIQUE\s+)?INDEX|(?:VIRTUAL\s+)?TABLE|VIEW|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?",
    re.IGNORECASE,
)


def broken_objects(file: DatabaseFile) -> dict[str, str]:
    """SQLite's reason for each object by its name, in the order of the schema; raises DatabaseUnavailable."""
    listed = f"SELECT name, sql FROM {quoted_name(file.schema)}.sqlite_schema WHERE sql IS NOT NULL"
    with closing(ReadOnlyConnection([file], _PATIENCE_SECONDS)) as connection:
        first = connection.schema_faults.get(file.schema)
        if first is None:
            return {}
        try:
            objects = connection.execute(listed).fetchall()
        except apsw.Error as error:
            raise unavailable(file, error) from error
        connection.authorizer = None  # for what is prepared here, and not run
        reasons = {str(name): _reason(connection, file, str(sql)) for name, sql in objects}
        return dict([first]) | {name: reason for name, reason in reasons.items() if reason is not None}


def why_missing(table: str, connection: ReadOnlyConnection) -> str | None:
    """Why there is no such table on a connection though its schema has it; None when there never was.

    table: as SQLite names it, with its schema where the SQL does.
    """
    schema, _, name = table.rpartition(".")
    for file in connection.files:
        if file.schema in connection.schema_faults and schema.lower() in ("", file.schema.lower()):
            for broken, reason in broken_objects(file).items():
                if broken.lower() == name.lower():
                    return reason
    return None


def _reason(connection: ReadOnlyConnection, file: DatabaseFile, sql: str) -> str | None:
    match = _CREATE.match(sql)
    if match is None:
        return "SQLite cannot read its definition"
    try:
        apsw.ext.query_info(connection, f"{match[0]}{quoted_name(file.schema)}.{sql[match.end() :]}")
    except apsw.Error as error:
        return None if str(error).endswith("already exists") else str(error)
    return "its entry in the schema is damaged"


_MOST_COUNTED = 100_000


class Overviews:
    """Looks at databases, and again only at those that have changed. Safe to use from many threads."""

    def __init__(self) -> None:
        self._of = _ByVersion(_looked_at)

    def of(self, files: Iterable[Source]) -> list[Overview]:
        """An overview of each file."""
        return [self._of(cast(DatabaseFile, file)) for file in files]


def _looked_at(file: DatabaseFile) -> Overview:
    overview = _measured(file)
    try:
        with closing(ReadOnlyConnection([file], _PATIENCE_SECONDS)) as connection:
            tables, unusable = _tables(connection, file)
        if file.schema in connection.schema_faults:
            unusable |= broken_objects(file)
    except DatabaseUnavailable as error:
        return replace(overview, trouble=error.reason)
    reasons = ", ".join(f"{name} ({reason})" for name, reason in unusable.items())
    return replace(
        overview, tables=tables, trouble=f"has objects that cannot be used: {reasons}" if reasons else ""
    )


def _measured(file: DatabaseFile) -> Overview:
    sizes, times = [], []
    for path in (file.path, file.path.with_name(f"{file.path.name}-wal")):
        try:
            status = path.stat()
        except OSError:
            continue
        sizes.append(status.st_size)
        times.append(status.st_mtime)
    return Overview(file.schema, file.path.name, bytes=sum(sizes), changed_at=max(times, default=None))


def _tables(
    connection: ReadOnlyConnection, file: DatabaseFile
) -> tuple[tuple[tuple[str, Size], ...], dict[str, str]]:
    """The tables that hold rows, without those that SQLite keeps for itself, and why others do not count.

    Raises DatabaseUnavailable.
    """
    connection.read_schema(file)
    listed = (
        "SELECT name FROM pragma_table_list WHERE schema = ? AND type IN ('table', 'virtual') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    sizes: list[tuple[str, Size]] = []
    unusable: dict[str, str] = {}
    try:
        names = [name for (name,) in connection.execute(listed, (file.schema,))]
    except apsw.Error as error:
        raise unavailable(file, error) from error
    for name in names:
        try:
            connection.execute(f"SELECT 1 FROM {quoted_name(file.schema)}.{quoted_name(name)} LIMIT 0")
            sizes.append((name, table_size(connection, (file.schema, name))))
        except apsw.Error as error:
            unusable[name] = str(error)
    return tuple(sizes), unusable


def table_size(connection: ReadOnlyConnection, table: TableName) -> Size:
    """Up to 100,000 rows are counted; of more, ANALYZE tells what there were, or the highest rowid."""
    name = f"{quoted_name(table[0])}.{quoted_name(table[1])}"
    counted = _number(connection, f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {_MOST_COUNTED + 1})")
    if counted is not None and counted <= _MOST_COUNTED:
        return Size(counted, is_exact=True)
    statistics = f"{quoted_name(table[0])}.sqlite_stat1"
    analyzed = _number(
        connection, f"SELECT max(CAST(stat AS INTEGER)) FROM {statistics} WHERE tbl = ?", table[1]
    )
    span = f"SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1"
    for rows in (analyzed, None if analyzed else _number(connection, span)):
        if rows is not None and rows > _MOST_COUNTED:
            return Size(rows, is_exact=False)
    return Size(_MOST_COUNTED, is_exact=False)


def _number(connection: ReadOnlyConnection, sql: str, *values: str) -> int | None:
    """None when the table has no such thing: no statistics, no rowid."""
    try:
        number: int | None = connection.execute(sql, values).get
    except apsw.SQLError:
        return None
    return number
