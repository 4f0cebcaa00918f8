"""What is read is of one state of each file, and of the state that the answer's tag stands for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.files import FileVersion
from aggregator.engine.sqlite.snapshot import SnapshotPool, file_versions
from aggregator.errors import DatabaseUnavailable
from aggregator.formats import FORMATS
from aggregator.read.operations import Chunk, Rows, rows_of
from aggregator.read.reader import LocalReader, VersionChanged
from aggregator.sqlfile.catalog import SqlFolder
from tests.server import eventually
from tests.sqlite_files import closing, make_database, run_script

Change = Callable[[Path, Path], object]


def script_of(generation: int) -> str:
    return f"""
    CREATE TABLE t (id INTEGER PRIMARY KEY, generation, filling);
    WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)
    INSERT INTO t SELECT i, {generation}, hex(randomblob(100)) FROM c
    """


def job_over(folder: Path, mode: str) -> tuple[Rows, Path, Path]:
    """A report that reads a file of the first generation, that file, and one of the second elsewhere."""
    dbs, sql = folder / "dbs", folder / "sql"
    dbs.mkdir()
    sql.mkdir()
    path = make_database(dbs / "a.db", script_of(1), mode)
    other = make_database(folder / "new.db", script_of(2), mode)
    (sql / "all.sql").write_text("SELECT t.id, t.generation, t.filling FROM a_db.t AS t ORDER BY t.id")
    registry = EndpointRegistry(SqlFolder(sql), SqliteEngine(dbs), 5.0, check_read)
    report = registry.check(registry.catalog(ANYBODY).find("GET", "/all").endpoint)
    return rows_of(report, {}, FORMATS["ndjson"]), path, other


@pytest.fixture(params=["delete", "wal"])
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Rows, Path, Path]:
    return job_over(tmp_path, request.param)


@pytest.fixture
def pool() -> Iterator[SnapshotPool]:
    pool = SnapshotPool(SQL_FUNCTIONS, lock_wait=5)
    yield pool
    pool.close_idle(0)


def text_of(chunk: Chunk) -> bytes:
    return b"".join(item for item in chunk.items if isinstance(item, bytes))


def read_all(pool: SnapshotPool, job: Rows, meanwhile: Callable[[], object] = lambda: None) -> bytes:
    """The rows; something happens after the first chunk of them."""
    chunks = LocalReader(pool).chunks(job)
    first = next(chunks)
    assert not first.is_last
    meanwhile()
    return b"".join(map(text_of, [first, *chunks]))


def copy(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def copy_with_its_times(path: Path, other: Path) -> None:
    shutil.copy2(other, path)


def shrink(path: Path, other: Path) -> None:
    os.truncate(path, 50 * 4096)


@pytest.mark.parametrize("change", [copy, copy_with_its_times, shrink])
def test_a_file_that_is_overwritten_while_it_is_read_breaks_the_answer(
    prepared: tuple[Rows, Path, Path], pool: SnapshotPool, change: Change
) -> None:
    """The rows after the change would be of the other generation."""
    job, path, other = prepared
    for _ in range(2):
        assert read_all(pool, job).count(b'"generation":') == 3000
    with pytest.raises(DatabaseUnavailable, match=r"a_db .* overwritten while it was being read"):
        read_all(pool, job, lambda: change(path, other))


def test_a_file_in_whose_place_another_is_put_is_read_to_its_end(
    prepared: tuple[Rows, Path, Path], pool: SnapshotPool
) -> None:
    job, path, other = prepared
    text = read_all(pool, job, lambda: os.replace(other, path))
    assert text.count(b'"generation":1') == 3000


def test_in_wal_mode_others_write_while_it_is_read(tmp_path: Path, pool: SnapshotPool) -> None:
    job, path, _ = job_over(tmp_path, "wal")

    def write() -> None:
        with closing(path) as writer:
            for mode in ("PASSIVE", "RESTART", "TRUNCATE"):
                writer.execute("UPDATE t SET generation = generation + 1")
                writer.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()

    for generation in (1, 4, 7):
        assert read_all(pool, job, write).count(b'"generation":%d' % generation) == 3000


def test_a_file_that_is_written_after_its_tag_was_made_is_not_read_for_that_tag(
    prepared: tuple[Rows, Path, Path], pool: SnapshotPool
) -> None:
    job, path, _ = prepared
    for generation in (2, 3):
        seen = settled(job)
        assert read_all(pool, replace(job, seen=seen)).count(b'"generation":') == 3000
        run_script(path, f"UPDATE t SET generation = {generation} WHERE id = 3000")
        with pytest.raises(VersionChanged):
            read_all(pool, replace(job, seen=seen))
        with pytest.raises(VersionChanged):
            LocalReader(pool).small_result(job, seen)
        fresh = replace(job, seen=file_versions(job.report.files))
        assert b'"generation":%d' % generation in read_all(pool, fresh)


def settled(job: Rows) -> list[FileVersion]:
    files = job.report.files
    eventually(lambda: all(version.settled for version in file_versions(files)), seconds=3)
    return file_versions(files)
