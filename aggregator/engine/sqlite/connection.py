"""A connection with databases attached, each of them read-only."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache

import apsw
import apsw.ext

from aggregator.engine.model import SqlValue
from aggregator.engine.sqlite.authorizer import ReadOnlyAuthorizer
from aggregator.engine.sqlite.files import (
    DatabaseFile,
    schema_fault,
    unavailable,
    with_name,
)
from aggregator.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

SqlFunction = Callable[..., object]
"""A deterministic function of SQLite values that SQL can call."""

_PAUSE_SECONDS = 0.005

_LONGEST_FINISH_SECONDS = 0.02
"""How long a journal without a lock may be one whose writer deletes it just now."""

_STEPS_BETWEEN_QUESTIONS = 100_000
_STEPS_BETWEEN_QUICK_QUESTIONS = 1_000
_LONGEST_QUICK_VALUE = 100_000

LONGEST_VALUE = 64 * 2**20
"""Bytes; what SQL makes of one value takes several times as much memory."""

_CACHE_KIBIBYTES = 2_000

_MOST_CACHED_WHOLE_KIBIBYTES = 8_000
"""A small file, which a join looks into for each of its rows, is cached whole once it is read; a large
one, whose pages mostly come in order, gains nothing from more than SQLite's own 2,000."""

_PLAIN_NAME = re.compile(r"[A-Za-z_\x80-\U0010FFFF][\w$\x80-\U0010FFFF]*")

ATTACHING = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
"""Flags of a connection to which files are attached by URIs."""


class PatientConnection(apsw.Connection):
    """SQLite that waits for other programs' locks, and stops when nobody wants its work any more.

    patience: seconds to wait for a lock. wanted: asked again and again, from the thread that uses the
    connection; when it answers False, waiting and running SQL end at once. steps: of SQLite's machine
    between two askings. longest_value: bytes of a value that SQL may read or make
    (https://sqlite.org/limits.html), None for SQLite's own limit.
    """

    def __init__(
        self,
        name: str,
        flags: int,
        patience: float,
        wanted: Callable[[], bool] = lambda: True,
        steps: int = _STEPS_BETWEEN_QUESTIONS,
        longest_value: int | None = None,
    ) -> None:
        super().__init__(name, flags=flags, statementcachesize=64)
        if longest_value is not None:
            self.limit(apsw.SQLITE_LIMIT_LENGTH, longest_value)
        self.patience = patience
        self.wanted = wanted
        self._wait_began = 0.0
        self.set_busy_handler(self._wait_for_lock)
        self.set_progress_handler(lambda: not self.wanted(), steps)

    def distrust_schemas(self) -> None:
        """Protect the connection from what the schemas and the SQL of attached files could do."""
        self.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        self.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        self.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)

    def forbid_attaching(self) -> None:
        """Let ATTACH neither create a file nor open one to write it."""
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 0)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, 0)

    def add_functions(self, functions: Mapping[str, SqlFunction]) -> None:
        """Make Python functions callable in SQL by their names."""
        for name, function in functions.items():
            self.create_scalar_function(name, function, deterministic=True)

    def data_version_of(self, file: DatabaseFile) -> object:
        """A number that changes when another connection has committed to the file.

        https://sqlite.org/pragma.html#pragma_data_version; inside a transaction this is where the
        file's reading begins. Raises DatabaseUnavailable.
        """
        return self._read(file, f"PRAGMA {quoted_name(file.schema)}.data_version")

    def schema_version(self, file: DatabaseFile) -> object:
        """A number that changes when the file's tables are altered; raises DatabaseUnavailable.

        https://sqlite.org/pragma.html#pragma_schema_version; inside a transaction this is where the
        file's reading begins.
        """
        return self._read(file, f"PRAGMA {quoted_name(file.schema)}.schema_version")

    def _attach(self, file: DatabaseFile, mode: str) -> None:
        self._read(file, "ATTACH ? AS ?", (f"{file.path.as_uri()}?mode={mode}", file.schema))
        self._read(file, f"PRAGMA {quoted_name(file.schema)}.cache_size = -{_cache_kibibytes(file)}")

    def _read(self, file: DatabaseFile, sql: str, values: Sequence[SqlValue] = ()) -> object:
        """Run a statement with which the reading of a file may begin, and give its one value.

        A reader may not roll back a journal (https://sqlite.org/rescode.html#readonly_rollback). One that its
        writer is just about to finish looks like one that was left behind, so it is looked at again before it
        is rolled back.
        """
        began = time.monotonic()
        is_recovered = False
        while True:
            try:
                return self.execute(sql, values).get
            except apsw.ReadOnlyError as error:
                waited = time.monotonic() - began
                if not self.wanted() or waited >= self.patience:
                    raise unavailable(file, error) from error
                if waited >= _LONGEST_FINISH_SECONDS and not is_recovered:
                    _recover(file, self.patience - waited, self.wanted)
                    is_recovered = True
                else:
                    time.sleep(_PAUSE_SECONDS)
            except apsw.Error as error:
                raise unavailable(file, error) from error

    def _wait_for_lock(self, tries: int) -> bool:
        if tries == 0:
            self._wait_began = time.monotonic()
        if not self.wanted() or time.monotonic() - self._wait_began >= self.patience:
            return False
        time.sleep(_PAUSE_SECONDS)
        return True


class ReadOnlyConnection(PatientConnection):
    """SQLite with an empty main database and each file attached under its schema name.

    patience, wanted, longest_value: as of PatientConnection.

    for_quick: for SQL that takes next to no time. `wanted` is asked more often; no value may be longer
    than 100,000 bytes, because nothing ends a function while it makes one; and a statement keeps its
    plan whatever its parameters are, where it would otherwise be planned anew for each of them
    (https://sqlite.org/queryplanner-ng.html#qpsg).

    An object that SQLite cannot use, such as a view that names the schema `main`, keeps nobody from the rest
    of its file: it is left out. `schema_faults` has the first one of each file, with SQLite's reason.

    Raises DatabaseUnavailable, which names the file, when one cannot be attached.
    """

    permissions: ReadOnlyAuthorizer

    def __init__(
        self,
        files: Iterable[DatabaseFile],
        patience: float,
        wanted: Callable[[], bool] = lambda: True,
        for_quick: bool = False,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        steps = _STEPS_BETWEEN_QUICK_QUESTIONS if for_quick else _STEPS_BETWEEN_QUESTIONS
        longest_value = min(longest_value, _LONGEST_QUICK_VALUE) if for_quick else longest_value
        super().__init__(":memory:", ATTACHING, patience, wanted, steps, longest_value)
        if for_quick:
            self.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self.files = tuple(files)
        self.schema_faults: dict[str, tuple[str, str]] = {}
        # A schema is never written: the files are opened read-only, and the defensive mode is on.
        self.distrust_schemas()
        try:
            for file in self.files:
                self._attach_all_that_works(file)
        except DatabaseUnavailable:
            self.close()
            raise
        self.forbid_attaching()
        self.execute("PRAGMA query_only = 1")
        self.permissions = ReadOnlyAuthorizer()
        self.authorizer = self.permissions

    def tolerate_collations(self) -> None:
        """Let tables be read whose collations only their owner's program knows.

        SQL that has to compare by such a collation fails when it runs.
        """
        self.collation_needed(lambda connection, name: connection.create_collation(name, _incomparable))

    def attach(self, file: DatabaseFile) -> None:
        """One more file; raises DatabaseUnavailable, and the connection is closed then."""
        permissions, self.authorizer = self.authorizer, None
        try:
            self._attach_all_that_works(file)
        except DatabaseUnavailable:
            self.close()
            raise
        self.authorizer = permissions
        self.files += (file,)

    @contextmanager
    def unrestricted(self) -> Iterator[None]:
        """Run SQL of our own that changes the connection's own, empty database."""
        permissions, self.authorizer = self.authorizer, None
        self.execute("PRAGMA query_only = 0")
        try:
            yield
        finally:
            self.execute("PRAGMA query_only = 1")
            self.authorizer = permissions

    def schema_versions(self) -> dict[str, object]:
        """`schema_version` of each attached file, by its schema."""
        return {file.schema: self.schema_version(file) for file in self.files}

    def read_schema(self, file: DatabaseFile) -> None:
        """Read the list of its tables; raises DatabaseUnavailable."""
        self._read(file, f"SELECT count(*) FROM {quoted_name(file.schema)}.sqlite_schema")

    def _attach_all_that_works(self, file: DatabaseFile) -> None:
        """Attach a file, without those of its objects that SQLite cannot use.

        `writable_schema` makes SQLite go on after an object that it cannot use
        (https://sqlite.org/pragma.html#pragma_writable_schema), also when the schema is read again later. It
        would also go on after an error of the disk, so it is off while a file is attached that needs it not.
        """
        self.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0)
        try:
            self._attach(file, "ro")
        except DatabaseUnavailable as error:
            fault = schema_fault(error.__cause__)
            if fault is None:
                raise
            self.schema_faults[file.schema] = fault
            _warn_once(file.path.name, with_name(fault))
            self.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)
            self._attach(file, "ro")
            self.read_schema(file)
        self.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, int(bool(self.schema_faults)))


@cache
def _warn_once(name: str, fault: str) -> None:
    _log.warning("%s has an object that SQLite cannot use; the rest of the file is read: %s", name, fault)


def _recover(file: DatabaseFile, patience: float, wanted: Callable[[], bool]) -> None:
    """Roll back what a program left when it ended in the middle of a write, as any program would.

    Raises DatabaseUnavailable. Its cause is the apsw.BusyError of a file that is only locked; for any other
    error it has none, because callers try again after some of them, which would not help here.
    """
    try:
        with closing(PatientConnection(str(file.path), apsw.SQLITE_OPEN_READWRITE, patience, wanted)) as own:
            own.execute("PRAGMA schema_version").fetchall()
    except apsw.BusyError as error:
        raise unavailable(file, error) from error
    except apsw.Error as error:
        raise unavailable(file, error) from None
    _log.warning("%s: a write that a program left unfinished was rolled back", file.path.name)


def _incomparable(first: str, second: str) -> int:
    raise apsw.SQLError("the collation is defined only in the program that owns the database")


def _cache_kibibytes(file: DatabaseFile) -> int:
    try:
        size = file.path.stat().st_size // 1024
    except OSError:
        return _CACHE_KIBIBYTES
    # SQLite counts what it keeps beside each page, too.
    return size + size // 8 if _CACHE_KIBIBYTES < size <= _MOST_CACHED_WHOLE_KIBIBYTES else _CACHE_KIBIBYTES


def quoted_name(identifier: str) -> str:
    """An identifier for SQL text: in double quotes, those inside doubled."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(identifier: str) -> str:
    """An identifier as people write it in SQL: in double quotes only where SQLite needs them."""
    is_plain = _PLAIN_NAME.fullmatch(identifier) and identifier.upper() not in apsw.keywords
    return identifier if is_plain else quoted_name(identifier)


def can_prepare(connection: apsw.Connection, sql: str) -> bool:
    """Whether SQLite accepts the SQL now, whatever the values of its parameters are."""
    try:
        apsw.ext.query_info(connection, sql)
    except apsw.Error:
        return False
    return True
