"""One instant of several files: what a report reads.

Each file by itself gives a reader one instant, from its first read to the end of the transaction
(https://sqlite.org/isolation.html). Over several files the first reads happen one after another, and a
commit may fall between them. So each file's data version is asked for twice: when it has not changed
from the first asking to the second (https://sqlite.org/pragma.html#pragma_data_version), no commit fell
between the two. All first askings come before all second ones, so there is a moment between that every
file was as it is read. Otherwise everything is let go and asked again; the last answers are then the
first ones. Whatever the journal modes, no writer has to cooperate.

A write of this service over several files commits them one after another, and is recorded before the first
commit until after the last (see `redo`). So between the two askings a look is taken whether there is a
record. If there is none, and no data version has changed, then at that moment every file was as it was
read, and no such write was between its commits. If there is one, everything is asked again.

Whoever waited for one file's lock while it holds another's would stop a transaction that writes both, so
a locked file is waited for with nothing held.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import apsw

from aggregator.databases.connection import ReadOnlyConnection, SqlFunction
from aggregator.databases.folder import DatabaseFile, FileVersion, Identity
from aggregator.databases.redo import is_pending, recover
from aggregator.errors import Cancelled, DatabaseUnavailable, UnsettledDatabases

_SETTLE_SECONDS = 5.0
"""How long files that change all the time are tried again."""

_ALIVE_SECONDS = 0.02
"""A write over several files that is pending for longer is looked at: perhaps its writer is dead."""

_PAUSE_SECONDS = 0.001

_PASSING = (apsw.BusyError, apsw.ReadOnlyError)
"""What a file that is being written may answer; the second when its journal seems to be left over."""


Identities = tuple[Identity | None, ...]
"""Of some files, in their order; equal for two moments when none was replaced between them."""


def _always() -> bool:
    return True


class View:
    """A connection to some databases that can be held at one instant, and used again later.

    seen: the files' versions when they were last looked at, before it is held.

    wanted: asked while a file is waited for; False ends the wait. for_quick: see ReadOnlyConnection.
    Not for two threads at once.
    `identities` tells whether the files are still those that it opened; `schema_versions` has, from the
    last `hold`, a number for each schema that changes with its tables
    (https://sqlite.org/pragma.html#pragma_schema_version).
    """

    def __init__(
        self,
        files: Sequence[DatabaseFile],
        functions: Mapping[str, SqlFunction],
        lock_wait: float,
        wanted: Callable[[], bool] = _always,
        for_quick: bool = False,
    ) -> None:
        self.files = tuple(files)
        self.seen: Sequence[FileVersion] = look_at(files)
        self.identities = identities(self.seen)
        self._functions = functions
        self._lock_wait = lock_wait
        self._for_quick = for_quick
        self._order = list(files)
        self._folders = {file.path.parent for file in files} if len(self.files) > 1 else set()
        self.schema_versions: dict[str, object]
        self._data_versions: dict[str, object]
        self._stamps: dict[str, tuple[object, object]]
        self._open(wanted)

    def hold(self, wanted: Callable[[], bool] = _always) -> None:
        """Begin to read all files at one instant.

        wanted: asked while waiting and while SQL runs; False ends both. Raises DatabaseUnavailable (a
        file is locked, gone or damaged), UnsettledDatabases, or Cancelled.
        """
        self.connection.wanted = wanted
        self._settle(wanted)
        if self._is_overwritten():
            self.connection.close()
            self._open(wanted)
            self._settle(wanted)
        self._stamps = self._stamps_now()

    def _open(self, wanted: Callable[[], bool]) -> None:
        self.connection = ReadOnlyConnection(self.files, self._lock_wait, wanted, self._for_quick)
        self.connection.add_functions(self._functions)
        self.connection.tolerate_collations()
        self.schema_versions = {}
        self._data_versions = {}
        self._stamps = {}

    def _is_overwritten(self) -> bool:
        """Whether a file has changed, and not by SQLite: copied over, it may look the same to it.

        A file that is only checkpointed is taken for overwritten too, and opened again for nothing.
        """
        now = self._stamps_now()
        return any(
            version == now[schema][0] and stamp != now[schema][1]
            for schema, (version, stamp) in self._stamps.items()
        )

    def _stamps_now(self) -> dict[str, tuple[object, object]]:
        pairs = zip(self.files, self.seen, strict=True)
        return {file.schema: (self._data_versions[file.schema], seen.database) for file, seen in pairs}

    def _settle(self, wanted: Callable[[], bool]) -> None:
        began = time.monotonic()
        while wanted():
            waited = time.monotonic() - began
            was_pending = self._let_pending_writes_end(waited)
            try:
                if self._try_to_hold(patience=max(self._lock_wait - waited, 0)) and not was_pending:
                    return
            except DatabaseUnavailable as error:
                if waited >= self._lock_wait or not isinstance(error.__cause__, _PASSING):
                    raise
            self.release()
            if waited >= _SETTLE_SECONDS:
                raise UnsettledDatabases("The databases change too fast to be read at one instant.")
        raise Cancelled("The request was given up.")

    def _let_pending_writes_end(self, waited: float) -> bool:
        """Whether a write over several files is between its commits; one that was broken off is finished."""
        pending = [folder for folder in self._folders if is_pending(folder)]
        for folder in pending:
            if waited < _ALIVE_SECONDS or not recover(folder):
                time.sleep(_PAUSE_SECONDS)
        return bool(pending)

    def release(self) -> None:
        """End the reading; the files' locks are dropped."""
        if self.connection.in_transaction:
            self._transaction("ROLLBACK")

    def close(self) -> None:
        """Close the files."""
        self.connection.close()

    def _try_to_hold(self, patience: float) -> bool:
        before = self._data_versions
        self._transaction("BEGIN")
        try:
            self._data_versions = self._begin_to_read(patience)
            is_unchanged = self._data_versions == before
            if not is_unchanged:
                self.schema_versions = self.connection.schema_versions()
        except BaseException:
            self._data_versions = {}
            self.release()
            raise
        return is_unchanged or len(self.files) == 1

    def _begin_to_read(self, patience: float) -> dict[str, object]:
        """Ask for all data versions; a file that is locked goes first at the next try."""
        versions: dict[str, object] = {}
        self.connection.patience = patience
        for file in self._order:
            try:
                versions[file.schema] = self.connection.data_version_of(file)
            except DatabaseUnavailable:
                self._order.remove(file)
                self._order.insert(0, file)
                raise
            self.connection.patience = 0
        return versions

    def _transaction(self, statement: str) -> None:
        permissions = self.connection.permissions
        permissions.transactions = True
        try:
            self.connection.execute(statement)
        finally:
            permissions.transactions = False


def look_at(files: Sequence[DatabaseFile]) -> list[FileVersion]:
    """The versions of files as they are on the disk now."""
    return [file.version() for file in files]


def identities(seen: Sequence[FileVersion]) -> Identities:
    """Which files these are."""
    return tuple([version.identity for version in seen])
