"""JSON (RFC 8259) as an array of objects, and NDJSON as an object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aggregator.formats.columns import Column, sql_text
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
