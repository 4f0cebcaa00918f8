"""The columns of the rows that a request brings: what a header says of one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from aggregator.sqlfile.parameter_types import Scalar, Value, text_of
from aggregator.sqlfile.parameters import Declared
from aggregator.values.dates import MOVING, check_date_pattern
from aggregator.values.invalid import KeyDiagnostics
from aggregator.values.money import is_known_currency, notation_of, places_of, symbols_of
from aggregator.values.number_formats import SHARES, Notation, own_sign, read_notation


def _as_list(given: object) -> object:
    if isinstance(given, bool | int | float):
        raise ValueError("must be a text; put it in quotes")
    return [given] if isinstance(given, str) else given


OneOrMore = Annotated[list[str], BeforeValidator(_as_list)]
"""YAML may say one text, or a list of them."""


class InputColumn(Declared):
    """What a header says of one column of the body's rows. Each field is a key of `input.<name>`."""

    required: bool = Field(
        False, description="Whether an empty cell is an error (default: `false`, and SQL gets NULL)"
    )
    default: Scalar | None = Field(
        None, description="The value of an empty cell; `today` and `now` are the time of the request"
    )
    example: Scalar | None = Field(None, description="An example for the API documentation")
    names: OneOrMore = Field(
        default_factory=list,
        alias="from",
        description="Other accepted names of the column, one or a list",
    )
    formats: OneOrMore = Field(
        default_factory=list,
        alias="format",
        description="The accepted formats, one or a list: a pattern for dates such as `%m/%d/%y`, or an "
        "example for numbers such as `1.234,50`",
    )
    credit: Literal["minus", "plus"] = Field(
        "minus",
        description="The sign of an amount with CR, such as `5.00 CR`: `minus` (default), as in ledgers, or "
        "`plus`, as on bank statements. DR is the opposite",
    )
    empty: OneOrMore = Field(
        default_factory=list,
        description="Texts that mean no value, such as `N/A`. Case does not matter",
    )

    def _check_own_keys(self, findings: KeyDiagnostics) -> None:
        if self.type == "choice" and self.choices is None:
            findings.add("type", "a choice has choices")
        if self.type == "money" and self.currency is None:
            findings.add("currency", "is missing; a column of type money has one, such as USD")
        lowered = [name.strip().lower() for name in self.names]
        if "" in lowered or ("names" in self.model_fields_set and not lowered):
            findings.add("from", "must have names, none of them empty")
        for name in sorted({name for name in lowered if name and lowered.count(name) > 1}):
            findings.add("from", f"{name} appears twice")
        if any(not text.strip() for text in self.empty):
            findings.add("empty", "must have texts, none of them empty")
        if "format" in self.kind.keys:
            self._check_formats(findings)

    def _check_formats(self, findings: KeyDiagnostics) -> None:
        if "formats" in self.model_fields_set and not self.formats:
            findings.add("format", "must have at least one")
        for text in self.formats:
            try:
                if self.kind.is_in_time:
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

    @property
    def _places(self) -> int | None:
        if self.type == "money" and self.currency is not None:
            return places_of(self.currency)
        return 0 if self.type == "integer" else None

    def default_value(self) -> Value | None:
        """The value of an empty cell, `today` and `now` as of this moment."""
        return None if self.default is None else self.parse_one(text_of(self.default))

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
    schema = column.json_schema() | column.default_schema()
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
