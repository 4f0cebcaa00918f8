"""Which files of a folder are databases, and how a change of one is known."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aggregator.engine.sqlite import files as folder_module
from aggregator.engine.sqlite.files import MOST_DATABASES, DatabaseFile, DatabaseFolder, schema_name
from tests.sqlite_files import closing, make_database, run_script


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "RESCAN_SECONDS", 0)


def test_names(tmp_path: Path) -> None:
    for name in (
        "b.db",
        "a.sqlite",
        "c.sqlite3",
        "no.txt",
        ".hidden.db",
        "order lines.db",
        "UPPER.DB",
        "x.Sqlite3",
        "x.db-wal",
        "y.db.bak",
    ):
        (tmp_path / name).touch()
    (tmp_path / "folder.db").mkdir()

    files = DatabaseFolder(tmp_path).sources()

    assert list(files) == ["UPPER_DB", "a_sqlite", "b_db", "c_sqlite3", "order lines_db", "x_Sqlite3"]
    assert files["b_db"] == DatabaseFile("b_db", tmp_path / "b.db")
    assert schema_name("order.line.db") == "order_line_db"


def test_each_entry_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "good.db").touch()
    (tmp_path / "linked.db").symlink_to("good.db")
    (tmp_path / "loop.db").symlink_to("loop.db")
    (tmp_path / "one.db").symlink_to("other.db")
    (tmp_path / "other.db").symlink_to("one.db")
    (tmp_path / "gone.db").symlink_to("nowhere.db")
    (tmp_path / "zero.db").symlink_to("/dev/zero")
    (tmp_path / "tree.db").symlink_to("/proc")
    os.mkfifo(tmp_path / "pipe.db")
    folder = DatabaseFolder(tmp_path)

    assert list(folder.sources()) == ["good_db", "linked_db"]
    assert sorted(map(str, folder.faults())) == [
        "gone.db: cannot be read: No such file or directory",
        "loop.db: cannot be read: Too many levels of symbolic links",
        "one.db: cannot be read: Too many levels of symbolic links",
        "other.db: cannot be read: Too many levels of symbolic links",
    ]


def test_names_that_collide(tmp_path: Path) -> None:
    for name in ("a.b.db", "a_b.db"):
        (tmp_path / name).touch()
    folder = DatabaseFolder(tmp_path)

    assert list(folder.sources()) == ["a_b_db"]
    [fault] = folder.faults()
    assert fault.file == "a_b.db"
    assert "a.b.db" in fault.message


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    (tmp_path / "A.db").touch()
    (tmp_path / "a.db").touch()
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system does not tell them apart")
    folder = DatabaseFolder(tmp_path)

    assert list(folder.sources()) == ["A_db"]
    assert [fault.file for fault in folder.faults()] == ["a.db"]


def test_more_files_than_can_be_attached(tmp_path: Path) -> None:
    for number in range(MOST_DATABASES + 2):
        (tmp_path / f"{number:03}.db").touch()
    folder = DatabaseFolder(tmp_path)

    assert len(folder.sources()) == MOST_DATABASES
    assert [fault.file for fault in folder.faults()] == ["125.db", "126.db"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    folder = DatabaseFolder(tmp_path / "missing")

    assert folder.sources() == {}
    [fault] = folder.faults()
    assert fault.file == "missing"
    assert str(tmp_path) not in str(fault)
    assert not (tmp_path / "missing").exists()


@pytest.mark.usefixtures("_no_pause")
def test_files_come_and_go(tmp_path: Path) -> None:
    folder = DatabaseFolder(tmp_path)
    assert not folder.sources()
    (tmp_path / "a.db").touch()
    assert list(folder.sources()) == ["a_db"]
    (tmp_path / "a.db").unlink()
    assert not folder.sources()


def test_identity(tmp_path: Path) -> None:
    file = DatabaseFile("a_db", make_database(tmp_path / "a.db", "CREATE TABLE t (n)"))
    before = file.identity()
    run_script(file.path, "INSERT INTO t VALUES (1)")
    assert file.identity() == before
    os.replace(make_database(tmp_path / "b.db", ""), file.path)
    assert file.identity() != before
    file.path.unlink()
    assert file.identity() is None


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist", "memory", "wal"])
def test_each_commit_changes_the_version(tmp_path: Path, mode: str) -> None:
    file = DatabaseFile("a_db", make_database(tmp_path / "a.db", "CREATE TABLE t (n)", mode))
    stamps = [file.version().stamp]
    with closing(file.path) as writer:
        writer.execute(f"PRAGMA journal_mode = {mode}")
        for _ in range(3):
            time.sleep(0.02)
            writer.execute("INSERT INTO t VALUES (1)")
            stamps.append(file.version().stamp)
        if mode == "wal":
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            time.sleep(0.02)
            writer.execute("INSERT INTO t VALUES (1)")
            stamps.append(file.version().stamp)

    assert len(set(stamps)) == len(stamps)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_reading_does_not_change_the_version(tmp_path: Path, mode: str) -> None:
    file = DatabaseFile("a_db", make_database(tmp_path / "a.db", "CREATE TABLE t (n)", mode))
    with closing(file.path) as other:
        other.execute("SELECT * FROM t").fetchall()
        before = file.version().stamp
        run_script(file.path, "SELECT * FROM t")
        assert file.version().stamp == before


def test_opening_does_not_make_a_version_uncertain(tmp_path: Path) -> None:
    """What root opens in WAL mode has its change time moved."""
    file = DatabaseFile("a_db", make_database(tmp_path / "a.db", "CREATE TABLE t (n)", "wal"))
    wal = tmp_path / "a.db-wal"
    with closing(file.path) as owner:
        owner.execute("INSERT INTO t VALUES (1)")
        old = time.time() - 60
        os.utime(wal, (old, old + 0.5))  # the change time of the file is now
        os.utime(file.path, (old, old + 0.5))
        time.sleep(0.06)
        before = file.version()
        run_script(file.path, "SELECT * FROM t")
        os.chown(wal, os.geteuid(), os.getegid())
        assert file.version() == before
        assert before.settled


@pytest.mark.parametrize(("mode", "seconds"), [("delete", 0.05), ("wal", 1.05)])
def test_a_fresh_change_proves_nothing_yet(tmp_path: Path, mode: str, seconds: float) -> None:
    file = DatabaseFile("a_db", make_database(tmp_path / "a.db", "CREATE TABLE t (n)", mode))
    with closing(file.path) as writer:
        began = time.monotonic()
        writer.execute("INSERT INTO t VALUES (1)")
        assert not file.version().settled
        while not file.version().settled:
            time.sleep(0.01)
        assert seconds - 0.01 <= time.monotonic() - began < seconds + 0.5


def test_a_file_that_is_gone_has_a_version_of_its_own(tmp_path: Path) -> None:
    path = make_database(tmp_path / "a.db", "CREATE TABLE t (n)")
    file = DatabaseFile("a_db", path)
    before = file.version().stamp
    path.unlink()
    assert file.version().stamp != before


def test_who_comes_during_the_first_look_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database(tmp_path / "a.db", "CREATE TABLE t (n)")
    folder = DatabaseFolder(tmp_path)
    looking, go_on = threading.Event(), threading.Event()
    look = os.scandir

    def slow_look(path: Path) -> Iterator[os.DirEntry[str]]:
        looking.set()
        assert go_on.wait(10)
        return look(path)

    monkeypatch.setattr(os, "scandir", slow_look)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(folder.sources)
        assert looking.wait(10)
        second = threads.submit(folder.sources)
        with pytest.raises(TimeoutError):
            second.result(0.1)
        go_on.set()
        assert [*first.result(10)] == [*second.result(10)] == ["a_db"]
