"""The record of a write over several files: what makes it one decision.

Each file commits by itself (https://sqlite.org/lang_attach.html): a process that dies between two
commits leaves the write in one file and not in the other. So what a write changes is recorded first, as
one changeset a file (https://sqlite.org/sessionintro.html), in a file beside the databases. From the
moment that the whole record is on the disk the write counts: whoever opens the files next and finds it
applies it (see `finish`). Half a record, or one whose checksum is wrong, is no decision.

The record is there from before the first commit until after the last. A reader that finds none in the
middle of its two askings (see `snapshot`) has not read between two commits.

    head      magic, length of the rest, its checksum
    file      frame with the name, frames with the changeset, an empty frame; for each file
    frame     length in four bytes, bytes
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import apsw

from aggregator.engine.sqlite.connection import PatientConnection
from aggregator.engine.sqlite.files import DatabaseFile, schema_name, unavailable
from aggregator.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

RECORD_NAME = ".aggregator.redo"
_HEAD = struct.Struct("<8sQ32s")
_LENGTH = struct.Struct("<I")
_MAGIC = b"aggredo2"
_PIECE_BYTES = 1 << 16
_PAUSE_SECONDS = 0.001

Changes = Callable[[Callable[[bytes | memoryview], None]], None]
"""Gives a file's changeset, piece by piece, to what it is called with."""


class RedoRecord:
    """The one record of a folder of databases. Who has it is the only one to commit to several files.

    Raises OSError when the file can be neither opened nor made.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD_NAME
        flags = os.O_RDWR | os.O_CLOEXEC
        try:
            self._descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            self._descriptor = os.open(self._path, flags | os.O_CREAT, 0o644)
            _sync_folder(folder)

    def try_lock(self) -> bool:
        """Take it, unless another process or thread has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock(self, patience: float, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Take it, waiting for whoever has it; False when it was not to be had in so many seconds."""
        began = time.monotonic()
        while not self.try_lock():
            if not wanted() or time.monotonic() - began >= patience:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def size(self) -> int:
        """Bytes, 0 when there is nothing to do."""
        return os.fstat(self._descriptor).st_size

    def write(self, changes: Mapping[str, Changes]) -> None:
        """Decide: when this returns, the changes will be in the files whatever happens.

        changes: of each file, by its name inside the folder. Nothing is decided when it raises: OSError,
        or what the changes raise.
        """
        try:
            self._write(changes)
        except BaseException:
            with suppress(OSError):
                self.clear()
            raise

    def clear(self) -> None:
        """All is done. It must not come back when the power fails, so it is waited for."""
        os.ftruncate(self._descriptor, 0)
        os.fsync(self._descriptor)

    def read(self) -> Iterator[tuple[str, Changeset]]:
        """What was decided and perhaps not done, file by file; nothing when nothing was decided."""
        if self._is_whole():
            with open(self._path, "rb", buffering=_PIECE_BYTES) as file:
                file.seek(_HEAD.size)
                frames = iter(lambda: file.read(_LENGTH.unpack(file.read(_LENGTH.size))[0]), None)
                while file.tell() < self.size():
                    name = next(frames).decode()
                    changeset = Changeset(frames)
                    yield name, changeset
                    changeset.skip()

    def close(self) -> None:
        """Close the file; the lock goes with it."""
        os.close(self._descriptor)

    def _write(self, changes: Mapping[str, Changes]) -> None:
        digest = _digest()
        buffer = bytearray(_HEAD.size)
        written = 0

        def put(data: bytes | memoryview) -> None:
            nonlocal written
            framed = _LENGTH.pack(len(data)) + data
            digest.update(framed)
            buffer.extend(framed)
            if len(buffer) >= _PIECE_BYTES:
                written = self._put(buffer, written)
                buffer.clear()

        for name, give_to in changes.items():
            put(name.encode())
            give_to(put)
            put(b"")
        written = self._put(buffer, written)
        self._put(_HEAD.pack(_MAGIC, written - _HEAD.size, digest.digest()), 0)
        os.fsync(self._descriptor)

    def _put(self, data: bytes | bytearray, position: int) -> int:
        view = memoryview(bytes(data))
        while view:
            count = os.pwrite(self._descriptor, view, position)
            view, position = view[count:], position + count
        return position

    def _is_whole(self) -> bool:
        head = os.pread(self._descriptor, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            return False
        magic, length, wanted = _HEAD.unpack(head)
        if magic != _MAGIC or self.size() != _HEAD.size + length:
            return False
        digest, position = _digest(), _HEAD.size
        while piece := os.pread(self._descriptor, _PIECE_BYTES, position):
            digest.update(piece)
            position += len(piece)
        return bool(digest.digest() == wanted)


class Changeset:
    """A changeset out of a record, read piece by piece: what apsw takes as a stream."""

    def __init__(self, frames: Iterator[bytes]) -> None:
        self._frames = frames
        self._rest = b""
        self._is_over = False

    def __call__(self, most: int) -> bytes:
        """The next bytes, none at the end."""
        if not self._rest and not self._is_over:
            self._rest = next(self._frames)
            self._is_over = not self._rest
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def skip(self) -> None:
        """Leave out what was not read."""
        while self(_PIECE_BYTES):
            pass


def is_pending(folder: Path | str) -> bool:
    """Whether a write over several files is being committed, or was broken off."""
    try:
        return os.stat(f"{folder}/{RECORD_NAME}").st_size > 0
    except OSError:
        return False


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=32)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_LOST = (apsw.NotADBError, apsw.CorruptError)
"""Of a file in which nothing can be finished any more."""


def recover(folder: Path, patience: float) -> None:
    """Finish what was broken off, if anything was; for the start of the service.

    patience: seconds to wait for another that does so, or that is committing. Raises
    DatabaseUnavailable when a file cannot be written now; the record is kept.
    """
    if is_pending(folder):
        _recover(folder, lambda record: record.lock(patience), patience)


def recover_if_dead(folder: Path, patience: float) -> bool:
    """The same, unless the record is another's who is at work; whether it was free."""
    return _recover(folder, RedoRecord.try_lock, patience)


def finish(record: RedoRecord, folder: Path, patience: float) -> None:
    """Do what was decided; the record is locked. Raises DatabaseUnavailable, and keeps it then."""
    if not record.size():
        return
    for name, changeset in record.read():
        file = DatabaseFile(schema_name(name), folder / name)
        if file.identity() is None:
            _log.warning("%s no longer exists; its pending write is discarded", name)
            continue
        try:
            _apply(file, changeset, patience)
        except _LOST:
            _log.exception("%s is damaged; its pending write is discarded", name)
        except apsw.FullError as error:
            reason = "has an unfinished write, and the disk is full"
            raise DatabaseUnavailable(file.schema, reason) from error
        except apsw.Error as error:
            raise unavailable(file, error) from error
    record.clear()


def _recover(folder: Path, take: Callable[[RedoRecord], bool], patience: float) -> bool:
    try:
        record = RedoRecord(folder)
    except OSError as error:
        reason = "has an unfinished write, and the service has no permission to finish it"
        raise DatabaseUnavailable(folder.name, reason) from error
    try:
        is_taken = take(record)
        if is_taken:
            finish(record, folder, patience)
        return is_taken
    finally:
        record.close()


def _apply(file: DatabaseFile, changeset: Changeset, patience: float) -> None:
    with closing(PatientConnection(str(file.path), apsw.SQLITE_OPEN_READWRITE, patience)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA foreign_keys = 0")
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.execute("BEGIN IMMEDIATE")
        apsw.Changeset.apply(
            changeset,
            connection,
            conflict=lambda kind, change: apsw.SQLITE_CHANGESET_OMIT,
            flags=apsw.SQLITE_CHANGESETAPPLY_FKNOACTION,
        )
        connection.execute("COMMIT")
