"""The record of a write over several files: from the moment that it is on the disk, the write counts.

Each file commits by itself (https://sqlite.org/lang_attach.html): a process that dies between two commits
leaves a write in one file and not in the other. So what a write changes is recorded first, one changeset a
file (https://sqlite.org/sessionintro.html), in a file beside the databases. Whoever comes next and finds it
makes the changes that are not there yet. The record is there from before the first commit until after the
last, so who finds none in some moment is not between two commits of one write.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import apsw
import orjson

RECORD_NAME = ".aggregator.redo"
_HEAD = struct.Struct("<8sQ32s")
_MAGIC = b"aggredo1"
_PAUSE_SECONDS = 0.001
_APPLY_PATIENCE_MS = 5_000

Changesets = Mapping[str, bytes]
"""The changes of each file, by its name inside the folder."""


class RedoRecord:
    """The one record of a folder of databases. Who holds it is the only one to commit to several files.

    The lock is of the open file and ends with the process (https://man7.org/linux/man-pages/man2/flock.2.html).
    Raises OSError when it cannot be opened or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD_NAME
        is_new = not self._path.exists()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if is_new:
            _sync_folder(folder)

    def try_hold(self) -> bool:
        """Take it, unless another process or thread has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def hold(self, patience: float, wanted: Callable[[], bool]) -> bool:
        """Take it, waiting for whoever has it; False when that took too long."""
        ends_at = time.monotonic() + patience
        while not self.try_hold():
            if not wanted() or time.monotonic() >= ends_at:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def read(self) -> Changesets | None:
        """What was decided and perhaps not done; None when there is nothing, or half a record."""
        data = os.pread(self._descriptor, self._size(), 0)
        if len(data) < _HEAD.size:
            return None
        magic, length, digest = _HEAD.unpack_from(data)
        payload = data[_HEAD.size :]
        if magic != _MAGIC or len(payload) != length or _digest(payload) != digest:
            return None
        return _unpacked(payload)

    def write(self, changesets: Changesets) -> None:
        """Decide: when this returns, the changes will be in the files whatever happens.

        Raises OSError when there is no room; nothing is decided then.
        """
        payload = _packed(changesets)
        data = memoryview(_HEAD.pack(_MAGIC, len(payload), _digest(payload)) + payload)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], written)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, 0)
            raise

    def clear(self) -> None:
        """All is done. It must not come back when the power fails, so this is waited for."""
        if self._size():
            os.ftruncate(self._descriptor, 0)
            os.fsync(self._descriptor)

    def finish(self) -> None:
        """Do what was decided before a process died; the record is held.

        Raises apsw.Error when a file cannot be written now; the record stays then.
        """
        for name, changes in (self.read() or {}).items():
            _apply(self._path.with_name(name), changes)
        self.clear()

    def close(self) -> None:
        """Close the file; the lock goes with it."""
        os.close(self._descriptor)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


def is_pending(folder: Path) -> bool:
    """Whether a write over several files is being committed, or was broken off."""
    try:
        return os.stat(folder / RECORD_NAME).st_size > 0
    except OSError:
        return False


def recover(folder: Path) -> bool:
    """Finish a write that was broken off; whether there is none any more.

    False as well while its writer lives, or when a file cannot be written now.
    """
    if not is_pending(folder):
        return True
    try:
        record = RedoRecord(folder)
    except OSError:
        return False
    try:
        if not record.try_hold():
            return False
        record.finish()
    except (apsw.Error, OSError):
        return False
    finally:
        record.close()
    return True


def _apply(path: Path, changes: bytes) -> None:
    """Make the changes that are not there yet; what others did since then stays, and who is gone is gone."""
    if not path.exists():
        return
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_APPLY_PATIENCE_MS)
        connection.execute("PRAGMA synchronous = FULL")
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        apsw.Changeset.apply(
            changes,
            connection,
            conflict=lambda kind, change: apsw.SQLITE_CHANGESET_OMIT,
            flags=apsw.SQLITE_CHANGESETAPPLY_FKNOACTION,
        )
    finally:
        connection.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=32).digest()


def _packed(changesets: Changesets) -> bytes:
    """A line of JSON with each name and length, and then the changesets."""
    head = orjson.dumps([(name, len(changes)) for name, changes in changesets.items()])
    return head + b"\n" + b"".join(changesets.values())


def _unpacked(payload: bytes) -> Changesets:
    head, _, rest = payload.partition(b"\n")
    changesets: dict[str, bytes] = {}
    for name, length in orjson.loads(head):
        changesets[name], rest = rest[:length], rest[length:]
    return changesets
