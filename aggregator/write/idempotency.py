"""The answers of requests with an Idempotency-Key, kept as long as such a request may come again.

They are in a database of their own beside the others, and are written in the transaction of the write:
either both are there or none
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from aggregator.engine.base import Engine, Source, WriteConnection
from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.write.request import WriteRequest

FILE_NAME = ".aggregator.db"
KEPT_SECONDS = 24 * 60 * 60
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


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer as it is sent: an HTTP status, headers, and the body. rows: those that were received."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    rows: int = 0


class IdempotencyStore:
    """The answers that were given to requests with a key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._source: Source | None = None

    def file(self) -> Source:
        """The database of the answers, made when there is none. Raises DatabaseUnavailable."""
        if self._source is None or self._source.identity() is None:
            self._source = self._engine.own_database(_SCHEMA, FILE_NAME, _SCRIPT)
        return self._source

    def given_before(self, connection: WriteConnection, request: WriteRequest) -> StoredResponse | None:
        """The first answer to the same request. Raises InvalidParameters when the key was another's."""
        assert request.key is not None
        row = connection.execute(
            f"SELECT digest, status, headers, body FROM {_TABLE}"
            " WHERE endpoint = ? AND request_key = ? AND answered_at > ?",
            (request.write.name, request.key.key, time.time() - KEPT_SECONDS),
        ).fetchone()
        if row is None:
            return None
        digest, status, headers, body = row
        if digest != request.key.digest:
            message = "was already used for a different request; use a new key"
            raise InvalidParameters([InvalidParameter("Idempotency-Key", request.key.key, message)])
        return StoredResponse(status, [(name, value) for name, value in json.loads(headers)], body)

    def keep(self, connection: WriteConnection, request: WriteRequest, answered: StoredResponse) -> None:
        """Remember an answer, and forget the old ones."""
        assert request.key is not None
        now = int(time.time())
        connection.execute(f"DELETE FROM {_TABLE} WHERE answered_at <= ?", (now - KEPT_SECONDS,))
        connection.execute(
            f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(request.write.name, request.key.key, request.key.digest, now),
                *(answered.status, json.dumps(answered.headers), answered.body),
            ),
        )
