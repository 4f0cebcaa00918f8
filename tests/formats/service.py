"""A folder of databases and a folder of reports, run as the service runs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import apsw

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.snapshot import SnapshotPool
from aggregator.formats import FORMATS, SPREADSHEET_CSV
from aggregator.formats.base import Format
from aggregator.read.operations import Item, Operation, Rows
from aggregator.read.reader import LocalReader
from aggregator.read.run import Run, Spool
from aggregator.sqlfile.catalog import SqlFolder
from aggregator.sqlfile.parameters import Arguments
from tests.formats.mapping import Raw, Value

SPREADSHEET = "csv for=excel"
EVERY_FORMAT = {**FORMATS, SPREADSHEET: SPREADSHEET_CSV}


class Service:
    """One database, `data_db` in SQL, and the reports that are asked of it."""

    def __init__(self, folder: Path) -> None:
        self._database = folder / "dbs" / "data.db"
        self._sql = folder / "sql"
        for directory in (self._database.parent, self._sql):
            directory.mkdir(parents=True)
        self._pool = SnapshotPool(SQL_FUNCTIONS, 1)
        self.execute("CREATE TABLE one (one INTEGER) STRICT; INSERT INTO one VALUES (1)")

    def execute(self, script: str) -> None:
        with closing(apsw.Connection(str(self._database))) as connection:
            connection.execute(script)

    def table(self, name: str, columns: str, rows: Iterable[Sequence[Value]], options: str = "") -> None:
        """A new table of this name; columns are what stands in the brackets of CREATE TABLE."""
        with closing(apsw.Connection(str(self._database))) as connection, connection:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} ({columns}) {options}")
            for row in rows:
                marks = ", ".join("CAST(? AS TEXT)" if isinstance(value, Raw) else "?" for value in row)
                plain = tuple(bytes(value) if isinstance(value, Raw) else value for value in row)
                connection.execute(f"INSERT INTO {name} VALUES ({marks})", plain)

    def stored(self, sql: str) -> list[tuple[Value, ...]]:
        """What another program reads from the database, texts as the bytes that they are."""
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.text_factory = Raw
            connection.execute("ATTACH ? AS data_db", (str(self._database),))
            return connection.execute(sql).fetchall()

    def report(self, sql: str, columns: str = "", name: str = "report") -> ReadEndpoint:
        """columns: what the header says of them, in YAML's flow style without the braces."""
        header = f"/*\ncolumns: {{{columns}}}\n*/\n" if columns else ""
        (self._sql / f"{name}.sql").write_text(header + sql, encoding="utf-8")
        registry = EndpointRegistry(SqlFolder(self._sql), SqliteEngine(self._database.parent), 1, check_read)
        return registry.check(registry.catalog(ANYBODY).find("GET", f"/{name}").endpoint)

    def run(self, report: ReadEndpoint, format: Format, arguments: Arguments | None = None) -> bytes:
        rows = Rows(report, arguments or {}, format=format)
        run = Run(rows, Spool(1 << 30, None), rows.encode)
        run.execute(self._pool, lambda: None)
        return b"".join(run.output()) if run.body is None else run.body

    def items(self, operation: Operation) -> list[Item]:
        """The parts of an operation's result."""
        return [item for chunk in LocalReader(self._pool).chunks(operation) for item in chunk.items]

    def read(self, sql: str, format: str, columns: str = "", name: str = "report") -> bytes:
        """The file that the report gives in a format, or in CSV for a spreadsheet."""
        return self.run(self.report(sql, columns, name), EVERY_FORMAT[format])

    def close(self) -> None:
        self._pool.close_idle(older_than=-1)
