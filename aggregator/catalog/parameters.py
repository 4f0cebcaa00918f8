"""Parameters: what a header says of one, and how a request's text becomes its value."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from aggregator.catalog.findings import Findings, InvalidValue
from aggregator.catalog.minor_units import amount_text, is_known_currency, places_of
from aggregator.catalog.parameter_types import (
    PARAMETER_TYPES,
    ParameterTypeName,
    Scalar,
    Value,
    text_of,
)
from aggregator.catalog.patterns import json_schema_pattern, matcher

MOVING = ("today", "now")
"""Values that will be others tomorrow."""

_ORDERED = ("integer", "number", "money", "text", "date", "datetime", "month")
_IN_TIME = ("date", "datetime", "month")
_KEYS_OF_TYPES = {
    "min": _ORDERED,
    "max": _ORDERED,
    "currency": ("money",),
    "pattern": ("text",),
    "message": ("text",),
    "choices": ("choice",),
    "choices_sql": ("choice",),
    "time_zone": _IN_TIME,
}
"""The keys that only some types have."""


class Parameter(BaseModel):
    """What a header says of one parameter. Each field is a key of `params.<name>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ParameterTypeName = Field(description="What the values are; see the types")
    description: str = Field("", description="What it means, for the form and the API's pages")
    required: bool | None = Field(
        None,
        description="Whether a request must give it; when it is not said, it must if there is no default. "
        "SQL gets NULL for what is neither given nor has a default",
    )
    default: Scalar | list[Scalar] | None = Field(
        None, description="The value when none is given; `today` and `now` are those of the request"
    )
    currency: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description="ISO 4217 code of money; two decimals when it is not given",
    )
    min: Scalar | None = Field(None, description="The least value; of a text, its least length")
    max: Scalar | None = Field(None, description="The greatest value; of a text, its greatest length")
    pattern: str | None = Field(
        None, description="A regular expression that the whole text must match; see the rules of patterns"
    )
    message: str | None = Field(
        None,
        description="The error for a text that does not match `pattern`, such as `must be an e-mail address`",
    )
    choices: list[Scalar] | None = Field(None, description="The values of a choice")
    choices_sql: str | None = Field(
        None, description="Or a SELECT whose first column has the values, without parameters"
    )
    many: bool = Field(
        False, description="A list, given by repeating the name; SQL gets a JSON array for `json_each`"
    )
    time_zone: str = Field(
        "UTC",
        description="Where `today` and `now` are taken, and a datetime without an offset is read; UTC when "
        "it is not given",
    )
    example: Scalar | list[Scalar] | None = Field(
        None, description="A value for the form and the API's pages to begin with"
    )

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
    def _fits_its_type(self) -> Parameter:
        findings = Findings()
        for key, types in _KEYS_OF_TYPES.items():
            if self.type not in types and key in self.model_fields_set:
                findings.add(key, f"is for {', '.join(types)}, not for {self.type}")
        if self.required and self.default is not None:
            findings.add("required", "cannot be true where there is a default")
        if self.message is not None and self.pattern is None:
            findings.add("message", "needs a pattern beside it")
        if self.currency is not None and not is_known_currency(self.currency):
            findings.add("currency", f"{self.currency} is not a currency of ISO 4217")
            findings.raise_any()
        if self.type == "choice":
            self._check_choices(findings)
        elif self.type != "boolean":
            self._check_bounds(findings)
        findings.raise_any()
        self._check_own_values(findings)
        findings.raise_any()
        return self

    def _check_choices(self, findings: Findings) -> None:
        if (self.choices is None) == (self.choices_sql is None):
            findings.add("type", "a choice has choices, or else choices_sql")
        texts = [text_of(choice) for choice in self.choices or ()]
        if self.choices is not None and (not texts or "" in texts):
            findings.add("choices", "must have values, none of them empty")
        for text in sorted({one for one, other in combinations(texts, 2) if one == other}):
            findings.add("choices", f"{text} comes twice")

    def _check_bounds(self, findings: Findings) -> None:
        bounds = {}
        for key in ("min", "max"):
            try:
                bounds[key] = self.bound(getattr(self, key))
            except InvalidValue as error:
                findings.add(key, str(error))
        low, high = bounds.get("min"), bounds.get("max")
        if low is not None and high is not None and _sort_key(low) > _sort_key(high):
            findings.add("min", "is more than max")
        if self.type == "text" and any(length is not None and length < 0 for length in (low, high)):
            findings.add("min", "a length is 0 or more")

    def _check_own_values(self, findings: Findings) -> None:
        for key in ("default", "example"):
            given = getattr(self, key)
            if isinstance(given, list) and not self.many:
                findings.add(key, "is a list, but the parameter is not: say many: true")
                continue
            for value in given if isinstance(given, list) else [given]:
                if self.type == "text" and isinstance(value, bool | float):
                    findings.add(key, "must be a text; put it in quotes")
                    continue
                try:
                    if value is not None:
                        self.parse_one(text_of(value))
                except InvalidValue as error:
                    findings.add(key, str(error))

    @property
    def is_required(self) -> bool:
        """Whether a request must give it."""
        return self.default is None if self.required is None else self.required

    def parse_one(self, text: str) -> Value:
        """The value of one text; raises InvalidValue with what is allowed."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValue("must be valid Unicode") from None
        if "\0" in text:
            raise InvalidValue("must not hold the character NUL")
        value = PARAMETER_TYPES[self.type].parse(text, self)
        self._check_limits(value)
        return value

    def default_value(self) -> Value | list[Value] | None:
        """The default as a value, `today` and `now` as of this moment."""
        if self.default is None:
            return None
        if isinstance(self.default, list):
            return [self.parse_one(text_of(value)) for value in self.default]
        value = self.parse_one(text_of(self.default))
        return [value] if self.many else value

    def _check_limits(self, value: Value) -> None:
        size = len(str(value)) if self.type == "text" else _sort_key(value)
        low, high = self.bound(self.min), self.bound(self.max)
        if low is not None and size < _sort_key(low):
            raise InvalidValue(f"must be at least {self._in_words(low)}")
        if high is not None and size > _sort_key(high):
            raise InvalidValue(f"must be at most {self._in_words(high)}")

    def _in_words(self, bound: Any) -> str:
        if self.type == "money":
            return amount_text(bound, self.currency)
        return f"{bound} characters long" if self.type == "text" else str(bound)

    def bound(self, bound: Scalar | None) -> Any:
        """What min or max says, as a value; raises InvalidValue."""
        if bound is None:
            return None
        kind: ParameterTypeName = "integer" if self.type == "text" else self.type
        return PARAMETER_TYPES[kind].parse(text_of(bound), self)


class SortSpec(BaseModel):
    """How a request may sort the rows. Each field is a key of `sort`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str = Field(
        description="The order of the file's own ORDER BY: its first column and the direction, "
        "`order_date.desc` or `order_date.asc`"
    )
    columns: list[str] = Field(
        min_length=1,
        description="The columns of the result that the parameter `sort` takes, each as `column.asc` and "
        "`column.desc`",
    )
    then: str = Field(
        description="The column that sorts equal rows, ascending; its values are unique, and the file's "
        "ORDER BY ends in it"
    )
    description: str = Field("", description="What it means, for the form and the API's pages")

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> SortSpec:
        if self.default not in (choices := sort_parameter(self.columns).choices or ()):
            raise ValueError(f"default must be one of {', '.join(map(text_of, choices))}")
        return self


def sort_parameter(
    columns: Iterable[str], default: str | None = None, description: str = "Sort by a column, in every format"
) -> Parameter:
    """The parameter `sort`, which takes each column with `.asc` and `.desc`."""
    ways = dict.fromkeys(f"{column}.{way}" for column in columns for way in ("asc", "desc"))
    return Parameter(type="choice", choices=[*ways], required=False, default=default, description=description)


def _sort_key(value: Value) -> Any:
    # As text `12:00:00.5Z` comes before `12:00:00Z`.
    return value.removesuffix("Z") if isinstance(value, str) else value


_ENUMS = ({str}, {int})
"""The types of choices that generators of clients know; others are given as texts."""


def parameter_schema(parameter: Parameter) -> dict[str, object]:
    """The JSON Schema (2020-12) of what a request may give for it."""
    schema = dict(PARAMETER_TYPES[parameter.type].schema)
    low, high = ("minLength", "maxLength") if parameter.type == "text" else ("minimum", "maximum")
    if parameter.type in ("integer", "number", "text"):
        bounds = ((low, parameter.bound(parameter.min)), (high, parameter.bound(parameter.max)))
        schema |= {key: bound for key, bound in bounds if bound is not None}
    if parameter.type == "money":
        units = 10 ** places_of(parameter.currency)
        limits = {low: parameter.bound(parameter.min), high: parameter.bound(parameter.max)}
        schema |= {key: bound / units for key, bound in limits.items() if bound is not None}
    if parameter.type == "text" and parameter.is_required:
        # An empty text counts as not given.
        schema["minLength"] = max(int(str(schema.get("minLength", 1))), 1)
    if parameter.pattern is not None and (pattern := json_schema_pattern(parameter.pattern)) is not None:
        schema["pattern"] = pattern
    is_mixed = parameter.choices is not None and {type(each) for each in parameter.choices} not in _ENUMS
    if parameter.choices is not None:
        schema["enum"] = [text_of(each) if is_mixed else each for each in parameter.choices]
    if parameter.many:
        schema = {"type": "array", "items": schema}
    if parameter.default is not None and parameter.default not in MOVING:
        schema["default"] = _json(parameter, parameter.default, is_mixed)
    return schema


def _json(parameter: Parameter, value: Any, is_mixed: bool) -> object:
    """A default as JSON has it: `"007"` of an integer is 7, `yes` of a boolean is true."""
    if isinstance(value, list):
        return [_json(parameter, item, is_mixed) for item in value]
    if is_mixed:
        return text_of(value)
    if parameter.type in ("integer", "number"):
        return parameter.parse_one(text_of(value))
    if parameter.type == "boolean":
        return bool(parameter.parse_one(text_of(value)))
    return value
