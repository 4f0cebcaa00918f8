"""The engine of a folder of SQLite files: what the layers above are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from aggregator.engine.base import Source
from aggregator.engine.sqlite.connection import LONGEST_VALUE, SqlFunction
from aggregator.engine.sqlite.files import DatabaseFile, DatabaseFolder, FileVersion
from aggregator.engine.sqlite.snapshot import SnapshotPool, file_versions


class SqliteEngine:
    """The databases of a folder.

    functions: Python functions callable in SQL. lock_wait: seconds to wait for another program's lock.
    longest_value: bytes of a value that SQL may read or make.
    make_snapshots: a new pool of snapshots, which can be pickled for another process.
    """

    def __init__(
        self,
        folder: Path,
        functions: Mapping[str, SqlFunction],
        lock_wait: float = 5.0,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        self.databases = DatabaseFolder(folder)
        self.make_snapshots = partial(SnapshotPool, functions, lock_wait, longest_value=longest_value)

    def versions(self, sources: Sequence[Source]) -> list[FileVersion]:
        """The versions of sources as they are now."""
        return file_versions(cast(Sequence[DatabaseFile], sources))
