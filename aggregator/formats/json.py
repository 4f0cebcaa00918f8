"""JSON (RFC 8259) as an array of objects, and NDJSON as an object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aggregator.formats.columns import Column, ColumnType, sql_text
from aggregator.formats.encoding import valid_json_of
from aggregator.formats.values import json_value

_MOST_MEMBERS = 450
"""SQLite's functions take 1,000 arguments (SQLITE_MAX_FUNCTION_ARG), two for a member."""


def object_sql(columns: Sequence[Column]) -> str:
    """The SQL of a row as one JSON object, its members in the order of the columns."""
    groups = [columns[i : i + _MOST_MEMBERS] for i in range(0, max(len(columns), 1), _MOST_MEMBERS)]
    objects = [
        f"json_object({', '.join(f'{sql_text(column.name)}, {json_value(column)}' for column in group)})"
        for group in groups
    ]
    if len(objects) == 1:
        return objects[0]
    members = [f"substr({text}, 2, length({text}) - 2)" for text in objects]
    return "'{' || " + " || ',' || ".join(members) + " || '}'"


def object_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a row as an object."""
    return {
        "type": "object",
        "required": [column.name for column in columns],
        "properties": {column.name: _value_schema(column) for column in columns},
    }


def _value_schema(column: Column) -> dict[str, Any]:
    if column.type is not None and column.is_declared:
        return _SCHEMAS[column.type]
    return _STORAGE_SCHEMAS.get(column.storage or "", {})


_TEXT = {"type": ["string", "null"]}
_SCHEMAS: dict[ColumnType, dict[str, Any]] = {
    "text": _TEXT,
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "percent": {"type": ["number", "null"], "description": "A share; 0.25 is 25 per cent"},
    "boolean": {"type": ["boolean", "null"]},
    "date": _TEXT | {"format": "date"},
    "datetime": _TEXT | {"format": "date-time"},
    "month": _TEXT | {"pattern": "^[0-9]{4}-[0-9]{2}$"},
    "money": _TEXT | {"pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "json": {},
}
_STORAGE_SCHEMAS: dict[str, dict[str, Any]] = {
    "integer": _SCHEMAS["integer"],
    "real": {"type": ["number", "string", "null"], "description": "Infinity and -Infinity are texts"},
    "text": _TEXT,
}


class JsonWriter:
    """`[{…},\\n{…}]`; without rows `[]`."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row_sql = object_sql(columns)
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b",\n".join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        before = b"["
        for chunk in chunks:
            yield before + self._valid(chunk)
            before = b",\n"
        yield b"[]" if before == b"[" else b"]"


class DocumentWriter(JsonWriter):
    """Writes rows as JSON does, so that SQLite does all of its work; the file is the chunk that it gets."""

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        yield from chunks


class NdJsonWriter:
    """One object a line, each line ended by a line feed (https://github.com/ndjson/ndjson-spec).

    The other characters at which Unicode ends a line are escaped, because some readers split there.
    """

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row_sql = object_sql(columns)
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b"\n".join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield _one_line_each(self._valid(chunk)) + b"\n"


_LINE_ENDS = {each.encode(): f"\\u{ord(each):04x}".encode() for each in ("\u0085", "\u2028", "\u2029")}


def _one_line_each(rows: bytes) -> bytes:
    for character, escape in _LINE_ENDS.items():
        # Looking for single bytes is a hundred times faster, and one of them is nearly always absent.
        if all(byte in rows for byte in character):
            rows = rows.replace(character, escape)
    return rows
