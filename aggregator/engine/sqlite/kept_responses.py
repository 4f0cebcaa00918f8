"""The kept responses to writes, in a database of their own beside the others."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import cast

import apsw

from aggregator.engine import base
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import DatabaseUnavailable

FILE_NAME = ".aggregator.db"
_SCHEMA = "aggregator_answers"
_TABLE = f"{_SCHEMA}.answers"

_SCRIPT = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS answers (
    endpoint TEXT NOT NULL,
    request_key TEXT NOT NULL,
    digest BLOB NOT NULL,
    answered_at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (endpoint, request_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (answered_at);
"""


class SqliteResponses(base.Responses):
    """Responses in a file of a folder, which is made with the first response."""

    def __init__(self, folder: Path) -> None:
        self._file = DatabaseFile(_SCHEMA, folder / FILE_NAME)

    def source(self) -> DatabaseFile:
        file = self._file
        if file.identity() is None:
            try:
                with closing(apsw.Connection(str(file.path))) as connection:
                    connection.set_busy_timeout(5_000)
                    connection.execute(_SCRIPT).fetchall()
            except apsw.Error as error:
                reason = "cannot be created or opened in the database folder"
                raise DatabaseUnavailable(file.schema, reason, "written") from error
        return file

    def get(
        self, connection: base.WriteConnection, endpoint: str, key: str, since: float
    ) -> tuple[bytes, StoredResponse] | None:
        row = (
            cast(WriteConnection, connection)
            .execute(
                f"SELECT digest, status, headers, body FROM {_TABLE}"
                " WHERE endpoint = ? AND request_key = ? AND answered_at > ?",
                (endpoint, key, since),
            )
            .fetchone()
        )
        if row is None:
            return None
        digest, status, headers, body = row
        return digest, StoredResponse(status, [(name, value) for name, value in json.loads(headers)], body)

    def put(
        self,
        connection: base.WriteConnection,
        endpoint: str,
        key: str,
        digest: bytes,
        response: StoredResponse,
    ) -> None:
        cast(WriteConnection, connection).execute(
            f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(endpoint, key, digest, int(time.time())),
                *(response.status, json.dumps(response.headers), response.body),
            ),
        )

    def forget(self, connection: base.WriteConnection, until: float) -> None:
        cast(WriteConnection, connection).execute(f"DELETE FROM {_TABLE} WHERE answered_at <= ?", (until,))
