"""Rows out of SQLite, many at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

import apsw
import apsw.ext

from aggregator.databases.connection import ReadOnlyConnection, SqlValue
from aggregator.databases.file_errors import OF_A_FILE, is_full_disk, unavailable
from aggregator.databases.folder import DatabaseFile
from aggregator.errors import AggregatorError, DatabaseUnavailable, QueryFailed, StorageFull

_BATCH_SECONDS = 0.005
_MOST_ROWS = 128


def batches(
    connection: ReadOnlyConnection, sql: str, parameters: Mapping[str, SqlValue]
) -> Iterator[list[bytes]]:
    """Run a SELECT of one column of BLOBs and give its values in lists of 1 to 128.

    A list is given before it takes longer than about 5 ms to fill, so a slow query's first rows
    are not kept back. Raises apsw.Error as SQLite does, apsw.InterruptError among them.
    """
    values: Iterator[bytes] = chain.from_iterable(connection.execute(sql, parameters))
    size = 1
    while True:
        began = time.perf_counter()
        batch = list(islice(values, size))
        if not batch:
            return
        yield batch
        size = _next_size(size, time.perf_counter() - began)


def _next_size(size: int, seconds: float) -> int:
    if seconds > _BATCH_SECONDS:
        return max(size // 2, 1)
    return min(size * 2, _MOST_ROWS)


def failure(error: apsw.Error, files: Sequence[DatabaseFile]) -> AggregatorError:
    """The error to raise for an SQLite error in a query: a full disk, the database, or that it failed."""
    if is_full_disk(error):
        # A report writes nothing but its temporary files.
        return StorageFull("The server's disk has no room for the temporary files of this report.")
    if isinstance(error, OF_A_FILE):
        for file in files:
            if len(files) == 1 or not _readable(file):
                return unavailable(file, error)
    return QueryFailed(
        "The SQL of this report failed while it ran; the service's log says why.",
        f"{type(error).__name__}: {error}",
    )


def prepares(connection: apsw.Connection, sql: str) -> bool:
    """Whether SQLite accepts the SQL now, whatever the values of its parameters are."""
    try:
        apsw.ext.query_info(connection, sql)
    except apsw.Error:
        return False
    return True


def _readable(file: DatabaseFile) -> bool:
    try:
        connection = ReadOnlyConnection([file], patience=0)
    except DatabaseUnavailable:
        return False
    try:
        connection.schema_version(file)
    except DatabaseUnavailable:
        return False
    finally:
        connection.close()
    return True
