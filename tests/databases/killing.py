"""A program that is killed at its k-th input or output, for every k, and looks at what is left.

`python -m tests.databases.killing FOLDER MODE MODE MODE [--recovery]` makes a database in each journal mode,
and writes to all of them in one transaction in a child process that kills itself at its k-th operation. Each
time the files are opened again: the write is there in all of them or in none, they are sound, and the next
write works. With --recovery the one who finishes a broken-off write is killed at each of its operations, too.
Prints how many operations there were, and how often the write was whole or absent, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw

from aggregator.databases import redo
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.transaction import transaction
from aggregator.databases.write_connection import WriteConnection

SCHEMA = """
CREATE TABLE amounts (id INTEGER PRIMARY KEY, n INT);
CREATE TABLE notes (n INT);
WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 200)
INSERT INTO amounts SELECT id, 0 FROM ids;
"""
CHANGE = """
UPDATE {0}.amounts SET n = {1} WHERE id % 10 = 0;
INSERT INTO {0}.amounts VALUES (1000 + {1}, {1});
DELETE FROM {0}.amounts WHERE id = {1};
INSERT INTO {0}.notes VALUES ({1});
"""
STATE = """
SELECT (SELECT sum(n) FROM amounts), (SELECT count(*) FROM amounts), (SELECT max(id) FROM amounts),
    (SELECT count(*) FROM notes), (SELECT sum(n) FROM notes)
"""


class Operations:
    """Counts the operations of this process, and ends it at one of them."""

    done = 0
    last = 0

    @classmethod
    def next(cls) -> None:
        cls.done += 1
        if cls.done == cls.last:
            os.kill(os.getpid(), signal.SIGKILL)


class CountedFile(apsw.VFSFile):
    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        Operations.next()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        Operations.next()
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        Operations.next()
        super().xTruncate(size)

    def xClose(self) -> None:  # noqa: N802
        Operations.next()
        super().xClose()


class CountedFiles(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("counted", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> CountedFile:  # noqa: N802
        Operations.next()
        return CountedFile("unix", name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        Operations.next()
        super().xDelete(name, sync)


def count_operations() -> CountedFiles:
    """Count SQLite's, and those of the record; the result must be kept."""
    for name in ("pwrite", "fsync", "ftruncate", "open", "close"):
        setattr(redo.os, name, counted(getattr(os, name)))
    return CountedFiles()


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        Operations.next()
        return function(*arguments, **options)

    return call


def killed_at(operation: int, action: Callable[[], None]) -> bool:
    """Do it in a child that dies at an operation; whether it came so far."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            kept = count_operations()
            Operations.last = operation
            action()
            del kept
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    if not os.WIFEXITED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the write failed without being killed"
    return False


class Trial:
    """Some files, and numbered writes to all of them."""

    def __init__(self, folder: Path, modes: Sequence[str]) -> None:
        self.folder = folder
        self.modes = ["wal" if mode == "wal" else "rollback" for mode in modes]
        self.files = [DatabaseFile(f"f{i}_db", folder / f"f{i}.db") for i in range(len(modes))]
        for file, mode in zip(self.files, modes, strict=True):
            connection = apsw.Connection(str(file.path))
            connection.execute(f"PRAGMA journal_mode = {mode}").fetchall()
            connection.execute(SCHEMA).fetchall()
            connection.close()

    def write(self, number: int) -> None:
        connection = WriteConnection(self.files)
        with transaction(connection, self.folder):
            for file in self.files:
                connection.execute(CHANGE.format(file.schema, number)).fetchall()
        connection.close()

    def recover(self) -> None:
        assert redo.recover(self.folder)

    def state(self) -> list[Any]:
        """The same number for each file, or the write is torn."""
        states = []
        for file in self.files:
            connection = apsw.Connection(str(file.path))
            states.append(connection.execute(STATE).fetchall())
            assert connection.pragma("integrity_check") == "ok"
            connection.close()
        assert all(state == states[0] for state in states), f"torn: {states}"
        return states

    def kill_everywhere(self, with_recovery: bool) -> dict[str, int]:
        results: Counter[str] = Counter()
        number, operation, was_killed = 0, 0, True
        while was_killed:
            number, operation = number + 2, operation + 1
            before = self.state()
            was_killed = killed_at(operation, lambda number=number: self.write(number))  # type: ignore[misc]
            if with_recovery:
                results["kills of the recovery"] += self.kill_recovery()
            self.recover()
            results["absent" if self.state() == before else "whole"] += 1
            self.write(number + 1)
            assert self.state() != before
        assert [self.mode(file) for file in self.files] == self.modes
        return {"operations": operation - 1, **results}

    def mode(self, file: DatabaseFile) -> str:
        connection = apsw.Connection(str(file.path))
        mode = str(connection.pragma("journal_mode"))
        connection.close()
        return "wal" if mode == "wal" else "rollback"

    def kill_recovery(self) -> int:
        operation = 1
        while killed_at(operation, self.recover):
            operation += 1
        return operation - 1


def main() -> None:
    folder, *modes = (argument for argument in sys.argv[1:] if argument != "--recovery")
    trial = Trial(Path(folder), modes)
    print(json.dumps(trial.kill_everywhere("--recovery" in sys.argv)))


if __name__ == "__main__":
    main()
