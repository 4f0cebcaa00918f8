"""Parameters: what a header declares of each, and reading those of one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.sqlfile.types import Declared, Scalar, Value, text_of
from aggregator.values.invalid import InvalidValue, KeyDiagnostics

Arguments = dict[str, Value | list[Value] | None]
"""The value of each declared parameter; a list for `many`, None for one that is not given."""


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
        if isinstance(self.default, list):
            return [self.parse_one(text_of(value)) for value in self.default]
        value = self.parse_one(text_of(self.default))
        return [value] if self.many else value


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
