"""The rows of a sheet: marks between the values become XML, a chunk at a time.

It is known how many marks a row has, so one that came out of the data is always found by counting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aggregator.errors import UnrepresentableValue
from aggregator.formats.base import is_valid, valid_text
from aggregator.values.columns import Column
from aggregator.values.rows import (
    AS_TEXT,
    BOOLEAN,
    MARKS,
    NULL,
    NUMBER_END,
    ROW_END,
    TEXT,
    TEXT_END,
    number_mark,
)

_NO_TEXT = BOOLEAN + TEXT_END
"""All of a text's cell that is NULL."""

_ANY_NUMBER = rb"(?:[\xfc-\xff\xc0]|\xc1[A-Z])"
_CELL = re.compile(rb"(?:[\xf5\xf8]|" + _ANY_NUMBER + rb")[\xf9\xfa]?([^\xf6\xf7\xfb]*)[\xf6\xf7]")

LONGEST_TEXT = 32_767
"""Characters of a cell, as UTF-16 code units (Excel's specifications and limits)."""


def refuse_long_texts(rows: Sequence[bytes], columns: Sequence[Column]) -> None:
    """Raise UnrepresentableValue when a cell of a row holds more text than Excel can."""
    for row in rows:
        for column, cell in zip(columns, _CELL.finditer(row), strict=False):
            length = utf16_length(valid_text(cell[1]).decode())
            if length > LONGEST_TEXT:
                raise UnrepresentableValue(
                    f"A cell of the column {column.name} has {length:,} characters, and Excel holds "
                    f"{LONGEST_TEXT:,}. Take CSV or JSON, or shorten the text in the SQL with substr()."
                )


def utf16_length(text: str) -> int:
    """How many code units the text takes in UTF-16: an emoji takes two."""
    return len(text.encode("utf-16-le")) // 2


def text_lengths(row: bytes) -> list[int]:
    """How many characters each cell of a row holds, about."""
    return [len(cell[1].decode("utf-8", "replace")) for cell in _CELL.finditer(row)]


_TEXT_XML = b'<c t="inlineStr"><is><t xml:space="preserve">'
_LONG_NUMBER = re.compile(_ANY_NUMBER + AS_TEXT + rb"([^\xf7]*)\xf7")
_MARK, _FORBIDDEN = b"\x00", b"\x01"
_KINDS = bytearray(range(256))


for _mark in MARKS:
    _KINDS[_mark] = _MARK[0]


for _character in (*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20)):
    _KINDS[_character] = _FORBIDDEN[0]


_FORBIDDEN_CHARACTER = re.compile(rb"[\x00-\x08\x0b-\x1f]")

_LOOKS_ESCAPED = re.compile(rb"_(?=x[0-9A-Fa-f]{4}[_\x00-\x08\x0b-\x1f\xef])")
"""The character after the digits may be one whose escape begins with an underscore."""


def rows_xml(chunk: bytes, count: int, columns: Sequence[Column], style_ids: Mapping[int, int]) -> bytes:
    """The rows of a chunk, without the first `<row>` and the last `</row>`, as XML.

    chunk: `count` rows with ROW_END between them. style_ids: the cell style that the workbook has for each
    of an ExcelRow's style numbers. Raises UnrepresentableValue when a text that is not UTF-8 holds a mark's
    byte, or is too long when its bytes are shown.
    """
    kinds = chunk.translate(_KINDS)
    expected = count * len(columns) * 2 + count - 1
    if kinds.count(_MARK) != expected + _count_of_rare_marks(chunk):
        raise not_utf8()
    xml = _escaped(chunk)
    if _FORBIDDEN in kinds:
        xml = _forbidden_escaped(xml)
    xml = _with_tags(xml, style_ids)
    if NULL in xml or AS_TEXT in xml:
        raise not_utf8()
    if is_valid(kinds):
        return xml
    refuse_long_texts(chunk.split(ROW_END), columns)
    return valid_text(xml)


def escaped_text(text: str) -> str:
    """What Excel reads as the text, for a writer that knows XML but not Excel's own escapes."""
    escaped = _special_escaped(text.encode())
    return _forbidden_escaped(escaped).decode()


def not_utf8() -> UnrepresentableValue:
    """The error for a text that holds a mark's byte."""
    return UnrepresentableValue(
        "A text is not valid UTF-8 and cannot be put into a workbook; CSV and JSON show its bytes."
    )


def _with_tags(chunk: bytes, style_ids: Mapping[int, int]) -> bytes:
    """The marks replaced by tags."""
    if AS_TEXT in chunk:
        chunk = _LONG_NUMBER.sub(TEXT + rb"\1" + TEXT_END, chunk)
    if NULL in chunk:
        for mark in map(number_mark, style_ids):
            chunk = chunk.replace(mark + NULL + NUMBER_END, b"<c/>")
    if BOOLEAN in chunk:
        chunk = chunk.replace(_NO_TEXT, b"<c/>").replace(BOOLEAN, b'<c t="b"><v>')
    for style, style_id in style_ids.items():
        attribute = b' s="%d"' % style_id if style_id else b""
        chunk = chunk.replace(number_mark(style), b"<c%s><v>" % attribute)
    chunk = chunk.replace(NUMBER_END, b"</v></c>")
    chunk = chunk.replace(TEXT, _TEXT_XML).replace(TEXT_END, b"</t></is></c>")
    return chunk.replace(ROW_END, b"</row><row>")


def _count_of_rare_marks(chunk: bytes) -> int:
    return sum(chunk.count(mark) for mark in (NULL, AS_TEXT) if mark in chunk)


def _escaped(chunk: bytes) -> bytes:
    if b"&" in chunk:
        chunk = chunk.replace(b"&", b"&amp;")
    if b"<" in chunk:
        chunk = chunk.replace(b"<", b"&lt;")
    if b">" in chunk:
        chunk = chunk.replace(b">", b"&gt;")
    return _special_escaped(chunk)


def _special_escaped(chunk: bytes) -> bytes:
    """Excel's escapes (ST_Xstring) for what looks like one of them, and for U+FFFE and U+FFFF."""
    if b"_" in chunk:
        chunk = _LOOKS_ESCAPED.sub(b"_x005F_", chunk)
    if b"\xef" in chunk:
        chunk = chunk.replace(b"\xef\xbf\xbe", b"_xFFFE_").replace(b"\xef\xbf\xbf", b"_xFFFF_")
    return chunk


def _forbidden_escaped(chunk: bytes) -> bytes:
    return _FORBIDDEN_CHARACTER.sub(lambda match: b"_x%04X_" % match[0][0], chunk)
