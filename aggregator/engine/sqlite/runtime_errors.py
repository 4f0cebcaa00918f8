"""What errors mean that SQLite raises while a statement runs.

SQLite's sentence, as `fts5: syntax error near "'"`, names no parameter. Only some places in SQL make a value
an error: an operand of MATCH, an argument of a function, a pattern, a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Literal

import apsw

from aggregator.engine.model import SqlValue
from aggregator.engine.sqlite.connection import ReadOnlyConnection, quoted_name
from aggregator.engine.sqlite.files import OF_A_FILE, DatabaseFile, is_full_disk, unavailable, why_not_written
from aggregator.engine.sqlite.tokens import END, Token, code
from aggregator.errors import (
    AggregatorError,
    Conflict,
    DatabaseUnavailable,
    InvalidParameter,
    InvalidParameters,
    InvalidWrite,
    QueryFailed,
    StorageFull,
)

Role = Literal["query", "pattern", "count", "argument", "compared", "plain"]

_BEGINNINGS: dict[str, Role] = {
    "match": "query",
    **dict.fromkeys(("like", "glob", "regexp", "escape"), "pattern"),
    **dict.fromkeys(("limit", "offset"), "count"),
    **dict.fromkeys(("rows", "range", "groups"), "argument"),
}

_ENDINGS = {
    *("and", "or", "select", "from", "where", "group", "having", "order", "union", "except", "intersect"),
    *("join", "on", "when", "then", "else", "end", "returning", "set", "values", "current", "following"),
}

_NO_FUNCTIONS = {
    *("and", "or", "not", "in", "as", "over", "filter", "values", "exists", "from", "join", "on", "where"),
    *("select", "distinct", "all", "by", "having", "limit", "offset", "when", "then", "else", "case", "is"),
    *("between", "like", "glob", "match", "regexp", "escape", "union", "except", "intersect", "using", "set"),
    *("into", "collate", "materialized", "conflict", "returning"),
}

_NEVER_FAILING = {
    *("coalesce", "ifnull", "nullif", "iif", "if", "cast", "lower", "upper", "length", "trim", "ltrim"),
    *("rtrim", "instr", "substr", "substring", "unicode", "typeof", "date", "time", "datetime"),
    *("julianday", "unixepoch", "strftime", "timediff", "round", "sign", "count", "min", "max", "total"),
    *("avg", "unhex", "likely"),
}
"""Functions for which any value is good; what stands in them is an argument of what is around them."""

_ROLES: tuple[tuple[re.Pattern[str], tuple[tuple[Role, ...], ...]], ...] = (
    (
        re.compile(r"fts\d: |no such column: |unknown special query|unterminated string|malformed MATCH"),
        (("query",), ("argument",), ("compared",), ("plain",)),
    ),
    (re.compile(r"LIKE or GLOB pattern|ESCAPE expression"), (("pattern",),)),
    (re.compile(r"datatype mismatch"), (("count",),)),
    (re.compile(r""), (("argument",),)),
)
"""By the beginning of SQLite's sentence the roles that it can be about, the likeliest first."""

_OF_TEXTS = re.compile(
    r"fts\d: |malformed JSON|bad JSON path|no such column|unterminated string|unknown special"
)

_OF_NUMBERS = re.compile(r"integer overflow|.* must be an? (positive|non-negative) integer")
_REFUSING = (apsw.SQLError, apsw.MismatchError, apsw.TooBigError, apsw.RangeError)


def refusal(error: apsw.Error, sql: str, values: Mapping[str, SqlValue]) -> InvalidParameters | None:
    """The error that names the parameters of SQL that was prepared, and then failed with these values.

    None when no parameter can be the reason.
    """
    if not isinstance(error, _REFUSING):
        return None
    message = str(error)
    names = [name for name in suspects(sql, message) if _can_be_meant(values.get(name), message)]
    if not names:
        return None
    several = f" (one of {', '.join(names)})" if len(names) > 1 else ""
    return InvalidParameters(
        [
            InvalidParameter(name, str(values[name]), f"Rejected by SQLite: {message}{several}")
            for name in names
        ]
    )


def _can_be_meant(value: SqlValue, message: str) -> bool:
    if _OF_TEXTS.match(message):
        return isinstance(value, str)
    if _OF_NUMBERS.match(message):
        return isinstance(value, int | float) or (isinstance(value, str) and value[-1:].isdigit())
    return value is not None


def suspects(sql: str, message: str) -> list[str]:
    """The names of the parameters whose values can be what an error is about, as far as the SQL tells.

    message: SQLite's sentence. None when it must be about the data.
    """
    by_role: dict[Role, list[str]] = {}
    for role, name in _roles(code(sql)):
        by_role.setdefault(role, []).append(name)
    choices = next(roles for pattern, roles in _ROLES if pattern.match(message))
    for roles in choices:
        found = [name for role in roles for name in by_role.get(role, ())]
        if found:
            return list(dict.fromkeys(found))
    return []


def _roles(words: list[Token]) -> Iterator[tuple[Role, str]]:
    """Each parameter with what it is, once for each place."""
    listed = [END, END, *words, END, END]
    levels: list[tuple[Role, Role]] = [("plain", "plain")]
    for place, token in enumerate(listed[2:-2], start=2):
        before, after = listed[place - 1], listed[place + 1]
        text = token.text.lower()
        outer, role = levels[-1]
        if text == "(":
            inner = _role_in_brackets(before, after, role)
            levels.append((inner, inner))
        elif text == ")" and len(levels) > 1:
            levels.pop()
        elif text in _BEGINNINGS:
            levels[-1] = outer, _BEGINNINGS[text]
        elif text == "," or text in _ENDINGS:
            levels[-1] = outer, outer
        elif token.kind == "parameter":
            is_json = "->" in (_signs(listed, place - 2), _signs(listed, place + 1))
            is_json = is_json or ">" == before.text == listed[place - 2].text
            yield "argument" if is_json else _compared(role, before, after), token.text[1:]


def _role_in_brackets(before: Token, after: Token, role: Role) -> Role:
    if after.text.lower() in ("select", "values", "with"):
        return "plain"
    if before.name is None or (before.kind == "word" and before.text.lower() in _NO_FUNCTIONS):
        return role
    return role if before.text.lower() in _NEVER_FAILING else "argument"


def _signs(words: list[Token], place: int) -> str:
    return words[place].text + words[place + 1].text


def _compared(role: Role, before: Token, after: Token) -> Role:
    return "compared" if role == "plain" and "=" in (before.text, after.text) else role


_LOST_REFERENCE = (
    "A row refers to one that does not exist, or other rows still refer to a deleted one; "
    "nothing was written."
)

_OF_CONSTRAINTS: dict[int, tuple[Callable[[str], AggregatorError], str]] = {
    **dict.fromkeys(
        (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY, apsw.SQLITE_CONSTRAINT_ROWID),
        (Conflict, "A row with the same {} already exists; nothing was written."),
    ),
    apsw.SQLITE_CONSTRAINT_FOREIGNKEY: (Conflict, _LOST_REFERENCE),
    apsw.SQLITE_CONSTRAINT_TRIGGER: (Conflict, "The database rejected the write: {}; nothing was written."),
    apsw.SQLITE_CONSTRAINT_NOTNULL: (InvalidWrite, "{} must have a value; nothing was written."),
    apsw.SQLITE_CONSTRAINT_CHECK: (InvalidWrite, "A value breaks the rule {}; nothing was written."),
    apsw.SQLITE_CONSTRAINT_DATATYPE: (InvalidWrite, "The database {}; nothing was written."),
}


def lost_reference() -> Conflict:
    """A foreign key without its row, found at the end."""
    return Conflict(_LOST_REFERENCE)


def no_room() -> StorageFull:
    """The disk is full."""
    return StorageFull("The disk is full; nothing was written.")


def to_write_error(
    error: apsw.Error, connection: apsw.Connection, written: Collection[DatabaseFile]
) -> AggregatorError | None:
    """The error to raise instead; None when it is the SQL's own."""
    kind = _OF_CONSTRAINTS.get(getattr(error, "extendedresult", 0))
    if kind is not None and isinstance(error, apsw.ConstraintError):
        make, sentence = kind
        return make(sentence.format(_what(str(error), connection, written)))
    if is_full_disk(error):
        return no_room()
    if isinstance(error, apsw.TooBigError):
        return InvalidWrite(f"{too_long(connection.limit(apsw.SQLITE_LIMIT_LENGTH))} Nothing was written.")
    if isinstance(error, apsw.ConstraintError):
        return Conflict("A rule of the database rejected the write; nothing was written.")
    if isinstance(error, apsw.MismatchError):
        return InvalidWrite("The key of a row must be an integer; nothing was written.")
    reason = why_not_written(error)
    return DatabaseUnavailable(_schema_of(connection, written), reason, "written") if reason else None


def _what(message: str, connection: apsw.Connection, written: Collection[DatabaseFile]) -> str:
    """The columns, the rule or the text that SQLite's sentence ends in; columns with their schema."""
    head, colon, tail = message.partition(" constraint failed: ")
    if not colon:
        return message
    if head not in ("UNIQUE", "NOT NULL"):
        return tail
    table = tail.partition(".")[0]
    having = [file.schema for file in written if _has_table(connection, file.schema, table)]
    place = f"{having[0]}." if len(having) == 1 else ""
    return ", ".join(place + column for column in tail.split(", "))


def _has_table(connection: apsw.Connection, schema: str, table: str) -> bool:
    sql = f"SELECT count(*) FROM {quoted_name(schema)}.sqlite_schema WHERE type = 'table' AND name = ?"
    try:
        return bool(connection.execute(sql, (table,)).get)
    except apsw.Error:
        return False


def _schema_of(connection: apsw.Connection, written: Collection[DatabaseFile]) -> str:
    """The file that an error is of, as far as can be told."""
    for file in written:
        if file.identity() is None or connection.readonly(file.schema):
            return file.schema
    return " or ".join(file.schema for file in written)


def to_query_error(error: apsw.Error, files: Sequence[DatabaseFile]) -> AggregatorError:
    """The error to raise for an SQLite error in a query: a full disk, the database, or that it failed."""
    if is_full_disk(error):
        # A report writes nothing but its temporary files.
        return StorageFull("The server's disk has no room for the temporary files of this report.")
    if isinstance(error, OF_A_FILE):
        for file in files:
            if len(files) == 1 or not _readable(file):
                return unavailable(file, error)
    return QueryFailed(
        "The SQL of this report failed. The service's log has the reason.",
        f"{type(error).__name__}: {error}",
    )


def _readable(file: DatabaseFile) -> bool:
    try:
        with closing(ReadOnlyConnection([file], patience=0)) as connection:
            connection.schema_version(file)
    except DatabaseUnavailable:
        return False
    return True


def too_long(longest: int) -> str:
    """The sentence for a value that is longer than the limit of a connection."""
    return f"A value, or a row as text, is longer than {longest:,} bytes (setting max_value)."
