"""What a statement is, found by preparing it: columns, parameters, the databases that it reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import apsw
import apsw.ext

from aggregator.databases.bare_names import owners
from aggregator.databases.called_functions import harmless_texts, is_volatile
from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.file_errors import OF_A_FILE, unavailable
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.guards import Guard
from aggregator.databases.schema_tables import Reads, faults_of_schema_tables, tells_of_schemas
from aggregator.databases.statement_faults import (
    StatementFault,
    explained,
    fault_of_kind,
    same_names,
    second_statements,
)
from aggregator.databases.tokens import code, tokens
from aggregator.errors import DatabaseUnavailable

_COMPOUND = re.compile(r"\b(UNION|INTERSECT|EXCEPT)\b", re.IGNORECASE)
_STRICT_STORAGE = {"INT": "integer", "INTEGER": "integer", "REAL": "real", "TEXT": "text"}
_AFFINITIES = {"integer": ("INT",), "text": ("CHAR", "CLOB", "TEXT"), "real": ("REAL", "FLOA", "DOUB")}
"""In the order in which SQLite looks for the words."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a statement's result.

    declared: the type that its table declares, None for an expression. storage: `integer`, `real`
    or `text` when the table's rules make sure that each value is of that storage class or NULL.
    """

    name: str
    declared: str | None
    storage: str | None

    @property
    def affinity(self) -> str | None:
        """Of the declared type (https://sqlite.org/datatype3.html#determination_of_column_affinity).

        `integer`, `text`, `real` or `numeric`; None where values stay as they are.
        """
        declared = (self.declared or "").upper()
        for affinity, words in _AFFINITIES.items():
            if any(word in declared for word in words):
                return affinity
        return "numeric" if declared and "BLOB" not in declared and declared != "ANY" else None


TableName = tuple[str, str]
"""Schema and table."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, without a closing semicolon: its columns, parameters' names and schemas.

    is_volatile: whether its result may be another one though no file has changed. writes: the tables
    that it changes, without those that triggers do, each as schema and name. guard: what its rows say
    when they are no part of the answer, but reasons not to write. bare: the tables that stand without their
    schema. harmless_texts: see
    `called_functions`.
    """

    sql: str
    columns: tuple[ResultColumn, ...]
    parameters: frozenset[str]
    schemas: frozenset[str]
    is_volatile: bool = False
    writes: frozenset[TableName] = frozenset()
    guard: Guard | None = None
    bare: frozenset[TableName] = frozenset()
    harmless_texts: float = float("inf")


def mentioned(sql: str, files: Mapping[str, DatabaseFile]) -> list[DatabaseFile]:
    """Those databases whose schema name stands somewhere in the SQL text."""
    names = {token.name for token in tokens(sql)}
    return [file for schema, file in files.items() if schema.lower() in names]


def inspect(
    sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> tuple[Statement | None, list[StatementFault]]:
    """Prepare the SQL on a connection that has the databases which it mentions, and those of bare names.

    files: all databases. The statement is None when SQLite cannot prepare it or it is no SELECT; further
    faults are a second statement and two columns of one name. Raises DatabaseUnavailable.
    """
    words = code(sql)
    fault = fault_of_kind(sql, words)
    if fault is not None:
        return None, [fault]
    faults = [*second_statements(words)]
    permissions = connection.permissions
    permissions.forget()
    try:
        details = apsw.ext.query_info(connection, sql)
        is_changing = is_volatile(words, permissions.functions)
        harmless = harmless_texts(permissions.functions, words)
        touched, tables = {schema for schema, _ in permissions.reads}, set(permissions.tables)
        columns = _columns(sql, connection, details)
    except OF_A_FILE as error:
        raise unreadable(connection, error) from error
    except apsw.Error as error:
        return None, [*faults, explained(error, sql, connection, files)]
    if not details.is_readonly or not details.description:
        return None, [*faults, StatementFault(words[0].line, "the statement is not a SELECT that only reads")]
    faults += same_names((column.name for column in columns), words[0].line)
    text = details.first_query[words[0].start :].rstrip("; \t\r\n\f")
    parameters = frozenset(name for name in details.bindings_names if name)
    schemas, bare, of_tables = schemas_of(text, touched, tables, connection, files)
    faults += [replace(fault, line=fault.line + words[0].line - 1) for fault in of_tables]
    statement = Statement(text, columns, parameters, schemas, is_changing, bare=bare, harmless_texts=harmless)
    return statement, faults


def schemas_of(
    sql: str,
    touched: Iterable[str],
    tables: Reads,
    connection: ReadOnlyConnection,
    files: Mapping[str, DatabaseFile],
) -> tuple[frozenset[str], frozenset[TableName], list[StatementFault]]:
    """The schemas that a statement needs, its tables without a schema, and what is wrong with its tables.

    touched, tables: the schemas, and the tables read, that SQLite's authorizer was asked for.
    """
    by_name = {file.schema.lower(): file.schema for file in connection.files}
    bare, faults = owners(sql, connection, files)
    faults += faults_of_schema_tables(code(sql), tables, connection, files)
    needed = {by_name[schema.lower()] for schema in touched if schema.lower() in by_name}
    needed.update(schema for schema, _ in bare)
    if tells_of_schemas(tables):
        needed.update(by_name.values())
    return frozenset(needed), frozenset(bare), faults


def unreadable(connection: ReadOnlyConnection, error: apsw.Error) -> DatabaseUnavailable:
    """The error that names the database which SQLite could not read."""
    for file in connection.files:
        try:
            connection.read_schema(file)
        except DatabaseUnavailable as found:
            return found
    return unavailable(connection.files[0], error)


def _columns(
    sql: str, connection: ReadOnlyConnection, details: apsw.ext.QueryDetails
) -> tuple[ResultColumn, ...]:
    described = details.description_full or ()
    through_view = any(through for _, through in connection.permissions.reads)
    provable = not through_view and not _COMPOUND.search(sql)
    strict = _strict_tables(connection, {column[2] for column in described if column[2]})
    return tuple(
        ResultColumn(name, declared, _storage(connection, origin, strict) if provable else None)
        for name, declared, *origin in described
    )


def _strict_tables(connection: ReadOnlyConnection, schemas: Iterable[str]) -> set[tuple[str, str]]:
    return {
        (schema, table)
        for schema in schemas
        for _, table, _, _, _, strict in connection.execute(f"PRAGMA {quoted(schema)}.table_list")
        if strict
    }


def _storage(
    connection: ReadOnlyConnection, origin: Sequence[str | None], strict: set[tuple[str, str]]
) -> str | None:
    schema, table, column = origin
    if schema is None or table is None or column is None or (schema, table) not in strict:
        return None
    declared = connection.column_metadata(schema, table, column)[0]
    return _STRICT_STORAGE.get((declared or "").upper())
