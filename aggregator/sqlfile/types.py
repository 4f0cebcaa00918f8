"""The types of parameters: how a text of the query string becomes a value for SQL.

A type is an entry of `PARAMETER_TYPES`, and nowhere else; its functions get what the header declares, for
keys such as time_zone. Any text at all gives a value or InvalidValue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from aggregator.sqlfile import cell_readers
from aggregator.sqlfile.patterns import json_schema_pattern, matcher
from aggregator.values.dates import MOVING, read_date, read_timestamp, utc_text
from aggregator.values.invalid import InvalidValue, KeyDiagnostics
from aggregator.values.money import (
    amount_text,
    is_known_currency,
    notation_of,
    places_of,
    read_amount,
    usual_amount,
)

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

_ENUMS = ({str}, {int})
"""The types of choices that generators of clients know; others are given as texts."""


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


def _known_type(name: object) -> object:
    if name not in list(PARAMETER_TYPES):
        raise ValueError(f"must be one of {', '.join(PARAMETER_TYPES)}, not {name}")
    return name


TypeName = Annotated[str, BeforeValidator(_known_type)]


class Declared(BaseModel):
    """What a header says of a value: the keys and checks that parameters and input columns share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[str, BeforeValidator(_known_type)] = Field(
        description="The type of the values; see the types below"
    )
    description: str = Field("", description="The help text in the form and the API documentation")
    required: bool | None = None
    default: Scalar | list[Scalar] | None = None
    currency: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description="The ISO 4217 code for `money`. A parameter without it has two decimals. A column of "
        "`input` must have it",
    )
    min: Scalar | None = Field(None, description="The minimum value, or the minimum length of a text")
    max: Scalar | None = Field(None, description="The maximum value, or the maximum length of a text")
    pattern: str | None = Field(
        None, description="A regular expression that must match the whole text; see Patterns"
    )
    message: str | None = Field(
        None,
        description="The error message if `pattern` does not match, such as `must be an e-mail address`",
    )
    choices: list[Scalar] | None = Field(None, description="The allowed values of a `choice`")
    time_zone: str = Field(
        "UTC",
        description="The time zone of `today`, `now` and a datetime without an offset (default: UTC)",
    )
    example: Scalar | list[Scalar] | None = None

    @property
    def kind(self) -> ParameterType:
        """What is known of its type."""
        return PARAMETER_TYPES[self.type]

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name} is not a time zone such as Europe/Berlin") from error
        return name

    @field_validator("pattern")
    @classmethod
    def _pattern_compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            matcher(pattern)
        return pattern

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        findings = KeyDiagnostics()
        for name, spec in type(self).model_fields.items():
            key = spec.alias or name
            if name in self.model_fields_set and key not in self.kind.keys:
                types = [other for other, kind in PARAMETER_TYPES.items() if key in kind.keys]
                if types:
                    findings.add(key, f"is for {', '.join(types)}, not for {self.type}")
        if self.required and self.default is not None:
            findings.add("required", "cannot be true where there is a default")
        if self.message is not None and self.pattern is None:
            findings.add("message", "needs a pattern beside it")
        if self.currency is not None and not is_known_currency(self.currency):
            findings.add("currency", f"{self.currency} is not a currency of ISO 4217")
            findings.raise_any()
        self._check_own_keys(findings)
        if "choices" in self.kind.keys:
            self._check_choices(findings)
        if "min" in self.kind.keys:
            self._check_bounds(findings)
        findings.raise_any()
        self._check_own_values(findings)
        findings.raise_any()
        return self

    def _check_own_keys(self, findings: KeyDiagnostics) -> None:
        """The keys that only a parameter, or only a column, has."""

    def _check_choices(self, findings: KeyDiagnostics) -> None:
        texts = [text_of(choice) for choice in self.choices or ()]
        if self.choices is not None and (not texts or "" in texts):
            findings.add("choices", "must have values, none of them empty")
        for text in sorted({one for one, other in combinations(texts, 2) if one == other}):
            findings.add("choices", f"{text} appears twice")

    def _check_bounds(self, findings: KeyDiagnostics) -> None:
        bounds = {}
        for key in ("min", "max"):
            try:
                bounds[key] = self.bound(getattr(self, key))
            except InvalidValue as error:
                findings.add(key, str(error))
        low, high = bounds.get("min"), bounds.get("max")
        if low is not None and high is not None and _sort_key(low) > _sort_key(high):
            findings.add("min", "is more than max")
        if self.kind.has_length and any(length is not None and length < 0 for length in (low, high)):
            findings.add("min", "a length is 0 or more")

    def _check_own_values(self, findings: KeyDiagnostics) -> None:
        for key in ("default", "example"):
            given = getattr(self, key)
            for value in given if isinstance(given, list) else [given]:
                if self.type == "text" and isinstance(value, bool | float):
                    findings.add(key, "must be a text; put it in quotes")
                    continue
                try:
                    if value is not None:
                        self.parse_one(text_of(value))
                except InvalidValue as error:
                    findings.add(key, str(error))

    def parse_one(self, text: str, limits: Limits | None = None) -> Value:
        """The value of one text; raises InvalidValue with what is allowed.

        limits: those to use instead of the header's, which may move, such as `today`.
        """
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValue("must be valid Unicode") from None
        if "\0" in text:
            raise InvalidValue("must not hold the character NUL")
        value = self.kind.parse(text, self)
        self.check_limits(value, self.limits() if limits is None else limits)
        return value

    def limits(self) -> Limits:
        """min and max as values, as of this moment."""
        return self.bound(self.min), self.bound(self.max)

    def bound(self, bound: Scalar | None) -> Any:
        """What min or max says, as a value; raises InvalidValue."""
        if bound is None:
            return None
        return (_parse_integer if self.kind.has_length else self.kind.parse)(text_of(bound), self)

    def check_limits(self, value: Value, limits: Limits) -> None:
        """Raise InvalidValue for a value outside of the limits."""
        size = len(str(value)) if self.kind.has_length else _sort_key(value)
        low, high = limits
        if low is not None and size < _sort_key(low):
            raise InvalidValue(f"must be at least {self._in_words(low)}")
        if high is not None and size > _sort_key(high):
            raise InvalidValue(f"must be at most {self._in_words(high)}")

    def _in_words(self, bound: Any) -> str:
        if self.type == "money":
            return amount_text(bound, self.currency)
        return f"{bound} characters long" if self.kind.has_length else str(bound)

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of one value, without the default."""
        schema: dict[str, Any] = dict(self.kind.schema)
        low, high = ("minLength", "maxLength") if self.kind.has_length else ("minimum", "maximum")
        if "min" in self.kind.keys and not self.kind.is_in_time:
            unit = 10 ** places_of(self.currency) if self.type == "money" else None
            bounds = zip((low, high), self.limits(), strict=True)
            schema |= {key: bound / unit if unit else bound for key, bound in bounds if bound is not None}
        if self.pattern is not None and (pattern := json_schema_pattern(self.pattern)) is not None:
            schema["pattern"] = pattern
        if self.choices is not None:
            schema["enum"] = [text_of(each) if self._is_mixed else each for each in self.choices]
        return schema

    def default_schema(self) -> dict[str, Any]:
        """The member `default` of its JSON Schema; nothing for one that moves, such as `today`."""
        has_default = self.default is not None and self.default not in MOVING
        return {"default": self._as_json(self.default)} if has_default else {}

    @property
    def _is_mixed(self) -> bool:
        return self.choices is not None and {type(each) for each in self.choices} not in _ENUMS

    def _as_json(self, value: Any) -> object:
        """A default as JSON has it: `"007"` of an integer is 7, `yes` of a boolean is true."""
        if isinstance(value, list):
            return [self._as_json(item) for item in value]
        if self._is_mixed:
            return text_of(value)
        if self.kind.schema.get("type") in ("integer", "number"):
            return self.parse_one(text_of(value))
        return bool(self.parse_one(text_of(value))) if self.kind.schema.get("type") == "boolean" else value


def _sort_key(value: Value) -> Any:
    # As text `12:00:00.5Z` comes before `12:00:00Z`.
    return value.removesuffix("Z") if isinstance(value, str) else value
