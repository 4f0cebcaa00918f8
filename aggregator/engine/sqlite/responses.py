"""The kept responses to writes, in a database of their own beside the others."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import cast

from aggregator.engine import base
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.connection import run_script
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.write_connection import WriteConnection

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


class SqliteResponses:
    """As Responses says, in a file of a folder that is made with the first response."""

    def __init__(self, folder: Path) -> None:
        self._file = DatabaseFile(_SCHEMA, folder / FILE_NAME)

    def source(self) -> DatabaseFile:
        """The file. Raises DatabaseUnavailable."""
        if self._file.identity() is None:
            run_script(self._file, _SCRIPT)
        return self._file

    def get(
        self, connection: base.WriteConnection, endpoint: str, key: str, since: float
    ) -> tuple[bytes, StoredResponse] | None:
        """As Responses says."""
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
        """As Responses says."""
        cast(WriteConnection, connection).execute(
            f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(endpoint, key, digest, int(time.time())),
                *(response.status, json.dumps(response.headers), response.body),
            ),
        )

    def forget(self, connection: base.WriteConnection, until: float) -> None:
        """As Responses says."""
        cast(WriteConnection, connection).execute(f"DELETE FROM {_TABLE} WHERE answered_at <= ?", (until,))
