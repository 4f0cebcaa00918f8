"""Write the rows of the demo into new SQLite files."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from demo.folder import NAMES, Folder
from demo.generate import chunks
from demo.sales import Row

_SCHEMAS = Path(__file__).resolve().parent.parent / "schema"


def build(folder: Folder, orders: int, *, force: bool, progress: Callable[[int], object]) -> Counter[str]:
    """Make the six demo databases and return the number of rows by table.

    The folder is made too if needed. `progress` is called with the number of orders written since
    its last call. With `force`, files of these names are replaced. Raises `BuildError` if they
    exist otherwise, or if another process is building here, and `OSError` or `apsw.Error` if the
    files cannot be written. Unless it returns, no file of these names has changed.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.locked():
        folder.refuse_to_overwrite(force=force)
        folder.remove_leftovers()
        try:
            counts = _write(folder, orders, progress)
            folder.refuse_to_overwrite(force=force)
            folder.publish()
        finally:
            folder.remove_leftovers()
    return counts


def _write(folder: Folder, orders: int, progress: Callable[[int], object]) -> Counter[str]:
    counts: Counter[str] = Counter()
    files: list[_NewFile] = []
    try:
        for name in NAMES:
            files.append(_NewFile(folder.building(name), _SCHEMAS / f"{name}.sql"))
        owners = {table: file for file in files for table in file.tables}
        for chunk in chunks(orders):
            for table, rows in chunk.items():
                owners[table].insert(table, rows)
                counts[table] += len(rows)
            progress(len(chunk.get("orders", ())))
        for file in files:
            file.finish()
    finally:
        for file in files:
            file.close()
    return counts


class _NewFile:
    """One database while it is filled. Nothing protects it from a crash yet, so this is fast."""

    def __init__(self, path: Path, schema: Path) -> None:
        # SQLite could create the file too, but would not say why it cannot.
        path.touch(exist_ok=False)
        self._connection = apsw.Connection(str(path))
        self._execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        self._execute(schema.read_text(encoding="utf-8"))
        self.tables = [name for name, _ in self._schema_of("table")]
        self._columns = {table: self._columns_of(table) for table in self.tables}
        # Filling a table first and its indexes afterwards is faster, and packs them tighter.
        self._indexes = self._schema_of("index")
        for name, _ in self._indexes:
            self._execute(f"DROP INDEX {name}")

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table, each with values for the first columns; the others are NULL."""
        if rows:
            columns = self._columns[table][: len(rows[0])]
            places = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
            self._connection.executemany(statement, rows)

    def finish(self) -> None:
        """Make the indexes and the planner's statistics, and leave the file in WAL mode."""
        for _, statement in self._indexes:
            self._execute(statement)
        self._execute("COMMIT; ANALYZE; PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close the file; one that was not finished is of no use."""
        self._connection.close(True)

    def _schema_of(self, kind: str) -> list[tuple[str, str]]:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL"
        return [(str(name), str(sql)) for name, sql in self._connection.execute(query, (kind,))]

    def _columns_of(self, table: str) -> list[str]:
        query = "SELECT name FROM pragma_table_info(?)"
        return [str(name) for (name,) in self._connection.execute(query, (table,))]

    def _execute(self, statements: str) -> None:
        for _ in self._connection.execute(statements):
            pass
