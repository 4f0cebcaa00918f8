"""A connection with databases attached, some of them to be written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import apsw

from aggregator.databases.connection import SqlFunction, quoted
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.write_authorizer import WriteAuthorizer
from aggregator.databases.write_faults import explained

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
_PAUSE_SECONDS = 0.002
_STEPS_BETWEEN_QUESTIONS = 100_000
_TEMP_CACHE_KIBIBYTES = 8_000


class WriteConnection(apsw.Connection):
    """SQLite with an empty main database and each file attached under its schema name.

    patience: seconds to wait for a lock of another program. wanted: asked again and again while SQL runs
    or waits; when it answers False, both end at once. A commit returns when the disk has it
    (synchronous=FULL), foreign keys hold, and a table of rows to come in (`temp`) is on the disk.

    Raises DatabaseUnavailable, which names the file, when one cannot be attached.
    """

    def __init__(
        self,
        written: Sequence[DatabaseFile],
        read: Sequence[DatabaseFile] = (),
        patience: float = 5.0,
        wanted: Callable[[], bool] = lambda: True,
        functions: Mapping[str, SqlFunction] | None = None,
    ) -> None:
        super().__init__(":memory:", flags=_FLAGS)
        self.written = tuple(written)
        self.only_read = tuple(read)
        self.patience = patience
        self.wanted = wanted
        self._wait_began = 0.0
        self.permissions = WriteAuthorizer()
        self.set_busy_handler(self._wait_for_lock)
        self.set_progress_handler(lambda: not self.wanted(), _STEPS_BETWEEN_QUESTIONS)
        try:
            self._attach_all()
        except apsw.Error as error:
            self.close()
            raise explained(error, [*self.written, *self.only_read]) from error
        for name, function in (functions or {}).items():
            self.create_scalar_function(name, function, deterministic=True)
        self._forbid()

    @contextmanager
    def restricted(self) -> Iterator[None]:
        """Prepare statements as an author may write them; others fail with apsw.AuthError."""
        self.permissions.is_on = True
        try:
            yield
        finally:
            self.permissions.is_on = False

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction; when it raises, only this part is taken back."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.in_transaction:
                self.execute("ROLLBACK TO part; RELEASE part").fetchall()
            raise
        self.execute("RELEASE part")

    def roll_back(self) -> None:
        """End a transaction without a trace, if there is one."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def _attach_all(self) -> None:
        self.execute("PRAGMA temp_store = 1")
        self.execute(f"PRAGMA temp.cache_size = -{_TEMP_CACHE_KIBIBYTES}")
        for file in (*self.written, *self.only_read):
            mode = "rw" if file in self.written else "ro"
            self.execute("ATTACH ? AS ?", (f"{file.path.as_uri()}?mode={mode}", file.schema))
            self.execute(f"PRAGMA {quoted(file.schema)}.synchronous = FULL")
            self.execute(f"SELECT count(*) FROM {quoted(file.schema)}.sqlite_schema").fetchall()
        self.execute("PRAGMA foreign_keys = 1")

    def _forbid(self) -> None:
        self.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        self.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        self.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 0)
        self.authorizer = self.permissions

    def _wait_for_lock(self, tries: int) -> bool:
        if tries == 0:
            self._wait_began = time.monotonic()
        if not self.wanted() or time.monotonic() - self._wait_began >= self.patience:
            return False
        time.sleep(_PAUSE_SECONDS)
        return True
