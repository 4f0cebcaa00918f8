"""Bring a database of an older version to the newest: in one transaction, all or nothing.

A process that dies in the middle leaves the old version whole; SQLite takes back the rest when the file is
opened next. The order of things is that of https://sqlite.org/lang_altertable.html#otheralter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from demo.changes import Changes, Objects, UpgradeError, objects

_PATIENCE_SECONDS = 5.0


def upgrade(path: Path, changes: Changes, patience: float = _PATIENCE_SECONDS) -> int:
    """Make all changes that the file lacks, and return the version that it had.

    patience: seconds to wait for other programs that have the file locked. Raises UpgradeError, and leaves
    the file as it was, when it is locked or no database of the demo, is of a version that has no change
    file, or when its rows or its own indexes, triggers or columns do not go with a change.
    """
    with _opened(path, patience) as connection:
        # The locks that the COMMIT needs, so that nothing can stop it afterwards.
        connection.execute("BEGIN EXCLUSIVE")
        version = _version(connection, changes)
        if version < changes.newest:
            own = _own_objects(connection, changes.objects(version), version)
            changes.apply(connection, version, changes.newest)
            connection.execute(f"PRAGMA user_version = {changes.newest}")
            _check(connection, own)
            # Tables that were made anew have lost what the planner knew of them.
            connection.execute("ANALYZE")
        connection.execute("COMMIT")
    return version


def outdated_version(path: Path, changes: Changes) -> int | None:
    """The version of a file that `upgrade` would change, None of any other; it is not waited for."""
    try:
        with _opened(path, patience=0) as connection:
            version = _version(connection, changes)
            if version == changes.newest:
                return None
            _own_objects(connection, changes.objects(version), version)
            return version
    except UpgradeError:
        return None


@contextmanager
def _opened(path: Path, patience: float) -> Iterator[apsw.Connection]:
    """A connection to an existing file; apsw's errors become UpgradeErrors that name the file."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(int(patience * 1000))
            connection.execute("PRAGMA foreign_keys = 0")
            # Otherwise a view over a table that is made anew stops it.
            connection.execute("PRAGMA legacy_alter_table = 1")
            yield connection
        finally:
            connection.close()
    except UpgradeError as error:
        raise UpgradeError(f"{path.name}: {error}") from error
    except (apsw.BusyError, apsw.LockedError) as error:
        reason = "is locked by another program; stop that program, or try again"
        raise UpgradeError(f"{path.name} {reason}") from error
    except apsw.NotADBError as error:
        raise UpgradeError(f"{path.name} is no SQLite database") from error
    except apsw.Error as error:
        raise UpgradeError(f"{path.name}: {error}") from error


def _version(connection: apsw.Connection, changes: Changes) -> int:
    version = int(connection.pragma("user_version"))
    if version < 1:
        raise UpgradeError(f"no database of the demo; its user_version is {version}")
    if version > changes.newest:
        known = f"the newest known here is {changes.newest}; a newer setup_db.py has made it"
        raise UpgradeError(f"version {version}, but {known}")
    return version


def _own_objects(connection: apsw.Connection, expected: Objects, version: int) -> Objects:
    """What the owner has added. Raises UpgradeError when something is not as the version has it."""
    found = objects(connection)
    for (kind, name), words in expected.items():
        if (kind, name) not in found:
            raise UpgradeError(f"no database of the demo of version {version}; it has no {kind} {name}")
        if found[kind, name] != words:
            raise UpgradeError(f"{kind} {name} is not as version {version} of the demo has it")
    return {key: words for key, words in found.items() if key not in expected}


def _check(connection: apsw.Connection, own: Objects) -> None:
    left = objects(connection)
    for (kind, name), words in own.items():
        if left.get((kind, name)) != words:
            raise UpgradeError(f"{kind} {name} would be lost; drop it, upgrade, and make it again")
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        raise UpgradeError(f"row {row} of {table} names a row of {parent} that there is not")
    found = connection.execute("PRAGMA integrity_check(1)").get
    if found != "ok":
        raise UpgradeError(f"damaged: {found}")
