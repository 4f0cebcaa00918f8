"""What is wrong with a statement, and on which line: from its words, and from SQLite's refusal."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import apsw

from aggregator.engine.model import StatementError
from aggregator.engine.sqlite.connection import ReadOnlyConnection, literal, quoted_name
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.schema import (
    columns_like,
    names_of,
    owners_of,
    tables_like,
    unreadable_files,
    why_missing,
)
from aggregator.engine.sqlite.tokens import Token, code, line_of_table, tokens

_WRITING = {"alter", "create", "delete", "drop", "insert", "replace", "update"}

_NOT_READING = {
    *("analyze", "attach", "begin", "commit", "detach", "end", "explain", "pragma", "reindex"),
    *("release", "rollback", "savepoint", "vacuum"),
}

_MOST_NAMED = 3
_NO_COLUMN = re.compile(r'no such column: "?([^"]+?)"?(?: - should .*)?$|table .+ has no column named (.+)$')


def fault_of_kind(sql: str, words: Sequence[Token]) -> StatementError | None:
    """Why the text cannot be a SELECT, as far as its words tell."""
    unfinished = open_comment(sql)
    if unfinished is not None:
        return unfinished
    if not words:
        return StatementError(1, "there is no statement; a report needs one SELECT")
    verb, line = words[0].text, words[0].line
    if verb.lower() in _WRITING:
        return StatementError(line, f"the statement writes ({verb}); a report can only read")
    if verb.lower() in _NOT_READING:
        return StatementError(line, f"{verb} is not allowed; a report is a SELECT")
    return None


def open_comment(sql: str) -> StatementError | None:
    """The fault of a comment without an end."""
    lines = (token.line for token in tokens(sql) if token.kind == "open_comment")
    return next(
        (StatementError(line, "the comment that begins here is not closed with */") for line in lines), None
    )


def second_statements(words: Sequence[Token]) -> Iterator[StatementError]:
    """Each statement after the first."""
    for token, following in pairwise(words):
        if token.text == ";" and following.text != ";":
            yield StatementError(following.line, "a second statement begins here; a report has exactly one")


def statement_error(
    error: apsw.Error, sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> StatementError:
    """What SQLite, or the authorizer, refused when it prepared the SQL."""
    words = code(sql)
    first_line = words[0].line
    refused = connection.permissions.refused
    if refused is not None:
        return StatementError(first_line, f"{refused} is not allowed in a report, which can only read")
    message = str(error)
    table = message.removeprefix("no such table: ")
    if table != message:
        return _no_table(table, sql, words, connection, files)
    if message.startswith("foreign key mismatch"):
        rule = "the columns that a foreign key refers to need a PRIMARY KEY or a UNIQUE index"
        return StatementError(first_line, f"{message}: {rule}")
    if message == "incomplete input":
        return StatementError(words[-1].line, "the statement is incomplete: a bracket or a word is missing")
    offset = getattr(error, "error_offset", -1)
    line = sql.encode()[:offset].count(b"\n") + 1 if offset >= 0 else first_line
    hint = _column_hint(message, words, connection) or _quoting_hint(message, sql, files)
    return StatementError(line, f"{message} ({hint})" if hint else message)


def _no_table(
    table: str,
    sql: str,
    words: Sequence[Token],
    connection: ReadOnlyConnection,
    files: Mapping[str, DatabaseFile],
) -> StatementError:
    """Why there is no such table; table: as in SQLite's error."""
    child = _child_of(table, connection)
    if child is not None:
        line = next((word.line for word in words if word.name == child.lower()), words[0].line)
        return StatementError(line, _lost_parent(child, table, connection))
    line = line_of_table(sql, table) or words[0].line
    broken = why_missing(table, connection)
    if broken is not None:
        return StatementError(line, f"{table} cannot be used: {broken}")
    having = owners_of(table, files)
    if len(having) > 1:
        return StatementError(line, ambiguous(table, having))
    return StatementError(line, f"no such table: {table} ({_hint(table, connection, files)})")


def ambiguous(table: str, schemas: Sequence[str]) -> str:
    """What is wrong with a table's name without a schema that several databases have."""
    places = [literal(schema) for schema in schemas[:_MOST_NAMED]]
    names = " or ".join(f"{place}.{literal(table)}" for place in places)
    more = [f"{len(schemas) - _MOST_NAMED} more"] if len(schemas) > _MOST_NAMED else []
    return f"{table} is in {' and in '.join([*places, *more])}; write {names}"


def _child_of(parent: str, connection: ReadOnlyConnection) -> str | None:
    """The table that has a foreign key to one, named as in SQLite's error, that its file lacks."""
    schema, _, name = parent.partition(".")
    if schema not in (file.schema for file in connection.files):
        return None
    sql = (
        f"SELECT child.name FROM {quoted_name(schema)}.sqlite_schema AS child, "
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


def _hint(table: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]) -> str:
    """What there is instead of a table that there is not; table: as in SQLite's error."""
    schema, dot, name = table.rpartition(".")
    if not dot:
        return _bare_hint(name, connection, files)
    known = next((each for each in files if each.lower() == schema.lower()), None)
    if known is not None:
        others = [each for each in owners_of(name, files) if each != known]
        close = tables_like(name, [known], files) or [f"{literal(each)}.{literal(name)}" for each in others]
        return f"the database {schema} has no such table{_meant(close)}"
    by_name = {each.lower(): each for each in files}
    close = [literal(by_name[each]) for each in get_close_matches(schema.lower(), by_name, n=1)]
    return f"there is no database {schema}{_meant(close)}"


def _bare_hint(name: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]) -> str:
    if name.lower() == "input":
        return "the table input exists only if the header has the key input"
    unreadable = [literal(schema) for schema in unreadable_files(files)]
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
        if literal(schema) != schema and re.search(
            rf"(?<![\"`\[']){re.escape(schema)}\s*\.", sql, re.IGNORECASE
        ):
            return f"{schema} needs quotes: {literal(schema)}"
    return None


def _meant(names: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""


def same_names(names: Iterable[str], line: int) -> Iterator[StatementError]:
    """Each column that has the name of one before it; SQLite's names are the same in any case."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield StatementError(line, f"two columns are named {name}; give one of them another name with AS")
        seen.add(name.lower())


_SCHEMA_TABLES = {"sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master"}
_OF_A_TABLE = {"pragma_table_info", "pragma_table_xinfo", "pragma_foreign_key_list", "pragma_index_list"}
_OF_AN_INDEX = {"pragma_index_info", "pragma_index_xinfo"}
_STATISTICS = "dbstat"

Reads = Collection[tuple[str | None, str]]
"""Schema and table, as SQLite's authorizer is asked."""


@dataclass(frozen=True, slots=True)
class _Call:
    """`before.name(arguments)`; a literal argument is its text, any other None."""

    name: str
    before: str | None
    line: int
    arguments: tuple[str | None, ...]


def literal_names(words: Sequence[Token]) -> Iterator[tuple[str, bool]]:
    """What calls such as `pragma_table_info('orders')` name without a schema, and whether it is an index."""
    for call in _calls(words):
        name = call.arguments[0] if len(call.arguments) == 1 else None
        if call.name in _OF_A_TABLE | _OF_AN_INDEX and name is not None:
            yield name, call.name in _OF_AN_INDEX


def tells_of_schemas(reads: Reads) -> bool:
    """Whether a statement that reads these tables needs all files that it mentions."""
    return any(_is_own(table) for _, table in reads)


def faults_of_schema_tables(
    words: Sequence[Token], reads: Reads, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> list[StatementError]:
    """What would silently give no rows, or those of another database."""
    example = next((file.schema for file in connection.files), next(iter(files), "shop_db"))
    lines = {word.name: word.line for word in reversed(words)}
    faults = []
    for name in sorted({table.lower() for schema, table in reads if schema in (None, "main", "temp")}):
        if name in _SCHEMA_TABLES and not tells_of_schemas(reads):
            # SQLite says sqlite_master of both names.
            name = next((each for each in sorted(_SCHEMA_TABLES) if each in lines), name)
            line = lines.get(name, words[0].line)
            faults.append(StatementError(line, f"{name} needs a schema: {literal(example)}.{name}"))
    faults += [
        StatementError(call.line, message)
        for call in _calls(words)
        if _is_own(call.name) and (message := _wrong(call, connection, files, example)) is not None
    ]
    called = {call.name for call in _calls(words)}
    for name in sorted({table.lower() for _, table in reads if _is_own(table)} - called):
        if not connection.files or (name == _STATISTICS and "schema" not in lines):
            faults.append(StatementError(lines.get(name, words[0].line), _which(name, example)))
    return faults


def _wrong(
    call: _Call, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile], example: str
) -> str | None:
    place = 0 if call.name == _STATISTICS else 1
    schema = call.arguments[place] if len(call.arguments) > place else ""
    if schema:
        if schema.lower() not in (known.lower() for known in files):
            return f"{call.name}: there is no database {schema}"
    elif call.name == _STATISTICS:
        return _which(call.name, example)
    if call.name in _OF_A_TABLE | _OF_AN_INDEX:
        return _wrong_name(call, schema, connection, files, example)
    return None if connection.files else _which(call.name, example)


def _wrong_name(
    call: _Call,
    schema: str | None,
    connection: ReadOnlyConnection,
    files: Mapping[str, DatabaseFile],
    example: str,
) -> str | None:
    """schema: empty when none is given, None when it is not a literal."""
    attached = [file.schema for file in connection.files]
    name = call.arguments[0] if call.arguments else None
    only = attached[0] if len(attached) == 1 else None
    if name is None:
        return None if schema != "" or only is not None else _which(call.name, example)
    if schema is None:
        return None
    kind = "index" if call.name in _OF_AN_INDEX else "table"
    having = owners_of(name, files, is_index=kind == "index")
    before = call.before or ""
    if schema == "" and before in {each.lower() for each in files}:
        # SQLite ignores the schema before a call, so it must be the one that SQLite reads anyway.
        is_of_others = before not in {each.lower() for each in having}
        schema = before if is_of_others or before == (only or "").lower() else ""
    if schema:
        has = schema.lower() in (each.lower() for each in having)
        return None if has else f"{call.name}: the database {schema} has no {kind} {name}"
    if not having:
        return f"{call.name}: no database has {'an' if kind == 'index' else 'a'} {kind} {name}"
    if len(having) > 1:
        places = " and in ".join(having[:_MOST_NAMED])
        return f"{name} is in {places}; write {call.name}('{name}', '{having[0]}')"
    return None if having[0] in attached else f"write {call.name}('{name}', '{having[0]}')"


def _which(name: str, example: str) -> str:
    if name == _STATISTICS:
        return f"dbstat must name its database: dbstat('{example}')"
    if name in _OF_A_TABLE | _OF_AN_INDEX:
        return f"{name} must name its database: {name}('…', '{example}')"
    return f"{name} must name its databases: WHERE schema = '{example}'"


def _is_own(table: str) -> bool:
    return table.lower().startswith("pragma_") or table.lower() == _STATISTICS


def _calls(words: Sequence[Token]) -> Iterator[_Call]:
    for place, (word, following) in enumerate(pairwise(words)):
        if word.name is not None and _is_own(word.name) and following.text == "(":
            before = words[place - 2].name if place > 1 and words[place - 1].text == "." else None
            yield _Call(word.name, before, word.line, tuple(_arguments(words[place + 2 :])))


def _arguments(words: Sequence[Token]) -> Iterator[str | None]:
    """The arguments of a call, of whose text only what follows its bracket is given."""
    argument: list[Token] = []
    depth = 0
    for word in words:
        if depth == 0 and word.text in (",", ")"):
            if argument or word.text == ",":
                is_literal = len(argument) == 1 and argument[0].text.startswith("'")
                yield argument[0].text[1:-1].replace("''", "'") if is_literal else None
            argument = []
            if word.text == ")":
                return
            continue
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        argument.append(word)
