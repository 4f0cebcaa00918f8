"""The types of parameters: how a text of the query string becomes a value for SQL.

A type is an entry of `PARAMETER_TYPES`; its functions get the `Parameter` for the keys that matter to
them, such as time_zone. Any text at all gives a value or InvalidValue.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from aggregator.catalog.findings import InvalidValue
from aggregator.catalog.minor_units import notation_of, read_amount, usual_amount
from aggregator.catalog.patterns import matcher
from aggregator.moments import read_day, read_moment, utc_text

if TYPE_CHECKING:
    from aggregator.catalog.parameters import Parameter

ParameterTypeName = Literal[
    "integer", "number", "money", "text", "boolean", "date", "datetime", "month", "choice"
]
Scalar = bool | int | float | str
"""What YAML gives for one value."""

Value = int | float | str
"""What SQL gets."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_BOOLEANS = {"true": 1, "1": 1, "yes": 1, "on": 1, "false": 0, "0": 0, "no": 0, "off": 0}
_LARGEST_INTEGER = 2**63
_MOST_CHOICES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ParameterType:
    """One type.

    parse: a text's value, or InvalidValue; schema: the JSON Schema of a value as it is given; given
    and becomes: what a request says and what SQL gets, in words for the documentation.
    """

    parse: Callable[[str, Parameter], Value]
    given: str
    becomes: str
    schema: dict[str, object] = field(default_factory=dict)


def text_of(value: Scalar) -> str:
    """A value of the header as a request would give it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _parse_integer(text: str, parameter: Parameter) -> int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValue("must be a whole number, such as 42")
    digits = text.lstrip("+-").lstrip("0") or "0"
    value = int(digits[:20]) * (-1 if text.startswith("-") else 1)
    if not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise InvalidValue("must lie between -9223372036854775808 and 9223372036854775807")
    return value


def _parse_number(text: str, parameter: Parameter) -> float:
    if not _NUMBER.fullmatch(text):
        raise InvalidValue("must be a number, such as 12.5")
    value = float(text)
    if abs(value) == float("inf"):
        raise InvalidValue("is too large a number")
    return value


def _parse_money(text: str, parameter: Parameter) -> int:
    code = parameter.currency
    return read_amount(text, [notation_of(code)], code, f"must be an amount, such as {usual_amount(code)}")


def _parse_text(text: str, parameter: Parameter) -> str:
    if parameter.pattern is not None and not matcher(parameter.pattern)(text):
        example = f", such as {parameter.example}" if parameter.example is not None else ""
        raise InvalidValue(f"{parameter.message or f'must match the pattern {parameter.pattern}'}{example}")
    return text


def _parse_boolean(text: str, parameter: Parameter) -> int:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise InvalidValue("must be true or false") from None


def _now(parameter: Parameter) -> datetime:
    return datetime.now(ZoneInfo(parameter.time_zone))


def _parse_date(text: str, parameter: Parameter) -> str:
    if text == "today":
        return _now(parameter).date().isoformat()
    day = read_day(text)
    if day is not None:
        return day
    raise InvalidValue("must be a day that exists, as YYYY-MM-DD, or today")


def _parse_datetime(text: str, parameter: Parameter) -> str:
    if text == "now":
        return utc_text(_now(parameter).replace(microsecond=0))
    if text == "today":
        return utc_text(_now(parameter).replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
    moment = read_moment(text, ZoneInfo(parameter.time_zone))
    if moment is not None:
        return utc_text(moment)
    raise InvalidValue(
        "must be a moment that exists, as YYYY-MM-DDTHH:MM:SS with Z or an offset, a day for its beginning, "
        "today, or now"
    )


def _parse_month(text: str, parameter: Parameter) -> str:
    if text == "today":
        return _now(parameter).date().isoformat()[:7]
    if not _MONTH.fullmatch(text) or text.startswith("0000"):
        raise InvalidValue("must be a month, as YYYY-MM, or today")
    return text


def _parse_choice(text: str, parameter: Parameter) -> Value:
    if parameter.choices is None:
        return text
    for choice in parameter.choices:
        if text_of(choice) == text:
            return int(choice) if isinstance(choice, bool) else choice
    shown = [text_of(choice) for choice in parameter.choices[:_MOST_CHOICES_SHOWN]]
    more = ", …" if len(parameter.choices) > len(shown) else ""
    raise InvalidValue(f"must be one of {', '.join(shown)}{more}")


PARAMETER_TYPES: dict[ParameterTypeName, ParameterType] = {
    "integer": ParameterType(
        _parse_integer,
        "a whole number, from -2^63 to 2^63-1: `42`",
        "an integer",
        {"type": "integer", "format": "int64"},
    ),
    "number": ParameterType(
        _parse_number,
        "a number with a dot: `12.5`, `-1e-3`",
        "a 64-bit floating-point number",
        {"type": "number", "format": "double"},
    ),
    "money": ParameterType(
        _parse_money,
        "an amount of the currency, with or without its sign: `1000`, `1,000.00`, `$1,000`",
        "a whole number of the currency's smallest unit: 100000",
        {"type": ["string", "number"]},
    ),
    "text": ParameterType(_parse_text, "any text", "the text as it is", {"type": "string"}),
    "boolean": ParameterType(
        _parse_boolean, "`true` or `false`; also yes/no, on/off, 1/0", "1 or 0", {"type": "boolean"}
    ),
    "date": ParameterType(
        _parse_date,
        "a day: `2024-02-29`, or `today`",
        "the text `2024-02-29`",
        {"type": "string", "format": "date"},
    ),
    "datetime": ParameterType(
        _parse_datetime,
        "a moment: `2024-02-29T15:30:00+01:00`, `2024-02-29T15:30` in time_zone, `now`; or a day for its "
        "beginning: `2024-02-29`, `today`",
        "the moment in UTC, `2024-02-29T14:30:00Z`; with a fraction of a second only when one is given",
        {"type": "string", "format": "date-time"},
    ),
    "month": ParameterType(
        _parse_month,
        "a month: `2024-02`, or `today`",
        "the text `2024-02`",
        {"type": "string", "pattern": f"^{_MONTH.pattern}$"},
    ),
    "choice": ParameterType(
        _parse_choice,
        "one of `choices`, or of the values that `choices_sql` gives",
        "the value as the header or the data has it",
    ),
}
