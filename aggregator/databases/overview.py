"""What is in each database: its tables and how many rows they have, its size and its age."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace

import apsw

from aggregator.databases.broken_objects import broken_objects
from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.file_errors import unavailable
from aggregator.databases.folder import DatabaseFile, FileVersion
from aggregator.databases.inspection import TableName
from aggregator.errors import DatabaseUnavailable

_PATIENCE_SECONDS = 0.05
_MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Size:
    """A number of rows, and whether they were counted just now."""

    rows: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """One database.

    tables: names and sizes; bytes: with what waits in its `-wal`; changed_at: seconds since 1970, None when
    it is gone; trouble: why its tables cannot be told, or objects cannot be used; empty when all is well.
    """

    schema: str
    file_name: str
    tables: tuple[tuple[str, Size], ...] = ()
    bytes: int = 0
    changed_at: float | None = None
    trouble: str = ""


class Overviews:
    """Looks at databases, and again only at those that have changed. Safe to use from many threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[FileVersion, Overview]] = {}
        self._lock = threading.Lock()

    def of(self, files: Iterable[DatabaseFile]) -> list[Overview]:
        """An overview of each file."""
        return [self._of(file) for file in files]

    def _of(self, file: DatabaseFile) -> Overview:
        version = file.version()
        with self._lock:
            known = self._known.get(file.schema)
        if known is not None and known[0] == version and version.settled:
            return known[1]
        overview = _looked_at(file)
        with self._lock:
            self._known[file.schema] = version, overview
        return overview


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
            connection.execute(f"SELECT 1 FROM {quoted(file.schema)}.{quoted(name)} LIMIT 0")
            sizes.append((name, table_size(connection, (file.schema, name))))
        except apsw.Error as error:
            unusable[name] = str(error)
    return tuple(sizes), unusable


def table_size(connection: ReadOnlyConnection, table: TableName) -> Size:
    """Up to 100,000 rows are counted; of more, ANALYZE tells what there were, or the highest rowid."""
    name = f"{quoted(table[0])}.{quoted(table[1])}"
    counted = _number(connection, f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {_MOST_COUNTED + 1})")
    if counted is not None and counted <= _MOST_COUNTED:
        return Size(counted, is_exact=True)
    statistics = f"{quoted(table[0])}.sqlite_stat1"
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
