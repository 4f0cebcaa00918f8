"""The marks between values: SQLite writes them, and Python turns them into XML.

A mark is one of the bytes that are in no UTF-8 text. It is known how many of them a row has, so one
that came out of the data is always found by counting.
"""

from __future__ import annotations

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
