"""A transaction writes all or nothing, says why not, and counts what it did."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import pytest

from aggregator.engine.model import Counts, StatementFailed
from aggregator.engine.sqlite.commit_journal import RedoRecord, is_pending, recover
from aggregator.engine.sqlite.files import DatabaseFile
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import (
    AggregatorError,
    Cancelled,
    Conflict,
    DatabaseUnavailable,
    InvalidWrite,
    QueryFailed,
    StorageFull,
)
from tests.engine.dying import three_files
from tests.engine.test_killed_writes import write_and_die_decided
from tests.sqlite_files import closing, locked, make_database

SCRIPT = """
CREATE TABLE parents(id INTEGER PRIMARY KEY);
CREATE TABLE children(
    id INTEGER PRIMARY KEY, parent INT REFERENCES parents DEFERRABLE INITIALLY DEFERRED,
    strict_parent INT REFERENCES parents, code TEXT UNIQUE, n INT NOT NULL DEFAULT 0 CHECK (n >= 0)
);
CREATE TABLE pairs(a INT, b INT, v, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE typed(n INT) STRICT;
CREATE TABLE log(entry);
CREATE TRIGGER no_hundred BEFORE INSERT ON parents WHEN new.id = 100
BEGIN SELECT RAISE(ABORT, 'a hundred is too many'); END;
CREATE TRIGGER parents_are_logged AFTER INSERT ON parents BEGIN INSERT INTO log VALUES (new.id); END;
INSERT INTO parents VALUES (1), (2);
INSERT INTO children(id, parent, code) VALUES (1, 1, 'a');
INSERT INTO pairs VALUES (1, 1, 'x');
"""


def make_files(folder: Path, modes: Sequence[str]) -> list[DatabaseFile]:
    return [
        DatabaseFile(f"{name}_db", make_database(folder / f"{name}.db", SCRIPT, mode))
        for name, mode in zip("abc", modes, strict=False)
    ]


@contextmanager
def writer(files: Sequence[DatabaseFile], patience: float = 5) -> Iterator[WriteConnection]:
    connection = WriteConnection(files, [], patience)
    try:
        yield connection
    finally:
        connection.close()


def parents(files: Sequence[DatabaseFile]) -> list[int]:
    found = []
    for file in files:
        with closing(file.path) as connection:
            found.append(connection.execute("SELECT count(*) FROM parents").get)
    return found


def attempt(connection: WriteConnection, folder: Path, *statements: str, number: int = 3) -> None:
    """A transaction that adds a parent to each file, and does something else."""
    with transaction(connection, folder):
        add(connection, number)
        for sql in statements:
            connection.execute(sql).fetchall()


def attempt_part(connection: WriteConnection, number: int, sql: str) -> None:
    with connection.savepoint():
        add(connection, number)
        connection.execute(sql)


def add(connection: WriteConnection, number: int) -> None:
    for file in connection.files:
        connection.execute(f"INSERT INTO {file.schema}.parents VALUES (?)", (number,))


ONE_OR_MORE = [["wal"], ["delete"], ["wal", "wal"], ["delete", "delete"], ["wal", "truncate", "persist"]]


@pytest.mark.parametrize("modes", ONE_OR_MORE, ids="-".join)
def test_all_or_nothing(tmp_path: Path, modes: list[str]) -> None:
    files = make_files(tmp_path, modes)
    with writer(files) as connection:
        with transaction(connection, tmp_path):
            add(connection, 3)
        assert parents(files) == [3] * len(files)
        with pytest.raises(StatementFailed, match="nonsense"):
            attempt(connection, tmp_path, "nonsense", number=4)
        assert parents(files) == [3] * len(files)
        with transaction(connection, tmp_path):
            add(connection, 4)
    assert parents(files) == [4] * len(files)
    assert not is_pending(tmp_path)


def test_one_changed_file_needs_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = make_files(tmp_path, ["wal", "wal"])
    monkeypatch.setattr(RedoRecord, "write", lambda *values: pytest.fail("a record was written"))
    with writer(files) as connection, transaction(connection, tmp_path):
        connection.execute("INSERT INTO a_db.parents VALUES (3)")
    assert parents(files) == [3, 2]
    with writer(files[:1]) as connection, transaction(connection, tmp_path):
        add(connection, 4)
    assert parents(files) == [4, 2]


REFUSALS = [
    ("INSERT INTO a_db.children(code) VALUES ('a')", Conflict, "same a_db.children.code already exists;"),
    ("INSERT INTO a_db.children(id) VALUES (1)", Conflict, "same a_db.children.id already exists;"),
    (
        "INSERT INTO a_db.pairs VALUES (1, 1, 'y')",
        Conflict,
        "same a_db.pairs.a, a_db.pairs.b already exists;",
    ),
    ("INSERT INTO a_db.children(strict_parent) VALUES (77)", Conflict, "refers to one that does not exist"),
    ("INSERT INTO a_db.children(parent) VALUES (77)", Conflict, "refers to one that does not exist"),
    ("DELETE FROM a_db.parents", Conflict, "still refer to"),
    ("INSERT INTO a_db.parents VALUES (100)", Conflict, "rejected the write: a hundred is too many;"),
    ("INSERT INTO a_db.children(n) VALUES (NULL)", InvalidWrite, "a_db.children.n must have a value"),
    ("INSERT INTO a_db.children(n) VALUES (-1)", InvalidWrite, "breaks the rule n >= 0;"),
    ("INSERT INTO a_db.typed VALUES ('x')", InvalidWrite, "cannot store TEXT value in INT column typed.n;"),
    ("INSERT INTO a_db.children(id) VALUES ('x')", InvalidWrite, "must be an integer"),
]


@pytest.mark.parametrize("modes", [["wal"], ["wal", "wal"]], ids="-".join)
@pytest.mark.parametrize(("sql", "kind", "words"), REFUSALS)
def test_what_the_database_refuses(
    tmp_path: Path, modes: list[str], sql: str, kind: type[AggregatorError], words: str
) -> None:
    files = make_files(tmp_path, modes)
    if len(files) > 1:
        with closing(files[1].path) as other:
            other.execute("DROP TABLE children; DROP TABLE pairs")
    with writer(files) as connection:
        with pytest.raises(kind) as refused:
            attempt(connection, tmp_path, sql)
        assert words in refused.value.detail
        assert parents(files) == [2] * len(files)
        with transaction(connection, tmp_path):
            add(connection, 3)
    assert not is_pending(tmp_path)


@pytest.mark.parametrize("modes", [["wal"], ["delete", "wal"]], ids="-".join)
def test_a_locked_file_is_named(tmp_path: Path, modes: list[str]) -> None:
    files = make_files(tmp_path, modes)
    with writer(files, patience=0.3) as connection, locked(files[-1].path):
        began = time.monotonic()
        with (
            pytest.raises(DatabaseUnavailable, match=f"{files[-1].schema}.* locked"),
            transaction(connection, tmp_path),
        ):
            pytest.fail("it has begun")
        assert 0.3 <= time.monotonic() - began < 1.5


def test_waiting_ends_when_nobody_wants_it(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["delete", "delete"])
    gone = threading.Event()
    with writer(files) as connection, locked(files[1].path):
        connection.wanted = lambda: not gone.is_set()
        threading.Timer(0.2, gone.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled), transaction(connection, tmp_path):
            pytest.fail("it has begun")
        assert time.monotonic() - began < 1


def test_sql_that_nobody_wants_is_interrupted(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["wal", "wal"])
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    with writer(files) as connection:
        deadline = time.monotonic() + 0.1
        connection.wanted = lambda: time.monotonic() < deadline
        with pytest.raises(StatementFailed) as failed:
            attempt(connection, tmp_path, endless)
        assert failed.value.is_interrupted
    assert parents(files) == [2, 2]


def test_a_reader_of_a_rollback_file_is_waited_for(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["delete", "delete"])
    with closing(files[1].path) as reader, writer(files) as connection:
        reader.execute("BEGIN; SELECT * FROM parents").fetchall()
        leave = threading.Timer(0.3, lambda: reader.execute("COMMIT"))
        leave.start()
        with transaction(connection, tmp_path):
            add(connection, 3)
        leave.join()
    assert parents(files) == [3, 3]


def test_a_reader_that_stays_leaves_nothing_written(tmp_path: Path) -> None:
    for modes in (["delete"], ["delete", "wal"]):
        folder = tmp_path / str(len(modes))
        folder.mkdir()
        files = make_files(folder, modes)
        with closing(files[0].path) as reader, writer(files, patience=0.2) as connection:
            reader.execute("BEGIN; SELECT * FROM parents").fetchall()
            with pytest.raises(DatabaseUnavailable, match=r"a_db .*locked"), transaction(connection, folder):
                add(connection, 3)
            reader.execute("COMMIT")
        assert parents(files) == [2] * len(files)


def test_two_writers_that_read_each_others_file_do_not_stop_each_other(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["delete", "delete"])
    failures: list[BaseException] = []

    def work(written: DatabaseFile, read: DatabaseFile) -> None:
        connection = WriteConnection([written], [read], patience=10)
        try:
            for number in range(10, 30):
                with transaction(connection, tmp_path):
                    connection.execute(f"INSERT INTO {written.schema}.parents VALUES (?)", (number,))
        except BaseException as error:
            failures.append(error)
        connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in (files, files[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert parents(files) == [22, 22]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Files cannot grow longer, which is the error of a full disk to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("modes", [["wal"], ["delete"], ["wal", "wal"]], ids="-".join)
def test_a_full_disk(tmp_path: Path, modes: list[str]) -> None:
    """The WAL file, the database or the record finds no room."""
    files = make_files(tmp_path, modes)
    large = [f"INSERT INTO {file.schema}.log VALUES (randomblob(90000))" for file in files]
    with writer(files) as connection:
        with largest_file(100_000), pytest.raises((StorageFull, DatabaseUnavailable)) as refused:
            attempt(connection, tmp_path, *large, *large)
        assert len(files) == 1 or isinstance(refused.value, StorageFull)
        assert not is_pending(tmp_path)
        assert parents(files) == [2] * len(files)
        attempt(connection, tmp_path)
    assert parents(files) == [3] * len(files)


def test_disk_full_while_committing_what_is_decided_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file has no room; the write is decided, and is finished when there is."""
    files = make_files(tmp_path, ["wal", "wal"])
    with writer(files) as connection:
        with transaction(connection, tmp_path):
            add(connection, 3)
            connection.execute("INSERT INTO b_db.log VALUES (randomblob(50000))")
            decide = RedoRecord.write

            def write_and_fill(record: RedoRecord, changes: object) -> None:
                decide(record, changes)  # type: ignore[arg-type]
                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

            monkeypatch.setattr(RedoRecord, "write", write_and_fill)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        monkeypatch.undo()
        assert is_pending(tmp_path)
        with transaction(connection, tmp_path):
            pass
    assert not is_pending(tmp_path)
    assert parents(files) == [3, 3]


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["wal"])
    read_only = WriteConnection([], files, patience=1)
    read_only.written = read_only.files
    with (
        pytest.raises(DatabaseUnavailable, match="is read-only for the service"),
        transaction(read_only, tmp_path),
    ):
        read_only.execute("INSERT INTO a_db.parents VALUES (3)")
    read_only.close()


def test_a_file_that_is_gone_or_none(tmp_path: Path) -> None:
    nowhere = DatabaseFile("x_db", tmp_path / "x.db")
    with pytest.raises(DatabaseUnavailable, match=r"x_db .* gone"):
        WriteConnection([nowhere], [], patience=1)
    assert not nowhere.path.exists()
    nowhere.path.write_text("no database, but a longer text than one would think" * 100)
    with pytest.raises(DatabaseUnavailable, match="is not an SQLite database"):
        WriteConnection([nowhere], [], patience=1)


def test_files_of_another_folder_cannot_be_recorded(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["wal", "wal"])
    with writer(files) as connection, pytest.raises(ValueError, match="a_db, b_db"):
        attempt(connection, tmp_path.parent)


@pytest.mark.parametrize("modes", [["wal"], ["wal", "wal"]], ids="-".join)
def test_a_part_that_fails_is_taken_back_alone(tmp_path: Path, modes: list[str]) -> None:
    files = make_files(tmp_path, modes)
    with writer(files) as connection, transaction(connection, tmp_path):
        with connection.savepoint():
            add(connection, 3)
        with pytest.raises(Conflict, match=r"same (a_db\.)?children\.code already exists;"):
            attempt_part(connection, 4, "INSERT INTO a_db.children(code) VALUES ('a')")
        with pytest.raises(Conflict, match="does not exist"):
            attempt_part(connection, 5, "INSERT INTO a_db.children(parent) VALUES (77)")
        with connection.savepoint():
            add(connection, 6)
    assert parents(files) == [4] * len(files)


def test_a_transaction_that_sqlite_took_back_is_no_success(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["wal"])

    def ignore_the_end_of_it(connection: WriteConnection) -> None:
        with transaction(connection, tmp_path):
            add(connection, 3)
            with suppress(apsw.ConstraintError):
                connection.execute("INSERT OR ROLLBACK INTO a_db.children(code) VALUES ('a')")

    with writer(files) as connection, pytest.raises(QueryFailed):
        ignore_the_end_of_it(connection)


@pytest.mark.parametrize("modes", [["wal"], ["wal", "wal"]], ids="-".join)
def test_rows_are_counted(tmp_path: Path, modes: list[str]) -> None:
    files = make_files(tmp_path, modes)
    with writer(files) as connection, transaction(connection, tmp_path):
        connection.execute("INSERT INTO a_db.pairs VALUES (9, 9, 'not counted')")
        with connection.counted() as counts:
            with connection.restricted():
                connection.execute("INSERT INTO a_db.parents VALUES (5), (6), (7)")
                connection.execute("DELETE FROM a_db.parents WHERE id = 2")
                connection.execute(
                    "INSERT INTO a_db.pairs VALUES (1, 1, 'y'), (1, 2, 'z'), (9, 9, 'not counted')"
                    " ON CONFLICT DO UPDATE SET v = excluded.v"
                )
                connection.execute("UPDATE a_db.children SET n = n")
                connection.execute("DELETE FROM a_db.typed")
            connection.execute("CREATE TEMP TABLE parents (a); INSERT INTO temp.parents VALUES (1)")
        with connection.counted() as second, connection.restricted():
            connection.execute("DELETE FROM a_db.log")
    assert counts.tables() == {
        ("a_db", "log"): Counts(inserted=3),
        ("a_db", "pairs"): Counts(inserted=1, updated=1),
        ("a_db", "parents"): Counts(inserted=3, deleted=1),
    }
    assert second.tables() == {("a_db", "log"): Counts(deleted=5)}


def test_a_long_wal_is_put_into_its_database(tmp_path: Path) -> None:
    files = make_files(tmp_path, ["wal", "wal"])
    with writer(files) as connection:
        with transaction(connection, tmp_path):
            add(connection, 3)
            connection.execute("INSERT INTO b_db.log VALUES (randomblob(6000000))")
        assert files[1].path.stat().st_size > 6_000_000
        assert files[0].path.stat().st_size < 1_000_000


def test_foreign_changes_made_after_a_death_stay(tmp_path: Path) -> None:
    """What another program has changed since then is not overwritten by what is finished later."""

    files = three_files(tmp_path, ["wal", "wal", "wal"])
    write_and_die_decided(files, 7)
    with closing(files[1].path) as other:
        other.execute("UPDATE t SET v = 99 WHERE id = 20; DROP TABLE keyless")
    files[2].path.unlink()
    recover(tmp_path, patience=1)
    with closing(files[1].path) as other:
        rows = dict(other.execute("SELECT id, v FROM t WHERE id IN (10, 20, 30)").fetchall())
    assert rows == {10: 7, 20: 99, 30: 7}
    assert not files[2].path.exists()
    assert not is_pending(tmp_path)


def test_a_table_without_a_schema_is_never_one_of_the_services_own(tmp_path: Path) -> None:
    own, users = (
        DatabaseFile(schema, make_database(tmp_path / name, "CREATE TABLE answers (a)"))
        for schema, name in (("aggregator_answers", ".aggregator.db"), ("lib_db", "lib.db"))
    )
    with writer([own, users]) as connection, transaction(connection, tmp_path), connection.restricted():
        connection.execute("INSERT INTO answers VALUES (1)")
    counts = []
    for file in (own, users):
        with closing(file.path) as plain:
            counts.append(plain.execute("SELECT count(*) FROM answers").get)
    assert counts == [0, 1]
