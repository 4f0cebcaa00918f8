"""The rows of a request's body in the temporary table `input`, and those of them that guards refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from aggregator.engine.base import SqlValue
from aggregator.engine.sqlite.connection import quoted_name
from aggregator.engine.sqlite.prepare import INPUT_TABLE, LINE_COLUMN, input_table
from aggregator.engine.sqlite.write_connection import WriteConnection

_INPUT = f"temp.{INPUT_TABLE}"


_REFUSED = 'temp."the refused"'


Refused = tuple[int, int, str, str]


"""A line, the number of the guard that refuses it, the column (empty for the row), and the reason."""


class StagedRows:
    """The rows of one request on a connection."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection

    def stage(self, columns: Sequence[str], rows: Iterable[Sequence[SqlValue]]) -> None:
        """Fill a new table; each row has its line first."""
        marks = ", ".join("?" * (len(columns) + 1))
        with self._connection.failing():
            self._connection.execute(input_table(columns))
            self._connection.execute("BEGIN")
            self._connection.executemany(f"INSERT INTO {_INPUT} VALUES ({marks})", rows)
            self._connection.execute("COMMIT")
        self._connection.has_input = True

    def has_line(self, line: SqlValue) -> bool:
        """Whether there is a row of that line."""
        sql = f"SELECT 1 FROM {_INPUT} WHERE {LINE_COLUMN} = ?"
        return isinstance(line, int) and self._connection.execute(sql, (line,)).fetchone() is not None

    def value(self, line: int, column: str) -> SqlValue:
        """What stands in a column of a row."""
        sql = f"SELECT {quoted_name(column)} FROM {_INPUT} WHERE {LINE_COLUMN} = ?"
        value: SqlValue = self._connection.execute(sql, (line,)).get
        return value

    def begin_refusing(self) -> None:
        """Forget what was refused; not possible while a guard gives rows."""
        self._connection.execute(f"DROP TABLE IF EXISTS {_REFUSED}")
        self._connection.execute(
            f"CREATE TEMP TABLE {_REFUSED.removeprefix('temp.')} ({LINE_COLUMN} INTEGER, guard INTEGER, name,"
            f" reason, PRIMARY KEY ({LINE_COLUMN}, guard, name)) WITHOUT ROWID"
        )

    def refuse(self, guard: int, found: Iterable[Refused]) -> None:
        """Remember what a guard refuses; a reason against a cell says more than one against its row."""
        self._connection.executemany(f"INSERT OR IGNORE INTO {_REFUSED} VALUES (?, ?, ?, ?)", found)
        self._connection.execute(
            f"DELETE FROM {_REFUSED} WHERE guard = ?1 AND name = '' AND {LINE_COLUMN} IN"
            f" (SELECT {LINE_COLUMN} FROM {_REFUSED} WHERE guard = ?1 AND name <> '')",
            (guard,),
        )

    def refused(self, most: int) -> list[Refused]:
        """The first of what was refused, in the order of the lines."""
        sql = f"SELECT * FROM {_REFUSED} ORDER BY 1, 2, 3 LIMIT {most}"
        rows: list[Refused] = self._connection.execute(sql).fetchall()  # type: ignore[assignment]
        return rows

    def count_refused(self, without: Collection[int]) -> int:
        """How many lines were refused, besides some."""
        sql = f"SELECT count(DISTINCT {LINE_COLUMN}) FROM {_REFUSED} WHERE {LINE_COLUMN} NOT IN "
        return int(self._connection.execute(f"{sql}({', '.join(map(str, without))})").get)

    def remove_refused(self) -> None:
        """Take the refused lines out of the table."""
        self._connection.execute(
            f"DELETE FROM {_INPUT} WHERE {LINE_COLUMN} IN (SELECT {LINE_COLUMN} FROM {_REFUSED})"
        )
        self._connection.execute(f"DELETE FROM {_REFUSED}")
