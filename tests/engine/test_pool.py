"""Views are kept warm, and none is lent that shows old files or has failed."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import apsw
import pytest

from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.snapshot import SnapshotPool
from tests.sqlite_files import make_database


def always() -> bool:
    return True


def database(folder: Path, name: str, value: int) -> DatabaseFile:
    path = make_database(folder / f"{name}.db", f"CREATE TABLE t (n); INSERT INTO t VALUES ({value})")
    return DatabaseFile(f"{name}_db", path)


@pytest.fixture
def pool() -> SnapshotPool:
    return SnapshotPool({"twice": lambda value: 2 * value}, lock_wait=1, most_idle=2)


def test_a_view_is_used_again(tmp_path: Path, pool: SnapshotPool) -> None:
    file = database(tmp_path, "a", 1)
    with pool.snapshot([file], always) as first:
        assert first.connection.execute("SELECT twice(n) FROM a_db.t").get == 2
    with pool.snapshot([file], always) as second:
        assert second is first


def test_two_borrowers_have_two_views(tmp_path: Path, pool: SnapshotPool) -> None:
    file = database(tmp_path, "a", 1)
    with pool.snapshot([file], always) as first, pool.snapshot([file], always) as second:
        assert first is not second


def test_a_returned_view_holds_nothing(tmp_path: Path, pool: SnapshotPool) -> None:
    with pool.snapshot([database(tmp_path, "a", 1)], always) as view:
        assert view.connection.in_transaction
    assert not view.connection.in_transaction


def test_a_replaced_file_gets_a_new_view(tmp_path: Path, pool: SnapshotPool) -> None:
    file = database(tmp_path, "a", 1)
    with pool.snapshot([file], always) as old:
        pass
    os.replace(database(tmp_path, "other", 2).path, file.path)
    with pool.snapshot([file], always) as new:
        assert new is not old
        assert new.connection.execute("SELECT n FROM a_db.t").get == 2


def test_a_file_that_was_copied_over_is_read_anew(tmp_path: Path, pool: SnapshotPool) -> None:
    """It has the same inode, and SQLite's own counter says that nothing has changed."""
    file, other = database(tmp_path, "a", 1), database(tmp_path, "other", 2)
    for _ in range(2):
        with pool.snapshot([file], always) as view:
            assert view.connection.execute("SELECT n FROM a_db.t").get == 1
    shutil.copyfile(other.path, file.path)
    for _ in range(2):
        with pool.snapshot([file], always) as again:
            assert again is view
            assert again.connection.execute("SELECT n FROM a_db.t").get == 2


def test_other_files_get_another_view(tmp_path: Path, pool: SnapshotPool) -> None:
    one, two = database(tmp_path, "a", 1), database(tmp_path, "b", 2)
    with pool.snapshot([one], always) as first:
        pass
    with pool.snapshot([one, two], always) as second:
        assert second is not first


def test_a_view_whose_borrower_failed_is_closed(tmp_path: Path, pool: SnapshotPool) -> None:
    file = database(tmp_path, "a", 1)
    with pytest.raises(ZeroDivisionError), pool.snapshot([file], always) as failed:
        raise ZeroDivisionError
    with pytest.raises(apsw.ConnectionClosedError):
        failed.connection.execute("SELECT 1")
    with pool.snapshot([file], always) as next_view:
        assert next_view is not failed


def test_no_more_are_kept_than_may_be(tmp_path: Path, pool: SnapshotPool) -> None:
    files = [database(tmp_path, name, 1) for name in "abc"]
    views = []
    for file in files:
        with pool.snapshot([file], always) as view:
            views.append(view)
    again = []
    for file in reversed(files):
        with pool.snapshot([file], always) as view:
            again.append(view)
    assert again[:2] == [views[2], views[1]]
    assert again[2] is not views[0]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_idle_views_let_go_of_their_files(tmp_path: Path, pool: SnapshotPool) -> None:
    file = database(tmp_path, "a", 1)

    def is_open() -> bool:
        return any(os.path.realpath(fd) == str(file.path) for fd in Path("/proc/self/fd").iterdir())

    with pool.snapshot([file], always):
        pass
    pool.close_idle(older_than=60)
    assert is_open()
    time.sleep(0.01)
    pool.close_idle(older_than=0.01)
    assert not is_open()
