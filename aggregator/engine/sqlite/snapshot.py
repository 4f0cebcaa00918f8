"""One instant of several files: what a report reads.

Each file by itself gives a reader one instant, from its first read to the end of the transaction
(https://sqlite.org/isolation.html). The first reads of several files happen one after another, and a commit
may fall between them. So each file's data version is read twice: when it is the same both times
(https://sqlite.org/pragma.html#pragma_data_version), no commit fell between. All first readings come before
all second ones, so at one moment in between every file was as it is read. Otherwise the locks are released
and the versions are read again; the last readings then count as the first ones. This holds for all journal
modes, and no writer has to cooperate.

A write of this service over several files commits file by file. Its record exists from before the first
commit until after the last, or until somebody has finished the write (see `commit_journal`). So between the
first readings and the second ones the snapshot also checks whether a record is pending. When none is, no
write was half done at that moment. The first readings may be old, from the last time that a kept snapshot
was held. When a record is pending, the snapshot releases its locks and starts again. If the record stays,
its process may have died, and the snapshot tries to finish the write.

A reader that waits for one file's lock while it holds another's could stop a transaction that writes both,
so it waits for a locked file with nothing held.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import cast

import apsw

from aggregator.engine import base
from aggregator.engine.base import Source, Version
from aggregator.engine.model import PlanStep, SqlValue, StatementFailed, Values
from aggregator.engine.sqlite.commit_journal import is_pending, recover_if_dead
from aggregator.engine.sqlite.connection import (
    LONGEST_VALUE,
    ReadOnlyConnection,
    SqlFunction,
    can_prepare,
)
from aggregator.engine.sqlite.explain import explain
from aggregator.engine.sqlite.files import DatabaseFile, FileVersion, Identity
from aggregator.engine.sqlite.runtime_errors import refusal, to_query_error, too_long
from aggregator.errors import (
    AggregatorError,
    Cancelled,
    DatabaseUnavailable,
    UnrepresentableValue,
    UnstableDatabases,
)

_SETTLE_SECONDS = 5.0
"""How long files that change all the time are tried again."""

_PAUSE_SECONDS = 0.002

_LONGEST_COMMIT_SECONDS = 0.02
"""A record that is pending for longer may be of a process that died."""

_PASSING = (apsw.BusyError, apsw.ReadOnlyError)
"""What a file that is being written may answer; the second when its journal seems to be left over."""

_BATCH_SECONDS = 0.005
_MOST_ROWS = 128

Identities = tuple[Identity | None, ...]
"""Of some files, in their order; equal for two moments when none was replaced between them."""


class Snapshot(base.Snapshot):
    """A connection to some databases that can be held at one instant, and used again later.

    wanted, for_quick, longest_value: see ReadOnlyConnection. Not for two threads at once.
    `seen`: the files' versions when they were last looked at, before it is held.
    `identities` tells whether the files are still those that it opened; `schema_versions` has, from the
    last `hold`, a number for each schema that changes with its tables
    (https://sqlite.org/pragma.html#pragma_schema_version).
    """

    def __init__(
        self,
        files: Sequence[DatabaseFile],
        functions: Mapping[str, SqlFunction],
        lock_wait: float,
        wanted: Callable[[], bool] = lambda: True,
        for_quick: bool = False,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        self.files = tuple(files)
        self.seen: Sequence[FileVersion] = file_versions(files)
        self.identities = identities(self.seen)
        self._functions = functions
        self._lock_wait = lock_wait
        self._for_quick = for_quick
        self._longest_value = longest_value
        self._order = list(files)
        self._folders = _folders_of_several(files)
        self.schema_versions: dict[str, object]
        self._data_versions: dict[str, object]
        self._held_data: dict[str, object]
        self._held: Sequence[FileVersion]
        self._open(wanted)

    def hold(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Begin to read all files at one instant.

        wanted: asked while waiting and while SQL runs; False ends both. Raises DatabaseUnavailable (a
        file is locked, gone or damaged), UnstableDatabases, or Cancelled.
        """
        self.connection.wanted = wanted
        schema_versions = self.schema_versions
        self._settle(wanted)
        # A connection decides when it opens a file which objects it leaves out.
        is_altered = bool(schema_versions) and schema_versions != self.schema_versions
        if is_altered or self._is_overwritten():
            self.connection.close()
            self._open(wanted)
            self._settle(wanted)
        if self._data_versions != self._held_data or not self.holds(self.seen):
            self._held_data, self._held = self._data_versions, file_versions(self.files)

    def holds(self, seen: Sequence[Version]) -> bool:
        return [version.stamp for version in self._held] == [version.stamp for version in seen]

    @property
    def schema_state(self) -> tuple[object, ...]:
        return self.identities, tuple(self.schema_versions.values())

    def require_same_files(self) -> None:
        """Raise DatabaseUnavailable when what was read may be of two files, one copied over the other.

        Such a program does not respect SQLite's locks.
        """
        for file, held in zip(self.files, self._held, strict=False):
            if file.was_overwritten(held):
                raise DatabaseUnavailable(file.schema, "was overwritten while it was being read")

    def rows(self, sql: str, values: Values) -> Iterator[list[bytes]]:
        """Run a SELECT of one column of BLOBs and give its values in lists of 1 to 128.

        A list is given before it takes longer than about 5 ms to fill, so a slow query's first rows
        are not kept back.
        """
        size = 1
        with self._failing(sql, values):
            found: Iterator[bytes] = chain.from_iterable(self.connection.execute(sql, values))
            began = time.perf_counter()
            while batch := list(islice(found, size)):
                is_slow = time.perf_counter() - began > _BATCH_SECONDS
                size = max(size // 2, 1) if is_slow else min(size * 2, _MOST_ROWS)
                yield batch
                began = time.perf_counter()

    def first(
        self, sql: str, values: Values = (), most: int = 1, seconds: float = float("inf")
    ) -> list[tuple[SqlValue, ...]]:
        wanted, ends_at = self.connection.wanted, time.monotonic() + seconds
        if seconds < float("inf"):
            self.connection.wanted = lambda: wanted() and time.monotonic() < ends_at
        try:
            with self._failing(sql, values):
                cursor = self.connection.execute(sql, values)
                rows = list(islice(cursor, most))
                cursor.close(True)
                return rows
        finally:
            self.connection.wanted = wanted

    def explain(self, sql: str, values: Mapping[str, SqlValue]) -> list[PlanStep]:
        with self._failing(sql, values):
            return explain(self.connection, sql, values)

    def interrupt(self) -> None:
        self.connection.interrupt()

    @contextmanager
    def _failing(self, sql: str, values: Values) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            self.require_same_files()
            raise self._failure(error, sql, values) from error

    def _failure(self, error: apsw.Error, sql: str, values: Values) -> StatementFailed:
        # A deleted and new made file can have the old one's inode and schema version.
        is_stale = isinstance(error, apsw.SQLError) and not can_prepare(self.connection, sql)
        is_too_long = isinstance(error, apsw.TooBigError)
        refused = refusal(error, sql, values) if isinstance(values, Mapping) and not is_stale else None
        meant: AggregatorError = refused or to_query_error(error, self.files)
        if is_too_long and refused is None:
            meant = UnrepresentableValue(too_long(self._longest_value))
        is_interrupted = isinstance(error, apsw.InterruptError)
        return StatementFailed(
            meant, str(error), is_stale=is_stale, is_interrupted=is_interrupted, is_too_long=is_too_long
        )

    def _open(self, wanted: Callable[[], bool]) -> None:
        self.connection = ReadOnlyConnection(
            self.files, self._lock_wait, wanted, self._for_quick, self._longest_value
        )
        self.connection.add_functions(self._functions)
        self.connection.tolerate_collations()
        self.schema_versions = {}
        self._data_versions = {}
        self._held_data, self._held = {}, ()

    def _is_overwritten(self) -> bool:
        """Whether a file has changed, and not by SQLite: copied over, it may look the same to it.

        A file that is only checkpointed is taken for overwritten too, and opened again for nothing.
        """
        return any(
            self._data_versions[file.schema] == self._held_data[file.schema]
            and seen.database != held.database
            for file, seen, held in zip(self.files, self.seen, self._held, strict=False)
        )

    def _settle(self, wanted: Callable[[], bool]) -> None:
        began = time.monotonic()
        while wanted():
            waited = time.monotonic() - began
            # Every file has been asked once, and none is asked again before this.
            if any(is_pending(folder) for folder in self._folders):
                self._let_write_finish(waited)
                continue
            try:
                if self._try_to_hold(patience=max(self._lock_wait - waited, 0)):
                    return
            except DatabaseUnavailable as error:
                if waited >= self._lock_wait or not isinstance(error.__cause__, _PASSING):
                    raise
            self.release()
            if waited >= _SETTLE_SECONDS:
                raise UnstableDatabases("The databases change too often to be read in one consistent state.")
        raise Cancelled("The request was cancelled.")

    def _let_write_finish(self, waited: float) -> None:
        """Wait a moment for another's write over several files, or finish it when that one has died."""
        patience = max(self._lock_wait - waited, 0)
        if waited >= _LONGEST_COMMIT_SECONDS:
            for folder in self._folders:
                is_free = not is_pending(folder) or recover_if_dead(Path(folder), patience)
                if not is_free and patience == 0:
                    reason = "is part of a long write to several databases"
                    raise DatabaseUnavailable(self.files[0].schema, reason)
        time.sleep(_PAUSE_SECONDS)

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


def _folders_of_several(files: Sequence[DatabaseFile]) -> list[str]:
    """The folders that hold more than one of the files: a record is of one folder."""
    counts = Counter(str(file.path.parent) for file in files)
    return [folder for folder, count in counts.items() if count > 1]


def file_versions(files: Sequence[DatabaseFile]) -> list[FileVersion]:
    """The versions of files as they are on the disk now."""
    return [file.version() for file in files]


def identities(seen: Sequence[FileVersion]) -> Identities:
    """Which files these are."""
    return tuple([version.identity for version in seen])


IDLE_SECONDS = 10.0
"""An open WAL database keeps its owner from leaving WAL mode, so none is kept open for long."""


class SnapshotPool(base.Snapshots):
    """Lends each set of databases' snapshots to one borrower at a time.

    functions: SQL functions that every snapshot gets. lock_wait: seconds to wait for another program's lock.
    most_idle: how many unused snapshots are kept. for_quick, longest_value: see ReadOnlyConnection.
    """

    def __init__(
        self,
        functions: Mapping[str, SqlFunction],
        lock_wait: float,
        most_idle: int = 16,
        for_quick: bool = False,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        self._open = partial(
            Snapshot,
            functions=dict(functions),
            lock_wait=lock_wait,
            for_quick=for_quick,
            longest_value=longest_value,
        )
        self._most_idle = most_idle
        self._idle: list[tuple[float, Snapshot]] = []
        self._lock = threading.Lock()

    @contextmanager
    def snapshot(
        self,
        sources: Sequence[Source],
        wanted: Callable[[], bool],
        seen: Sequence[Version] | None = None,
    ) -> Iterator[Snapshot]:
        """Lend a snapshot of exactly these files; one whose borrower failed is not lent again."""
        files = cast(Sequence[DatabaseFile], sources)
        versions = cast(Sequence[FileVersion], seen) or file_versions(files)
        snapshot = self._take(files, identities(versions)) or self._open(files, wanted=wanted)
        snapshot.seen = versions
        try:
            snapshot.hold(wanted)
            yield snapshot
            snapshot.require_same_files()
            snapshot.release()
        except BaseException:
            snapshot.close()
            raise
        self._give_back(snapshot)

    def close_idle(self, older_than: float = IDLE_SECONDS) -> None:
        limit = time.monotonic() - older_than
        with self._lock:
            stale = [snapshot for used, snapshot in self._idle if used <= limit]
            self._idle = [(used, snapshot) for used, snapshot in self._idle if used > limit]
        for snapshot in stale:
            snapshot.close()

    def _take(self, files: Sequence[DatabaseFile], wanted: Identities) -> Snapshot | None:
        files = tuple(files)
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                snapshot = self._idle[index][1]
                if snapshot.identities == wanted and snapshot.files == files:
                    return self._idle.pop(index)[1]
        return None

    def _give_back(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), snapshot))
            surplus = [old for _, old in self._idle[: -self._most_idle]]
            del self._idle[: -self._most_idle]
        for old in surplus:
            old.close()
