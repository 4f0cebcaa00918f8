"""A view never shows a half done write over several files, nor waits for one whose process has died.

The writer takes a moment to sync each of its files, between its commits, so that a reader that did not
ask for the record would read there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from aggregator.engine.sqlite import snapshot as view_module
from aggregator.engine.sqlite.commit_journal import RECORD_NAME, RedoRecord, is_pending
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import DatabaseUnavailable
from tests.engine.dying import states, three_files
from tests.engine.test_killed_writes import write_and_die_decided
from tests.engine.test_view import view_of
from tests.sqlite_files import locked, make_database, program_running, run_script

COUNT_IN_ALL_FILES = """
import apsw, sys, time
from pathlib import Path
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection

class SlowFileSystem(apsw.VFS):
    def __init__(self):
        super().__init__("slow", "unix", makedefault=True)
    def xOpen(self, name, flags):
        return SlowFile(name, flags)

class SlowFile(apsw.VFSFile):
    def __init__(self, name, flags):
        super().__init__("unix", name, flags)
    def xSync(self, flags):
        time.sleep(float(sys.argv[1]))

system = SlowFileSystem()
files = [DatabaseFile(f"f{n}_db", Path(path)) for n, path in enumerate(sys.argv[2:])]
connection = WriteConnection(files, [], patience=20)
print("begun", flush=True)
while True:
    with transaction(connection, files[0].path.parent):
        for file in files:
            connection.execute(f"UPDATE {file.schema}.counter SET n = n + 1")
"""


def counters(folder: Path, modes: Sequence[str]) -> list[DatabaseFile]:
    script = "CREATE TABLE counter (id INTEGER PRIMARY KEY, n INT); INSERT INTO counter VALUES (1, 0)"
    return [
        DatabaseFile(f"f{number}_db", make_database(folder / f"f{number}.db", script, mode))
        for number, mode in enumerate(modes)
    ]


def readings(files: Sequence[DatabaseFile], count: int, pause: float) -> list[tuple[int, ...]]:
    """What a view shows at least so many times while a program writes, until it has changed ten times."""
    columns = ", ".join(f"{file.schema}.counter.n" for file in files)
    tables = ", ".join(f"{file.schema}.counter" for file in files)
    seen = []
    paths = [Path(str(pause)), *(file.path for file in files)]
    with view_of(files, lock_wait=20) as view, program_running(COUNT_IN_ALL_FILES, paths):
        deadline = time.monotonic() + 30
        while len(seen) < count or len(set(seen)) <= 10:
            assert len(seen) < count or time.monotonic() < deadline, "the writer is too slow"
            view.hold()
            seen.append(view.connection.execute(f"SELECT {columns} FROM {tables}").fetchone())
            view.release()
    return seen


def torn(seen: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [each for each in seen if len(set(each)) > 1]


MODES = [["wal", "wal", "wal"], ["wal", "delete", "wal"]]


@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_nothing_torn_is_seen(tmp_path: Path, modes: list[str]) -> None:
    seen = readings(counters(tmp_path, modes), 1_000, pause=0)

    assert torn(seen) == []


def test_nothing_torn_is_seen_though_commits_take_time(tmp_path: Path) -> None:
    seen = readings(counters(tmp_path, MODES[0]), 200, pause=0.002)

    assert torn(seen) == []


def test_without_the_question_it_is_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(view_module, "is_pending", lambda folder: False)

    assert torn(readings(counters(tmp_path, MODES[0]), 200, pause=0.002))


@pytest.mark.torture
@pytest.mark.parametrize("modes", MODES, ids="-".join)
@pytest.mark.parametrize("pause", [0, 0.001])
def test_nothing_torn_is_seen_in_many_readings(tmp_path: Path, modes: list[str], pause: float) -> None:
    seen = readings(counters(tmp_path, modes), 10_000 if pause else 100_000, pause)

    assert torn(seen) == []


def test_a_view_finishes_what_a_dead_process_left(tmp_path: Path) -> None:
    files = three_files(tmp_path, ["wal", "wal", "wal"])
    with view_of(files) as view:
        view.hold()
        view.release()
        write_and_die_decided(files, 7)
        view.hold()
        shown = [view.connection.execute(f"SELECT v FROM {file.schema}.codes").get for file in files]

    assert shown == [7, 7, 7]
    assert not is_pending(tmp_path)


def test_a_view_that_cannot_finish_it_says_so_and_it_is_kept(tmp_path: Path) -> None:
    files = three_files(tmp_path, ["wal", "wal", "wal"])
    write_and_die_decided(files, 7)
    with view_of(files, lock_wait=0.3) as view:
        with locked(files[1].path), pytest.raises(DatabaseUnavailable, match=r"b_db .*locked"):
            view.hold()
        assert is_pending(tmp_path)
        view.hold()
    assert len(set(states(files))) == 1


def test_a_view_waits_for_a_living_writer_only_as_long_as_it_may(tmp_path: Path) -> None:
    files = counters(tmp_path, MODES[0])
    record = RedoRecord(tmp_path)
    assert record.try_lock()
    (tmp_path / RECORD_NAME).write_bytes(b"of a writer that is alive")
    with view_of(files, lock_wait=0.2) as view:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="part of a long write to several databases"):
            view.hold()
        assert 0.2 <= time.monotonic() - began < 1
        done = threading.Timer(0.1, record.clear)
        done.start()
        view.hold()
        done.join()
    record.close()


def test_a_view_of_one_file_asks_nothing(tmp_path: Path) -> None:
    files = counters(tmp_path, MODES[0])
    (tmp_path / RECORD_NAME).write_bytes(b"half a record")
    with view_of(files[:1]) as view:
        view.hold()
    assert is_pending(tmp_path)


def test_a_write_to_one_file_finishes_what_a_dead_process_left_first(tmp_path: Path) -> None:
    files = three_files(tmp_path, ["wal", "delete", "wal"])
    write_and_die_decided(files, 7)
    connection = WriteConnection(files[2:], [], patience=5)
    with transaction(connection, tmp_path):
        connection.execute("UPDATE c_db.codes SET v = v + 1")
    connection.close()

    assert [state[4] for state in states(files)] == [7, 7, 8]


def test_what_a_write_reads_of_other_files_is_one_instant(tmp_path: Path) -> None:
    """A writer of one file reads the two that another program writes together."""
    files = counters(tmp_path, ["wal", "wal", "wal"])
    sql = "SELECT f1_db.counter.n, f2_db.counter.n FROM f1_db.counter, f2_db.counter"
    connection = WriteConnection(files[:1], files[1:], patience=20)
    seen = []
    with program_running(COUNT_IN_ALL_FILES, [Path("0.001"), *(file.path for file in files[1:])]):
        deadline = time.monotonic() + 30
        while len(set(seen)) <= 10 and time.monotonic() < deadline:
            with transaction(connection, tmp_path):
                seen.append(connection.execute(sql).fetchone())
    connection.close()

    assert torn(seen) == []
    assert len(set(seen)) > 10, "too little was written meanwhile"


def test_a_write_begins_again_when_what_it_reads_has_changed(tmp_path: Path) -> None:
    """As a view does: only what is the same at two askings was there at one moment."""
    files = counters(tmp_path, ["wal", "wal", "wal"])
    connection = WriteConnection(files[:1], files[1:], patience=5)
    begun: list[str] = []
    connection.exec_trace = lambda cursor, sql, values: begun.append(sql) or True

    def begins() -> int:
        begun.clear()
        with transaction(connection, tmp_path):
            connection.execute("UPDATE f0_db.counter SET n = n + 1")
        return sum(sql.startswith("BEGIN") for sql in begun)

    assert [begins(), begins()] == [2, 1]
    run_script(files[2].path, "UPDATE counter SET n = 7")
    assert [begins(), begins()] == [2, 1]
    connection.close()
