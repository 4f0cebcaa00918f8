"""The YAML block in a file's leading comment, and the model that it is read into."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from aggregator.catalog.parameters import Parameter
from aggregator.errors import Fault

_LEADING_COMMENT = re.compile(r"\A\ufeff?(?:\s|--[^\n]*(?:\n|\Z))*/\*(.*?)\*/", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

ColumnTypeName = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "month", "money", "percent", "json"
]
FormatName = Literal["json", "ndjson", "csv", "excel"]
ParameterName = Annotated[str, Field(pattern=_NAME)]

RESERVED_PARAMETERS = {"format", "for"}
"""Names in the query string that the service reads by itself."""


class ColumnSpec(BaseModel):
    """What a header says of one column of the result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnTypeName | None = Field(None, description="How the values are shown and written")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217 code of a money column")
    description: str = Field("", description="What the column means")

    @model_validator(mode="after")
    def _currency_is_of_money(self) -> ColumnSpec:
        if self.currency is not None and self.type != "money":
            raise ValueError("currency belongs to a column of type money")
        return self


class Header(BaseModel):
    """All that a file says of its URL. Each field is a key of the YAML block."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field("", description="One line for lists; the file's name when it is not given")
    description: str = Field("", description="What the report tells; Markdown in the API's pages")
    params: dict[ParameterName, Parameter] = Field(
        default_factory=dict, description="The `:name`s of the SQL, each with its type"
    )
    columns: dict[str, ColumnSpec] = Field(
        default_factory=dict, description="How columns of the result are shown, by name"
    )
    filename: str | None = Field(
        None, description="The download's name without its ending; `{param}` is filled in"
    )
    formats: list[FormatName] = Field(
        default_factory=list, description="The formats to be had; all when it is not given"
    )
    time_limit: float | None = Field(
        None, gt=0, description="Seconds of SQL, when less than the service's setting"
    )
    tags: list[str] = Field(default_factory=list, description="Groups of the API's pages")

    @field_validator("params")
    @classmethod
    def _not_reserved(cls, params: dict[str, Parameter]) -> dict[str, Parameter]:
        for name in sorted(RESERVED_PARAMETERS & params.keys()):
            raise ValueError(f"{name} is a parameter of the service itself; choose another name")
        return params

    @model_validator(mode="after")
    def _filename_uses_params(self) -> Header:
        for name in _PLACEHOLDER.findall(self.filename or ""):
            if name not in self.params:
                raise ValueError(f"filename uses {{{name}}}, which is not a parameter")
        return self


@dataclass(frozen=True, slots=True)
class Source:
    """A file taken apart: its header, where the header's keys stand, and the SQL after it.

    lines: the line of the file for each path of keys, as `("params", "since")`. sql_line: the line
    of the file on which `sql` begins.
    """

    header: Header
    lines: dict[tuple[str, ...], int]
    sql: str
    sql_line: int

    def line_of(self, *keys: str) -> int:
        """The line of a key of the header, or of the nearest key above it."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return 1


def read_source(text: str, file: str) -> tuple[Source | None, list[Fault]]:
    """Take a file's text apart; without a leading `/* */` comment the header is empty.

    file: how the faults name it. The source is None when there are faults.
    """
    match = _LEADING_COMMENT.match(text)
    if match is None:
        return Source(Header(), {}, text.removeprefix("\ufeff"), 1), []
    first_line = text.count("\n", 0, match.start(1)) + 1
    sql_line = text.count("\n", 0, match.end()) + 1
    data, fault = _read_yaml(match[1], file, first_line)
    if fault is not None:
        return None, [fault]
    lines = dict(_lines(data, first_line))
    try:
        header = Header.model_validate(data or {})
    except ValidationError as error:
        return None, [_fault(file, lines, first_line, problem) for problem in error.errors()]
    return Source(header, lines, text[match.end() :], sql_line), []


def _read_yaml(text: str, file: str, first_line: int) -> tuple[CommentedMap | None, Fault | None]:
    try:
        data = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = first_line + error.problem_mark.line if error.problem_mark else first_line
        return None, Fault(file, line, f"the header is not YAML: {(error.problem or '').strip()}")
    except (YAMLError, ValueError) as error:
        return None, Fault(file, first_line, f"the header is not YAML: {error}")
    if data is not None and not isinstance(data, CommentedMap):
        return None, Fault(
            file,
            first_line,
            "the leading /* */ comment is the header and holds YAML keys; begin other notes with --",
        )
    return data, None


def _lines(data: Any, first_line: int, above: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], int]]:
    if not isinstance(data, CommentedMap):
        return
    for key, value in data.items():
        keys = (*above, str(key))
        yield keys, first_line + data.lc.key(key)[0]
        yield from _lines(value, first_line, keys)


def _fault(file: str, lines: dict[tuple[str, ...], int], first_line: int, problem: Any) -> Fault:
    keys = tuple(str(key) for key in problem["loc"] if key != "[key]")
    known = keys
    while known and known not in lines:
        known = known[:-1]
    line = lines.get(known, first_line)
    name = ".".join(known) or "header"
    if problem["type"] == "extra_forbidden":
        allowed = (
            Parameter if len(keys) == 3 and keys[0] == "params" else ColumnSpec if len(keys) == 3 else Header
        )
        return Fault(file, line, f"unknown key {keys[-1]}; the keys are {', '.join(allowed.model_fields)}")
    message = problem["msg"].removeprefix("Value error, ")
    return Fault(file, line, f"{name}: {message[:1].lower()}{message[1:]}")
