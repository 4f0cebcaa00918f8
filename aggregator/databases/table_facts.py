"""How many rows a table has and which indexes, found out quickly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import apsw

from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.inspection import TableName

_MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Size:
    """A number of rows, and whether they were counted just now."""

    rows: int
    is_exact: bool

    def all_of(self, table: str) -> str:
        """All rows of the table, in words."""
        if self.is_exact:
            return f"all {self.rows:,} rows of {table}"
        return f"all rows of {table}, about {self.rows:,}"


@dataclass(frozen=True, slots=True)
class Index:
    """An index and its columns in order; an expression is None.

    constraint: `UNIQUE` or `PRIMARY KEY` when it was made for one.
    """

    name: str
    columns: tuple[str | None, ...]
    is_unique: bool
    constraint: str | None

    def __str__(self) -> str:
        """`the index orders_by_date`; that of a constraint is called by the constraint."""
        if self.constraint is None:
            return f"the index {self.name}"
        return f"the index of {self.constraint} ({', '.join(map(str, self.columns))})"


class TableFacts:
    """What is to be known of the tables of a connection; each is looked up once."""

    def __init__(self, connection: ReadOnlyConnection) -> None:
        self._connection = connection
        self.schemas = tuple(file.schema for file in connection.files)
        self.size = cache(self._size)
        self.indexes = cache(self._indexes)
        self.row_key = cache(self._row_key)
        self.schemas_with = cache(self._schemas_with)

    def _size(self, table: TableName) -> Size:
        """Up to 100,000 rows are counted; of more, ANALYZE tells what there were, or the highest rowid."""
        name = f"{quoted(table[0])}.{quoted(table[1])}"
        counted = self._number(f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {_MOST_COUNTED + 1})")
        if counted is not None and counted <= _MOST_COUNTED:
            return Size(counted, is_exact=True)
        analyzed = self._number(
            f"SELECT max(CAST(stat AS INTEGER)) FROM {quoted(table[0])}.sqlite_stat1 WHERE tbl = ?", table[1]
        )
        span = f"SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1"
        for rows in (analyzed, None if analyzed else self._number(span)):
            if rows is not None and rows > _MOST_COUNTED:
                return Size(rows, is_exact=False)
        return Size(_MOST_COUNTED, is_exact=False)

    def _indexes(self, table: TableName) -> tuple[Index, ...]:
        constraints = {"u": "UNIQUE", "pk": "PRIMARY KEY"}
        schema = quoted(table[0])
        found = []
        for _, name, is_unique, origin, _ in list(
            self._connection.execute(f"PRAGMA {schema}.index_list({quoted(table[1])})")
        ):
            parts = self._connection.execute(f"PRAGMA {schema}.index_info({quoted(name)})")
            columns = tuple(column for _, _, column in parts)
            found.append(Index(name, columns, bool(is_unique), constraints.get(origin)))
        return tuple(found)

    def _row_key(self, table: TableName) -> str:
        """The column that is the rowid, or that is its name."""
        rows = self._connection.execute(f"PRAGMA {quoted(table[0])}.table_info({quoted(table[1])})")
        keys = [(name, kind) for _, name, kind, _, _, key in rows if key]
        return keys[0][0] if len(keys) == 1 and keys[0][1].upper() == "INTEGER" else "rowid"

    def _schemas_with(self, table: str) -> tuple[str, ...]:
        """The schemas that have an ordinary table of this name."""
        return tuple(
            file.schema
            for file in self._connection.files
            if self._number(
                f"SELECT count(*) FROM {quoted(file.schema)}.sqlite_schema "
                "WHERE type = 'table' AND name = ? COLLATE NOCASE AND rootpage > 0",
                table,
            )
        )

    def _number(self, sql: str, *values: str) -> int | None:
        """None when the table has no such thing: no statistics, no rowid."""
        try:
            number: int | None = self._connection.execute(sql, values).get
        except apsw.SQLError:
            return None
        return number
