"""Parameters: what a header says of one, and how a text of the query string becomes its value.

A type is an entry of `PARAMETER_TYPES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

ParameterTypeName = Literal["integer", "number", "text", "boolean", "date", "datetime", "month", "choice"]
Value = int | float | str
Scalar = bool | int | float | str | date | datetime

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*", re.DOTALL)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_BOOLEANS = {"true": 1, "1": 1, "yes": 1, "on": 1, "false": 0, "0": 0, "no": 0, "off": 0}
_LARGEST_INTEGER = 2**63


class InvalidValue(ValueError):
    """A text is not a value of the parameter; the message says what is allowed."""


class Parameter(BaseModel):
    """What a header says of one parameter.

    required: when it is not said, a parameter without a default is required. min and max: of a
    number or a day, or of a text's length. pattern: a regular expression for the whole text.
    choices: the values, or choices_sql: a SELECT whose first column has them. many: a list, given
    by repeating the name; SQL gets it as a JSON array, for `json_each(:ids)`. time_zone: in which
    `today` and `now` are taken and a datetime without an offset is read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ParameterTypeName
    description: str = ""
    required: bool | None = None
    default: Scalar | list[Scalar] | None = None
    min: Scalar | None = None
    max: Scalar | None = None
    pattern: str | None = None
    choices: list[Scalar] | None = None
    choices_sql: str | None = None
    many: bool = False
    time_zone: str = "UTC"
    example: Scalar | list[Scalar] | None = None

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
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _fits_its_type(self) -> Parameter:
        if self.pattern is not None and self.type != "text":
            raise ValueError(f"pattern is for text, not for {self.type}")
        if (self.choices is None) == (self.choices_sql is None) and self.type == "choice":
            raise ValueError("a choice has either choices or choices_sql")
        if self.type != "choice" and (self.choices is not None or self.choices_sql is not None):
            raise ValueError(f"choices are for the type choice, not for {self.type}")
        if self.type in ("boolean", "choice") and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max are not for {self.type}")
        if self.required and self.default is not None:
            raise ValueError("a parameter with a default cannot be required")
        for key in ("min", "max"):
            self._require_valid_bound(key)
        self._require_valid_examples()
        return self

    def _require_valid_bound(self, key: str) -> None:
        try:
            self._bound(getattr(self, key))
        except InvalidValue as error:
            raise ValueError(f"{key}: {error}") from error

    def _require_valid_examples(self) -> None:
        for key in ("default", "example"):
            given = getattr(self, key)
            for value in given if isinstance(given, list) else [given]:
                try:
                    if value is not None and self.choices_sql is None:
                        self.parse_one(_text_of(value))
                except InvalidValue as error:
                    raise ValueError(f"{key}: {error}") from error

    @property
    def is_required(self) -> bool:
        """Whether a request must give it."""
        return self.default is None if self.required is None else self.required

    def parse_one(self, text: str) -> Value:
        """The value of one text; raises InvalidValue with what is allowed."""
        kind = PARAMETER_TYPES[self.type]
        value = kind.parse(text, self)
        self._check_limits(value)
        return value

    def default_value(self) -> Value | list[Value] | None:
        """The default as a value, `today` and `now` as of this moment."""
        if self.default is None:
            return None
        if isinstance(self.default, list):
            return [self.parse_one(_text_of(value)) for value in self.default]
        value = self.parse_one(_text_of(self.default))
        return [value] if self.many else value

    def _check_limits(self, value: Value) -> None:
        size: Any = len(str(value)) if self.type == "text" else value
        unit = " characters long" if self.type == "text" else ""
        low, high = self._bound(self.min), self._bound(self.max)
        if low is not None and size < low:
            raise InvalidValue(f"must be at least {low}{unit}")
        if high is not None and size > high:
            raise InvalidValue(f"must be at most {high}{unit}")

    def _bound(self, bound: Scalar | None) -> Any:
        if bound is None:
            return None
        kind = "integer" if self.type == "text" else self.type
        return PARAMETER_TYPES[kind].parse(_text_of(bound), self)


@dataclass(frozen=True, slots=True)
class ParameterType:
    """parse: a text's value, or InvalidValue; schema: the JSON Schema of a value as it is given."""

    parse: Callable[[str, Parameter], Value]
    schema: dict[str, object]


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _parse_integer(text: str, parameter: Parameter) -> int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValue("must be a whole number, such as 42")
    value = int(text)
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


def _parse_text(text: str, parameter: Parameter) -> str:
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, text):
        raise InvalidValue(f"must match the pattern {parameter.pattern}")
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
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise InvalidValue("must be a day that exists, as YYYY-MM-DD, or today")


def _parse_datetime(text: str, parameter: Parameter) -> str:
    if text in ("now", "today"):
        moment = _now(parameter)
        if text == "today":
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return _utc_text(moment)
    try:
        if _DATETIME.fullmatch(text):
            # A plus sign that was not percent-encoded arrives as a space.
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)\Z", r"+\1", text))
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=ZoneInfo(parameter.time_zone))
            return _utc_text(moment)
    except (ValueError, OverflowError):
        pass
    raise InvalidValue("must be a moment that exists, as YYYY-MM-DDTHH:MM:SS with Z or an offset, or now")


def _utc_text(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _parse_month(text: str, parameter: Parameter) -> str:
    if text == "today":
        return _now(parameter).strftime("%Y-%m")
    if not _MONTH.fullmatch(text) or text.startswith("0000"):
        raise InvalidValue("must be a month, as YYYY-MM, or today")
    return text


def _parse_choice(text: str, parameter: Parameter) -> Value:
    if parameter.choices is None:
        return text
    for choice in parameter.choices:
        if _text_of(choice) == text:
            return (
                int(choice)
                if isinstance(choice, bool)
                else choice
                if isinstance(choice, int | float | str)
                else text
            )
    allowed = ", ".join(map(_text_of, parameter.choices))
    raise InvalidValue(f"must be one of {allowed}")


PARAMETER_TYPES: dict[str, ParameterType] = {
    "integer": ParameterType(_parse_integer, {"type": "integer", "format": "int64"}),
    "number": ParameterType(_parse_number, {"type": "number", "format": "double"}),
    "text": ParameterType(_parse_text, {"type": "string"}),
    "boolean": ParameterType(_parse_boolean, {"type": "boolean"}),
    "date": ParameterType(_parse_date, {"type": "string", "format": "date"}),
    "datetime": ParameterType(_parse_datetime, {"type": "string", "format": "date-time"}),
    "month": ParameterType(_parse_month, {"type": "string", "pattern": f"^{_MONTH.pattern}$"}),
    "choice": ParameterType(_parse_choice, {}),
}


def parameter_schema(parameter: Parameter) -> dict[str, object]:
    """The JSON Schema (2020-12) of what a request may give for it."""
    schema = dict(PARAMETER_TYPES[parameter.type].schema)
    low, high = ("minLength", "maxLength") if parameter.type == "text" else ("minimum", "maximum")
    if parameter.type in ("integer", "number", "text"):
        schema |= {
            key: bound for key, bound in ((low, parameter.min), (high, parameter.max)) if bound is not None
        }
    if parameter.pattern is not None:
        schema["pattern"] = f"^(?:{parameter.pattern})$"
    if parameter.choices is not None:
        schema["enum"] = [_json(choice) for choice in parameter.choices]
    if parameter.many:
        schema = {"type": "array", "items": schema}
    if parameter.default not in (None, "today", "now"):
        schema["default"] = _json(parameter.default)
    return schema


def _json(value: object) -> object:
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
