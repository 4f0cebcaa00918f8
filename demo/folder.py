"""The folder of the demo databases: what is there, and how finished ones get their names.

A run that dies, however it dies, leaves no half file under a final name. What it leaves beside
them is removed by the next run.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAMES = ("customer", "product", "order", "order_line", "invoice", "transaction")

# What SQLite keeps beside a database. Its log may hold the newest rows, and must never meet
# another database.
_COMPANIONS = ("-wal", "-shm", "-journal")

_PAUSE_SECONDS = 0.01


class BuildError(Exception):
    """The demo databases cannot be made; the text says why and what to do."""


class Folder:
    """A directory that holds the demo databases, or shall."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def present(self) -> list[str]:
        """Return the file names of those demo databases that exist."""
        return [path.name for path in self.databases().values()]

    def databases(self) -> dict[str, Path]:
        """Return those demo databases that exist, by their names in NAMES."""
        finals = {name: self._final(name) for name in NAMES}
        return {name: final for name, final in finals.items() if os.path.lexists(final)}

    def refuse_to_overwrite(self, *, force: bool) -> None:
        """Raise `BuildError` if a demo database exists and may not be replaced."""
        for name in NAMES:
            if self._final(name).is_dir():
                raise BuildError(f"{self._final(name)} is a directory; move it away")
        existing = self.present()
        if existing and not force:
            verb = "exists" if len(existing) == 1 else "exist"
            names = ", ".join(existing)
            raise BuildError(f"{names} {verb} in {self.path}; use --force to replace all six")

    @contextmanager
    def locked(self, patience: float = 0) -> Iterator[None]:
        """Keep other runs out; raise `BuildError` if one is in and stays longer than `patience` seconds.

        The system drops the lock of a process that dies.
        """
        handle = os.open(self.path, os.O_RDONLY)
        try:
            _lock(handle, patience)
        except BlockingIOError:
            os.close(handle)
            message = f"another run is at work on the demo databases in {self.path}; wait for it"
            raise BuildError(message) from None
        except OSError:
            # A file system without such locks is no reason to refuse.
            pass
        try:
            yield
        finally:
            os.close(handle)

    def building(self, name: str) -> Path:
        """Return where a database is written; by its suffix, no server takes it for a database."""
        return self.path / f".{name}.db.building"

    def remove_leftovers(self) -> None:
        """Remove everything but the demo databases that this or an earlier run put here."""
        for name in NAMES:
            for path in (self.building(name), self._replaced(name)):
                for companion in ("", *_COMPANIONS):
                    Path(f"{path}{companion}").unlink(missing_ok=True)

    def publish(self) -> None:
        """Rename the six finished files to their final names, or put everything back and raise."""
        for name in NAMES:
            _sync(self.building(name))
        try:
            for name in NAMES:
                # The database goes before its companions: whoever opens it now fails, instead of
                # making a new log that the next database would inherit.
                _move(self._final(name), self._replaced(name), ("", *_COMPANIONS))
                os.replace(self.building(name), self._final(name))
            _sync(self.path)
        except BaseException:
            self._take_back()
            raise

    def _take_back(self) -> None:
        for name in NAMES:
            if os.path.lexists(self._replaced(name)):
                _move(self._replaced(name), self._final(name), (*_COMPANIONS, ""))
            elif not self.building(name).exists():
                self._final(name).unlink(missing_ok=True)

    def _final(self, name: str) -> Path:
        return self.path / f"{name}.db"

    def _replaced(self, name: str) -> Path:
        return self.path / f".{name}.db.replaced"


def _lock(handle: int, patience: float) -> None:
    began = time.monotonic()
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - began >= patience:
                raise
        time.sleep(_PAUSE_SECONDS)


def _move(source: Path, target: Path, companions: tuple[str, ...]) -> None:
    for companion in companions:
        with suppress(FileNotFoundError):
            os.replace(f"{source}{companion}", f"{target}{companion}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
