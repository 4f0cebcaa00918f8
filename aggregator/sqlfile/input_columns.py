"""The columns of the rows that a request brings: what a header says of one.

All that a column has in common with a parameter is checked by a `Parameter` made of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from aggregator.sqlfile.types import (
    MOVING,
    Parameter,
    ParameterTypeName,
    Scalar,
    Value,
    parameter_schema,
    text_of,
)
from aggregator.values.dates import check_date_pattern
from aggregator.values.money import is_known_currency, minor_units, notation_of, places_of, symbols_of
from aggregator.values.number_formats import SHARES, Notation, own_sign, read_notation
from aggregator.values.vocabulary import InvalidValue, KeyDiagnostics

_IN_TIME = ("date", "datetime", "month")
_NUMBERS = ("integer", "number", "money")
_ORDERED = ("integer", "number", "money", "text", "date", "datetime", "month")

_KEYS_OF_TYPES = {
    "format": (*_IN_TIME, *_NUMBERS),
    "currency": ("money",),
    "credit": ("money",),
    "min": _ORDERED,
    "max": _ORDERED,
    "pattern": ("text",),
    "message": ("text",),
    "choices": ("choice",),
    "time_zone": _IN_TIME,
}
"""The keys that only some types have."""

_OF_PARAMETERS = ("type", "default", "min", "max", "pattern", "message", "choices", "time_zone", "example")


def _as_list(given: object) -> object:
    if isinstance(given, bool | int | float):
        raise ValueError("must be a text; put it in quotes")
    return [given] if isinstance(given, str) else given


OneOrMore = Annotated[list[str], BeforeValidator(_as_list)]
"""YAML may say one text, or a list of them."""


class InputColumn(BaseModel):
    """What a header says of one column of the body's rows. Each field is a key of `input.<name>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ParameterTypeName = Field(description="What the values are: a type of parameters")
    description: str = Field("", description="What it means, for the API's pages")
    names: OneOrMore = Field(
        default_factory=list,
        alias="from",
        description="A name, or a list of names, that the column has in other people's files",
    )
    formats: OneOrMore = Field(
        default_factory=list,
        alias="format",
        description="How other people write the values, one or a list: a pattern of days such as "
        "`%m/%d/%y`, or an example of a number such as `1.234,50`",
    )
    currency: str | None = Field(
        None, pattern="^[A-Z]{3}$", description="ISO 4217 code of a money column, which must have one"
    )
    credit: Literal["minus", "plus"] = Field(
        "minus",
        description="The sign of an amount with CR after it, `5.00 CR`; DR means the other. `minus`, as in "
        "ledgers, when it is not given; `plus` is usual in statements of a bank",
    )
    empty: OneOrMore = Field(
        default_factory=list,
        description="Texts that mean nothing, such as `N/A`: such a cell is empty. Upper and lower case are "
        "the same",
    )
    required: bool = Field(
        False, description="Whether a row without a value is refused; if not, SQL gets NULL"
    )
    default: Scalar | None = Field(
        None, description="The value of an empty cell; `today` and `now` are those of the request"
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
    time_zone: str = Field(
        "UTC",
        description="Where `today` and `now` are taken, and a datetime without an offset is read; UTC when "
        "it is not given",
    )
    example: Scalar | None = Field(None, description="A value for the API's pages to show")

    @model_validator(mode="after")
    def _fits_its_type(self) -> InputColumn:
        findings = KeyDiagnostics()
        given = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        for key, types in _KEYS_OF_TYPES.items():
            if self.type not in types and key in given:
                findings.add(key, f"is for {', '.join(types)}, not for {self.type}")
        if self.required and self.default is not None:
            findings.add("required", "cannot be true where there is a default")
        if self.type == "choice" and self.choices is None:
            findings.add("type", "a choice has choices")
        self._check_names(findings)
        self._check_currency(findings)
        if any(not text.strip() for text in self.empty):
            findings.add("empty", "must have texts, none of them empty")
        findings.raise_any()
        self._check_formats(findings)
        if self.type == "money":
            self._check_amounts(findings)
        else:
            self._check_as_parameter(findings)
        findings.raise_any()
        return self

    def _check_names(self, findings: KeyDiagnostics) -> None:
        lowered = [name.strip().lower() for name in self.names]
        if "" in lowered or ("names" in self.model_fields_set and not lowered):
            findings.add("from", "must have names, none of them empty")
        for name in sorted({name for name in lowered if name and lowered.count(name) > 1}):
            findings.add("from", f"{name} comes twice")

    def _check_currency(self, findings: KeyDiagnostics) -> None:
        if self.type == "money" and self.currency is None:
            findings.add("currency", "is missing; a column of type money has one, such as USD")
        elif self.currency is not None and not is_known_currency(self.currency):
            findings.add("currency", f"{self.currency} is not a currency of ISO 4217")

    def _check_formats(self, findings: KeyDiagnostics) -> None:
        if "formats" in self.model_fields_set and not self.formats:
            findings.add("format", "must have at least one")
        for text in self.formats:
            try:
                if self.type in ("date", "datetime", "month"):
                    check_date_pattern(text, self.type)
                else:
                    self._check_sign(text)
                    read_notation(text, self._places)
            except ValueError as error:
                findings.add("format", str(error))

    def _check_sign(self, example: str) -> None:
        """Raise ValueError for the sign of a share, or of another currency than the column's."""
        sign = own_sign(example)
        if sign in SHARES and self.type != "number":
            raise ValueError(f"{sign} is for columns of type number, where 12.5% is 0.125")
        means_one = is_known_currency(sign) or any(unicodedata.category(each) == "Sc" for each in sign)
        if self.currency is not None and means_one and sign not in symbols_of(self.currency):
            raise ValueError(f"{sign} is not a sign of {self.currency}")

    def _check_amounts(self, findings: KeyDiagnostics) -> None:
        found = {}
        for key in ("min", "max", "default", "example"):
            try:
                found[key] = self.amount(getattr(self, key))
            except InvalidValue as error:
                findings.add(key, str(error))
        low, high = found.get("min"), found.get("max")
        if low is not None and high is not None and low > high:
            findings.add("min", "is more than max")
        for key in ("default", "example"):
            value = found.get(key)
            if value is not None and low is not None and value < low:
                findings.add(key, f"must be at least {self.min}")
            if value is not None and high is not None and value > high:
                findings.add(key, f"must be at most {self.max}")

    def _check_as_parameter(self, findings: KeyDiagnostics) -> None:
        try:
            self.as_parameter()
        except ValidationError as error:
            for problem in error.errors():
                cause = problem.get("ctx", {}).get("error")
                of_key = ".".join(map(str, problem["loc"]))
                found = cause.found if isinstance(cause, KeyDiagnostics) else [(of_key, str(cause))]
                for key, message in found:
                    findings.add(key, message)

    @property
    def _places(self) -> int | None:
        if self.type == "money" and self.currency is not None:
            return places_of(self.currency)
        return 0 if self.type == "integer" else None

    def as_parameter(self) -> Parameter:
        """A parameter with the same type and limits; not for money."""
        keys = [key for key in _OF_PARAMETERS if key in self.model_fields_set]
        return Parameter.model_validate({key: getattr(self, key) for key in keys} | {"required": False})

    def amount(self, value: Scalar | None) -> int | None:
        """A value of the header in the currency's smallest unit; raises InvalidValue."""
        if value is None or self.currency is None:
            return None
        return minor_units(text_of(value), self.currency)

    def default_value(self) -> Value | None:
        """The value of an empty cell, `today` and `now` as of this moment."""
        if self.default is None or self.type == "money":
            return self.amount(self.default)
        value = self.as_parameter().default_value()
        assert not isinstance(value, list)
        return value

    def notations(self) -> list[Notation]:
        """How numbers are written in other people's files; none where only plain ones are read.

        A share is one of a number's: 12.5% is 0.125, as in a workbook's cell.
        """
        signs = symbols_of(self.currency) if self.currency is not None else ()
        notations = [read_notation(text, self._places, signs) for text in self.formats]
        if self.type == "money":
            credit = {"minus": "-", "plus": "+"}[self.credit]
            return [replace(each, credit=credit) for each in notations or [notation_of(self.currency)]]
        if self.type != "number":
            return notations
        plain = [each for each in notations if not each.share]
        return [*notations, *(each.with_share(sign) for each in plain for sign in SHARES)]

    def shares(self) -> list[Notation]:
        """How shares are written where numbers are plain."""
        return [read_notation(f"12.5{sign}", None) for sign in SHARES] if self.type == "number" else []


def input_schema(columns: Mapping[str, InputColumn]) -> dict[str, object]:
    """The JSON Schema (2020-12) of one row as JSON gives it."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": {name: _column_schema(column) for name, column in columns.items()},
    }
    required = [name for name, column in columns.items() if column.required]
    return schema | ({"required": required} if required else {})


def _column_schema(column: InputColumn) -> dict[str, Any]:
    is_money = column.type == "money"
    schema: dict[str, Any] = {}
    schema.update(_money_schema(column) if is_money else parameter_schema(column.as_parameter()))
    if not column.required:
        if "type" in schema:
            schema["type"] = [*_listed(schema["type"]), "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if column.description:
        schema["description"] = column.description
    if column.example is not None and column.example not in MOVING:
        schema["examples"] = [column.example]
    return schema


def _listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _money_schema(column: InputColumn) -> dict[str, Any]:
    """An amount is a text, as answers have it, or a number."""
    schema: dict[str, Any] = {"type": ["string", "number"]}
    for key, bound in (("minimum", column.min), ("maximum", column.max)):
        if bound is not None:
            schema[key] = float(bound)
    return schema if column.default is None else schema | {"default": column.default}
