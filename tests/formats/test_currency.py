"""Currencies as ISO 4217 has them."""

from __future__ import annotations

import pytest
from babel.numbers import list_currencies

from aggregator.values.money import currency_format, is_known_currency, places_of

# https://www.six-group.com/en/products-services/financial-information/data-standards.html, list one
EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DIGITS = {code: exponent for exponent, codes in EXPONENTS.items() for code in codes.split()}
# Withdrawn ones, which the list of today does not have.
WITHDRAWN = {"ADP", "BYR", "ESP", "ITL", "LUF", "MGF", "MRO", "STD", "TMM", "TRL", "ZMK", "ZWD"}


def test_every_currency_has_the_decimals_of_its_minor_unit() -> None:
    codes = sorted(list_currencies() - WITHDRAWN)
    assert {code: places_of(code) for code in codes} == {code: DIGITS.get(code, 2) for code in codes}


@pytest.mark.parametrize(
    ("currency", "format"),
    [
        ("USD", '"$"#,##0.00;-"$"#,##0.00'),
        ("JPY", '"¥"#,##0;-"¥"#,##0'),
        ("KWD", '"KWD "#,##0.000;-"KWD "#,##0.000'),
        ("CHF", '"CHF "#,##0.00;-"CHF "#,##0.00'),
        (None, "#,##0.00"),
    ],
)
def test_number_formats(currency: str | None, format: str) -> None:
    assert currency_format(currency) == format


def test_a_code_is_known_or_not() -> None:
    assert is_known_currency("USD")
    assert not is_known_currency("usd")
    assert not is_known_currency("XYZ")
