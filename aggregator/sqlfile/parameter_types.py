"""The types of parameters: how a text of the query string becomes a value for SQL.

A type is an entry of `PARAMETER_TYPES`, and nowhere else; its functions get what the header declares, for
keys such as time_zone. Any text at all gives a value or InvalidValue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.sqlfile import cell_readers
from aggregator.sqlfile.patterns import matcher
from aggregator.values.dates import read_date, read_timestamp, utc_text
from aggregator.values.invalid import InvalidValue
from aggregator.values.money import notation_of, read_amount, usual_amount

if TYPE_CHECKING:
    from aggregator.sqlfile.parameters import Declared

Scalar = bool | int | float | str
"""What YAML gives for one value."""

Value = int | float | str
"""What SQL gets."""

Limits = tuple[Any, Any]
"""The least and the greatest value, None for no limit."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_BOOLEANS = {"true": 1, "1": 1, "yes": 1, "on": 1, "false": 0, "0": 0, "no": 0, "off": 0}
_LARGEST_INTEGER = 2**63
_MOST_CHOICES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FormField:
    """How a form asks for a value, as plain data.

    widget: `choice`, or the type of the `<input>`; shows: the texts that a browser shows in such an input, it
    drops others (https://html.spec.whatwg.org/multipage/input.html); attributes: of the input; labels: of
    the values, where the type has its own.
    """

    widget: str = "text"
    shows: re.Pattern[str] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParameterType:
    """One type: all that the program knows of it.

    parse: a text's value, or InvalidValue; given and becomes: what a request says and what SQL gets, in words
    for the documentation; schema: the JSON Schema of a value as it is given; keys: those of a header that
    only some types have; has_length: whether min and max are of a text's length; reader: of a column's cells.
    """

    parse: Callable[[str, Declared], Value]
    given: str
    becomes: str
    schema: Mapping[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    has_length: bool = False
    form: FormField = FormField()
    reader: cell_readers.CellReader = cell_readers.as_parameter

    @property
    def is_in_time(self) -> bool:
        """Whether the values are days or moments, which depend on where one is."""
        return "time_zone" in self.keys


def text_of(value: Scalar) -> str:
    """A value of the header as a request would give it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _parse_integer(text: str, declared: Declared) -> int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValue("must be a whole number, such as 42")
    digits = text.lstrip("+-").lstrip("0") or "0"
    value = int(digits[:20]) * (-1 if text.startswith("-") else 1)
    if not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise InvalidValue("must be between -9223372036854775808 and 9223372036854775807")
    return value


def _parse_number(text: str, declared: Declared) -> float:
    if not _NUMBER.fullmatch(text):
        raise InvalidValue("must be a number, such as 12.5")
    value = float(text)
    if abs(value) == float("inf"):
        raise InvalidValue("is too large")
    return value


def _parse_money(text: str, declared: Declared) -> int:
    code = declared.currency
    return read_amount(text, [notation_of(code)], code, f"must be an amount, such as {usual_amount(code)}")


def _parse_text(text: str, declared: Declared) -> str:
    if declared.pattern is not None and not matcher(declared.pattern)(text):
        example = f", such as {declared.example}" if declared.example is not None else ""
        raise InvalidValue(f"{declared.message or f'must match the pattern {declared.pattern}'}{example}")
    return text


def _parse_boolean(text: str, declared: Declared) -> int:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise InvalidValue("must be true or false") from None


def _now(declared: Declared) -> datetime:
    return datetime.now(ZoneInfo(declared.time_zone))


def _parse_date(text: str, declared: Declared) -> str:
    if text == "today":
        return _now(declared).date().isoformat()
    day = read_date(text)
    if day is not None:
        return day
    raise InvalidValue("must be a valid date (YYYY-MM-DD) or today")


def _parse_datetime(text: str, declared: Declared) -> str:
    if text == "now":
        return utc_text(_now(declared).replace(microsecond=0))
    if text == "today":
        return utc_text(_now(declared).replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
    moment = read_timestamp(text, ZoneInfo(declared.time_zone))
    if moment is not None:
        return utc_text(moment)
    raise InvalidValue(
        "must be a valid date and time (YYYY-MM-DDTHH:MM:SS with Z or an offset), a date, today or now"
    )


def _parse_month(text: str, declared: Declared) -> str:
    if text == "today":
        return _now(declared).date().isoformat()[:7]
    if not _MONTH.fullmatch(text) or text.startswith("0000"):
        raise InvalidValue("must be a month (YYYY-MM) or today")
    return text


def _parse_choice(text: str, declared: Declared) -> Value:
    if declared.choices is None:
        return text
    for choice in declared.choices:
        if text_of(choice) == text:
            return int(choice) if isinstance(choice, bool) else choice
    shown = [text_of(choice) for choice in declared.choices[:_MOST_CHOICES_SHOWN]]
    more = ", …" if len(declared.choices) > len(shown) else ""
    raise InvalidValue(f"must be one of {', '.join(shown)}{more}")


_OF_NUMBERS = ("format", "min", "max")
_IN_TIME = (*_OF_NUMBERS, "time_zone")
_SHOWN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

PARAMETER_TYPES: dict[str, ParameterType] = {
    "integer": ParameterType(
        _parse_integer,
        "an integer from -2^63 to 2^63-1: `42`",
        "an integer",
        {"type": "integer", "format": "int64"},
        keys=_OF_NUMBERS,
        form=FormField("number", _SHOWN_NUMBER, {"step": "1"}),
        reader=cell_readers.numbers,
    ),
    "number": ParameterType(
        _parse_number,
        "a number with a decimal point: `12.5`, `-1e-3`",
        "a 64-bit floating-point number",
        {"type": "number", "format": "double"},
        keys=_OF_NUMBERS,
        form=FormField("number", _SHOWN_NUMBER, {"step": "any"}),
        reader=cell_readers.numbers,
    ),
    "money": ParameterType(
        _parse_money,
        "an amount, with or without the currency sign: `1000`, `1,000.00`, `$1,000`",
        "an integer in minor units: 100000",
        {"type": ["string", "number"]},
        keys=(*_OF_NUMBERS, "currency", "credit"),
        form=FormField(attributes={"inputmode": "decimal"}),
        reader=cell_readers.amounts,
    ),
    "text": ParameterType(
        _parse_text,
        "any text",
        "the same text",
        {"type": "string"},
        keys=("min", "max", "pattern", "message"),
        has_length=True,
        reader=cell_readers.texts,
    ),
    "boolean": ParameterType(
        _parse_boolean,
        "`true` or `false`, yes or no, on or off, 1 or 0",
        "1 or 0",
        {"type": "boolean"},
        form=FormField("choice", labels={"true": "yes", "false": "no"}),
    ),
    "date": ParameterType(
        _parse_date,
        "a date: `2024-02-29` or `today`",
        "the text `2024-02-29`",
        {"type": "string", "format": "date"},
        keys=_IN_TIME,
        form=FormField("date", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
        reader=cell_readers.days,
    ),
    "datetime": ParameterType(
        _parse_datetime,
        "a date and time: `2024-02-29T15:30:00+01:00`, `2024-02-29T15:30` in `time_zone` or `now`; or a "
        "date, which is its beginning: `2024-02-29` or `today`",
        "the time in UTC, `2024-02-29T14:30:00Z`, with a fraction of a second if one is given",
        {"type": "string", "format": "date-time"},
        keys=_IN_TIME,
        form=FormField(
            "datetime-local",
            re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"),
            {"step": "1"},
        ),
        reader=cell_readers.moments,
    ),
    "month": ParameterType(
        _parse_month,
        "a month: `2024-02` or `today`",
        "the text `2024-02`",
        {"type": "string", "pattern": f"^{_MONTH.pattern}$"},
        keys=_IN_TIME,
        form=FormField("month", _MONTH),
        reader=cell_readers.months,
    ),
    "choice": ParameterType(
        _parse_choice,
        "one of `choices` or of the values of `choices_sql`",
        "the value in the header or the data",
        keys=("choices", "choices_sql"),
        form=FormField("choice"),
    ),
}
