"""What is wrong with a statement, and on which line: from its words, and from SQLite's refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import apsw

from aggregator.databases.broken_objects import why_missing
from aggregator.databases.connection import ReadOnlyConnection, quoted, written
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.schema_names import columns_like, names_of, owners_of, tables_like, unreadable_files
from aggregator.databases.tokens import Token, code, line_of_table, tokens

_WRITING = {"alter", "create", "delete", "drop", "insert", "replace", "update"}
_NOT_READING = {
    *("analyze", "attach", "begin", "commit", "detach", "end", "explain", "pragma", "reindex"),
    *("release", "rollback", "savepoint", "vacuum"),
}


_MOST_NAMED = 3
_NO_COLUMN = re.compile(r'no such column: "?([^"]+?)"?(?: - should .*)?$|table .+ has no column named (.+)$')


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
    error: apsw.Error, sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
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
        having = owners_of(table, files)
        if len(having) > 1:
            return StatementFault(line, ambiguous(table, having))
        return StatementFault(line, f"{message} ({_hint(table, connection, files)})")
    if message.startswith("foreign key mismatch"):
        rule = "the columns that a foreign key refers to need a PRIMARY KEY or a UNIQUE index"
        return StatementFault(first_line, f"{message}: {rule}")
    if message == "incomplete input":
        return StatementFault(words[-1].line, "the statement is not complete: a bracket or a word is missing")
    offset = getattr(error, "error_offset", -1)
    line = sql.encode()[:offset].count(b"\n") + 1 if offset >= 0 else first_line
    hint = _column_hint(message, words, connection) or _quoting_hint(message, sql, files)
    return StatementFault(line, f"{message} ({hint})" if hint else message)


def ambiguous(table: str, schemas: Sequence[str]) -> str:
    """What is wrong with a table's name without a schema that several databases have."""
    places = [written(schema) for schema in schemas[:_MOST_NAMED]]
    names = " or ".join(f"{place}.{written(table)}" for place in places)
    more = [f"{len(schemas) - _MOST_NAMED} more"] if len(schemas) > _MOST_NAMED else []
    return f"{table} is in {' and in '.join([*places, *more])}; write {names}"


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


def _hint(table: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]) -> str:
    """What there is instead of a table that there is not; table: as in SQLite's error."""
    schema, dot, name = table.rpartition(".")
    if not dot:
        return _bare_hint(name, connection, files)
    known = next((each for each in files if each.lower() == schema.lower()), None)
    if known is not None:
        others = [each for each in owners_of(name, files) if each != known]
        close = tables_like(name, [known], files) or [f"{written(each)}.{written(name)}" for each in others]
        return f"the database {schema} has no such table{_meant(close)}"
    by_name = {each.lower(): each for each in files}
    close = [written(by_name[each]) for each in get_close_matches(schema.lower(), by_name, n=1)]
    return f"there is no database {schema}{_meant(close)}"


def _bare_hint(name: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]) -> str:
    if name.lower() == "input":
        return "a file has the table input when its header has the key input"
    unreadable = [written(schema) for schema in unreadable_files(files)]
    unseen = f"; {' and '.join(unreadable)} cannot be read now" if unreadable else ""
    return f"no database has such a table{unseen}{_meant(tables_like(name, files, files))}"


def _column_hint(message: str, words: Sequence[Token], connection: ReadOnlyConnection) -> str | None:
    """The nearest columns of the tables that the SQL names, for a column that there is not."""
    match = _NO_COLUMN.match(message)
    if match is None:
        return None
    named = {word.name for word in words}
    tables = [
        (file.schema, table)
        for file in connection.files
        for key, table in names_of(file).tables.items()
        if key in named
    ]
    name = (match[1] or match[2]).rpartition(".")[2]
    return _meant(columns_like(name, tables, connection)).removeprefix("; ") or None


def _quoting_hint(message: str, sql: str, files: Mapping[str, DatabaseFile]) -> str | None:
    """The schema that stands in the SQL without the quotes that it needs."""
    if not message.startswith(("near ", "unrecognized token")):
        return None
    for schema in files:
        if written(schema) != schema and re.search(
            rf"(?<![\"`\[']){re.escape(schema)}\s*\.", sql, re.IGNORECASE
        ):
            return f"{schema} needs quotes: {written(schema)}"
    return None


def _meant(names: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""


def same_names(names: Iterable[str], line: int) -> Iterator[StatementFault]:
    """Each column that has the name of one before it; SQLite's names are the same in any case."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield StatementFault(line, f"two columns are named {name}; give one of them another name with AS")
        seen.add(name.lower())
