"""What a header declares of a value and of a parameter, and reading the parameters of one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.sqlfile.cell_readers import is_unicode
from aggregator.sqlfile.parameter_types import PARAMETER_TYPES, Limits, ParameterType, Scalar, Value, text_of
from aggregator.sqlfile.patterns import json_schema_pattern, matcher
from aggregator.values.dates import MOVING
from aggregator.values.invalid import InvalidValue, KeyDiagnostics
from aggregator.values.money import amount_text, is_known_currency, places_of

Arguments = dict[str, Value | list[Value] | None]
"""The value of each declared parameter; a list for `many`, None for one that is not given."""


_ENUMS = ({str}, {int})
"""The types of choices that generators of clients know; others are given as texts."""


class Declared(BaseModel):
    """What a header says of a value: the keys and checks that parameters and input columns share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="The type of the values; see the types below")
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

    @field_validator("type", mode="before")
    @classmethod
    def _known_type(cls, name: object) -> object:
        if name not in list(PARAMETER_TYPES):
            raise ValueError(f"must be one of {', '.join(PARAMETER_TYPES)}, not {name}")
        return name

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
        if not is_unicode(text):
            raise InvalidValue("must be valid Unicode")
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
        kind = PARAMETER_TYPES["integer"] if self.kind.has_length else self.kind
        return kind.parse(text_of(bound), self)

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


class Parameter(Declared):
    """What a header says of one parameter. Each field is a key of `params.<name>`."""

    required: bool | None = Field(
        None,
        description="Whether the request must give it (default: `true` without a `default`). An optional "
        "parameter without a value is NULL in SQL",
    )
    default: Scalar | list[Scalar] | None = Field(
        None, description="The default value; `today` and `now` are the time of the request"
    )
    example: Scalar | list[Scalar] | None = Field(
        None, description="An example for the form and the API documentation"
    )
    choices_sql: str | None = Field(
        None, description="A SELECT whose first column has the choices; it cannot have parameters"
    )
    many: bool = Field(
        False,
        description="Whether it is a list: a request repeats the name, SQL gets a JSON array for `json_each`",
    )

    def _check_own_keys(self, findings: KeyDiagnostics) -> None:
        if self.type == "choice" and (self.choices is None) == (self.choices_sql is None):
            findings.add("type", "a choice has choices, or else choices_sql")
        for key in ("default", "example"):
            if isinstance(getattr(self, key), list) and not self.many:
                findings.add(key, "is a list, but the parameter is not: say many: true")

    @property
    def is_required(self) -> bool:
        """Whether a request must give it."""
        return self.default is None if self.required is None else self.required

    def default_value(self) -> Value | list[Value] | None:
        """The default as a value, `today` and `now` as of this moment."""
        if self.default is None:
            return None
        given = self.default if isinstance(self.default, list) else [self.default]
        values = [self.parse_one(text_of(value)) for value in given]
        return values if self.many else values[0]


def parameter_schema(parameter: Parameter) -> dict[str, object]:
    """The JSON Schema (2020-12) of what a request may give for it."""
    schema = parameter.json_schema()
    if parameter.type == "text" and parameter.is_required:
        # An empty text counts as not given.
        schema["minLength"] = max(schema.get("minLength", 1), 1)
    if parameter.many:
        schema = {"type": "array", "items": schema}
    return schema | parameter.default_schema()


class SortSpec(BaseModel):
    """How a request may sort the rows. Each field is a key of `sort`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str = Field(
        description="The order of the file's ORDER BY: its first column and direction, such as "
        "`order_date.desc` or `order_date.asc`"
    )
    columns: list[str] = Field(
        min_length=1,
        description="The columns of the result by which a request may sort, each as `column.asc` or "
        "`column.desc`",
    )
    then: str = Field(
        description="The column that orders equal rows, ascending. Its values are unique. The file's "
        "ORDER BY ends in it"
    )
    description: str = Field("", description="The help text in the form and the API documentation")

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


def read_arguments(params: Mapping[str, Parameter], given: Mapping[str, Sequence[str]]) -> Arguments:
    """Check what was given against what is declared.

    given: the texts of each name, in order; an empty text counts as not given, as an HTML form sends
    it. Raises InvalidParameters with an entry for each parameter that is missing, unknown, repeated
    without being a list, or of a wrong value.
    """
    errors = [_unknown(name, texts, params) for name, texts in given.items() if name not in params]
    arguments: Arguments = {}
    for name, parameter in params.items():
        texts = [text for text in given.get(name, ()) if text != ""]
        try:
            arguments[name] = _read(parameter, texts)
        except InvalidValue as error:
            errors.append(InvalidParameter(name, _culprit(parameter, texts), str(error)))
    if errors:
        raise InvalidParameters(errors)
    return arguments


def _read(parameter: Parameter, texts: Sequence[str]) -> Value | list[Value] | None:
    if not texts:
        if parameter.is_required:
            raise InvalidValue(
                "is required" + (f" ({parameter.description})" if parameter.description else "")
            )
        return parameter.default_value()
    if parameter.many:
        return [parameter.parse_one(text) for text in texts]
    if len(texts) > 1:
        raise InvalidValue("is given more than once, but is not a list")
    return parameter.parse_one(texts[0])


def _culprit(parameter: Parameter, texts: Sequence[str]) -> str | None:
    """Of several texts of a list the first wrong one, else all that was given."""
    if parameter.many:
        for text in texts:
            try:
                parameter.parse_one(text)
            except InvalidValue:
                return text
    return ", ".join(texts) or None


def _unknown(name: str, texts: Sequence[str], params: Mapping[str, Parameter]) -> InvalidParameter:
    by_lower = {known.lower(): known for known in params}
    close = get_close_matches(name.lower(), by_lower, n=1)
    hint = f" (did you mean {by_lower[close[0]]}?)" if close else ""
    known = ", ".join(params) or "none"
    message = f"unknown parameter{hint}; available parameters: {known}"
    return InvalidParameter(name, ", ".join(texts), message)
