"""How numbers are written: the signs that an example such as `1.234,50` shows, and numbers written so."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

_SPACES = " \u00a0\u202f"
_APOSTROPHES = "'’"
_MINUS = "\\-\u2212\u2013"
_ACCOUNTS = ("CR", "DR")
"""What accounts write after an amount instead of a sign: credit or debit."""

SHARES = {"%": 2, "‰": 3}
"""The signs of shares, and how many decimals a number with one is smaller: 12.5% is 0.125."""

_EXAMPLE = re.compile(
    rf"(?P<front>[^\d\s.,()+{_MINUS}{_APOSTROPHES}]*)[{_SPACES}]?"
    rf"(?P<number>[0-9](?:[0-9.,{_APOSTROPHES}{_SPACES}]*[0-9])?)"
    rf"[{_SPACES}]?(?P<back>[^\d\s.,()+{_MINUS}{_APOSTROPHES}]*)"
)

_GROUPED = re.compile(
    rf"[1-9][0-9]{{0,2}}(?P<thousands>[.,{_APOSTROPHES}{_SPACES}])[0-9]{{3}}(?:(?P=thousands)[0-9]{{3}})*"
    r"(?:(?P<decimal>(?!(?P=thousands))[.,])[0-9]+)?"
)

_UNGROUPED = re.compile(r"[0-9]+(?:(?P<decimal>[.,])[0-9]+)?")
_PARENTHESES = (("open", "inside"), ("shut", "close"))
_SIGNS = ("sign", "inner", "after", "last")
"""Groups of a notation's pattern."""

QUOTE = b"\xff"
"""Stands for a quote inside a text; the byte occurs in no UTF-8."""

_FORMULA_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20-"
STARTS = (*_FORMULA_SIGNS, *"\t\r\n")
"""What a text must not begin with: signs, their wide forms, and white space that may be skipped."""

_FORMULA_SIGN = b"(?:[=+@-]|\xef\xbc[\x9d\x8b\x8d\xa0])"
_START = re.compile(b"'*(?:[\t\r\n]|" + _FORMULA_SIGN + b")")
_GUARDED_START = re.compile(b"'" + _START.pattern)
_INSIDE = re.compile(b"[;,\t\r\n]\xff*(?='*" + _FORMULA_SIGN + b")")
_LIKE_SIGNS = bytes(ord("=") if byte in b"=+-@\xef" else byte for byte in range(256))
_ALIKE = _LIKE_SIGNS.translate(bytes(ord(";") if byte in b";,\t\r\n" else byte for byte in range(256)))
_GUARDED = re.compile(f"'(?:'*[\t\r\n{_FORMULA_SIGNS}]|.*[;,\t\r\n]\"*'+[{_FORMULA_SIGNS}])", re.DOTALL)
_GUARD_INSIDE = re.compile(f"([;,\t\r\n]\"*)'(?='*[{_FORMULA_SIGNS}])")


@dataclass(frozen=True)
class Notation:
    """thousands, decimal: the signs, "" for none; currency_signs: what may stand before or after.

    share: the sign of a share, such as `%`, which then has to stand there; "" for none. credit: of accounts,
    the sign of an amount with CR after it, `-` or `+`; "" where neither CR nor a dash for zero is read.
    """

    thousands: str
    decimal: str
    currency_signs: tuple[str, ...] = ()
    share: str = ""
    credit: str = ""

    def plain(self, text: str) -> str | None:
        """The number as `-1234.50`; None when the text is not written this way.

        A number is negative by a minus sign in front of it, of the currency's sign or at the end, by being
        in parentheses, or as CR and DR say.
        """
        match = self._pattern.fullmatch(text)
        if self.credit and self._dash.fullmatch(text):
            return "0"
        if match is None:
            return None
        whole, fraction = match["whole"], match["fraction"] or ""
        opened, closed = (sum(match[name] is not None for name in pair) for pair in _PARENTHESES)
        signs = [match[name] for name in _SIGNS if match[name]] + ["-"] * opened
        if match["account"]:
            signs.append(self._sign_of_account(match["account"]))
        if opened != closed or len(signs) > 1 or (match["front"] and match["back"]):
            return None
        if not (whole or fraction):
            return None
        if self.share and not (match["front"] or match["back"]):
            return None
        for sign in _alike(self.thousands):
            whole = whole.replace(sign, "")
        minus = "-" if signs and signs[0] != "+" else ""
        number = f"{minus}{whole or '0'}" + (f".{fraction}" if fraction else "")
        return f"{Decimal(number).scaleb(-SHARES[self.share]):f}" if self.share else number

    def with_share(self, sign: str) -> Notation:
        """The same notation of a share."""
        return Notation(self.thousands, self.decimal, (sign,), sign)

    def _sign_of_account(self, account: str) -> str:
        is_credit = account.upper() == "CR"
        return self.credit if is_credit else {"-": "+", "+": "-"}[self.credit]

    @cached_property
    def _signs(self) -> str:
        return "|".join(map(re.escape, sorted(self.currency_signs, key=len, reverse=True))) or "(?!)"

    @cached_property
    def _dash(self) -> re.Pattern[str]:
        """A dash that stands for zero, with or without the currency's sign."""
        return re.compile(rf"(?:(?:{self._signs})[{_SPACES}]*)?(?:[{_MINUS}\u2014]|--)")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        thousands = f"[{re.escape(_alike(self.thousands))}]"
        grouped = rf"[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+|" if self.thousands else ""
        fraction = (
            rf"(?:{re.escape(self.decimal)}(?P<fraction>[0-9]*))?" if self.decimal else "(?P<fraction>)"
        )
        accounts = "|".join(_ACCOUNTS) if self.credit else "(?!)"
        gap = f"[{_SPACES}]?"
        return re.compile(
            rf"(?P<open>\()?{gap}(?P<sign>[+{_MINUS}])?{gap}(?P<front>{self._signs})?{gap}(?P<inner>[+{_MINUS}])?"
            rf"{gap}(?P<inside>\()?{gap}(?P<whole>{grouped}[0-9]*){fraction}{gap}(?P<after>[{_MINUS}])?(?P<shut>\))?{gap}"
            rf"(?P<back>{self._signs})?{gap}(?P<last>[{_MINUS}])?{gap}(?:(?P<account>(?i:{accounts}))\.?)?{gap}"
            r"(?P<close>\))?"
        )


def read_notation(example: str, places: int | None, currency_signs: Collection[str] = ()) -> Notation:
    """The notation that an example shows.

    places: how many decimals the numbers may have, None for any; currency_signs: those allowed besides
    the example's own. Raises ValueError for an example that shows nothing, or could mean two things.
    """
    match = _EXAMPLE.fullmatch(example.strip())
    number = match["number"] if match is not None else ""
    grouped = _GROUPED.fullmatch(number)
    shape = grouped or _UNGROUPED.fullmatch(number)
    if match is None or shape is None:
        raise ValueError(f"{example} is not an example of a number, such as 1,234.50")
    thousands, decimal = (grouped["thousands"] if grouped else ""), shape["decimal"] or ""
    if thousands in (".", ",") and not decimal and number.count(thousands) == 1 and places in (None, 3):
        raise ValueError(f"{example} could mean two things; show both signs, such as 1,234.50")
    if decimal and places == 0:
        raise ValueError(f"{example} shows decimals, and there are none")
    if not decimal and places != 0:
        decimal = "," if thousands == "." else "."
    own = [sign for sign in (match["front"], match["back"]) if sign]
    if own and own[0].upper().rstrip(".") in _ACCOUNTS:
        raise ValueError(f"{example}: {own[0]} is read without an example; the key credit says what it means")
    notation = Notation(thousands, decimal, tuple(dict.fromkeys((*own, *currency_signs))))
    return notation.with_share(own[0]) if own and own[0] in SHARES else notation


def own_sign(example: str) -> str:
    """The sign of a currency that an example shows, or ""."""
    match = _EXAMPLE.fullmatch(example.strip())
    return (match["front"] or match["back"]) if match is not None else ""


def _alike(sign: str) -> str:
    """A sign with those that look like it: programs write three kinds of spaces between thousands."""
    return next((signs for signs in (_SPACES, _APOSTROPHES) if sign and sign in signs), sign)


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
