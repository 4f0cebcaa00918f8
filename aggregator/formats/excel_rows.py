"""The marks between values: SQLite writes them, and Python turns them into XML.

A mark is one of the bytes that are in no UTF-8 text. It is known how many of them a row has, so one
that came out of the data is always found by counting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from aggregator.errors import UnrepresentableValue
from aggregator.formats.base import is_valid, valid_text
from aggregator.formats.values import (
    bare,
    date_value,
    is_finite_number,
    is_text,
    is_timestamp,
    money_text,
    timestamp_value,
    with_json_as_text,
)
from aggregator.values.vocabulary import Column

TEXT, TEXT_END = b"\xf5", b"\xf6"
NUMBER_END = b"\xf7"
BOOLEAN = b"\xf8"

NO_TEXT = BOOLEAN + TEXT_END
"""All of a text's cell that is NULL."""

NULL, AS_TEXT = b"\xf9", b"\xfa"
"""After a number's mark: it is NULL, or it has too many digits and is written as text."""

ROW_END = b"\xfb"
NUMBERS = (b"\xfc", b"\xfd", b"\xfe", b"\xff", b"\xc0")

MORE_NUMBERS = b"\xc1"
"""A number's mark says its style; from the sixth style on a letter says which."""

ALL = b"\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff\xc0\xc1"
ANY_NUMBER = rb"(?:[\xfc-\xff\xc0]|\xc1[A-Z])"

CELL = rb"(?:[\xf5\xf8]|" + ANY_NUMBER + rb")[\xf9\xfa]?([^\xf6\xf7\xfb]*)[\xf6\xf7]"
"""As regular expressions."""

MOST_STYLES = len(NUMBERS) + 26


def of_number(style: int) -> bytes:
    """The mark that begins a number in the style-th style."""
    if style < len(NUMBERS):
        return NUMBERS[style]
    return MORE_NUMBERS + bytes([ord("A") + style - len(NUMBERS)])


def sql(mark: bytes) -> str:
    """A mark as SQL."""
    return f"CAST(x'{mark.hex()}' AS TEXT)"


_FIRST_DAY = "'1900-03-01'"
_UNIX_DAY_ZERO = 25_569


def is_date_text(column: Column) -> str:
    """The SQL condition: a text that is a day of the calendar, `2024-02-29`, and nothing more."""
    value = column.sql
    months = ("0[1-9]", "1[0-2]")
    shape = " OR ".join(f"{value} GLOB '[1-9][0-9][0-9][0-9]-{month}-[0-3][0-9]'" for month in months)
    exists = f"substr({value}, 9) BETWEEN '01' AND '28' OR date({value}) = {bare(value)}"
    return (
        f"{_is_text(column)} AND octet_length({value}) = 10 AND ({shape}) "
        f"AND {bare(value)} >= {_FIRST_DAY} AND ({exists})"
    )


def serial_of_date(value: str) -> str:
    """The SQL of a day's number."""
    return f"(unixepoch({value}) / 86400 + {_UNIX_DAY_ZERO})"


def is_timestamp_text(column: Column) -> str:
    """The SQL condition: a text that is a moment in UTC, `2024-02-29 23:59:59` or a `moment_value`."""
    value = column.sql
    return f"{_is_text(column)} AND {is_timestamp(value)} AND {bare(value)} >= {_FIRST_DAY}"


def serial_of_timestamp(value: str) -> str:
    """The SQL of a moment's number, to the millisecond; what is behind it is left out."""
    return f"(unixepoch(substr({value}, 1, 23), 'subsec') / 86400.0 + {_UNIX_DAY_ZERO})"


def has_milliseconds(value: str) -> str:
    """The SQL condition: a moment between two seconds."""
    return f"substr({value}, 20, 1) = '.' AND substr({value}, 21, 3) <> '000'"


def _is_text(column: Column) -> str:
    return "true" if column.storage == "text" else is_text(column.sql)


LONGEST_TEXT = 32_767
"""Characters of a cell, as UTF-16 code units (Excel's specifications and limits)."""

_CELL = re.compile(CELL)


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


MOST_DIGITS = 999_999_999_999_999
"""Excel keeps 15 digits of a number; a longer integer is written as text."""

_MOST_PARTS = 900
_NUMBER_END = sql(NUMBER_END)
_GENERAL = sql(of_number(0))


def row_sql(columns: Sequence[Column], styles: Sequence[int], of_milliseconds: int = 0) -> str:
    """The SQL of a row; styles gives each column the number of its style, 0 is the general one.

    of_milliseconds: the style of a moment between two seconds.
    """
    parts = [
        part
        for column, style in zip(columns, styles, strict=True)
        for part in _cell(column, style, of_milliseconds)
    ]
    groups = [parts[i : i + _MOST_PARTS] for i in range(0, len(parts), _MOST_PARTS)]
    return " || ".join(f"concat({', '.join(group)})" for group in groups)


def _cell(column: Column, style: int, of_milliseconds: int) -> list[str]:
    column = with_json_as_text(column)
    value = column.sql
    number = sql(of_number(style))
    if column.type == "money":
        return [number, _short(column, money_text(column)), _NUMBER_END]
    if column.type == "date":
        return [_day(column, number)]
    if column.type == "datetime":
        return [_instant(column, number, sql(of_number(of_milliseconds)))]
    if column.type == "boolean":
        true_or_false = f"{sql(BOOLEAN)} || CAST({value} AS INTEGER) || {_NUMBER_END}"
        return [f"CASE WHEN {bare(value)} IN (0, 1) THEN {true_or_false} ELSE {_any(column, number)} END"]
    if column.storage == "text":
        begun = f"{sql(TEXT)} || {value}"
        return [f"ifnull({begun}, {sql(BOOLEAN)})", sql(TEXT_END)]
    if column.storage == "integer":
        return [number, _short(column, value), _NUMBER_END]
    return [_any(column, number)]


def _is_short(value: str) -> str:
    return f"{bare(value)} BETWEEN -{MOST_DIGITS} AND {MOST_DIGITS}"


def _short(column: Column, shown: str) -> str:
    """Inside of a number's marks: the number, or marked as NULL or as too long for a number."""
    value = column.sql
    is_short = _is_short(value)
    if column.type == "money" and column.stored == "major":
        most = (MOST_DIGITS + 1) // 10**column.digits
        is_short = f"CAST({value} AS REAL) BETWEEN -{most} AND {most}"
    elif column.storage != "integer":
        is_short = f"typeof({value}) = 'integer' AND {is_short}"
    return (
        f"CASE WHEN {is_short} THEN {shown} WHEN {value} IS NULL THEN {sql(NULL)} "
        f"ELSE {sql(AS_TEXT)} || {shown} END"
    )


def _any(column: Column, number: str) -> str:
    """A cell whose value may be of every storage class."""
    value = column.sql
    text = f"{sql(TEXT)} || {{}} || {sql(TEXT_END)}"
    is_long_real = f"typeof({value}) = 'real' AND {is_finite_number(value)}"
    return (
        f"CASE WHEN {is_text(value)} THEN {text.format(value)} "
        f"WHEN {_is_short(value)} OR {is_long_real} THEN {number} || {value} || {_NUMBER_END} "
        f"WHEN {value} IS NULL THEN {number} || {sql(NULL + NUMBER_END)} "
        f"ELSE {text.format(f'plain_text({value})')} END"
    )


def _day(column: Column, number: str) -> str:
    """A number among days stays one; in their style it would be another day."""

    def day(of: Column) -> str:
        return f"{number} || {serial_of_date(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, date_value(column.sql), is_date_text, day)
    has_time = f"{is_text(column.sql)} AND octet_length({column.sql}) > 10"
    return (
        f"CASE WHEN {is_date_text(column)} THEN {day(column)} WHEN {has_time} THEN {rare} "
        f"ELSE {_any(column, _GENERAL)} END"
    )


def _instant(column: Column, number: str, with_milliseconds: str) -> str:
    def instant(of: Column) -> str:
        style = f"CASE WHEN {has_milliseconds(of.sql)} THEN {with_milliseconds} ELSE {number} END"
        return f"{style} || {serial_of_timestamp(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, timestamp_value(column.sql), is_timestamp_text, instant)
    day = f"{number} || {serial_of_date(column.sql)} || {_NUMBER_END}"
    return (
        f"CASE WHEN {is_timestamp_text(column)} THEN {instant(column)} "
        f"WHEN {is_date_text(column)} THEN {day} "
        f"WHEN {is_text(column.sql)} THEN {rare} ELSE {_any(column, _GENERAL)} END"
    )


def _read_first(
    column: Column, read: str, is_one: Callable[[Column], str], cell: Callable[[Column], str]
) -> str:
    """The cell of a text that is read before it is looked at: a text of that kind once more, or none."""
    found = replace(column, sql="found", storage="text")
    other = found if column.is_declared else column
    return (
        f"(SELECT CASE WHEN {is_one(found)} THEN {cell(found)} ELSE {_any(other, _GENERAL)} END "
        f"FROM (SELECT {read} AS found))"
    )


_TEXT_XML = b'<c t="inlineStr"><is><t xml:space="preserve">'
_LONG_NUMBER = re.compile(ANY_NUMBER + AS_TEXT + rb"([^\xf7]*)\xf7")
_MARK, _FORBIDDEN = b"\x00", b"\x01"
_KINDS = bytearray(range(256))


for _mark in ALL:
    _KINDS[_mark] = _MARK[0]


for _character in (*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20)):
    _KINDS[_character] = _FORBIDDEN[0]


_FORBIDDEN_CHARACTER = re.compile(rb"[\x00-\x08\x0b-\x1f]")

_LOOKS_ESCAPED = re.compile(rb"_(?=x[0-9A-Fa-f]{4}[_\x00-\x08\x0b-\x1f\xef])")
"""The character after the digits may be one whose escape begins with an underscore."""


def rows_xml(chunk: bytes, count: int, columns: Sequence[Column], style_ids: Mapping[int, int]) -> bytes:
    """The rows of a chunk, without the first `<row>` and the last `</row>`, as XML.

    chunk: `count` rows with ROW_END between them. style_ids: the cell style that the workbook has for each
    of `row_sql`'s style numbers. Raises UnrepresentableValue when a text that is not UTF-8 holds a mark's
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
        for mark in map(of_number, style_ids):
            chunk = chunk.replace(mark + NULL + NUMBER_END, b"<c/>")
    if BOOLEAN in chunk:
        chunk = chunk.replace(NO_TEXT, b"<c/>").replace(BOOLEAN, b'<c t="b"><v>')
    for style, style_id in style_ids.items():
        attribute = b' s="%d"' % style_id if style_id else b""
        chunk = chunk.replace(of_number(style), b"<c%s><v>" % attribute)
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
