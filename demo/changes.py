"""The change files of one database: which there are, and what each version of it looks like.

`schema/changes/order/1-orders.sql` makes version 1 of order.db out of nothing, `2-….sql` makes version 2
of version 1, and so on. The number is the version; nothing in the file says it again.
"""

import re
from pathlib import Path
from typing import TypeAlias

import apsw

CHANGES = Path(__file__).resolve().parent.parent / "schema" / "changes"

Objects: TypeAlias = dict[tuple[str, str], list[str]]
"""Tables, indexes, views and triggers by kind and name, each as the words of its SQL."""

_NAME = re.compile(r"([1-9][0-9]*)-[a-z0-9-]+\.sql")
_COMMENT = r"--[^\n]*|/\*.*?\*/"
_WORD = re.compile(rf"{_COMMENT}|'(?:[^']|'')*'|\"[^\"]*\"|\w+|\S", re.DOTALL)
# What would end the transaction, leave the file, or say the version a second time.
_REFUSED = (apsw.SQLITE_TRANSACTION, apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH)


class UpgradeError(Exception):
    """A database cannot be upgraded; the text says which, why, and what to do."""


class Changes:
    """The changes of one database, from nothing to the newest version.

    folder: of its change files. Raises UpgradeError when one is missing, appears twice or has a name that
    does not say its version.
    """

    def __init__(self, folder: Path) -> None:
        numbered = [(_version(path), path) for path in folder.glob("*.sql")]
        self._files = [path for _, path in sorted(numbered)]
        if sorted(number for number, _ in numbered) != list(range(1, len(numbered) + 1)) or not numbered:
            raise UpgradeError(f"{folder} must hold one change file for each version from 1 on")

    @property
    def newest(self) -> int:
        """The version that the last change leads to."""
        return len(self._files)

    def apply(self, connection: apsw.Connection, version: int, until: int) -> None:
        """Make another version of a database, inside of the caller's transaction.

        Raises UpgradeError, which names the change file, when a statement of it fails.
        """
        connection.authorizer = _only_changes
        try:
            for file in self._files[version:until]:
                _run(connection, file)
        finally:
            connection.authorizer = None

    def objects(self, version: int) -> Objects:
        """What a database of that version consists of."""
        connection = apsw.Connection(":memory:")
        try:
            self.apply(connection, 0, version)
            return objects(connection)
        finally:
            connection.close()


def objects(connection: apsw.Connection) -> Objects:
    """What a database consists of, however its SQL is laid out, commented and quoted."""
    listed = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'"
    return {(str(kind), str(name)): _words(str(sql)) for kind, name, sql in connection.execute(listed)}


def _words(sql: str) -> list[str]:
    words = (word for word in _WORD.findall(sql) if not re.match(_COMMENT, word))
    return [word.strip('"') for word in words]


def _run(connection: apsw.Connection, file: Path) -> None:
    try:
        for _ in connection.execute(file.read_text(encoding="utf-8")):
            pass
    except apsw.AuthError as error:
        reason = "a change file has no BEGIN, COMMIT, ATTACH or user_version"
        raise UpgradeError(f"{file.name}: {reason}") from error
    except apsw.Error as error:
        raise UpgradeError(f"{file.name}: {error}") from error


def _only_changes(
    action: int, first: str | None, second: str | None, database: str | None, source: str | None
) -> int:
    refused = action in _REFUSED or (action == apsw.SQLITE_PRAGMA and first == "user_version")
    return apsw.SQLITE_DENY if refused else apsw.SQLITE_OK


def _version(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise UpgradeError(f"{path} must be called like 2-what-it-does.sql")
    return int(match[1])
