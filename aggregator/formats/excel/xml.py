"""Rows of a worksheet as XML (ECMA-376 part 1, 18.3), made of values with marks between them.

A chunk of rows at a time: what the data holds is escaped, then each mark is replaced by tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column
from aggregator.formats.encoding import is_valid, valid_text
from aggregator.formats.excel import marks
from aggregator.formats.excel.lengths import refuse_long_texts

_TEXT_XML = b'<c t="inlineStr"><is><t xml:space="preserve">'
_LONG_NUMBER = re.compile(marks.ANY_NUMBER + marks.AS_TEXT + rb"([^\xf7]*)\xf7")
_MARK, _FORBIDDEN = b"\x00", b"\x01"
_KINDS = bytearray(range(256))
for _mark in marks.ALL:
    _KINDS[_mark] = _MARK[0]
for _character in (*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20)):
    _KINDS[_character] = _FORBIDDEN[0]
_FORBIDDEN_CHARACTER = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_LOOKS_ESCAPED = re.compile(rb"_(?=x[0-9A-Fa-f]{4}[_\x00-\x08\x0b-\x1f\xef])")
"""The character after the digits may be one whose escape begins with an underscore."""


def rows_xml(chunk: bytes, count: int, columns: Sequence[Column], style_ids: Mapping[int, int]) -> bytes:
    """The rows of a chunk, without the first `<row>` and the last `</row>`, as XML.

    chunk: `count` rows with ROW_END between them. style_ids: the cell style that the workbook has for each
    of `row_sql`'s style numbers. Raises UnfitValue when a text that is not UTF-8 holds a mark's
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
    if marks.NULL in xml or marks.AS_TEXT in xml:
        raise not_utf8()
    if is_valid(kinds):
        return xml
    refuse_long_texts(chunk.split(marks.ROW_END), columns)
    return valid_text(xml)


def escaped_text(text: str) -> str:
    """What Excel reads as the text, for a writer that knows XML but not Excel's own escapes."""
    escaped = _special_escaped(text.encode())
    return _forbidden_escaped(escaped).decode()


def not_utf8() -> UnfitValue:
    """The error for a text that holds a mark's byte."""
    return UnfitValue(
        "A text is not valid UTF-8 and cannot be put into a workbook; CSV and JSON show its bytes."
    )


def _with_tags(chunk: bytes, style_ids: Mapping[int, int]) -> bytes:
    """The marks replaced by tags."""
    if marks.AS_TEXT in chunk:
        chunk = _LONG_NUMBER.sub(marks.TEXT + rb"\1" + marks.TEXT_END, chunk)
    if marks.NULL in chunk:
        for mark in map(marks.of_number, style_ids):
            chunk = chunk.replace(mark + marks.NULL + marks.NUMBER_END, b"<c/>")
    if marks.BOOLEAN in chunk:
        chunk = chunk.replace(marks.NO_TEXT, b"<c/>").replace(marks.BOOLEAN, b'<c t="b"><v>')
    for style, style_id in style_ids.items():
        attribute = b' s="%d"' % style_id if style_id else b""
        chunk = chunk.replace(marks.of_number(style), b"<c%s><v>" % attribute)
    chunk = chunk.replace(marks.NUMBER_END, b"</v></c>")
    chunk = chunk.replace(marks.TEXT, _TEXT_XML).replace(marks.TEXT_END, b"</t></is></c>")
    return chunk.replace(marks.ROW_END, b"</row><row>")


def _count_of_rare_marks(chunk: bytes) -> int:
    return sum(chunk.count(mark) for mark in (marks.NULL, marks.AS_TEXT) if mark in chunk)


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
