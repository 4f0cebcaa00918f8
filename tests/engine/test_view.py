"""A view shows all its files at one moment, also while others write to them.

A writer counts in each file, one after the other: at every moment the files in the order of writing
hold the same number, or some of the first are one ahead. What is seen otherwise never was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import apsw
import pytest

from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.snapshot import Snapshot
from aggregator.errors import Cancelled, DatabaseUnavailable
from tests.sqlite_files import closing, locked, make_database, program_running, run_script

WATCH_SECONDS = 1.0

COUNT_IN_EACH_FILE = """
import apsw, sys
connections = [apsw.Connection(path) for path in sys.argv[1:]]
for connection in connections:
    connection.set_busy_timeout(10_000)
    connection.execute("PRAGMA synchronous = OFF")
print("begun", flush=True)
for n in range(1, sys.maxsize):
    for connection in connections:
        connection.execute("UPDATE counter SET n = ?", (n,))
"""

COUNT_IN_ALL_FILES_AT_ONCE = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(10_000)
for number, path in enumerate(sys.argv[2:]):
    connection.execute(f"ATTACH ? AS other{number}", (path,))
for (_, schema, _) in list(connection.execute("PRAGMA database_list")):
    connection.execute(f"PRAGMA {schema}.synchronous = OFF")
schemas = [schema for (_, schema, _) in connection.execute("PRAGMA database_list")]
print("begun", flush=True)
for n in range(1, sys.maxsize):
    connection.execute("BEGIN IMMEDIATE")
    for schema in schemas:
        connection.execute(f"UPDATE {schema}.counter SET n = ?", (n,))
    connection.execute("COMMIT")
"""


def counters(folder: Path, modes: Sequence[str]) -> list[DatabaseFile]:
    files = []
    for name, mode in zip("abcd", modes, strict=False):
        path = make_database(
            folder / f"{name}.db", "CREATE TABLE counter (n); INSERT INTO counter VALUES (0)", mode
        )
        files.append(DatabaseFile(f"{name}_db", path))
    return files


@contextmanager
def view_of(files: Sequence[DatabaseFile], lock_wait: float = 10.0) -> Iterator[Snapshot]:
    view = Snapshot(files, {}, lock_wait)
    try:
        yield view
    finally:
        view.close()


def never_was(seen: Sequence[int]) -> bool:
    falls = all(before >= after for before, after in pairwise(seen))
    return not falls or seen[0] - seen[-1] > 1


def watch(view: Snapshot, seconds: float = WATCH_SECONDS) -> list[list[int]]:
    """What the view shows again and again."""
    shown = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        view.hold()
        shown.append(
            [view.connection.execute(f"SELECT n FROM {file.schema}.counter").get for file in view.files]
        )
        view.release()
    assert shown[-1] != shown[0], "nothing was written meanwhile"
    return shown


MODES = [
    ["wal", "wal"],
    ["wal", "wal", "wal", "wal"],
    ["delete", "delete", "delete"],
    ["wal", "delete", "wal"],
    ["persist", "wal", "truncate"],
]


@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_files_that_are_written_one_after_the_other_are_seen_at_one_instant(
    tmp_path: Path, modes: list[str]
) -> None:
    files = counters(tmp_path, modes)
    with view_of(files) as view, program_running(COUNT_IN_EACH_FILE, [file.path for file in files]):
        shown = watch(view)

    assert [seen for seen in shown if never_was(seen)] == []


@pytest.mark.torture
@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_the_same_for_a_minute(tmp_path: Path, modes: list[str]) -> None:
    files = counters(tmp_path, modes)
    with view_of(files) as view, program_running(COUNT_IN_EACH_FILE, [file.path for file in files]):
        shown = watch(view, seconds=60)

    assert [seen for seen in shown if never_was(seen)] == []


def test_without_the_check_these_tests_see_what_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a view that believes that nothing changes shows torn answers to the same writer."""

    def see_no_change(connection: ReadOnlyConnection, file: DatabaseFile) -> object:
        return connection.schema_version(file) and 0

    monkeypatch.setattr(ReadOnlyConnection, "data_version_of", see_no_change)
    files = counters(tmp_path, ["wal", "wal", "wal", "wal"])
    deadline = time.monotonic() + 20
    with view_of(files) as view, program_running(COUNT_IN_EACH_FILE, [file.path for file in files]):
        while not any(map(never_was, watch(view, seconds=0.2))):
            assert time.monotonic() < deadline, "the writer is too slow to prove anything"


def test_a_transaction_over_several_files_is_seen_whole(tmp_path: Path) -> None:
    """SQLite makes it atomic in the rollback-journal modes; in WAL mode each file commits by itself."""
    files = counters(tmp_path, ["delete", "delete", "delete"])
    with view_of(files) as view, program_running(COUNT_IN_ALL_FILES_AT_ONCE, [file.path for file in files]):
        shown = watch(view)

    assert all(len(set(seen)) == 1 for seen in shown)


def test_a_view_that_waits_stops_no_transaction_over_several_files(tmp_path: Path) -> None:
    """Holding one file while waiting for the other, writer and reader would stop each other."""
    files = counters(tmp_path, ["delete", "delete"])
    backwards = [file.path for file in reversed(files)]
    longest = 0.0
    with view_of(files, lock_wait=3) as view, program_running(COUNT_IN_ALL_FILES_AT_ONCE, backwards):
        end = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < end:
            began = time.monotonic()
            view.hold()
            longest = max(longest, time.monotonic() - began)
            view.release()

    assert longest < 1.5


def test_files_that_change_to_wal_while_the_view_is_kept(tmp_path: Path) -> None:
    files = counters(tmp_path, ["delete", "delete", "delete"])
    with view_of(files) as view:
        view.hold()
        view.release()
        for file in files:
            run_script(file.path, "PRAGMA journal_mode = wal")
        with program_running(COUNT_IN_EACH_FILE, [file.path for file in files]):
            shown = watch(view)

    assert [seen for seen in shown if never_was(seen)] == []


def test_what_was_held_stays_while_others_write(tmp_path: Path) -> None:
    files = counters(tmp_path, ["wal", "wal"])
    with view_of(files) as view:
        view.hold()
        for file in files:
            run_script(file.path, "UPDATE counter SET n = 7")
        assert [view.connection.execute(f"SELECT n FROM {f.schema}.counter").get for f in files] == [0, 0]
        view.release()
        view.hold()
        assert [view.connection.execute(f"SELECT n FROM {f.schema}.counter").get for f in files] == [7, 7]


def test_a_released_view_holds_no_lock(tmp_path: Path) -> None:
    files = counters(tmp_path, ["delete", "wal"])
    with view_of(files) as view:
        view.hold()
        with pytest.raises(apsw.BusyError):
            run_script(files[0].path, "BEGIN EXCLUSIVE; COMMIT", busy_seconds=0)
        view.release()
        run_script(files[0].path, "BEGIN EXCLUSIVE; COMMIT", busy_seconds=0)
        with closing(files[1].path) as other:
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").get == (0, 0, 0)


@pytest.mark.parametrize("locked_file", [0, 1])
def test_a_locked_file_is_waited_for_and_named(tmp_path: Path, locked_file: int) -> None:
    files = counters(tmp_path, ["delete", "delete"])
    with view_of(files, lock_wait=0.3) as view, locked(files[locked_file].path):
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match=f"{files[locked_file].schema} .*locked") as refused:
            view.hold()
        assert 0.3 <= time.monotonic() - began < 1.5
        assert refused.value.schema == files[locked_file].schema


def test_a_wait_ends_when_nobody_wants_the_view_any_more(tmp_path: Path) -> None:
    files = counters(tmp_path, ["delete", "delete"])
    gone = threading.Event()
    with view_of(files) as view, locked(files[1].path):
        threading.Timer(0.2, gone.set).start()
        began = time.monotonic()
        with pytest.raises((Cancelled, DatabaseUnavailable)):
            view.hold(lambda: not gone.is_set())
        assert time.monotonic() - began < 1.0


def test_opening_a_locked_file_ends_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    files = counters(tmp_path, ["delete"])
    gone = threading.Event()
    with locked(files[0].path):
        threading.Timer(0.2, gone.set).start()
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            Snapshot(files, {}, 10.0, lambda: not gone.is_set())
        assert time.monotonic() - began < 1.0


DIE_IN_THE_MIDDLE = """
import apsw, os, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA cache_size = 1; BEGIN")
for _ in range(1000):
    connection.execute("INSERT INTO counter VALUES (randomblob(1000))")
print("begun", flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_file_whose_writer_died_in_the_middle_is_rolled_back(tmp_path: Path) -> None:
    """The journal of a transaction that ends just now looks the same."""
    files = counters(tmp_path, ["delete", "delete"])
    with view_of(files) as view:
        view.hold()
        view.release()
        for _ in range(2):
            with program_running(DIE_IN_THE_MIDDLE, [files[1].path]) as program:
                program.wait()
            view.hold()
            assert view.connection.execute("SELECT count(*) FROM b_db.counter").get == 1
            view.release()


def test_schema_versions_change_with_the_tables(tmp_path: Path) -> None:
    files = counters(tmp_path, ["wal", "delete"])
    with view_of(files) as view:
        view.hold()
        before = dict(view.schema_versions)
        view.release()
        run_script(files[0].path, "ALTER TABLE counter ADD COLUMN note")
        run_script(files[1].path, "UPDATE counter SET n = 1")
        view.hold()
        after = dict(view.schema_versions)

    assert after["a_db"] != before["a_db"]
    assert after["b_db"] == before["b_db"]


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    files = counters(tmp_path, ["wal", "wal"])
    files[1].path.unlink()

    with pytest.raises(DatabaseUnavailable, match=r"b_db .* is gone"):
        Snapshot(files, {}, 1.0)
    assert not files[1].path.exists()
