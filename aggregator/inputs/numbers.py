"""Numbers as texts: no digit lost, and no more of them than needed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_MOST_ZEROS = 30


def number_text(number: str) -> str:
    """A number of JSON or Python, without an exponent where that is short: 1.50 is 1.5, 1e3 is 1000."""
    if "e" in number or "E" in number:
        try:
            decimal = Decimal(number)
        except InvalidOperation:
            return number
        if abs(decimal.adjusted()) > _MOST_ZEROS:
            return number
        number = format(decimal, "f")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return "0" if number == "-0" else number
