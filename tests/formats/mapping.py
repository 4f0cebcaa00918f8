"""What docs/formats.md says of each value, in plain Python."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any


class Raw(bytes):
    """A text of SQLite as the bytes that it is, which may be no UTF-8."""


Value = None | int | float | str | bytes | Raw


def as_text(value: str | bytes) -> str:
    """A text as every format shows it: a byte that is no UTF-8 as `\\xE9`."""
    if isinstance(value, str):
        return value
    shown = []
    for character in value.decode("utf-8", "surrogateescape"):
        is_bad = 0xDC80 <= ord(character) <= 0xDCFF
        shown.append(f"\\x{ord(character) - 0xDC00:02X}" if is_bad else character)
    return "".join(shown)


def plain(value: Value) -> int | float | str | None:
    """A value without a declared type: in JSON this, in the other formats what is equal to it."""
    if isinstance(value, str | Raw):
        return as_text(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def in_excel(value: Value) -> int | float | str | None:
    """The same in a sheet, where a number has 15 digits."""
    shown = plain(value)
    if isinstance(shown, int) and len(str(abs(shown))) > 15:
        return str(shown)
    return shown


def in_csv(value: Value) -> str:
    """The characters between two commas."""
    shown = plain(value)
    if shown is None:
        return ""
    return quoted(shown) if isinstance(shown, str) else json.dumps(shown)


SIGNS = "=+-@＝＋－＠"


def guarded(text: str) -> str:
    """The text in a CSV for Excel, with an apostrophe before what a spreadsheet could run."""
    later = []
    for place, character in enumerate(text):
        before = text[:place].rstrip("'")
        if character in SIGNS and before.rstrip('"')[-1:] in (*",;\t\r\n",):
            later.append(len(before))
    for place in reversed(later):
        text = text[:place] + "'" + text[place:]
    first = text.lstrip("'")[:1]
    return "'" + text if later or (first and first in SIGNS + "\t\r\n") else text


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def same(found: Any, expected: Any) -> bool:
    """Equal, of one type, and for fractions the same 64 bits but for the sign of zero."""
    if isinstance(expected, float) and isinstance(found, float):
        return struct.pack("d", found + 0.0) == struct.pack("d", expected + 0.0)
    return type(found) is type(expected) and bool(found == expected)


def assert_same(found: list[Any], expected: list[Any]) -> None:
    different = [pair for pair in zip(found, expected, strict=True) if not same(*pair)]
    assert not different
