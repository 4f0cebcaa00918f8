"""What a file says of its URL, as tables for the page that shows its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.parameter_types import text_of
from aggregator.catalog.parameters import Parameter
from aggregator.databases.table_names import aliases
from aggregator.formats import Column
from aggregator.reports.report import Report
from aggregator.writes.write import Write

_STORED = {"real": "number"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A parameter, or a column of the rows in a body.

    default: as text, None without one; allowed: in words; elsewhere: its names in other people's files.
    """

    name: str
    type: str
    is_required: bool
    default: str | None
    allowed: str
    description: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A column of the result. is_guessed: whether the header says nothing of its type."""

    name: str
    type: str
    is_guessed: bool
    currency: str
    description: str


@dataclass(frozen=True, slots=True)
class Database:
    """A database that the SQL names. tables: those of it that stand in the SQL; written: some of them."""

    schema: str
    tables: tuple[str, ...]
    written: tuple[str, ...]


def parameters_of(params: Mapping[str, Parameter]) -> list[Taken]:
    """The parameters in the order of the header."""
    return [
        Taken(
            name=name,
            type=f"list of {parameter.type}" if parameter.many else parameter.type,
            is_required=parameter.is_required,
            default=_default(parameter),
            allowed=_allowed(parameter),
            description=parameter.description,
        )
        for name, parameter in params.items()
    ]


def input_of(columns: Mapping[str, InputColumn]) -> list[Taken]:
    """The columns of the rows in a body, in the order of the header."""
    return [
        Taken(
            name=name,
            type=f"{column.type}, {column.currency}" if column.currency else column.type,
            is_required=column.required,
            default=_default(column),
            allowed=_allowed(column),
            description=column.description,
            elsewhere=", ".join(column.names),
        )
        for name, column in columns.items()
    ]


def columns_of(columns: Iterable[Column]) -> list[Given]:
    """The columns of the result, in their order."""
    return [
        Given(
            name=column.name,
            type=column.type or _STORED.get(str(column.storage), column.storage) or "as stored",
            is_guessed=not column.is_declared,
            currency=column.currency or "",
            description=column.description,
        )
        for column in columns
    ]


def databases_of(checked: Report | Write) -> list[Database]:
    """The databases that an endpoint needs, with the tables that its SQL names."""
    texts = [_sql(checked.endpoint), *_choices(checked)]
    schemas = {file.schema.lower(): file.schema for file in checked.files}
    named = set().union(*(each for text in texts for each in aliases(text, schemas).values()))
    statements = checked.statements if isinstance(checked, Write) else ()
    written = {table for statement in statements for table in statement.writes}
    return [
        Database(
            file.schema,
            tuple(sorted({table for schema, table in named | written if schema == file.schema})),
            tuple(sorted({table for schema, table in written if schema == file.schema})),
        )
        for file in checked.files
    ]


def _sql(endpoint: Endpoint) -> str:
    return endpoint.source.sql if endpoint.source is not None else ""


def _choices(checked: Report | Write) -> list[str]:
    return [each.choices_sql for each in checked.header.params.values() if each.choices_sql is not None]


def _default(declared: Parameter | InputColumn) -> str | None:
    default = declared.default
    if default is None:
        return None
    return ", ".join(text_of(value) for value in default) if isinstance(default, list) else text_of(default)


def _allowed(declared: Parameter | InputColumn) -> str:
    low, high = (None if bound is None else text_of(bound) for bound in (declared.min, declared.max))
    unit = " characters" if declared.type == "text" else ""
    said = []
    if low is not None and high is not None:
        said.append(f"{low} to {high}{unit}")
    elif low is not None:
        said.append(f"at least {low}{unit}")
    elif high is not None:
        said.append(f"at most {high}{unit}")
    if declared.choices is not None:
        said.append(", ".join(text_of(choice) for choice in declared.choices))
    if isinstance(declared, Parameter) and declared.choices_sql is not None:
        said.append("a value of the data")
    if declared.pattern is not None:
        said.append(f"the pattern {declared.pattern}")
    if isinstance(declared, InputColumn) and declared.formats:
        said.append(f"written as {' or '.join(declared.formats)}")
    if declared.time_zone != "UTC":
        said.append(f"in {declared.time_zone}")
    return "; ".join(said)
