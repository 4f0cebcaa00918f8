"""An upgrade is whole or not at all, also when it is killed, and while others use the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.engine.sqlite import transaction as writing
from aggregator.engine.sqlite.commit_journal import RedoRecord, is_pending
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection
from demo.changes import CHANGES, Changes, UpgradeError
from demo.folder import NAMES, Folder
from demo.upgrade import upgrade
from tests.engine.dying import killed_at
from tests.server import Server, eventually
from tests.sqlite_files import locked
from tests.upgrades.files import make_version_1, rows, version
from tests.upgrades.running import NEWEST, all_rows, bytes_of, require_kept, run

ROOT = Path(__file__).resolve().parent.parent.parent


# --- upgrades that end early, and others beside them ------------------------------------------------


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_killed_at_every_operation_a_file_is_old_or_new_and_whole(journal_mode: str, tmp_path: Path) -> None:
    made = make_version_1(tmp_path / "made", journal_mode, ("product",)) / "product.db"
    before = rows(made)
    changes = Changes(CHANGES / "product")
    outcomes = {1: 0, changes.newest: 0}
    operation, died = 0, True
    while died:
        operation += 1
        folder = tmp_path / str(operation)
        path = shutil.copytree(made.parent, folder) / "product.db"
        died = killed_at(operation, lambda path=path: upgrade(path, changes))  # type: ignore[misc]
        found = version(path)
        outcomes[found] += 1
        assert found > 1 or rows(path) == before
        assert upgrade(path, changes) == found
        require_kept(before, rows(path))
        shutil.rmtree(folder)
    assert operation > 20
    assert all(outcomes.values())


def test_killed_between_files_the_next_run_goes_on(dbs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = all_rows(dbs)
    operation, died, mixed = 0, True, 0
    while died:
        operation += 60
        died = killed_at(operation, lambda: run(dbs, "--upgrade"))  # type: ignore[arg-type, return-value]
        mixed += len({version(dbs / f"{name}.db") for name in NAMES}) > 1
    assert mixed > 0
    for name in NAMES:
        assert version(dbs / f"{name}.db") == NEWEST[name]
        require_kept(before[name], rows(dbs / f"{name}.db"))


def test_a_mistake_in_a_later_change_takes_back_the_earlier_ones(tmp_path: Path) -> None:
    path = make_version_1(tmp_path / "dbs", names=("order",)) / "order.db"
    before = path.read_bytes()
    folder = shutil.copytree(CHANGES / "order", tmp_path / "changes")
    (folder / "3-mistake.sql").write_text("CREATE TABLE more (a); INSERT INTO orders VALUES (1);")
    with pytest.raises(UpgradeError, match=r"order\.db: 3-mistake\.sql: "):
        upgrade(path, Changes(folder))
    assert path.read_bytes() == before
    (folder / "3-mistake.sql").write_text("CREATE TABLE more (a); INSERT INTO more VALUES (1);")
    assert upgrade(path, Changes(folder)) == 1
    assert version(path) == 3
    assert rows(path)["more"] == [{"row_number": 1, "a": 1}]


@pytest.mark.usefixtures("hurried")
def test_a_locked_file_is_named_and_the_others_are_upgraded(
    dbs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(dbs / "order.db"):
        assert run(dbs, "--upgrade") == 1
    said = capsys.readouterr()
    assert "order.db is locked by another program" in said.err
    assert said.out.count("is now of version") == len(NAMES) - 1
    assert version(dbs / "order.db") == 1
    assert run(dbs, "--upgrade") == 0
    assert version(dbs / "order.db") == NEWEST["order"]


def test_two_upgrades_at_once_change_each_file_once(dbs: Path) -> None:
    before = all_rows(dbs)
    command = [sys.executable, str(ROOT / "setup_db.py"), "--upgrade", "--dbs", str(dbs)]
    with Folder(dbs).locked():
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    for name in NAMES:
        assert said.count(f"{name}.db was of version 1") == 1
        assert said.count(f"{name}.db is already") == 1
        require_kept(before[name], rows(dbs / f"{name}.db"))


@pytest.mark.usefixtures("hurried")
def test_it_does_not_meet_a_run_that_makes_the_files(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = bytes_of(dbs)
    with Folder(dbs).locked():
        assert run(dbs, "--upgrade") == 1
    assert "another run" in capsys.readouterr().err
    assert bytes_of(dbs) == before


# --- a service over the same files ------------------------------------------------------------------


def write_and_die(dbs: Path) -> None:
    """A write over two files that is decided, and in neither of them."""
    files = [DatabaseFile(f"{name}_db", dbs / f"{name}.db") for name in ("customer", "order")]
    connection = WriteConnection(files)
    writing._execute_commit = lambda *values: os._exit(0)  # type: ignore[assignment]
    with transaction(connection, dbs):
        connection.execute("UPDATE customer_db.customers SET city = 'Rome'")
        connection.execute("UPDATE order_db.orders SET priority = 'Low'")


def test_what_a_service_that_died_has_decided_is_finished_first(dbs: Path) -> None:
    assert not killed_at(0, lambda: write_and_die(dbs))
    assert is_pending(dbs)
    assert run(dbs, "--upgrade") == 0
    assert not is_pending(dbs)
    assert {row["city"] for row in rows(dbs / "customer.db")["customers"]} == {"Rome"}
    assert {row["priority"] for row in rows(dbs / "order.db")["orders"]} == {"Low"}


@pytest.mark.usefixtures("hurried")
def test_what_cannot_be_finished_stops_it(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not killed_at(0, lambda: write_and_die(dbs))
    with locked(dbs / "order.db"):
        assert run(dbs, "--upgrade") == 1
    assert "order_db" in capsys.readouterr().err
    assert {version(dbs / f"{name}.db") for name in NAMES} == {1}
    assert is_pending(dbs)


@pytest.mark.usefixtures("hurried")
def test_it_keeps_out_of_a_write_over_several_files(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = RedoRecord(dbs)
    assert record.try_lock()
    assert run(dbs, "--upgrade") == 1
    record.close()
    assert "being written all the time" in capsys.readouterr().err
    assert {version(dbs / f"{name}.db") for name in NAMES} == {1}
    assert run(dbs, "--upgrade") == 0


def test_a_running_service_goes_on_with_the_new_version(dbs: Path, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "old.sql").write_text("SELECT COUNT(*) AS n FROM customer_db.customers AS customers")
    (tmp_path / "sql" / "new.sql").write_text("SELECT MAX(shop_number) AS n FROM customer_db.customers AS c")
    server = Server(dbs, tmp_path / "sql", tmp_path / "log")
    try:
        known = server.get("/old").json()
        assert server.get("/new").status == 500
        assert run(dbs, "--upgrade") == 0
        assert server.get("/old").json() == known
        assert eventually(lambda: server.get("/new").status == 200)
        assert server.get("/new").json() == [{"n": None}]
    finally:
        server.kill()
