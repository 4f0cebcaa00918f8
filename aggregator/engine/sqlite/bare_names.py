"""Table names without a schema, as people write them in the `sqlite3` shell after ATTACH.

SQLite takes such a name from the first attached file that has it, and only the files that a report needs are
attached. So the files are searched for the name: the one that has it is attached, and a name that two files
have is a fault, also where SQLite would take the first. SQLite itself says which names are bare: aliases,
common table expressions and the like never get as far as a search for a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import apsw
import apsw.ext

from aggregator.engine.model import StatementError
from aggregator.engine.sqlite.connection import ReadOnlyConnection, quoted_name
from aggregator.engine.sqlite.diagnostics import ambiguous, literal_names
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.schema import names_of, owners_of
from aggregator.engine.sqlite.tokens import code, line_of_table, sql_statements

_NO_TABLE = "no such table: "


def attach_owners(sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]) -> None:
    """Attach the files whose tables the SQL names without a schema.

    connection: has the files that the SQL mentions. What is wrong with the SQL is left for its inspection.
    Raises DatabaseUnavailable.
    """
    for piece in sql_statements(sql):
        for name, is_index in literal_names(code(piece.text)):
            _attach_owner(owners_of(name, files, is_index=is_index), connection, files)
        while (missing := _missing_table(piece.text, connection)) is not None:
            if not _attach_owner(owners_of(missing, files), connection, files):
                break


def owners(
    sql: str, connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> tuple[set[tuple[str, str]], list[StatementError]]:
    """Schema and name of the tables that a statement, which SQLite accepts, names without a schema.

    And a fault for each name that several files have.
    """
    found: set[tuple[str, str]] = set()
    faults: list[StatementError] = []
    for name in _candidates(sql, connection):
        if not _is_bare(name, sql, connection):
            continue
        having = owners_of(name, files)
        if len(having) > 1:
            line = line_of_table(sql, name) or next(word.line for word in code(sql) if word.name == name)
            faults.append(StatementError(line, ambiguous(name, having)))
        # Another program may have dropped the table since.
        found.update((schema, names_of(files[schema]).tables.get(name, name)) for schema in having[:1])
    return found, faults


def _missing_table(sql: str, connection: ReadOnlyConnection) -> str | None:
    try:
        apsw.ext.query_info(connection, sql)
    except apsw.SQLError as error:
        message = str(error)
        return message.removeprefix(_NO_TABLE) if message.startswith(_NO_TABLE) else None
    except apsw.Error:
        return None
    return None


def _attach_owner(
    having: list[str], connection: ReadOnlyConnection, files: Mapping[str, DatabaseFile]
) -> bool:
    """Attach the only file that has a name; False when there is not one that could be attached."""
    attached = {file.schema for file in connection.files}
    if len(having) != 1 or having[0] in attached:
        return False
    connection.attach(files[having[0]])
    return True


def _candidates(sql: str, connection: ReadOnlyConnection) -> list[str]:
    """The words that stand without a schema before them, and are tables of the attached files."""
    words = code(sql)
    befores = ["", *(word.text for word in words)]
    named = {word.name for before, word in zip(befores, words, strict=False) if before != "."} - {None}
    tables: set[str] = set()
    for file in connection.files:
        listed = f"SELECT name FROM {quoted_name(file.schema)}.sqlite_schema WHERE type IN ('table', 'view')"
        tables.update(name.lower() for (name,) in connection.execute(listed))
    return sorted(str(name) for name in named if name in tables)


def _is_bare(name: str, sql: str, connection: ReadOnlyConnection) -> bool:
    """Whether SQLite looks for the name in all files: it then finds a view that cannot be read."""
    if name.startswith("sqlite_"):
        return line_of_table(sql, name) is not None
    with _hidden(name, connection):
        try:
            apsw.ext.query_info(connection, sql)
        except apsw.Error:
            return True
    return False


@contextmanager
def _hidden(name: str, connection: ReadOnlyConnection) -> Iterator[None]:
    """Have a view of that name in the connection's own database, which goes before the attached ones."""
    with connection.unrestricted():
        connection.execute(f'CREATE VIEW main.{quoted_name(name)} AS SELECT * FROM main."no such table"')
    try:
        yield
    finally:
        with connection.unrestricted():
            connection.execute(f"DROP VIEW main.{quoted_name(name)}")
