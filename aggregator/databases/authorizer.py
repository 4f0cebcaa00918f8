"""What a report's SQL may do: read the attached files, and nothing else.

SQLite asks the authorizer while it prepares a statement (https://sqlite.org/c3ref/set_authorizer.html),
once for each action; a refusal makes the statement fail to prepare.
"""

from __future__ import annotations

import apsw

_READING = {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_RECURSIVE}
_REFUSED_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
_READING_PRAGMAS = {
    "data_version",
    "journal_mode",
    "schema_version",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
}
"""Those that tell and change nothing when they are given no value; FTS5 asks for data_version."""

_NAMING_PRAGMAS = _READING_PRAGMAS - {"data_version", "journal_mode", "schema_version"}
"""Those of them whose value is the name of a table or an index."""


class ReadOnlyAuthorizer:
    """Allows reading; `transactions` also allows BEGIN and COMMIT, for the snapshot's own use."""

    def __init__(self) -> None:
        self.transactions = False

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, trigger: str | None
    ) -> int:
        if action in _READING:
            return apsw.SQLITE_OK
        if action == apsw.SQLITE_FUNCTION:
            refused = (second or "").lower() in _REFUSED_FUNCTIONS
            return apsw.SQLITE_DENY if refused else apsw.SQLITE_OK
        if action == apsw.SQLITE_PRAGMA:
            pragma = (first or "").lower()
            allowed = pragma in (_READING_PRAGMAS if second is None else _NAMING_PRAGMAS)
            return apsw.SQLITE_OK if allowed else apsw.SQLITE_DENY
        if action == apsw.SQLITE_TRANSACTION and self.transactions:
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY
