"""What a statement is, found by preparing it: columns, parameters, the databases that it reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import apsw
import apsw.ext

from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.folder import DatabaseFile
from aggregator.errors import DatabaseUnavailable

_COMPOUND = re.compile(r"\b(UNION|INTERSECT|EXCEPT)\b", re.IGNORECASE)
_STRICT_STORAGE = {"INT": "integer", "INTEGER": "integer", "REAL": "real", "TEXT": "text"}
_NOTHING = re.compile(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a statement's result.

    declared: the type that its table declares, None for an expression. storage: `integer`, `real`
    or `text` when the table's rules make sure that each value is of that storage class or NULL.
    """

    name: str
    declared: str | None
    storage: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT, without a closing semicolon: its columns, parameters' names and schemas read."""

    sql: str
    columns: tuple[ResultColumn, ...]
    parameters: frozenset[str]
    schemas: frozenset[str]


class StatementFault(Exception):
    """The SQL cannot be used; line counts from 1 inside the SQL text."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def mentioned(sql: str, files: Mapping[str, DatabaseFile]) -> list[DatabaseFile]:
    """Those databases whose schema name stands somewhere in the SQL text."""
    text = sql.lower()
    return [
        file
        for schema, file in files.items()
        if re.search(rf"(?<!\w){re.escape(schema.lower())}(?!\w)", text)
    ]


def inspect(sql: str, connection: ReadOnlyConnection) -> Statement:
    """Prepare the SQL on a connection that has the databases which it mentions.

    Raises StatementFault when it is not exactly one SELECT that only reads, names things that do
    not exist, or gives two columns one name.
    """
    details = _prepare(sql, connection)
    first_line = _line(sql, _nothing_until(sql))
    _require_one_select(sql, details, first_line)
    if None in details.bindings_names:
        raise StatementFault(
            first_line, "a parameter without a name; write :name and declare it under params"
        )
    described = details.description_full or ()
    reads = [action for action in details.actions or () if action.action_name == "SQLITE_READ"]
    through_view = any(action.trigger_or_view for action in reads)
    provable = not through_view and not _COMPOUND.search(sql)
    strict = _strict_tables(connection, {column[2] for column in described if column[2]})
    columns = tuple(
        ResultColumn(name, declared, _storage(connection, origin, strict) if provable else None)
        for name, declared, *origin in described
    )
    _require_distinct_names(columns, first_line)
    schemas = frozenset(str(action.database_name) for action in reads) - {"main", "temp"}
    statement = details.first_query.rstrip().rstrip(";")
    return Statement(statement, columns, frozenset(filter(None, details.bindings_names)), schemas)


def _prepare(sql: str, connection: ReadOnlyConnection) -> apsw.ext.QueryDetails:
    try:
        return apsw.ext.query_info(connection, sql, actions=True)
    except (apsw.BusyError, apsw.LockedError, apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
        raise DatabaseUnavailable("of this report", "is locked or damaged") from error
    except apsw.AuthError as error:
        raise StatementFault(
            _line(sql, _nothing_until(sql)), f"not allowed in a report, which may only read: {error}"
        ) from error
    except apsw.Error as error:
        offset = getattr(error, "error_offset", -1)
        line = sql.encode()[:offset].count(b"\n") + 1 if offset >= 0 else _line(sql, _nothing_until(sql))
        raise StatementFault(line, _explained(str(error), connection)) from error


def _explained(message: str, connection: ReadOnlyConnection) -> str:
    if message.startswith("no such table"):
        schemas = ", ".join(name for name in connection.db_names() if name not in ("main", "temp"))
        known = (
            f"the databases that this file names are {schemas}"
            if schemas
            else "it names no database of the folder"
        )
        return f"{message} ({known}; write schema.table)"
    return message


def _require_one_select(sql: str, details: apsw.ext.QueryDetails, first_line: int) -> None:
    rest = details.query_remaining or ""
    if not details.has_vdbe:
        raise StatementFault(first_line, "there is no statement; a read has one SELECT")
    if _nothing_until(rest) < len(rest):
        line = _line(sql, len(sql) - len(rest) + _nothing_until(rest))
        raise StatementFault(line, "a second statement; a read has exactly one")
    if not details.is_readonly:
        raise StatementFault(first_line, "the statement writes; a GET may only read")
    if details.is_explain or not details.description:
        raise StatementFault(first_line, "the statement is not a SELECT")


def _nothing_until(sql: str) -> int:
    """How many leading characters are white space, comments and semicolons."""
    match = _NOTHING.match(sql)
    return match.end() if match else 0


def _line(sql: str, position: int) -> int:
    return sql.count("\n", 0, position) + 1


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


def _require_distinct_names(columns: Iterable[ResultColumn], line: int) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        key = column.name.lower()
        if key in seen:
            raise StatementFault(
                line, f"two columns are named {column.name}; give one of them another name with AS"
            )
        seen[key] = column.name
