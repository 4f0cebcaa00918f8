"""One instant of several files: what a report reads.

Each file by itself gives a reader one instant. Over several files it takes two things:

- A file in a rollback-journal mode cannot be changed from the moment it is first read until the
  transaction ends (https://sqlite.org/lockingv3.html).
- A file in WAL mode shows the state of its first read, while others go on committing
  (https://sqlite.org/isolation.html). With two or more such files, a second connection asks each
  for its data version before the first and after the last of these reads; when none has changed,
  all reads saw one instant. Otherwise they are done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import apsw

from aggregator.databases.connection import ReadOnlyConnection, SqlFunction, quoted, unavailable
from aggregator.databases.folder import DatabaseFile
from aggregator.errors import Cancelled, UnsettledDatabases

_MOST_TRIES = 1000


class View:
    """A connection to some databases that can be held at one instant, and used again later.

    Not for two threads at once. `identity` tells whether the files are still those that it opened;
    `schema_versions` has, from the last `hold`, a number for each schema that changes with its tables
    (https://sqlite.org/pragma.html#pragma_schema_version).
    """

    def __init__(
        self, files: Sequence[DatabaseFile], functions: Mapping[str, SqlFunction], lock_wait: float
    ) -> None:
        self.files = tuple(files)
        self.identity = identity(files)
        self.connection = ReadOnlyConnection(files, lock_wait)
        self.connection.add_functions(functions)
        self._watcher: ReadOnlyConnection | None = None
        self._lock_wait = lock_wait
        self.schema_versions: dict[str, object] = {}

    def hold(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Begin to read all files at one instant.

        wanted: asked while waiting; False ends the wait. Raises DatabaseUnavailable (a file is
        locked, gone or damaged), UnsettledDatabases, or Cancelled.
        """
        self.connection.wanted = wanted
        for _ in range(_MOST_TRIES):
            if not wanted():
                raise Cancelled("The request was given up.")
            if self._try_to_hold():
                return
            self.release()
        raise UnsettledDatabases("The databases are being changed too fast to be read at one instant.")

    def release(self) -> None:
        """End the reading; the files' locks are dropped."""
        if self.connection.in_transaction:
            self._transaction("ROLLBACK")

    def close(self) -> None:
        """Close the files."""
        self.connection.close()
        if self._watcher is not None:
            self._watcher.close()

    def _try_to_hold(self) -> bool:
        if len(self.files) == 1:
            self._begin(self.files)
            return True
        before = self._watched_versions()
        write_ahead = [file for file in self.files if file.schema in before]
        self._begin([file for file in self.files if file.schema not in before] + write_ahead)
        return len(write_ahead) < 2 or self._watched_versions() == before

    def _begin(self, files: Sequence[DatabaseFile]) -> None:
        self._transaction("BEGIN")
        self.schema_versions = {file.schema: self.connection.schema_version(file) for file in files}

    def _transaction(self, statement: str) -> None:
        permissions = self.connection.permissions
        permissions.transactions = True
        try:
            self.connection.execute(statement)
        finally:
            permissions.transactions = False

    def _watched_versions(self) -> dict[str, object]:
        """The data version of each file in WAL mode, by schema."""
        if self._watcher is None:
            self._watcher = ReadOnlyConnection(self.files, self._lock_wait)
        self._watcher.wanted = self.connection.wanted
        versions: dict[str, object] = {}
        for file in self.files:
            schema = quoted(file.schema)
            try:
                if self._watcher.execute(f"PRAGMA {schema}.journal_mode").get == "wal":
                    versions[file.schema] = self._watcher.execute(f"PRAGMA {schema}.data_version").get
            except apsw.Error as error:
                raise unavailable(file, error) from error
        return versions


def identity(files: Sequence[DatabaseFile]) -> tuple[object, ...]:
    """Which files these are on the disk now; equal as long as none is replaced."""
    return tuple((file.schema, file.identity()) for file in files)
