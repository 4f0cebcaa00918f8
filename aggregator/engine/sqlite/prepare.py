"""Prepare the SQL of a file: the SELECT of a report, or the statements of a write; nothing is run.

In a write, a SELECT before the last statement is a guard: each of its rows is a reason not to write. The name
of its first column says of which kind the reason is, and its text is the sentence for the client. Where there
are rows of a body, a guard may also say which `line` of them it is about, and which `column`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import apsw
import apsw.ext

from aggregator.engine.model import Guard, GuardKind, ResultColumn, Statement, StatementError, TableName
from aggregator.engine.sqlite.authorizer import WriteAuthorizer
from aggregator.engine.sqlite.bare_names import owners
from aggregator.engine.sqlite.connection import ReadOnlyConnection, quoted_name
from aggregator.engine.sqlite.diagnostics import (
    Reads,
    fault_of_kind,
    faults_of_schema_tables,
    open_comment,
    same_names,
    second_statements,
    statement_error,
    tells_of_schemas,
)
from aggregator.engine.sqlite.files import OF_A_FILE, DatabaseFile, unavailable
from aggregator.engine.sqlite.tokens import (
    SqlStatement,
    code,
    harmless_texts,
    is_volatile,
    sql_statements,
    tokens,
)
from aggregator.errors import DatabaseUnavailable

_KINDS: tuple[GuardKind, ...] = get_args(GuardKind)
_LINE, _COLUMN = "line", "column"


_COMPOUND = re.compile(r"\b(UNION|INTERSECT|EXCEPT)\b", re.IGNORECASE)
_STRICT_STORAGE = {"INT": "integer", "INTEGER": "integer", "REAL": "real", "TEXT": "text"}


def referenced(sql: str, files: Mapping[str, DatabaseFile]) -> list[DatabaseFile]:
    """Those databases whose schema name stands somewhere in the SQL text."""
    names = {token.name for token in tokens(sql)}
    return [file for schema, file in files.items() if schema.lower() in names]


def prepare(
    sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> tuple[Statement | None, list[StatementError]]:
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
        return None, [*faults, statement_error(error, sql, connection, files)]
    if not details.is_readonly or not details.description:
        return None, [*faults, StatementError(words[0].line, "the statement is not a SELECT that only reads")]
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
) -> tuple[frozenset[str], frozenset[TableName], list[StatementError]]:
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
        for _, table, _, _, _, strict in connection.execute(f"PRAGMA {quoted_name(schema)}.table_list")
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


INPUT_TABLE = "input"

LINE_COLUMN = "line"
"""Of the input table: where in the file the row stands."""

_VERBS = {"insert", "update", "delete", "replace", "with", "select", "values"}
_RULE = "here; a file can only read, insert, update and delete rows in the tables of its databases"


class InspectionConnection(ReadOnlyConnection):
    """A connection on which statements that write can be prepared, and not run.

    input_columns: the columns of the table `input`, none when there is no such table; has_input: whether
    there is one.
    """

    def __init__(
        self, files: Sequence[DatabaseFile], patience: float, input_columns: Sequence[str] = ()
    ) -> None:
        super().__init__(files, patience)
        self.has_input = bool(input_columns)
        with self.unrestricted():
            self.execute("PRAGMA foreign_keys = 1")
            if input_columns:
                self.execute(input_table(input_columns))
        self.writing = WriteAuthorizer()
        self.authorizer = self.writing


def input_table(columns: Sequence[str]) -> str:
    """The SQL that makes the table of a request's rows."""
    names = ", ".join(quoted_name(column) for column in columns)
    return f"CREATE TEMP TABLE {INPUT_TABLE} ({LINE_COLUMN} INTEGER PRIMARY KEY, {names})"


def prepare_writes(
    sql: str, connection: InspectionConnection, files: Mapping[str, DatabaseFile]
) -> tuple[list[Statement], list[StatementError]]:
    """Prepare each statement of a text. files: all databases.

    Raises DatabaseUnavailable.
    """
    unfinished = open_comment(sql)
    if unfinished is not None:
        return [], [unfinished]
    found = sql_statements(sql)
    if not found:
        return [], [StatementError(1, "there is no statement")]
    statements: list[Statement] = []
    faults: list[StatementError] = []
    for piece in found:
        statement, of_piece = _prepare_one(piece, connection, files)
        if statement is not None and statement.columns and piece is not found[-1]:
            statement, of_rows = _with_guard(statement, connection.has_input)
            of_piece += of_rows
        faults += [StatementError(piece.line + each.line - 1, each.message) for each in of_piece]
        statements += [statement] if statement is not None else []
    return statements, faults


def _with_guard(statement: Statement, has_input: bool) -> tuple[Statement, list[StatementError]]:
    """A statement that gives rows though another comes after it."""
    if statement.writes:
        message = "only the last statement can return rows; this one returns rows, too"
        return statement, [StatementError(1, message)]
    guard, reason = _guard_of([column.name for column in statement.columns], has_input)
    return replace(statement, guard=guard), [] if reason is None else [StatementError(1, reason)]


def _guard_of(names: Sequence[str], has_input: bool) -> tuple[Guard | None, str | None]:
    """The guard whose rows have columns of these names, or what is wrong with them."""
    lowered = [name.lower() for name in names]
    kind = next((kind for kind in _KINDS if kind == lowered[0]), None)
    if kind is None:
        return None, (
            "a SELECT before the last statement is a guard; its first column must be named "
            f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}, not {names[0]}"
        )
    places = {name: place for place, name in enumerate(lowered) if place}
    if places and kind == "missing":
        return None, f"a guard for missing rows has no other column; this one has {names[1]}"
    if places and not has_input:
        return None, f"a guard has no column besides {kind} in a file without input; this one has {names[1]}"
    unknown = next((names[place] for name, place in places.items() if name not in (_LINE, _COLUMN)), None)
    if unknown is not None:
        return None, f"a guard has the columns {kind}, {_LINE} and {_COLUMN}, not {unknown}"
    if _COLUMN in places and _LINE not in places:
        return None, f"a guard with a {_COLUMN} needs a {_LINE}, too"
    return Guard(kind, places.get(_LINE), places.get(_COLUMN)), None


def _prepare_one(
    piece: SqlStatement, connection: InspectionConnection, files: Mapping[str, DatabaseFile]
) -> tuple[Statement | None, list[StatementError]]:
    words = code(piece.text)
    if words[0].text.lower() not in _VERBS:
        message = f"{words[0].text} is not allowed {_RULE}"
        return None, [StatementError(1, message)]
    authorizer = connection.writing
    authorizer.forget()
    try:
        details = apsw.ext.query_info(connection, piece.text)
    except OF_A_FILE as error:
        raise unreadable(connection, error) from error
    except apsw.Error as error:
        refused = authorizer.refused
        if refused is not None:
            return None, [StatementError(1, f"{refused} is not allowed {_RULE}")]
        return None, [statement_error(error, piece.text, connection, files)]
    columns = tuple(
        ResultColumn(name, declared, None) for name, declared, *_ in details.description_full or ()
    )
    writes, functions = frozenset(authorizer.writes), set(authorizer.functions)
    touched, tables = {schema for schema, _ in authorizer.reads | writes}, set(authorizer.tables)
    schemas, bare, faults = schemas_of(piece.text, touched, tables, connection, files)
    statement = Statement(
        sql=piece.text,
        columns=columns,
        parameters=frozenset(name for name in details.bindings_names if name),
        schemas=schemas,
        is_volatile=is_volatile(words, functions),
        writes=writes,
        bare=bare,
    )
    return statement, [*faults, *same_names((column.name for column in columns), 1)]
