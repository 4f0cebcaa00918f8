"""What the statements of a file that writes are, found by preparing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import apsw
import apsw.ext

from aggregator.databases.called_functions import is_volatile
from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.file_errors import OF_A_FILE
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.guards import guard_of
from aggregator.databases.inspection import ResultColumn, Statement, schemas_of, unreadable
from aggregator.databases.statement_faults import StatementFault, explained, same_names
from aggregator.databases.tokens import Piece, code, pieces, tokens
from aggregator.databases.write_authorizer import WriteAuthorizer

INPUT_TABLE = "input"
LINE_COLUMN = "line"
"""Of the input table: where in the file the row stands."""

_VERBS = {"insert", "update", "delete", "replace", "with", "select", "values"}
_RULE = "here; a file may read, insert, update and delete, in the tables of its databases"


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
    names = ", ".join(quoted(column) for column in columns)
    return f"CREATE TEMP TABLE {INPUT_TABLE} ({LINE_COLUMN} INTEGER PRIMARY KEY, {names})"


def inspect_writes(
    sql: str, connection: InspectionConnection, files: Mapping[str, DatabaseFile]
) -> tuple[list[Statement], list[StatementFault]]:
    """Prepare each statement of a text. files: all databases.

    Raises DatabaseUnavailable.
    """
    unfinished = next((token for token in tokens(sql) if token.kind == "open_comment"), None)
    if unfinished is not None:
        return [], [StatementFault(unfinished.line, "the comment that begins here has no end, */")]
    found = pieces(sql)
    if not found:
        return [], [StatementFault(1, "there is no statement")]
    statements: list[Statement] = []
    faults: list[StatementFault] = []
    for piece in found:
        statement, of_piece = _inspect_one(piece, connection, files)
        if statement is not None and statement.columns and piece is not found[-1]:
            statement, of_rows = _with_guard(statement, connection.has_input)
            of_piece += of_rows
        faults += [StatementFault(piece.line + each.line - 1, each.message) for each in of_piece]
        statements += [statement] if statement is not None else []
    return statements, faults


def _with_guard(statement: Statement, has_input: bool) -> tuple[Statement, list[StatementFault]]:
    """A statement that gives rows though another comes after it."""
    if statement.writes:
        message = "only the rows of the last statement are the answer; this one has rows too"
        return statement, [StatementFault(1, message)]
    guard, reason = guard_of([column.name for column in statement.columns], has_input)
    return replace(statement, guard=guard), [] if reason is None else [StatementFault(1, reason)]


def _inspect_one(
    piece: Piece, connection: InspectionConnection, files: Mapping[str, DatabaseFile]
) -> tuple[Statement | None, list[StatementFault]]:
    words = code(piece.text)
    if words[0].text.lower() not in _VERBS:
        message = f"{words[0].text} is not allowed {_RULE}"
        return None, [StatementFault(1, message)]
    authorizer = connection.writing
    authorizer.forget()
    try:
        details = apsw.ext.query_info(connection, piece.text)
    except OF_A_FILE as error:
        raise unreadable(connection, error) from error
    except apsw.Error as error:
        refused = authorizer.refused
        if refused is not None:
            return None, [StatementFault(1, f"{refused} is not allowed {_RULE}")]
        return None, [explained(error, piece.text, connection, files)]
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
