"""CSV (RFC 4180) in UTF-8: text in quotes, numbers without, NULL as nothing between the commas.

SQLite writes a row as a JSON array, which is the fastest way that it has to tell text from numbers
and keeps every character. A JSON array without its brackets is a CSV line but for three things,
which are replaced in whole chunks: the escapes, the word null, and the line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aggregator.formats.columns import Column
from aggregator.formats.defusing import defused_text, defused_value
from aggregator.formats.encoding import valid_json
from aggregator.formats.values import json_value

_MOST_VALUES = 900
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_QUOTE = b"\xff"
"""Stands in for a quote inside of a text; the byte is in no UTF-8."""

_ESCAPED = {
    b'"': _QUOTE,
    b"/": b"/",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
}


def array_sql(values: Sequence[str]) -> str:
    """The SQL of a row as one JSON array of the values' expressions."""
    groups = [values[i : i + _MOST_VALUES] for i in range(0, len(values), _MOST_VALUES)]
    arrays = [f"json_array({', '.join(group)})" for group in groups]
    if len(arrays) == 1:
        return arrays[0]
    members = [f"substr({text}, 2, length({text}) - 2)" for text in arrays]
    return "'[' || " + " || ',' || ".join(members) + " || ']'"


def lines(chunk: bytes) -> bytes:
    """JSON arrays, one a line and no line feed after the last, as the same number of CSV lines."""
    text = chunk[1:-1].replace(b"]\n[", b"\r\n")
    if b"\\" in text:
        text = b"".join(_unescaped(text.split(b"\\")))
    return _without_nulls(text).replace(_QUOTE, b'""') + b"\r\n"


def _unescaped(parts: Sequence[bytes]) -> Iterator[bytes]:
    """The pieces of JSON text between backslashes, with what each backslash stood for."""
    pieces = iter(parts)
    yield next(pieces)
    for piece in pieces:
        letter = piece[:1]
        if letter == b"":
            yield b"\\" + next(pieces)
        elif letter == b"u":
            yield chr(int(piece[1:5], 16)).encode() + piece[5:]
        else:
            yield _ESCAPED[letter] + piece[1:]


def _without_nulls(text: bytes) -> bytes:
    """Remove the word null outside of quotes; inside of them it is data."""
    if b"null" not in text:
        return text
    pieces = text.split(b'"')
    if b"null" not in b" ".join(pieces[1::2]):
        return text.replace(b"null", b"")
    pieces[::2] = [piece.replace(b"null", b"") for piece in pieces[::2]]
    return b'"'.join(pieces)


def csv_value(column: Column, rare_text: str = "plain_text") -> str:
    """The SQL of a column's value in a CSV cell; JSON stays the text that it is."""
    return json_value(replace(column, type=None) if column.type == "json" else column, rare_text)


def line_sql(values: Sequence[str]) -> str:
    """The SQL of a row as one JSON array; a NULL that would be all of a line becomes a text.

    Readers skip an empty line, and the row would be lost.
    """
    return array_sql(values if len(values) > 1 else [f"ifnull({values[0]}, '')"])


class CsvWriter:
    """A header line and the rows; a text is always quoted, so that "" is not NULL."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row_sql = line_sql([csv_value(column) for column in columns])
        self._head = ",".join(_header_cell(column.name) for column in columns).encode() + b"\r\n"

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b"\n".join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        before = self._head
        for chunk in chunks:
            yield before + lines(valid_json(chunk))
            before = b""
        if before:
            yield before


class SpreadsheetCsvWriter(CsvWriter):
    """The same for a double click: a byte order mark, and no cell that a spreadsheet would run."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        values = [defused_value(column, csv_value(column, "defused_plain_text")) for column in columns]
        self.row_sql = line_sql(values)
        names = (_header_cell(defused_text(column.name)) for column in columns)
        self._head = _BYTE_ORDER_MARK + ",".join(names).encode() + b"\r\n"


def _header_cell(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if not name or re.search(r'[",\r\n]', name) else name
