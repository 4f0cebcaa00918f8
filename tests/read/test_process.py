"""A reader in a process of its own gives what a reader in this process gives, and its errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry, StaleEndpoint
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.snapshot import SnapshotPool
from aggregator.errors import InvalidParameters, QueryFailed, UnrepresentableValue
from aggregator.formats import FORMATS
from aggregator.read.operations import Chunk, Rows
from aggregator.read.reader import LocalReader
from aggregator.read.scheduling import CostHistory
from aggregator.read.worker_process import WorkerProcesses, WorkerReader
from aggregator.sqlfile.catalog import SqlFolder
from aggregator.sqlfile.parameters import read_arguments
from tests.server import eventually
from tests.sqlite_files import make_database, run_script

NUMBERS = """
SELECT numbers.number, numbers.word
FROM numbers_db.numbers AS numbers
ORDER BY numbers.number;
"""
MONEY = """/*
columns: {amount: {type: money}}
*/
SELECT CASE WHEN numbers.number = 900 THEN 1.5 ELSE numbers.number END AS amount
FROM numbers_db.numbers AS numbers
ORDER BY numbers.number;
"""
CHOICE = """/*
params:
  word: {type: choice, choices_sql: SELECT numbers.word FROM numbers_db.numbers AS numbers}
*/
SELECT numbers.number FROM numbers_db.numbers AS numbers WHERE numbers.word = :word
ORDER BY numbers.number;
"""
ENDLESS = """
WITH RECURSIVE counted AS (
    SELECT 1 AS number
    UNION ALL
    SELECT counted.number + 1 FROM counted
)
SELECT max(counted.number) AS number FROM counted;
"""
LONGEST = 1_000_000
LONG = """/*
params: {n: {type: integer}}
*/
SELECT replace(hex(zeroblob(max(numbers.number, :n))), '00', 'x') AS long
FROM numbers_db.numbers AS numbers
WHERE numbers.number = 1;
"""


@pytest.fixture
def registry(tmp_path: Path) -> EndpointRegistry[ReadEndpoint]:
    dbs, sql = tmp_path / "dbs", tmp_path / "sql"
    dbs.mkdir()
    sql.mkdir()
    make_database(
        dbs / "numbers.db",
        """
        CREATE TABLE numbers (number INTEGER PRIMARY KEY, word TEXT);
        INSERT INTO numbers
        WITH RECURSIVE counted AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM counted WHERE n < 20000)
        SELECT n, CASE n % 7 WHEN 0 THEN NULL ELSE 'wörd "' || n || '"' END FROM counted;
        """,
        "wal",
    )
    for name, text in {
        "numbers": NUMBERS,
        "money": MONEY,
        "choice": CHOICE,
        "endless": ENDLESS,
        "long": LONG,
    }.items():
        (sql / f"{name}.sql").write_text(text)
    return EndpointRegistry(SqlFolder(sql), SqliteEngine(dbs), 5.0, check_read)


@contextmanager
def started_reader() -> Iterator[WorkerReader]:
    reader = WorkerReader(partial(SnapshotPool, SQL_FUNCTIONS, 5.0, longest_value=LONGEST))
    assert reader.wait_until_ready()
    try:
        yield reader
    finally:
        reader.close()


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    """One for all tests that do not stop it; each reads databases of its own."""
    with started_reader() as reader:
        yield reader


def job(registry: EndpointRegistry[ReadEndpoint], name: str, format: str = "json", **given: str) -> Rows:
    report = registry.check(registry.catalog(ANYBODY).find("GET", f"/{name}").endpoint)
    texts = {key: [text] for key, text in given.items()}
    return Rows(report, read_arguments(report.header.params, texts), format=FORMATS[format])


@pytest.mark.parametrize("format", FORMATS)
def test_both_readers_read_the_same(
    registry: EndpointRegistry[ReadEndpoint], reader: WorkerReader, format: str
) -> None:
    wanted = job(registry, "numbers", format)
    here = list(LocalReader(SnapshotPool(SQL_FUNCTIONS, 5.0)).chunks(wanted))

    for _ in range(2):
        there = list(reader.chunks(wanted))
        assert sum(chunk.rows for chunk in there) == sum(chunk.rows for chunk in here) == 20_000
        files = [
            b"".join(wanted.encode(item for chunk in chunks for item in chunk.items))
            for chunks in (here, there)
        ]
        assert files[0] == files[1]


def test_errors_come_through_as_they_are(
    registry: EndpointRegistry[ReadEndpoint], reader: WorkerReader
) -> None:
    with pytest.raises(UnrepresentableValue, match="amount has the type money"):
        list(reader.chunks(job(registry, "money")))
    with pytest.raises(InvalidParameters) as caught:
        list(reader.chunks(job(registry, "choice", word="none of these")))
    assert [error.parameter for error in caught.value.errors] == ["word"]
    assert [chunk.rows for chunk in reader.chunks(job(registry, "choice", word='wörd "15"'))] == [1]


def test_both_limit_the_size_of_a_value(
    registry: EndpointRegistry[ReadEndpoint], reader: WorkerReader
) -> None:
    here = LocalReader(SnapshotPool(SQL_FUNCTIONS, 5.0, longest_value=LONGEST))
    for each in (here, reader):
        (chunk,) = each.chunks(job(registry, "long", n="400000"))
        assert len(text_of(chunk)) == len('{"long":""}') + 400_000
    run_script(
        job(registry, "long", n="1").report.files[0].path,
        f"UPDATE numbers SET word = CAST(zeroblob({LONGEST}) AS TEXT) WHERE number = 7",
    )
    for each in (LocalReader(SnapshotPool(SQL_FUNCTIONS, 5.0, longest_value=LONGEST)), reader):
        with pytest.raises(UnrepresentableValue, match=r"longer than 1,000,000 bytes \(setting max_value\)"):
            list(each.chunks(job(registry, "numbers")))


def test_altered_tables_are_noticed(registry: EndpointRegistry[ReadEndpoint], reader: WorkerReader) -> None:
    wanted = job(registry, "numbers")
    list(reader.chunks(wanted))
    run_script(wanted.report.files[0].path, "ALTER TABLE numbers ADD COLUMN more")
    with pytest.raises(StaleEndpoint):
        list(reader.chunks(wanted))


def test_a_stopped_reader_ends_within_a_second(registry: EndpointRegistry[ReadEndpoint]) -> None:
    with started_reader() as reader:
        threading.Timer(0.2, reader.stop).start()
        began = time.monotonic()
        with pytest.raises(QueryFailed):
            list(reader.chunks(job(registry, "endless")))
        assert time.monotonic() - began < 1.2
        assert not reader.is_free


def test_only_heavy_reports_get_a_process_and_a_dead_one_is_replaced(
    registry: EndpointRegistry[ReadEndpoint],
) -> None:
    history = CostHistory()
    make_snapshots = partial(SnapshotPool, SQL_FUNCTIONS, 5.0)
    processes = WorkerProcesses(1, history, heavy_seconds=0.5, make_snapshots=make_snapshots)
    wanted = job(registry, "numbers")
    try:
        processes.start()
        history.learn(wanted, 0.4)
        with processes.reader(wanted) as light:
            assert light is None
        history.learn(wanted, 0.6)
        with processes.reader(replace(wanted, rows_wanted=False)) as head:
            assert head is None
        eventually(lambda: has_free_process(processes, wanted))
        with processes.reader(wanted) as first, processes.reader(wanted) as second:
            assert first is not None
            assert second is None, "there is one, and it is taken"
            first.stop()
        eventually(lambda: has_free_process(processes, wanted))
        with processes.reader(wanted) as next_one:
            assert next_one is not None
            assert next_one is not first
            assert sum(chunk.rows for chunk in next_one.chunks(wanted)) == 20_000
    finally:
        processes.close()


def text_of(chunk: Chunk) -> bytes:
    (text,) = chunk.items
    assert isinstance(text, bytes)
    return text


def has_free_process(processes: WorkerProcesses, wanted: Rows) -> bool:
    with processes.reader(wanted) as process:
        return process is not None
