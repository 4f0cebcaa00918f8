"""What the SQL of a file that writes may do: read, insert, update and delete in the attached databases."""

from __future__ import annotations

import apsw

from aggregator.databases.authorizer import READING, REFUSED_FUNCTIONS

_CHANGING = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}
_OWN_SCHEMAS = ("main", "temp")
_ASKED_BY_EXTENSIONS = {"data_version", "table_info", "table_xinfo"}
"""By FTS5 and by sessions, while a statement runs; they change nothing."""


class WriteAuthorizer:
    """Allows what an author may do while `is_on`, and everything when it is not.

    reads: schemas read by the statements prepared since `forget`, each with whether it was through a view,
    a trigger or a subquery. writes: the tables that they change, without those that triggers do, as schema
    and name. functions: those that they call, in small letters. refused: what was last refused, as
    `CREATE TABLE orders`.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.forget()

    def forget(self) -> None:
        """Begin anew with what statements do."""
        self.reads: set[tuple[str, bool]] = set()
        self.writes: set[tuple[str, str]] = set()
        self.functions: set[str] = set()
        self.refused: str | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, through: str | None
    ) -> int:
        if not self.is_on:
            return apsw.SQLITE_OK
        if self._may(action, first, second, schema):
            self._note(action, first, second, schema, through)
            return apsw.SQLITE_OK
        name = str(apsw.mapping_authorizer_function[action])
        words = name.removeprefix("SQLITE_").replace("_", " ")
        self.refused = " ".join(filter(None, (words, first or second)))
        return apsw.SQLITE_DENY

    def _may(self, action: int, first: str | None, second: str | None, schema: str | None) -> bool:
        if action in READING:
            return True
        if action == apsw.SQLITE_READ:
            return not (schema == "main" and (first or "").lower().startswith("pragma_"))
        if action == apsw.SQLITE_FUNCTION:
            return (second or "").lower() not in REFUSED_FUNCTIONS
        if action in _CHANGING:
            return schema not in _OWN_SCHEMAS and not (first or "").lower().startswith("sqlite_")
        return action == apsw.SQLITE_PRAGMA and (first or "").lower() in _ASKED_BY_EXTENSIONS

    def _note(
        self, action: int, first: str | None, second: str | None, schema: str | None, through: str | None
    ) -> None:
        if action == apsw.SQLITE_READ and schema is not None:
            self.reads.add((schema, through is not None))
        elif action == apsw.SQLITE_FUNCTION and second is not None:
            self.functions.add(second.lower())
        elif action in _CHANGING and schema is not None and first is not None and through is None:
            self.writes.add((schema, first))
