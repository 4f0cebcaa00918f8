"""Objects of a file that SQLite cannot use, each with SQLite's reason.

SQLite reads a schema by running its CREATE statements, and stops at the first that fails
(https://sqlite.org/schematab.html). To find all of them, each is prepared again, and never run, on a
connection that has the others: one that was read exists already. Of one that was read only in part, such as
a table with an option of a newer SQLite, only the reading tells.
"""

from __future__ import annotations

import re
from contextlib import closing

import apsw
import apsw.ext

from aggregator.databases.connection import ReadOnlyConnection, quoted
from aggregator.databases.file_errors import unavailable
from aggregator.databases.folder import DatabaseFile

_CREATE = re.compile(
    r"CREATE\s+(?:(?:UNIQUE\s+)?INDEX|(?:VIRTUAL\s+)?TABLE|VIEW|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?",
    re.IGNORECASE,
)
_PATIENCE_SECONDS = 0.05


def broken_objects(file: DatabaseFile) -> dict[str, str]:
    """SQLite's reason for each object by its name, in the order of the schema; raises DatabaseUnavailable."""
    listed = f"SELECT name, sql FROM {quoted(file.schema)}.sqlite_schema WHERE sql IS NOT NULL"
    with closing(ReadOnlyConnection([file], _PATIENCE_SECONDS)) as connection:
        first = connection.schema_faults.get(file.schema)
        if first is None:
            return {}
        try:
            objects = connection.execute(listed).fetchall()
        except apsw.Error as error:
            raise unavailable(file, error) from error
        connection.authorizer = None  # for what is prepared here, and not run
        reasons = {str(name): _reason(connection, file, str(sql)) for name, sql in objects}
        return dict([first]) | {name: reason for name, reason in reasons.items() if reason is not None}


def why_missing(table: str, connection: ReadOnlyConnection) -> str | None:
    """Why there is no such table on a connection though its schema has it; None when there never was.

    table: as SQLite names it, with its schema where the SQL does.
    """
    schema, _, name = table.rpartition(".")
    for file in connection.files:
        if file.schema in connection.schema_faults and schema.lower() in ("", file.schema.lower()):
            for broken, reason in broken_objects(file).items():
                if broken.lower() == name.lower():
                    return reason
    return None


def _reason(connection: ReadOnlyConnection, file: DatabaseFile, sql: str) -> str | None:
    match = _CREATE.match(sql)
    if match is None:
        return "SQLite cannot read its definition"
    try:
        apsw.ext.query_info(connection, f"{match[0]}{quoted(file.schema)}.{sql[match.end() :]}")
    except apsw.Error as error:
        return None if str(error).endswith("already exists") else str(error)
    return "the entry of the schema that says where its rows are is damaged"
