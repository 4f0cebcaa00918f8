"""How the cells of a file are read, by the type of their column: each type's entry has a function of these.

It gives a function that reads one text. Where texts can be read many at a time by a few calls that are
written in C, it gives one for that too, with the same results, which leaves alone what is not plain.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

from aggregator.sqlfile.patterns import matcher
from aggregator.values.dates import MOVING, read_by_pattern, shown, with_and_without_midnight
from aggregator.values.invalid import InvalidValue
from aggregator.values.money import places_of, read_amount, usual_amount
from aggregator.values.number_formats import SHARES, Notation

if TYPE_CHECKING:
    # The entries of the types have these readers.
    from aggregator.sqlfile.input_columns import InputColumn
    from aggregator.sqlfile.parameter_types import Limits, Value

_ALL_PLAIN_MOMENTS = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}[Zz]?\n)*+")
_UNLIMITED = (None, None)
Read = Callable[[str], "Value"]
"""The value of a text without white space around it; raises InvalidValue."""

ReadBatch = Callable[[list[str]], "Sequence[Value | None] | None"]
"""The values of texts, of which none is ""; None for white space. No list when one of them is not plain."""

CellReader = Callable[["InputColumn"], tuple[Read, ReadBatch | None]]
"""How one text of a column is read, and how many are, if there is a way.

Limits that move, such as `today`, are those of this moment.
"""


def _parser(column: InputColumn) -> Read:
    """Reads a text as a parameter's, with the limits as of this moment."""
    limits = column.limits()
    return lambda text: column.parse_one(text, limits)


def as_parameter(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    return _parser(column), None


def texts(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    return _parser(column), _plain_texts(column)


def _plain_texts(column: InputColumn) -> ReadBatch:
    low, high = column.limits()
    low, high = 1 if low is None else low, sys.maxsize if high is None else high
    matches = matcher(column.pattern) if column.pattern is not None else None
    has_limits = low > 1 or column.max is not None or matches is not None

    def read(texts: list[str]) -> Sequence[Value | None] | None:
        stripped = list(map(str.strip, texts))
        joined = "".join(stripped)
        if "\0" in joined or not is_unicode(joined):
            return None
        if not all(stripped):
            return None if has_limits else [text or None for text in stripped]
        if (low > 1 or high < len(joined)) and not all(low <= len(text) <= high for text in stripped):
            return None
        return stripped if matches is None or all(map(matches, stripped)) else None

    return read


def is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates, which UTF-8 does not have."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def numbers(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    parse, notations = _parser(column), column.notations()
    is_whole = column.type == "integer"
    if not notations:
        shares = column.shares()

        def read_plain(text: str) -> Value:
            if shares and any(sign in text for sign in SHARES):
                text = next(filter(None, (notation.plain(text) for notation in shares)), text)
            return parse(text)

        return read_plain, _plain_numbers(int if is_whole else float, column.limits())
    kind = "whole number" if is_whole else "number"
    reason = f"must be a {kind}, such as {' or '.join(column.formats)}"

    def read(text: str) -> Value:
        plain = next(filter(None, (notation.plain(text) for notation in notations)), None)
        if plain is None:
            raise InvalidValue(reason)
        return parse(plain)

    return read, None


def _plain_numbers(kind: type[int] | type[float], limits: Limits) -> ReadBatch:
    least, most = (-(2**63), 2**63 - 1) if kind is int else (-sys.float_info.max, sys.float_info.max)
    low, high = (end if given is None else given for given, end in zip(limits, (least, most), strict=True))

    def read(texts: list[str]) -> Sequence[Value] | None:
        # Of ASCII without `_`, int and float take what the types take, and white space around it; float also
        # takes nan and inf.
        joined = "".join(texts)
        if not joined.isascii() or "_" in joined or "n" in joined or "N" in joined:
            return None
        try:
            values = list(map(kind, texts))
        except ValueError:
            return None
        return values if not values or (low <= min(values) and max(values) <= high) else None

    return read


def amounts(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    assert column.currency is not None
    code, notations = column.currency, column.notations()
    limits = column.limits()
    shown_formats = " or ".join(column.formats) or usual_amount(code)
    reason = f"must be an amount, such as {shown_formats}"

    def read(text: str) -> Value:
        units = read_amount(text, notations, code, reason)
        column.check_limits(units, limits)
        return units

    if notations[0].decimal == "," or notations[0].thousands == ".":
        return read, None
    return read, _plain_amounts(notations[0], places_of(code), limits)


def _plain_amounts(notation: Notation, places: int, limits: Limits) -> ReadBatch:
    low, high = limits
    signs = sorted(notation.currency_signs, key=len, reverse=True)
    grouped = "[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|" if notation.thousands == "," else ""
    decimals = rf"(?:\.[0-9]{{1,{places}}})?" if places else ""
    all_plain = re.compile(
        rf"(?:-?(?:{'|'.join(map(re.escape, signs))})?(?:{grouped}[0-9]{{1,12}}){decimals}\n)*+"
    )
    zeros = "0" * places

    def read(texts: list[str]) -> Sequence[Value] | None:
        joined = "\n".join([*texts, ""])
        if not all_plain.fullmatch(joined):
            return None
        for sign in (*signs, ","):
            joined = joined.replace(sign, "")
        parts = [text.partition(".") for text in joined.split("\n")[:-1]]
        values = [int(whole + (fraction + zeros)[:places]) for whole, _, fraction in parts]
        is_low = low is not None and values and min(values) < low
        is_high = high is not None and values and max(values) > high
        return None if is_low or is_high else values

    return read


def days(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    reason = f"must be a valid date, as {_shown(column.formats, 'YYYY-MM-DD')}"

    def iso(moment: datetime) -> str:
        if moment.time() != time():
            raise InvalidValue("must be a date without a time other than 00:00")
        return moment.date().isoformat()

    return _iso_or_pattern(column, iso, reason, with_and_without_midnight), None


def moments(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    usual = "YYYY-MM-DDTHH:MM:SS with or without Z or an offset"
    reason = f"must be a valid date and time, as {_shown(column.formats, usual)}"
    is_simple = column.time_zone == "UTC" and column.min is None and column.max is None
    return _iso_or_pattern(column, datetime.isoformat, reason), _plain_moments if is_simple else None


def _plain_moments(texts: list[str]) -> Sequence[Value] | None:
    """Those in UTC, with seconds and without fractions of them."""
    if not _ALL_PLAIN_MOMENTS.fullmatch("\n".join([*texts, ""])):
        return None
    moments = [f"{text[:10]}T{text[11:19]}" for text in texts]
    try:
        for _ in map(datetime.fromisoformat, moments):
            pass
    except ValueError:
        return None
    return [f"{moment}Z" for moment in moments]


def months(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    reason = f"must be a month, as {_shown(column.formats, 'YYYY-MM')}"
    return _iso_or_pattern(column, lambda moment: moment.isoformat()[:7], reason), None


def _iso_or_pattern(
    column: InputColumn,
    iso: Callable[[datetime], str],
    reason: str,
    forms: Callable[[str], tuple[str, ...]] = lambda text: (text,),
) -> Read:
    """Read ISO text, or else what a pattern of the column fits.

    iso: a moment that a pattern gave, as the text of the column's type; reason: what else is refused with;
    forms: the texts that count as the text.
    """
    limits = column.limits()

    def valid(text: str) -> str | None:
        try:
            return None if text in MOVING else str(column.parse_one(text, _UNLIMITED))
        except InvalidValue:
            return None

    def read(text: str) -> Value:
        value = next(filter(None, map(valid, forms(text))), None)
        if value is None:
            found = (read_by_pattern(form, pattern) for pattern in column.formats for form in forms(text))
            moment = next((moment for moment in found if moment is not None), None)
            value = valid(iso(moment)) if moment is not None else None
        if value is None:
            raise InvalidValue(reason)
        column.check_limits(value, limits)
        return value

    return read


def _shown(patterns: Sequence[str], iso: str) -> str:
    return " or ".join([*map(shown, patterns), iso])
