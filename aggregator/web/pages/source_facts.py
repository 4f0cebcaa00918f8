"""What a file says of its URL, as tables for the page that shows its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.parameters import Parameter
from aggregator.databases.table_names import aliases
from aggregator.formats import Column
from aggregator.reports.report import Report
from aggregator.web.pages.rules import default_text, rules_of
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
            type=f"list of {_type(parameter)}" if parameter.many else _type(parameter),
            is_required=parameter.is_required,
            default=None if parameter.default is None else default_text(parameter),
            allowed="; ".join(rules_of(parameter)),
            description=parameter.description,
        )
        for name, parameter in params.items()
    ]


def input_of(columns: Mapping[str, InputColumn]) -> list[Taken]:
    """The columns of the rows in a body, in the order of the header."""
    return [
        Taken(
            name=name,
            type=_type(column),
            is_required=column.required,
            default=None if column.default is None else default_text(column),
            allowed="; ".join(rules_of(column)),
            description=column.description,
            elsewhere=", ".join(column.names),
        )
        for name, column in columns.items()
    ]


def _type(declared: Parameter | InputColumn) -> str:
    return f"{declared.type}, {declared.currency}" if declared.currency else declared.type


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
    statements = (
        checked.statements if isinstance(checked, Write) else (checked.statement, *checked.choices.values())
    )
    named = named.union(*(statement.bare for statement in statements))
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
