"""What is wrong with a statement, and on which line: from its words, and from SQLite's refusal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import apsw

from aggregator.databases.broken_objects import why_missing
from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.tokens import Token, code, line_of_table, tokens

_WRITING = {"alter", "create", "delete", "drop", "insert", "replace", "update"}
_NOT_READING = {
    *("analyze", "attach", "begin", "commit", "detach", "end", "explain", "pragma", "reindex"),
    *("release", "rollback", "savepoint", "vacuum"),
}


@dataclass(frozen=True, slots=True)
class StatementFault:
    """Why the SQL cannot be used; line counts from 1 inside the SQL text."""

    line: int
    message: str


def fault_of_kind(sql: str, words: Sequence[Token]) -> StatementFault | None:
    """Why the text cannot be a SELECT, as far as its words tell."""
    unfinished = next((token for token in tokens(sql) if token.kind == "open_comment"), None)
    if unfinished is not None:
        return StatementFault(unfinished.line, "the comment that begins here has no end, */")
    if not words:
        return StatementFault(1, "there is no statement; a report has one SELECT")
    verb, line = words[0].text, words[0].line
    if verb.lower() in _WRITING:
        return StatementFault(line, f"the statement writes ({verb}); a report may only read")
    if verb.lower() in _NOT_READING:
        return StatementFault(line, f"{verb} is not a SELECT, and a report is one")
    return None


def second_statements(words: Sequence[Token]) -> Iterator[StatementFault]:
    """Each statement after the first."""
    for token, following in pairwise(words):
        if token.text == ";" and following.text != ";":
            yield StatementFault(following.line, "a second statement begins here; a report has exactly one")


def explained(
    error: apsw.Error, sql: str, connection: ReadOnlyConnection, known: Collection[str]
) -> StatementFault:
    """What SQLite, or the authorizer, refused when it prepared the SQL."""
    words = code(sql)
    first_line = words[0].line
    refused = connection.permissions.refused
    if refused is not None:
        return StatementFault(first_line, f"{refused} is not allowed in a report, which may only read")
    message = str(error)
    table = message.removeprefix("no such table: ")
    if table != message:
        child = _child_of(table, connection)
        if child is not None:
            return StatementFault(
                _line_of_word(words, child) or first_line, _lost_parent(child, table, connection)
            )
        line = line_of_table(sql, table) or first_line
        broken = why_missing(table, connection)
        if broken is not None:
            return StatementFault(line, f"{table} cannot be used: {broken}")
        return StatementFault(line, f"{message} ({_hint(table, connection, known)})")
    if message.startswith("foreign key mismatch"):
        rule = "the columns that a foreign key refers to need a PRIMARY KEY or a UNIQUE index"
        return StatementFault(first_line, f"{message}: {rule}")
    if message == "incomplete input":
        return StatementFault(words[-1].line, "the statement is not complete: a bracket or a word is missing")
    offset = getattr(error, "error_offset", -1)
    line = sql.encode()[:offset].count(b"\n") + 1 if offset >= 0 else first_line
    return StatementFault(line, message)


def _child_of(parent: str, connection: ReadOnlyConnection) -> str | None:
    """The table that has a foreign key to one, named as in SQLite's error, that its file lacks."""
    schema, _, name = parent.partition(".")
    if schema not in (file.schema for file in connection.files):
        return None
    sql = (
        f"SELECT child.name FROM {quoted(schema)}.sqlite_schema AS child, "
        "pragma_foreign_key_list(child.name, ?1) AS key "
        "WHERE child.type = 'table' AND key.\"table\" = ?2 COLLATE NOCASE"
    )
    try:
        child: str | None = connection.execute(sql, (schema, name)).get
    except apsw.Error:
        return None
    return child


def _lost_parent(child: str, parent: str, connection: ReadOnlyConnection) -> str:
    schema, _, name = parent.partition(".")
    file = next(file.path.name for file in connection.files if file.schema == schema)
    return (
        f"{child} refers to table {name}, which is not in {file}; "
        "a foreign key reaches only tables of its own file"
    )


def _line_of_word(words: Sequence[Token], name: str) -> int | None:
    return next((word.line for word in words if word.name == name.lower()), None)


def _hint(table: str, connection: ReadOnlyConnection, known: Collection[str]) -> str:
    schema, dot, _ = table.partition(".")
    attached = [name for name in connection.db_names() if name not in ("main", "temp")]
    if dot and schema.lower() in (name.lower() for name in attached):
        return f"the database {schema} has no such table"
    if not dot:
        return "a table is written schema.table: orders of order.db is order_db.orders"
    close = get_close_matches(schema, known, n=1)
    return f"there is no database {schema}" + (f"; did you mean {close[0]}?" if close else "")


def same_names(names: Iterable[str], line: int) -> Iterator[StatementFault]:
    """Each column that has the name of one before it; SQLite's names are the same in any case."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield StatementFault(line, f"two columns are named {name}; give one of them another name with AS")
        seen.add(name.lower())
