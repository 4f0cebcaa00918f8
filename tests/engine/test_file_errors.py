"""A file that a dead program left in the middle of a write is recovered, or the error says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.errors import DatabaseUnavailable
from tests.server import PROJECT
from tests.sqlite_files import locked, make_database, program_running, run_script
from tests.web.conftest import servers_over

DIE_IN_THE_MIDDLE = """
import apsw, os, sys
connection = apsw.Connection(sys.argv[1])
for path in sys.argv[2:]:
    connection.execute(f"ATTACH ? AS '{path}'", (path,))
schemas = [schema for _, schema, _ in connection.execute("PRAGMA database_list")]
for schema in schemas:
    connection.execute(f"PRAGMA '{schema}'.cache_size = 1")
connection.execute("BEGIN")
for schema in schemas:
    connection.execute(f"UPDATE '{schema}'.t SET n = n + 1, filling = randomblob(1000)")
print("begun", flush=True)
os.kill(os.getpid(), 9)
"""
TABLE = """
CREATE TABLE t (id INTEGER PRIMARY KEY, n, filling);
WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100)
INSERT INTO t SELECT i, 7, randomblob(1000) FROM c
"""


def left_unfinished(*paths: Path) -> None:
    """A program dies after it has written pages into the files, and before it could commit."""
    with program_running(DIE_IN_THE_MIDDLE, paths) as program:
        program.wait()
    for path in paths:
        assert is_hot(path)


def is_hot(path: Path) -> bool:
    """Whether there is a journal with a header (https://sqlite.org/fileformat.html#the_rollback_journal)."""
    journal = path.with_name(f"{path.name}-journal")
    return journal.exists() and journal.read_bytes()[:8] == bytes.fromhex("d9d505f920a163d7")


def values(path: Path) -> set[object]:
    file = DatabaseFile("a_db", path)
    connection = ReadOnlyConnection([file], patience=5)
    try:
        return {n for (n,) in connection.execute("SELECT n FROM a_db.t")}
    finally:
        connection.close()


@pytest.mark.parametrize("mode", ["delete", "persist", "truncate"])
def test_a_hot_journal_is_rolled_back(tmp_path: Path, mode: str) -> None:
    path = make_database(tmp_path / "a.db", TABLE, mode)
    # The mode is the connection's: a file that was made by another has none but DELETE.
    program = DIE_IN_THE_MIDDLE.replace(
        '"BEGIN"', f'"PRAGMA journal_mode = {mode}").get\nconnection.execute("BEGIN"'
    )
    with program_running(program, [path]) as running:
        running.wait()
    assert is_hot(path)

    began = time.monotonic()
    assert values(path) == {7}
    assert time.monotonic() - began < 2
    assert not is_hot(path)
    with sqlite3.connect(path) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_transaction_over_several_files_is_rolled_back_in_each(tmp_path: Path) -> None:
    """Their journals name a super-journal (https://sqlite.org/atomiccommit.html#_multi_file_commit)."""
    paths = [make_database(tmp_path / f"{name}.db", TABLE) for name in "ab"]
    left_unfinished(*paths)
    assert [values(path) for path in paths] == [{7}, {7}]


def test_while_others_read_the_file_recovery_waits(tmp_path: Path) -> None:
    path = make_database(tmp_path / "a.db", TABLE)
    left_unfinished(path)
    with locked(path):  # which rolls it back itself, and then keeps everybody out
        connection = None
        with pytest.raises(DatabaseUnavailable, match="locked"):
            connection = ReadOnlyConnection([DatabaseFile("a_db", path)], patience=0.1)
        assert connection is None


def test_a_wal_without_its_index_is_read(tmp_path: Path) -> None:
    path = make_database(tmp_path / "a.db", TABLE, "wal")
    program = "import apsw, os, sys; c = apsw.Connection(sys.argv[1]); c.execute('UPDATE t SET n = 8');"
    with program_running(program + "print('done', flush=True); os.kill(os.getpid(), 9)", [path]) as running:
        running.wait()
    (tmp_path / "a.db-shm").unlink()
    assert values(path) == {8}


WITHOUT_RIGHTS = """
import os, sys, time
from pathlib import Path
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.errors import DatabaseUnavailable

for case in sys.argv[1:]:
    folder, name, *closed = case.split(":")
    path = Path(folder) / name
    for each in closed:
        Path(folder, each).chmod(0o500 if each == "." else 0o400)
    began = time.monotonic()
    try:
        ReadOnlyConnection([DatabaseFile("a_db", path)], patience=5)
        print("read")
    except DatabaseUnavailable as error:
        print(error.reason if time.monotonic() - began < 1 else "it took long")
    for each in closed:
        Path(folder, each).chmod(0o700)
"""


def reasons(*cases: str) -> list[str]:
    """Why files cannot be read by an ordinary user. A case: its folder, its file, what may not be written."""
    command = [sys.executable, "-c", WITHOUT_RIGHTS, *cases]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everything, and setpriv is not there to take that away")
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    return found.stdout.splitlines()


def test_what_the_service_may_not_recover_is_said_with_the_remedy(tmp_path: Path) -> None:
    hot = make_database(tmp_path / "a b.db", TABLE)
    left_unfinished(hot)
    cases = [
        f"{tmp_path}:a b.db:{closed}"
        for closed in (".", "a b.db", "a b.db-journal", "a b.db:a b.db-journal:.")
    ]

    what = ["the folder", "a b.db", "a b.db-journal", "a b.db, a b.db-journal and the folder"]
    assert reasons(*cases) == [
        "needs recovery, because a program ended in the middle of a write, and the service has no "
        f"permission to write {each}. Grant it, or run `sqlite3 'a b.db' .tables` once "
        "as a user who has that permission"
        for each in what
    ]
    assert is_hot(hot)
    if shutil.which("sqlite3") is not None:
        subprocess.run(["sqlite3", "a b.db", ".tables"], cwd=tmp_path, check=True, capture_output=True)
        assert not is_hot(hot)


def test_what_the_service_may_not_add_to_a_wal_database_is_said_with_the_remedy(tmp_path: Path) -> None:
    make_database(tmp_path / "a.db", TABLE, "wal")
    [reason] = reasons(f"{tmp_path}:a.db:.")
    assert reason == (
        "is in WAL mode, for which SQLite needs a.db-shm, and the service has no permission to write the "
        "folder. Grant it, or run `sqlite3 a.db 'PRAGMA journal_mode = DELETE'` once "
        "as a user who has that permission"
    )
    run_script(tmp_path / "a.db", "PRAGMA journal_mode = DELETE")
    assert reasons(f"{tmp_path}:a.db:.") == ["read"]


def test_reports_and_writes_go_on_after_a_writer_died(tmp_path: Path) -> None:
    reports = {
        "sum": "SELECT sum(t.n) AS n FROM a_db.t AS t",
        "one.post": "UPDATE a_db.t SET n = 8 WHERE id = 1",
        "two.post": "UPDATE a_db.t SET n = 9 WHERE id = 2",
    }
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "a.db", TABLE)
    with servers_over(tmp_path) as make_server:
        server = make_server(reports)
        for post, total in (("/one", 701), ("/two", 703)):
            left_unfinished(path)
            assert server.send(post).status in (200, 204)
            assert server.get("/sum").json() == [{"n": total}]
            left_unfinished(path)
            assert server.get("/sum").json() == [{"n": total}]
        assert "a.db: a write that a program left unfinished was rolled back" in server.log()
