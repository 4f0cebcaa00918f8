"""What a report's SQL may do: read the attached files, and nothing else.

SQLite asks the authorizer while it prepares a statement (https://sqlite.org/c3ref/set_authorizer.html),
once for each action; a refusal makes the statement fail to prepare.
"""

from __future__ import annotations

from collections.abc import Collection

import apsw

_READING = {apsw.SQLITE_SELECT, apsw.SQLITE_RECURSIVE}
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

_CHANGING = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}

_PARTS_OF_AN_R_TREE = ("_node", "_rowid", "_parent")
"""Opening an R-tree prepares the statements that would change it (https://sqlite.org/rtree.html#shadow_tables).

None of them runs: a report is put into a SELECT, the files are opened read-only, and the
connection has `query_only` and the defensive mode on.
"""


class ReadOnlyAuthorizer:
    """Allows reading; `transactions` also allows BEGIN and COMMIT, for the snapshot's own use.

    reads: schemas read by the statements prepared so far, each with whether it was through a view
    or a subquery. tables: schema and name of the tables that they read; the schema is None where the SQL has
    none and no column is read. functions: those that they call, in small letters. refused: what was last
    refused, as `INSERT order_lines`.
    """

    def __init__(self) -> None:
        self.transactions = False
        self.reads: set[tuple[str, bool]] = set()
        self.tables: set[tuple[str | None, str]] = set()
        self.functions: set[str] = set()
        self.refused: str | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, through: str | None
    ) -> int:
        if self._may(action, first, second, schema):
            if action == apsw.SQLITE_READ and first is not None:
                self.tables.add((schema, first))
                if schema is not None:
                    self.reads.add((schema, through is not None))
            if action == apsw.SQLITE_FUNCTION and second is not None:
                self.functions.add(second.lower())
            return apsw.SQLITE_OK
        name = apsw.mapping_authorizer_function[action]
        words = str(name).removeprefix("SQLITE_").replace("_", " ")
        self.refused = " ".join(filter(None, (words, first or second)))
        return apsw.SQLITE_DENY

    def forget(self) -> None:
        """Collect anew."""
        self.reads, self.tables, self.functions, self.refused = set(), set(), set(), None

    def _may(self, action: int, first: str | None, second: str | None, schema: str | None) -> bool:
        if action in _READING:
            return True
        if action == apsw.SQLITE_READ:
            # `pragma_x` is a table for the pragma x, which itself is only asked for when it runs.
            name = (first or "").lower()
            is_pragma = name.startswith("pragma_") and schema == "main"
            # The others tell only of the connection's own database.
            return not is_pragma or name.removeprefix("pragma_") in _NAMING_PRAGMAS
        if action == apsw.SQLITE_FUNCTION:
            return (second or "").lower() not in _REFUSED_FUNCTIONS
        if action == apsw.SQLITE_PRAGMA:
            return (first or "").lower() in (_READING_PRAGMAS if second is None else _NAMING_PRAGMAS)
        if action in _CHANGING:
            return (first or "").lower().endswith(_PARTS_OF_AN_R_TREE)
        return action == apsw.SQLITE_TRANSACTION and self.transactions


INPUT = "input"
_OWN_SCHEMAS = ("main", "temp")


class WriteAuthorizer(ReadOnlyAuthorizer):
    """Allows changing the tables of some schemas, of all attached ones when `written` is None.

    Of the connection's own temporary tables only `input` may be read.
    """

    def __init__(self, written: Collection[str] | None = None) -> None:
        super().__init__()
        self._written = None if written is None else {schema.lower() for schema in written}
        self._changed: set[tuple[str, str]] = set()

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, through: str | None
    ) -> int:
        answer = super().__call__(action, first, second, schema, through)
        is_own_change = action in _CHANGING and through is None
        if answer == apsw.SQLITE_OK and is_own_change and schema is not None and first is not None:
            self._changed.add((schema, first))
        return answer

    @property
    def writes(self) -> set[tuple[str, str]]:
        """Schema and table of what the statements prepared so far change, without what triggers do.

        Opening an R-tree prepares statements for its parts (https://sqlite.org/rtree.html), which are
        left out: no statement changes three tables by itself.
        """
        parts = set()
        for schema, table in self._changed:
            stem = table.removesuffix(_PARTS_OF_AN_R_TREE[0])
            tree = {(schema, stem + part) for part in _PARTS_OF_AN_R_TREE}
            parts |= tree if tree <= self._changed else set()
        return self._changed - parts

    def forget(self) -> None:
        """Collect anew."""
        super().forget()
        self._changed = set()

    def _may(self, action: int, first: str | None, second: str | None, schema: str | None) -> bool:
        name, place = (first or "").lower(), (schema or "").lower()
        if action in _CHANGING and not name.startswith("sqlite_") and self._is_written(place):
            return True
        if action == apsw.SQLITE_READ and place == "temp" and name != INPUT:
            return False
        return super()._may(action, first, second, schema)

    def _is_written(self, schema: str) -> bool:
        return schema not in _OWN_SCHEMAS if self._written is None else schema in self._written
