"""Tables of SQLite's own about what is in a database: sqlite_schema, dbstat, pragma_table_info and others.

SQLite ignores a schema before the last two kinds, and reads the connection's own empty database where none is
given as an argument. In the `sqlite3` shell that is the file that was opened; here it would be no rows. So
each must say which database it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.databases.connection import ReadOnlyConnection, written
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.schema_names import owners_of
from aggregator.databases.statement_faults import StatementFault
from aggregator.databases.tokens import Token

_SCHEMA_TABLES = {"sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master"}
_OF_A_TABLE = {"pragma_table_info", "pragma_table_xinfo", "pragma_foreign_key_list", "pragma_index_list"}
_OF_AN_INDEX = {"pragma_index_info", "pragma_index_xinfo"}
_STATISTICS = "dbstat"
_MOST_NAMED = 3

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
) -> list[StatementFault]:
    """What would silently give no rows, or those of another database."""
    example = next((file.schema for file in connection.files), next(iter(files), "shop_db"))
    lines = {word.name: word.line for word in reversed(words)}
    faults = []
    for name in sorted({table.lower() for schema, table in reads if schema in (None, "main", "temp")}):
        if name in _SCHEMA_TABLES and not tells_of_schemas(reads):
            # SQLite says sqlite_master of both names.
            name = next((each for each in sorted(_SCHEMA_TABLES) if each in lines), name)
            line = lines.get(name, words[0].line)
            faults.append(StatementFault(line, f"{name} needs a schema: {written(example)}.{name}"))
    faults += [
        StatementFault(call.line, message)
        for call in _calls(words)
        if _is_own(call.name) and (message := _wrong(call, connection, files, example)) is not None
    ]
    called = {call.name for call in _calls(words)}
    for name in sorted({table.lower() for _, table in reads if _is_own(table)} - called):
        if not connection.files or (name == _STATISTICS and "schema" not in lines):
            faults.append(StatementFault(lines.get(name, words[0].line), _which(name, example)))
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
