"""The entity diagram of the demo's databases, in Mermaid, made of `schema/*.sql`.

A constraint cannot name another file, so between files a column refers to the table whose primary key has
its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

# A till may tell of a customer whom nobody else knows.
_UNKNOWN_PARENTS = {("ingested_transactions", "customer_id")}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    not_null: bool
    is_primary_key: bool
    is_unique: bool
    parent: str | None
    """The table that a foreign key of the same file names."""


@dataclass(frozen=True)
class Table:
    name: str
    file: str
    columns: list[Column]

    @property
    def primary_key(self) -> str | None:
        """Its column, when it is a single one."""
        keys = [column.name for column in self.columns if column.is_primary_key]
        return keys[0] if len(keys) == 1 else None


def diagram(schemas: Path) -> str:
    """The diagram of a folder of schemas as a block of Markdown."""
    tables = [table for path in sorted(schemas.glob("*.sql")) for table in _tables(path)]
    lines = ["```mermaid", "erDiagram", *_relations(tables)]
    for table in tables:
        lines += [f'    {table.name}["{table.file}: {table.name}"] {{', *_attributes(table, tables), "    }"]
    return "\n".join([*lines, "```", ""])


def _tables(schema: Path) -> Iterator[Table]:
    connection = apsw.Connection(":memory:")
    connection.execute(schema.read_text(encoding="utf-8"))
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        parents = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
        unique = _unique_columns(connection, name)
        columns = [
            Column(column, kind, bool(not_null), bool(key), column in unique, parents.get(column))
            for _, column, kind, not_null, _, key in connection.execute(f"PRAGMA table_info({name})")
        ]
        yield Table(name, f"{schema.stem}.db", columns)
    connection.close()


def _unique_columns(connection: apsw.Connection, table: str) -> set[str]:
    indexes = [row[1] for row in connection.execute(f"PRAGMA index_list({table})") if row[2]]
    columns = [[row[2] for row in connection.execute(f"PRAGMA index_info({index})")] for index in indexes]
    return {names[0] for names in columns if len(names) == 1}


def _relations(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        for column in table.columns:
            parent = _parent(column, table, tables)
            if parent is not None:
                always = column.not_null and (table.name, column.name) not in _UNKNOWN_PARENTS
                line = "--" if column.parent else ".."
                one = "||" if always else "|o"
                yield f"    {parent} {one}{line}o{{ {table.name} : {column.name}"


def _attributes(table: Table, tables: list[Table]) -> Iterator[str]:
    for column in table.columns:
        key = " PK" if column.is_primary_key else " UK" if column.is_unique else ""
        if _parent(column, table, tables):
            key = " FK"
        yield f"        {column.type} {column.name}{key}"


def _parent(column: Column, table: Table, tables: list[Table]) -> str | None:
    """The table that a column refers to, in the same file or another."""
    if column.parent or column.is_primary_key:
        return column.parent
    others = [each.name for each in tables if each.file != table.file and each.primary_key == column.name]
    return others[0] if others else None
