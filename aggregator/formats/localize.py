"""How a reader is used to see numbers, amounts and days, after the Unicode Common Locale Data Repository.

Whatever cannot be read as what its column says is shown as it is.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol

from aggregator.values.dates import date_of, read_timestamp

DEFAULT = "en"
_MOST_REMEMBERED = 20_000

_LETTER_BESIDE_DIGIT = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
"""Where a currency without a sign needs a space (https://www.unicode.org/reports/tr35/tr35-numbers.html#Currencies)."""


@lru_cache(maxsize=_MOST_REMEMBERED)
def amount(text: str, currency: str | None, locale: str) -> str:
    """Money, all of its decimals kept: `1234.50` in EUR is `1.234,50 €` for `de`."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if currency is None:
        places = -int(value.as_tuple().exponent)
        pattern = _grouping(locale) + ("." + "0" * places if places > 0 else "")
        return format_decimal(value, pattern, locale, decimal_quantization=False)
    shown = format_currency(value, currency, locale=locale, currency_digits=True, decimal_quantization=False)
    return _LETTER_BESIDE_DIGIT.sub("\N{NO-BREAK SPACE}", shown)


@lru_cache(maxsize=_MOST_REMEMBERED)
def number(value: int | float, locale: str, is_grouped: bool = False) -> str:
    """A number with all of its digits; is_grouped: whether thousands are set apart."""
    text = repr(value)
    if "e" in text or "n" in text:
        return text
    pattern = f"{_grouping(locale)}.#" if is_grouped else "0.#"
    with localcontext(prec=len(text) + 10):
        return format_decimal(Decimal(text), pattern, locale, decimal_quantization=False)


@lru_cache(maxsize=_MOST_REMEMBERED)
def percent(value: int | float, locale: str) -> str:
    """A share: 0.9413 is `94.13%`."""
    text = repr(value)
    if "e" in text or "n" in text:
        return text
    pattern: str = Locale.parse(locale).percent_formats[None].pattern
    return format_percent(Decimal(text), pattern.replace("0", "0.##"), locale)


@lru_cache(maxsize=_MOST_REMEMBERED)
def date_text(text: str, locale: str) -> str:
    """An ISO day: `2024-02-29` is `29.02.2024` for `de`."""
    found = date_of(text)
    return text if found is None else format_date(date.fromisoformat(found), "medium", locale)


@lru_cache(maxsize=_MOST_REMEMBERED)
def timestamp_text(text: str, locale: str) -> str:
    """A moment in UTC: without seconds when they are 0."""
    value = read_timestamp(text)
    if value is None:
        return text
    return format_datetime(value, _pattern(locale, bool(value.second or value.microsecond)), locale=locale)


@lru_cache(maxsize=256)
def _grouping(locale: str) -> str:
    """How thousands are set apart: `#,##0`, in India `#,##,##0`."""
    pattern: str = Locale.parse(locale).decimal_formats[None].pattern
    return pattern.partition(".")[0]


@lru_cache(maxsize=256)
def _pattern(locale: str, has_seconds: bool) -> str:
    known = Locale.parse(locale)
    time = known.time_formats["medium" if has_seconds else "short"].pattern
    joined = str(known.datetime_formats["medium"])
    return joined.replace("{1}", known.date_formats["medium"].pattern).replace("{0}", time)


@lru_cache(maxsize=_MOST_REMEMBERED)
def month(text: str, locale: str) -> str:
    """An ISO month: `2024-02` is `Feb 2024`."""
    try:
        return format_skeleton("yMMM", date.fromisoformat(f"{text}-01"), locale=locale)
    except ValueError:
        return text


@lru_cache(maxsize=256)
def csv_symbols(locale: str) -> tuple[str, str]:
    """The separator and the decimal sign that spreadsheets in this language expect in a CSV."""
    known = Locale.parse(locale)
    decimal = "," if get_decimal_symbol(known) == "," else "."
    # The list separator is not in CLDR. Where people write 0.5, it is a semicolon only in these two.
    return ";" if decimal == "," or known.territory in ("CH", "LI") else ",", decimal


@lru_cache(maxsize=1_000)
def locale_of(accept_language: str) -> str:
    """The first known locale of an Accept-Language header (RFC 9110, section 12.5.4), else English."""
    wanted = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), place, tag.strip()))
        except ValueError:
            continue
    for negated, _, tag in sorted(wanted):
        for name in (tag, tag.partition("-")[0]):
            try:
                if negated < 0:
                    return str(Locale.parse(name, sep="-"))
            except (ValueError, UnknownLocaleError):
                continue
    return DEFAULT
