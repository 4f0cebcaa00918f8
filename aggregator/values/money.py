"""Amounts of money as whole numbers of the currency's smallest unit, and the signs of currencies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from babel.numbers import get_currency_precision, get_currency_symbol, is_currency

from aggregator.values.invalid import InvalidValue
from aggregator.values.number_formats import Notation, read_notation

_TWO = ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SLL", "SOS", "SYP", "YER")
_EXCEPTIONS = dict.fromkeys(_TWO, 2) | {"IQD": 3}
"""Where ISO 4217 counts in smaller units than people write, which is what CLDR, and so Babel, tells."""

_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]*))?")
_LARGEST = 2**63 - 1
_MOST_DIGITS = 40


def is_known_currency(code: str) -> bool:
    """Whether it is an ISO 4217 code, in capitals."""
    return bool(is_currency(code))


@lru_cache
def places_of(code: str | None) -> int:
    """Decimals of the currency's smallest unit: 2 for USD, 0 for JPY, 3 for KWD; 2 without a currency."""
    if code is None:
        return 2
    return _EXCEPTIONS.get(code) or int(get_currency_precision(code))


def symbols_of(code: str) -> tuple[str, ...]:
    """How the currency is written beside an amount: `CAD`, `CA$` and `$`."""
    symbol = str(get_currency_symbol(code, locale="en"))
    alone = re.sub(r"^[A-Z]+", "", symbol)
    return tuple(dict.fromkeys(sign for sign in (code, symbol, alone, alone and code[:2] + alone) if sign))


def foreign_symbol(text: str, own: Iterable[str]) -> str | None:
    """The first sign of a currency in a text that is in none of one's own texts, if there is one."""
    allowed = "".join(own)
    signs = (each for each in text if unicodedata.category(each) == "Sc")
    return next((sign for sign in signs if sign not in allowed), None)


def usual_amount(code: str | None) -> str:
    """An example of an amount, written as amounts are read when nothing else is said."""
    return "1,234.50" if places_of(code) else "1,234"


@lru_cache
def notation_of(code: str | None) -> Notation:
    """How amounts are read when nothing else is said: `1,234.50`, `$20`, `20 USD`."""
    return read_notation(usual_amount(code), places_of(code), symbols_of(code) if code is not None else ())


def read_amount(text: str, notations: Iterable[Notation], code: str | None, reason: str) -> int:
    """The smallest units of an amount in the first notation that it is written in.

    Raises InvalidValue with the reason when there is none, or as `minor_units` does.
    """
    plain = next(filter(None, (notation.plain(text) for notation in notations)), None)
    if plain is None:
        raise InvalidValue(reason)
    return minor_units(plain, code)


def minor_units(plain: str, code: str | None) -> int:
    """The smallest units of an amount such as `-1234.50`, exactly.

    Raises InvalidValue for what is no number, has more decimals than the currency, or does not fit
    into 64 bits.
    """
    match = _PLAIN.fullmatch(plain)
    if match is None:
        raise InvalidValue("must be an amount, such as 1234.50")
    sign, whole, fraction = match[1], match[2].lstrip("0"), match[3] or ""
    places = places_of(code)
    if len(fraction) > places:
        limit = f"at most {places} decimals" if places else "no decimals"
        of_currency = f", as {code} has{'' if places else ' none'}" if code is not None else ""
        raise InvalidValue(f"must have {limit}{of_currency}")
    units = int(f"{sign}0{whole[:_MOST_DIGITS]}{fraction.ljust(places, '0')}")
    if not -_LARGEST <= units <= _LARGEST:
        raise InvalidValue("is too large an amount")
    return units


def amount_text(units: int, code: str | None) -> str:
    """Smallest units as an amount again: `-0.50`."""
    places = places_of(code)
    digits = str(abs(units)).rjust(places + 1, "0")
    sign = "-" if units < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


"""Where ISO 4217 counts in smaller units than people write, which is what CLDR, and so Babel, tells."""


def currency_format(code: str | None) -> str:
    """The spreadsheet number format (ECMA-376 part 1, 18.8.31): `"$"#,##0.00;-"$"#,##0.00`."""
    places = places_of(code)
    amount = "#,##0" + ("." + "0" * places if places else "")
    if code is None:
        return amount
    prefix = f'"{currency_prefix(code)}"'
    return f"{prefix}{amount};-{prefix}{amount}"


def currency_prefix(code: str | None) -> str:
    """What stands before an amount: `$`, or `CHF ` with a space after letters."""
    if code is None:
        return ""
    symbol = str(get_currency_symbol(code, locale="en"))
    return f"{symbol} " if symbol[-1].isalpha() else symbol
