"""Texts that a spreadsheet would run as formulas, and the apostrophes that prevent it.

https://owasp.org/www-community/attacks/CSV_Injection. A spreadsheet whose list separator is not the file's
cuts a text at its commas, semicolons, tabs and line ends, so what follows one of these may become the start
of a cell as well.

A guarded text begins with an apostrophe, and has one more before each later sign that may begin a formula. A
text that looks guarded already is guarded once more, so `unguarded` always gives the original back.
"""

from __future__ import annotations

import re
from itertools import pairwise

QUOTE = b"\xff"
"""Stands for a quote inside a text; the byte occurs in no UTF-8."""

_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20-"
STARTS = (*_SIGNS, *"\t\r\n")
"""What a text must not begin with: signs, their wide forms, and white space that may be skipped."""

_SIGN = b"(?:[=+@-]|\xef\xbc[\x9d\x8b\x8d\xa0])"
_START = re.compile(b"'*(?:[\t\r\n]|" + _SIGN + b")")
_GUARDED_START = re.compile(b"'" + _START.pattern)
_INSIDE = re.compile(b"[;,\t\r\n]\xff*(?='*" + _SIGN + b")")
_LIKE_SIGNS = bytes(ord("=") if byte in b"=+-@\xef" else byte for byte in range(256))
_ALIKE = _LIKE_SIGNS.translate(bytes(ord(";") if byte in b";,\t\r\n" else byte for byte in range(256)))

_GUARDED = re.compile(f"'(?:'*[\t\r\n{_SIGNS}]|.*[;,\t\r\n]\"*'+[{_SIGNS}])", re.DOTALL)
_GUARD_INSIDE = re.compile(f"([;,\t\r\n]\"*)'(?='*[{_SIGNS}])")


def may_hold_formula(texts: bytes) -> bool:
    """Whether a sign may follow a separator somewhere in the bytes. Fast; true for some without one."""
    return b";=" in texts.translate(_ALIKE, b"'\xff")


def guarded_inside(texts: bytes) -> bytes:
    """Guard texts, with a quote between each two, against the signs that follow a separator inside them.

    The quotes inside a text are QUOTE. A text that begins with a formula has been guarded at its start.
    """
    places: set[int] = set()
    for match in _INSIDE.finditer(texts):
        begin = texts.rfind(b'"', 0, match.start()) + 1
        places.add(match.end())
        if not _GUARDED_START.match(texts, begin):
            places.add(begin)
    cuts = [0, *sorted(places), len(texts)]
    return b"'".join(texts[start:end] for start, end in pairwise(cuts))


def guarded(text: str) -> str:
    """One text, guarded wherever it needs it."""
    data = text.encode().replace(b'"', QUOTE)
    data = b"'" + data if _START.match(data) else data
    return guarded_inside(data).replace(QUOTE, b'"').decode()


def unguarded(text: str) -> str:
    """The text that was guarded; another text as it is."""
    return _GUARD_INSIDE.sub(r"\1", text[1:]) if _GUARDED.match(text) else text
