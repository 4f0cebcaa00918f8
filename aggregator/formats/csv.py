"""CSV (RFC 4180) in UTF-8: text in quotes, numbers without, NULL as nothing between the commas.

A row comes as a JSON array, which is the fastest way that SQLite has to tell text from numbers and keeps
every character. A JSON array without its brackets is a CSV line but for three things, which are replaced in
whole chunks: the escapes, the word null, and the line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.formats.base import valid_json
from aggregator.values.columns import Column
from aggregator.values.number_formats import QUOTE, guarded, guarded_inside, may_hold_formula
from aggregator.values.rows import CsvRow

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ESCAPED = {
    b'"': QUOTE,
    b"/": b"/",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
}


def lines(chunk: bytes) -> bytes:
    """JSON arrays, one a line and no line feed after the last, as the same number of CSV lines."""
    return _without_nulls(_cells(chunk)).replace(QUOTE, b'""') + b"\r\n"


def _cells(chunk: bytes) -> bytes:
    """The same before nulls are removed; the quotes inside a text are QUOTE."""
    text = chunk[1:-1].replace(b"]\n[", b"\r\n")
    return b"".join(_unescaped(text.split(b"\\"))) if b"\\" in text else text


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


class CsvWriter:
    """A header line and the rows; a text is always quoted, so that "" is not NULL."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self.row = CsvRow(tuple(columns))
        self._head = _header([column.name for column in columns], ",")

    def join(self, rows: Sequence[bytes]) -> bytes:
        return b"\n".join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        before = self._head
        for chunk in chunks:
            yield before + self._lines(valid_json(chunk))
            before = b""
        if before:
            yield before

    def _lines(self, chunk: bytes) -> bytes:
        return lines(chunk)


@dataclass(frozen=True, slots=True)
class SpreadsheetCsv:
    """Makes the writer of a CSV for a double click.

    separator: what a spreadsheet in the reader's language expects between cells; decimal: its decimal sign.
    """

    separator: str = ","
    decimal: str = "."

    def __call__(self, columns: Sequence[Column], name: str) -> CsvWriter:
        return SpreadsheetCsvWriter(columns, self)


class SpreadsheetCsvWriter(CsvWriter):
    """A CSV with a byte order mark, and without a cell that a spreadsheet would run as a formula."""

    def __init__(self, columns: Sequence[Column], dialect: SpreadsheetCsv) -> None:
        self.row = CsvRow(tuple(columns), is_guarded=True, decimal=dialect.decimal)
        names = [guarded(column.name) for column in columns]
        self._head = _BYTE_ORDER_MARK + _header(names, dialect.separator)
        signs = (dialect.separator + dialect.decimal).encode()
        self._signs = None if signs == b",." else bytes.maketrans(b",.", signs)

    def _lines(self, chunk: bytes) -> bytes:
        text = _cells(chunk)
        # A negative number after a comma looks like a formula here, so the texts alone are looked at again.
        has_sign = may_hold_formula(text)
        if not has_sign and self._signs is None:
            return _without_nulls(text).replace(QUOTE, b'""') + b"\r\n"
        pieces = text.split(b'"')
        if has_sign and may_hold_formula(texts := b'"'.join(pieces[1::2])):
            pieces[1::2] = guarded_inside(texts).split(b'"')
        outside = b'"'.join(pieces[::2]).replace(b"null", b"")
        pieces[::2] = (outside if self._signs is None else outside.translate(self._signs)).split(b'"')
        return b'"'.join(pieces).replace(QUOTE, b'""') + b"\r\n"


def _header(names: Sequence[str], separator: str) -> bytes:
    unsafe = re.compile(f'[{separator}"\r\n]')
    cells = (
        '"' + name.replace('"', '""') + '"' if not name or unsafe.search(name) else name for name in names
    )
    return separator.join(cells).encode() + b"\r\n"
