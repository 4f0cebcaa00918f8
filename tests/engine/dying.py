"""Processes that are killed at one of their operations on files, and databases to see what is left."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from aggregator.engine.sqlite import commit_journal as redo
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection
from tests.sqlite_files import closing, make_database

SCRIPT = """
CREATE TABLE t(id INTEGER PRIMARY KEY, v INT, note TEXT);
CREATE TABLE keyless(v INT);
CREATE TABLE codes(code TEXT PRIMARY KEY NOT NULL, v INT) WITHOUT ROWID;
CREATE TABLE log(id INTEGER PRIMARY KEY, v INT);
CREATE TRIGGER t_is_logged AFTER UPDATE ON t WHEN new.id = 10 BEGIN
    INSERT INTO log VALUES (random(), new.v);
END;
CREATE VIRTUAL TABLE words USING fts5(word);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO t SELECT i, 0, 'a note' FROM n;
"""
CHANGE = """
UPDATE {0}.t SET v = {1} WHERE id % 10 = 0;
INSERT INTO {0}.t VALUES (1000 + {1}, {1}, NULL);
DELETE FROM {0}.t WHERE id = 1000 + {1} - 3;
INSERT INTO {0}.keyless VALUES ({1});
INSERT INTO {0}.codes VALUES ('all', {1}) ON CONFLICT DO UPDATE SET v = excluded.v;
INSERT INTO {0}.words VALUES ('word{1}');
"""
STATE = """
SELECT (SELECT sum(v) FROM t), (SELECT count(*) FROM t), (SELECT max(id) FROM t),
    (SELECT max(v) FROM keyless), (SELECT v FROM codes),
    (SELECT count(*) || '/' || max(v) FROM log), (SELECT count(*) FROM words)
"""

State = list[tuple[object, ...]]


def three_files(folder: Path, modes: Sequence[str]) -> list[DatabaseFile]:
    return [
        DatabaseFile(f"{name}_db", make_database(folder / f"{name}.db", SCRIPT, mode))
        for name, mode in zip("abc", modes, strict=True)
    ]


def write(files: Sequence[DatabaseFile], value: int) -> None:
    """Change something in each file, to a value."""
    connection = WriteConnection(files, [], patience=5)
    try:
        with transaction(connection, files[0].path.parent):
            for file in files:
                connection.execute(CHANGE.format(file.schema, value))
    finally:
        connection.close()


def states(files: Sequence[DatabaseFile]) -> State:
    """What each file holds, the same for all when nothing is torn; each file must be sound."""
    found = []
    for file in files:
        with closing(file.path) as connection:
            found.append(connection.execute(STATE).fetchone())
            assert connection.execute("PRAGMA integrity_check").get == "ok"
            connection.execute("INSERT INTO words(words) VALUES ('integrity-check')")
    return found


def killed_at(operation: int, action: Callable[[], None]) -> bool:
    """Run something in a process of its own that dies before its so-many-th operation on files.

    Whether it died; False when it has fewer operations. 0: it dies at none.
    """
    process = os.fork()
    if process == 0:
        try:
            keep = _dying_at(operation)
            action()
            del keep
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "see its output"
    return False


def _dying_at(operation: int) -> object:
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == operation:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("open", "pwrite", "ftruncate", "fsync", "close"):
        setattr(redo.os, name, _after(step, getattr(os, name)))
    return _DyingFileSystem(step)


def _after(step: Callable[[], None], function: Callable[..., object]) -> Callable[..., object]:
    def stepping(*values: object) -> object:
        step()
        return function(*values)

    return stepping


class _DyingFileSystem(apsw.VFS):
    def __init__(self, step: Callable[[], None]) -> None:
        super().__init__("dying", "unix", makedefault=True)
        self._step = step

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        self._step()
        return _DyingFile(name, flags, self._step)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        self._step()
        super().xDelete(name, sync)


class _DyingFile(apsw.VFSFile):
    def __init__(self, name: object, flags: list[int], step: Callable[[], None]) -> None:
        super().__init__("unix", name, flags)
        self._step = step

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._step()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._step()
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._step()
        super().xTruncate(size)

    def xClose(self) -> None:  # noqa: N802
        self._step()
        super().xClose()
