"""Amounts of money as whole numbers of the currency's smallest unit, and the signs of currencies."""

from __future__ import annotations

import re
from functools import lru_cache

from babel.numbers import get_currency_precision, get_currency_symbol, is_currency

from aggregator.catalog.parameter_types import InvalidValue

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
def places_of(code: str) -> int:
    """Decimals of the currency's smallest unit: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXCEPTIONS.get(code) or int(get_currency_precision(code))


def signs_of(code: str) -> tuple[str, ...]:
    """How the currency is written beside an amount: `CAD`, `CA$` and `$`."""
    symbol = str(get_currency_symbol(code, locale="en"))
    alone = re.sub(r"^[A-Z]+", "", symbol)
    return tuple(dict.fromkeys(sign for sign in (code, symbol, alone, alone and code[:2] + alone) if sign))


def minor_units(plain: str, code: str) -> int:
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
        limit = f"at most {places} decimals, as {code} has" if places else f"no decimals, as {code} has none"
        raise InvalidValue(f"must have {limit}")
    units = int(f"{sign}0{whole[:_MOST_DIGITS]}{fraction.ljust(places, '0')}")
    if not -_LARGEST <= units <= _LARGEST:
        raise InvalidValue("is too large an amount")
    return units


def amount_text(units: int, code: str) -> str:
    """Smallest units as an amount again: `-0.50`."""
    places = places_of(code)
    digits = str(abs(units)).rjust(places + 1, "0")
    sign = "-" if units < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
