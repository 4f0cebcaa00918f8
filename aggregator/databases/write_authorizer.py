"""What the SQL of a file that writes may do: read, insert, update and delete in the attached files.

As for a report (see `authorizer`), and it may change the tables of some files. Tables are neither made
nor altered, no file is attached, no setting is changed, and no transaction is begun or ended. Triggers
of the databases run, under the same rules.
"""

from __future__ import annotations

from collections.abc import Collection

import apsw

from aggregator.databases.authorizer import ReadOnlyAuthorizer

INPUT = "input"
_CHANGING = (apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE)
_OWN_SCHEMAS = ("main", "temp")
_PARTS_OF_AN_R_TREE = ("_node", "_rowid", "_parent")


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
