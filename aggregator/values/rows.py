"""What a row is as text: a format says it, and an engine's dialect writes the SQL that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aggregator.values.columns import Column

SEPARATOR = b"\x1e"
"""Between the parts of a row of groups or of a list."""

TEXT, TEXT_END = b"\xf5", b"\xf6"
"""Marks of an ExcelRow, each a byte that is in no UTF-8 text. NULL in a text's cell is BOOLEAN, TEXT_END."""

NUMBER_END = b"\xf7"
BOOLEAN = b"\xf8"
NULL, AS_TEXT = b"\xf9", b"\xfa"
"""After a number's mark: it is NULL, or it has too many digits and is written as text."""

ROW_END = b"\xfb"
_NUMBERS = (b"\xfc", b"\xfd", b"\xfe", b"\xff", b"\xc0")
_MORE_NUMBERS = b"\xc1"
"""A number's mark says its style; from the sixth style on a letter says which."""

MARKS = b"\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff\xc0\xc1"
MOST_STYLES = len(_NUMBERS) + 26


def number_mark(style: int) -> bytes:
    """The mark that begins a number in the style-th style."""
    if style < len(_NUMBERS):
        return _NUMBERS[style]
    return _MORE_NUMBERS + bytes([ord("A") + style - len(_NUMBERS)])


Columns = tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class JsonObject:
    """One JSON object, its members in the order of the columns."""

    columns: Columns


@dataclass(frozen=True, slots=True)
class JsonArray:
    """One JSON array on one line. json_as_text: JSON in a column is a text."""

    columns: Columns
    json_as_text: bool = False


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One JSON array, of which a line of CSV can be made; a NULL that would be all of it is an empty text.

    is_guarded: a text that would begin a formula has an apostrophe before it; decimal: the sign in money.
    """

    columns: Columns
    is_guarded: bool = False
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class JsonGroup:
    """The value of a column as a JSON string, SEPARATOR, and the other columns as a JSON object."""

    key: Column
    rest: Columns


@dataclass(frozen=True, slots=True)
class JsonNest:
    """Three JSON objects with SEPARATOR between them; the second is empty when all in it is NULL."""

    before: Columns
    inside: Columns
    after: Columns


@dataclass(frozen=True, slots=True)
class ExcelRow:
    """The values with marks around them.

    styles: of each column the number of its style, 0 is the general one; of_milliseconds: the style of a
    moment between two seconds.
    """

    columns: Columns
    styles: tuple[int, ...]
    of_milliseconds: int = 0


RowKind: TypeAlias = JsonObject | JsonArray | CsvRow | JsonGroup | JsonNest | ExcelRow
