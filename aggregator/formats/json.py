"""JSON (RFC 8259) as an array of objects, and NDJSON as an object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from aggregator.errors import UnrepresentableValue
from aggregator.formats.base import Writer, valid_json, valid_json_of
from aggregator.values.columns import Column, ColumnType
from aggregator.values.rows import SEPARATOR, JsonGroup, JsonNest, JsonObject


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
        self.row = JsonObject(tuple(columns))
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b",\n".join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        before = b"["
        for chunk in chunks:
            yield before + self._valid(chunk)
            before = b",\n"
        yield b"[]" if before == b"[" else b"]"


class NdJsonWriter:
    """One object a line, each line ended by a line feed (https://github.com/ndjson/ndjson-spec).

    The other characters at which Unicode ends a line are escaped, because some readers split there.
    """

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row = JsonObject(tuple(columns))
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


_LINE = b"\n"


@dataclass(frozen=True, slots=True)
class Page:
    """`{"items": [{…}], "total": N, "limit": L, "offset": O}`; the last three come after the rows."""

    needs_row: ClassVar[bool] = False

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        return _PageWriter(columns)

    def schema(self, columns: Sequence[Column]) -> dict[str, Any]:
        counts = {name: {"type": "integer", "minimum": 0} for name in ("total", "limit", "offset")}
        return {
            "type": "object",
            "required": ["items", *counts],
            "properties": {"items": _list_schema(columns), **counts},
        }


@dataclass(frozen=True, slots=True)
class Record:
    """One object, of the one row that there is."""

    needs_row: ClassVar[bool] = True

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        return _RecordWriter(columns)

    def schema(self, columns: Sequence[Column]) -> dict[str, Any]:
        return object_schema(columns)


@dataclass(frozen=True, slots=True)
class Group:
    """`{"Pune": [{…}], "Surat": [{…}]}`: the rows by the text of a column, which they do not repeat.

    column: its name. Rows of one group stand together.
    """

    column: str
    needs_row: ClassVar[bool] = False

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        return _GroupWriter(columns, self.column)

    def schema(self, columns: Sequence[Column]) -> dict[str, Any]:
        rest = [column for column in columns if column.name != self.column]
        return {"type": "object", "additionalProperties": _list_schema(rest)}


@dataclass(frozen=True, slots=True)
class Nest:
    """`{"order_id": 7, "lines": [{…}, {…}]}`: one object, with a list of what differs from row to row.

    name: of the list; members: the columns that are in it. It stands where the first of them stood. A
    row in which all of them are NULL, as of a LEFT JOIN that found nothing, adds nothing to the list.
    """

    name: str
    members: tuple[str, ...]
    needs_row: ClassVar[bool] = True

    def __call__(self, columns: Sequence[Column], name: str) -> Writer:
        return _NestWriter(columns, self.name, self.members)

    def schema(self, columns: Sequence[Column]) -> dict[str, Any]:
        record = object_schema([column for column in columns if column.name not in self.members])
        record["required"].append(self.name)
        inside = [column for column in columns if column.name in self.members]
        record["properties"][self.name] = _list_schema(inside)
        return record


Shape: TypeAlias = Page | Record | Group | Nest


def json_schema(shape: Shape | None, columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a JSON answer; without a shape, of an array of rows."""
    return _list_schema(columns) if shape is None else shape.schema(columns)


def _list_schema(columns: Sequence[Column]) -> dict[str, Any]:
    return {"type": "array", "items": object_schema(columns)}


@dataclass(frozen=True, slots=True)
class PageEnd:
    """What stands after the rows of a page. total: the rows of all pages."""

    total: int
    limit: int
    offset: int


class _PageWriter:
    """The last item is the end of the page."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.row = JsonObject(tuple(columns))
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b",\n".join(rows)

    def encode(self, items: Iterable[bytes | PageEnd]) -> Iterator[bytes]:
        before = b'{"items":['
        for item in items:
            if isinstance(item, PageEnd):
                end = f'"total":{item.total},"limit":{item.limit},"offset":{item.offset}'.encode()
                yield (b"" if before == b",\n" else before) + b"]," + end + b"}"
            else:
                yield before + self._valid(item)
                before = b",\n"


class _RecordWriter:
    def __init__(self, columns: Sequence[Column]) -> None:
        self.row = JsonObject(tuple(columns))
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        if len(rows) > 1:
            raise _several("There is more than one row")
        return rows[0]

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        record = list(chunks)
        if len(record) > 1:
            raise _several("There is more than one row")
        yield from map(self._valid, record)


class _GroupWriter:
    """A row is the group's name and the object, a line each two."""

    def __init__(self, columns: Sequence[Column], by: str) -> None:
        key = next(column for column in columns if column.name == by)
        self.row = JsonGroup(key, tuple(column for column in columns if column is not key))
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return _LINE.join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        before, group = b"{", None
        seen: set[bytes] = set()
        for chunk in chunks:
            pieces = []
            for row in chunk.split(_LINE):
                name, _, text = row.partition(SEPARATOR)
                if name == group:
                    pieces.append(b",\n" + text)
                    continue
                if name in seen:
                    raise _several(f"The rows of {valid_json(name).decode()} do not stand together")
                seen.add(name)
                pieces.append(before + name + b":[" + text)
                before, group = b"],\n", name
            yield self._valid(b"".join(pieces))
        yield b"]}" if group is not None else b"{}"


class _NestWriter:
    """A row is what stands before the list, an item or nothing, and what stands after it."""

    def __init__(self, columns: Sequence[Column], name: str, members: Sequence[str]) -> None:
        inside = tuple(column for column in columns if column.name in members)
        first = columns.index(inside[0])
        outside = tuple(column for column in columns if column.name not in members)
        self.row = JsonNest(outside[:first], inside, outside[first:])
        self._name = name
        self._valid = valid_json_of(columns)

    def join(self, rows: Sequence[bytes]) -> bytes:
        return _LINE.join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        record: tuple[bytes, bytes] | None = None
        between = b""
        for chunk in chunks:
            pieces = []
            for row in chunk.split(_LINE):
                before, item, after = row.split(SEPARATOR)
                if record is None:
                    record = before, after
                    pieces.append(_opened(before) + b'"' + self._name.encode() + b'":[')
                elif record != (before, after):
                    raise _several("There is more than one record: columns beside the list differ")
                if item:
                    pieces.append(between + item)
                    between = b",\n"
            yield self._valid(b"".join(pieces))
        if record is not None:
            yield b"]" + self._valid(_closed(record[1]))


def _opened(before: bytes) -> bytes:
    """An object whose next member is to follow."""
    return b"{" if before == b"{}" else before[:-1] + b","


def _closed(after: bytes) -> bytes:
    """The members that follow, and the end."""
    return b"}" if after == b"{}" else b"," + after[1:]


def _several(what: str) -> UnrepresentableValue:
    return UnrepresentableValue(f"{what}, which the shape in the file's header does not allow.")
