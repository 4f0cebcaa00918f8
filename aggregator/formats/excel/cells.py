"""Cells of a worksheet, from SQL to XML.

SQLite writes a row as its values with marks between them. A mark is one of the bytes that are in no
UTF-8 text. Python turns marks into XML in whole chunks, after it has escaped what the data holds; so
SQLite need not look for characters to escape in each value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column
from aggregator.formats.encoding import is_valid, valid_text
from aggregator.formats.values import is_finite_number, is_text, money_text

LONGEST_TEXT = 32_767
"""Characters of a cell, as UTF-16 code units (Excel's specifications and limits)."""

MOST_DIGITS = 999_999_999_999_999
"""Excel keeps 15 digits of a number; a longer integer is written as text."""

_TEXT, _TEXT_END, _NUMBER_END = b"\xf5", b"\xf6", b"\xf7"
_BOOLEAN, _NULL, _AS_TEXT = b"\xf8", b"\xf9", b"\xfa"
ROW_END = b"\xfb"
_NUMBERS = (b"\xfc", b"\xfd", b"\xfe", b"\xff", b"\xc0")
_MORE_NUMBERS = b"\xc1"
"""A number's mark says its style; from the sixth style on a letter says which."""
_MARKS = b"\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff\xc0\xc1"

MOST_STYLES = len(_NUMBERS) + 26

_TEXT_XML = b'<c t="inlineStr"><is><t xml:space="preserve">'
_CELL = re.compile(rb"(?:[\xf5\xf8\xfc-\xff\xc0]|\xc1[A-Z])[\xf9\xfa]?([^\xf6\xf7\xfb]*)[\xf6\xf7]")
_LONG_NUMBER = re.compile(rb"(?:[\xfc-\xff\xc0]|\xc1[A-Z])\xfa([^\xf7]*)\xf7")
_FORBIDDEN = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20)])
_FORBIDDEN_CHARACTER = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_LOOKS_ESCAPED = re.compile(rb"_(?=x[0-9A-Fa-f]{4}_)")
_FIRST_EXCEL_DAY = "'1900-03-01'"
"""Excel counts a 29 February 1900 that never was; earlier days are written as text."""


def row_sql(columns: Sequence[Column], styles: Sequence[int]) -> str:
    """The SQL of a row; styles gives each column the number of its style among the workbook's."""
    parts = [part for column, style in zip(columns, styles, strict=True) for part in _cell(column, style)]
    groups = [parts[i : i + 900] for i in range(0, len(parts), 900)]
    return " || ".join(f"concat({', '.join(group)})" for group in groups)


def _cell(column: Column, style: int) -> list[str]:
    value = column.sql
    number = _mark(_number_mark(style))
    if column.type == "money":
        inner = _short(value, money_text(column)) if column.storage == "integer" else _short_money(column)
        return [number, inner, _mark(_NUMBER_END)]
    if column.type in ("date", "datetime"):
        return [_day(column, number) if column.type == "date" else _instant(column, number)]
    if column.type == "boolean":
        true_or_false = f"{_mark(_BOOLEAN)} || {value} || {_mark(_NUMBER_END)}"
        return [f"CASE WHEN +{value} IN (0, 1) THEN {true_or_false} ELSE {_any(column, number)} END"]
    if column.storage == "text":
        return [_mark(_TEXT), f"ifnull({value}, {_mark(_NULL)})", _mark(_TEXT_END)]
    if column.storage == "integer":
        return [number, _short(value, value), _mark(_NUMBER_END)]
    return [_any(column, number)]


def _mark(mark: bytes) -> str:
    return f"CAST(x'{mark.hex()}' AS TEXT)"


def _number_mark(style: int) -> bytes:
    if style < len(_NUMBERS):
        return _NUMBERS[style]
    return _MORE_NUMBERS + bytes([ord("A") + style - len(_NUMBERS)])


def _is_short(value: str) -> str:
    return f"+{value} BETWEEN -{MOST_DIGITS} AND {MOST_DIGITS}"


def _short(value: str, shown: str) -> str:
    """Inside of a number's marks: the number, or marked as NULL or as too long for a number."""
    return (
        f"CASE WHEN {_is_short(value)} THEN {shown} WHEN {value} IS NULL THEN {_mark(_NULL)} "
        f"ELSE {_mark(_AS_TEXT)} || {shown} END"
    )


def _short_money(column: Column) -> str:
    value = column.sql
    is_short = f"typeof({value}) = 'integer' AND {_is_short(value)}"
    return (
        f"CASE WHEN {is_short} THEN {money_text(column)} WHEN {value} IS NULL THEN {_mark(_NULL)} "
        f"ELSE {_mark(_AS_TEXT)} || {money_text(column)} END"
    )


def _any(column: Column, number: str) -> str:
    """A cell whose value may be of every storage class."""
    value = column.sql
    text = f"{_mark(_TEXT)} || {{}} || {_mark(_TEXT_END)}"
    is_number = f"{is_finite_number(value)} AND ({_is_short(value)} OR typeof({value}) = 'real')"
    return (
        f"CASE WHEN {value} IS NULL THEN {number} || {_mark(_NULL + _NUMBER_END)} "
        f"WHEN {is_number} THEN {number} || {value} || {_mark(_NUMBER_END)} "
        f"WHEN {is_text(value)} THEN {text.format(value)} "
        f"ELSE {text.format(f'plain_text({value})')} END"
    )


def _day(column: Column, number: str) -> str:
    value = column.sql
    shape = " OR ".join(
        f"{value} GLOB '[1-9][0-9][0-9][0-9]-{month}-[0-3][0-9]'" for month in ("0[1-9]", "1[0-2]")
    )
    exists = f"substr({value}, 9) BETWEEN '01' AND '28' OR date({value}) = {value}"
    serial = f"(unixepoch({value}) / 86400 + 25569)"
    return (
        f"CASE WHEN {is_text(value)} AND ({shape}) AND {value} >= {_FIRST_EXCEL_DAY} AND ({exists}) "
        f"THEN {number} || {serial} || {_mark(_NUMBER_END)} ELSE {_any(column, number)} END"
    )


def _instant(column: Column, number: str) -> str:
    value = column.sql
    shape = f"{value} GLOB '[1-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]*'"
    exists = (
        f"date(substr({value}, 1, 10)) = substr({value}, 1, 10) AND unixepoch({value}, 'subsec') IS NOT NULL"
    )
    serial = f"(unixepoch({value}, 'subsec') / 86400.0 + 25569)"
    return (
        f"CASE WHEN {is_text(value)} AND {shape} AND {value} >= {_FIRST_EXCEL_DAY} AND {exists} "
        f"THEN {number} || {serial} || {_mark(_NUMBER_END)} ELSE {_day(column, number)} END"
    )


def refuse_long_texts(row: bytes, columns: Sequence[Column]) -> None:
    """Raise UnfitValue when a cell of the row holds more text than Excel can."""
    for column, cell in zip(columns, _CELL.finditer(row), strict=False):
        length = len(cell[1].decode("utf-8", "replace").encode("utf-16-le")) // 2
        if length > LONGEST_TEXT:
            raise UnfitValue(
                f"A cell of the column {column.name} has {length:,} characters, and Excel holds "
                f"{LONGEST_TEXT:,}. Take CSV or JSON, or shorten the text in the SQL with substr()."
            )


def text_lengths(row: bytes) -> list[int]:
    """How many characters each cell of a row holds, about."""
    return [len(cell[1].decode("utf-8", "replace")) for cell in _CELL.finditer(row)]


def rows_xml(chunk: bytes, width: int, style_ids: Mapping[int, int]) -> bytes:
    """The rows of a chunk, without the first `<row>` and the last `</row>`, as XML.

    chunk: rows of `width` cells with ROW_END between them. style_ids: the cell style that the
    workbook has for each of `row_sql`'s style numbers. Raises UnfitValue when a text that is not UTF-8
    holds a mark's byte.
    """
    text = chunk.translate(None, _MARKS + _FORBIDDEN)
    is_clean = len(text) == len(chunk) - _expected_marks(chunk, width)
    if not is_clean:
        _require_marks(chunk, width)
    chunk = _escaped(chunk)
    if not is_clean:
        chunk = _FORBIDDEN_CHARACTER.sub(lambda match: b"_x%04X_" % match[0][0], chunk)
    chunk = _with_xml(chunk, style_ids)
    return chunk if is_valid(text) and _NULL not in chunk and _AS_TEXT not in chunk else valid_text(chunk)


def _with_xml(chunk: bytes, style_ids: Mapping[int, int]) -> bytes:
    """The marks replaced by tags."""
    if _AS_TEXT in chunk:
        chunk = _LONG_NUMBER.sub(_TEXT + rb"\1" + _TEXT_END, chunk)
    if _NULL in chunk:
        for mark in map(_number_mark, style_ids):
            chunk = chunk.replace(mark + _NULL + _NUMBER_END, b"<c/>")
        chunk = chunk.replace(_TEXT + _NULL + _TEXT_END, b"<c/>")
    for style, style_id in style_ids.items():
        attribute = b' s="%d"' % style_id if style_id else b""
        chunk = chunk.replace(_number_mark(style), b"<c%s><v>" % attribute)
    chunk = chunk.replace(_BOOLEAN, b'<c t="b"><v>').replace(_NUMBER_END, b"</v></c>")
    chunk = chunk.replace(_TEXT, _TEXT_XML).replace(_TEXT_END, b"</t></is></c>")
    return chunk.replace(ROW_END, b"</row><row>")


def _expected_marks(chunk: bytes, width: int) -> int:
    row_ends = chunk.count(ROW_END)
    return (row_ends + 1) * width * 2 + row_ends + chunk.count(_NULL) + chunk.count(_AS_TEXT)


def _require_marks(chunk: bytes, width: int) -> None:
    """Each cell begins and ends with a mark; more of them came out of the data."""
    cells = (chunk.count(ROW_END) + 1) * width
    texts, ends = chunk.count(_TEXT), chunk.count(_TEXT_END) + chunk.count(_NUMBER_END)
    numbers = sum(map(chunk.count, (*_NUMBERS, _MORE_NUMBERS, _BOOLEAN)))
    if texts + numbers != cells or ends != cells:
        raise UnfitValue(
            "A text is not valid UTF-8 and cannot be put into a workbook; CSV and JSON show its bytes."
        )


def _escaped(chunk: bytes) -> bytes:
    """XML's own characters as entities, what looks like one of Excel's escapes (ST_Xstring) escaped."""
    if b"_" in chunk:
        chunk = _LOOKS_ESCAPED.sub(b"_x005F_", chunk)
    if b"&" in chunk:
        chunk = chunk.replace(b"&", b"&amp;")
    if b"<" in chunk:
        chunk = chunk.replace(b"<", b"&lt;")
    if b">" in chunk:
        chunk = chunk.replace(b">", b"&gt;")
    if b"\xef" in chunk:
        chunk = chunk.replace(b"\xef\xbf\xbe", b"_xFFFE_").replace(b"\xef\xbf\xbf", b"_xFFFF_")
    return chunk
