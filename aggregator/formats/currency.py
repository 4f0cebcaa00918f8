"""Currencies: how many decimals the minor unit has, and how a spreadsheet shows an amount."""

from __future__ import annotations

from babel.numbers import get_currency_precision, get_currency_symbol, is_currency

_TWO = ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SLL", "SOS", "SYP", "YER")
_MINOR_UNITS = dict.fromkeys(_TWO, 2) | {"IQD": 3}
"""Where ISO 4217 counts in smaller units than people write, which is what CLDR, and so Babel, tells."""


def is_known(code: str) -> bool:
    """Whether it is an ISO 4217 code, in capitals."""
    return is_currency(code)


def digits(code: str | None) -> int:
    """Decimals of the currency's minor unit (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD."""
    if code is None:
        return 2
    return _MINOR_UNITS.get(code) or get_currency_precision(code)


def number_format(code: str | None) -> str:
    """The spreadsheet number format (ECMA-376 part 1, 18.8.31): `"$"#,##0.00;-"$"#,##0.00`."""
    places = digits(code)
    amount = "#,##0" + ("." + "0" * places if places else "")
    if code is None:
        return amount
    prefix = f'"{sign(code)}"'
    return f"{prefix}{amount};-{prefix}{amount}"


def sign(code: str | None) -> str:
    """What stands before an amount: `$`, or `CHF ` with a space after letters."""
    if code is None:
        return ""
    symbol = str(get_currency_symbol(code, locale="en"))
    return f"{symbol} " if symbol[-1].isalpha() else symbol
