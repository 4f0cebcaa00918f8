"""What a report cost the last time says where it is run the next time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.snapshot import SnapshotPool, file_versions
from aggregator.formats import FORMATS
from aggregator.read.operations import Rows
from aggregator.read.reader import LocalReader
from aggregator.read.scheduling import QUICK_SECONDS, CostHistory, InlineRuns
from aggregator.sqlfile.catalog import SqlFolder
from tests.server import eventually
from tests.sqlite_files import closing, make_database


@pytest.fixture
def registry(tmp_path: Path) -> EndpointRegistry[ReadEndpoint]:
    (tmp_path / "sql").mkdir()
    (tmp_path / "dbs").mkdir()
    make_database(
        tmp_path / "dbs" / "items.db",
        """
        CREATE TABLE items (item_id INTEGER PRIMARY KEY);
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
        INSERT INTO items SELECT n FROM numbers;
        """,
        "delete",
    )
    (tmp_path / "sql" / "items.sql").write_text(
        "SELECT items.item_id FROM items_db.items AS items LIMIT 1000"
    )
    (tmp_path / "sql" / "more.sql").write_text("SELECT items.item_id FROM items_db.items AS items")
    return EndpointRegistry(SqlFolder(tmp_path / "sql"), SqliteEngine(tmp_path / "dbs"), 5.0, check_read)


def job(registry: EndpointRegistry[ReadEndpoint], name: str = "items", format: str = "json") -> Rows:
    endpoint = registry.catalog(ANYBODY).find("GET", f"/{name}").endpoint
    return Rows(registry.check(endpoint), {}, format=FORMATS[format])


def test_what_was_never_run_is_neither_quick_nor_light(registry: EndpointRegistry[ReadEndpoint]) -> None:
    history = CostHistory()

    assert not history.is_quick(job(registry))
    assert not history.took_less_than(job(registry), 1_000_000)


def test_the_last_time_counts(registry: EndpointRegistry[ReadEndpoint]) -> None:
    history = CostHistory()
    for seconds in (9.0, QUICK_SECONDS / 2):
        history.learn(job(registry), seconds)

    assert history.is_quick(job(registry))
    assert history.took_less_than(job(registry), QUICK_SECONDS)
    assert not history.is_quick(job(registry, format="csv"))


def test_reading_no_rows_teaches_nothing(registry: EndpointRegistry[ReadEndpoint]) -> None:
    history = CostHistory()
    head = Rows(job(registry).report, {}, rows_wanted=False)

    history.learn(head, 0.001)

    assert not history.is_quick(head)


def test_a_slow_mark_passes(registry: EndpointRegistry[ReadEndpoint]) -> None:
    history = CostHistory()
    history.learn(job(registry), 0.001)

    history.mark_slow(job(registry))

    assert not history.is_quick(job(registry))
    eventually(lambda: history.is_quick(job(registry)))


def test_the_clock_of_a_reader_stands_while_others_work(registry: EndpointRegistry[ReadEndpoint]) -> None:
    """Else a service that is busy for a moment takes its quick reports for slow ones ever after."""
    ended = threading.Event()
    others = [threading.Thread(target=count_until, args=(ended,)) for _ in range(4)]
    for each in others:
        each.start()
    try:
        reader = LocalReader(SnapshotPool(SQL_FUNCTIONS, 5.0))
        real, cost = time.monotonic(), reader.clock()
        for _ in range(20):
            list(reader.chunks(job(registry, "more")))
        real, cost = time.monotonic() - real, reader.clock() - cost
    finally:
        ended.set()
        for each in others:
            each.join()
    assert cost < real / 2


def count_until(ended: threading.Event) -> None:
    while not ended.is_set():
        sum(range(10_000))


def test_a_small_result_at_once(registry: EndpointRegistry[ReadEndpoint]) -> None:
    wanted, history = job(registry), CostHistory()
    quick = InlineRuns(history, SnapshotPool(SQL_FUNCTIONS, 5.0, most_idle=1, for_quick=True))
    assert quick.result(wanted, file_versions(wanted.report.files)) is None

    history.learn(wanted, 0.001)
    # A busy machine may need longer than others are to wait: then it is tried again.
    result = eventually(lambda: quick.result(wanted, file_versions(wanted.report.files)))

    assert result is not None
    assert result.rows == 1000
    rows = ",\n".join(f'{{"item_id":{n}}}' for n in range(1, 1001))
    assert result.body == f"[{rows}]".encode()
    quick.close_idle(0)


def test_a_thousand_rows_are_the_most(registry: EndpointRegistry[ReadEndpoint]) -> None:
    wanted, history = job(registry, "more"), CostHistory()
    quick = InlineRuns(history, SnapshotPool(SQL_FUNCTIONS, 5.0, most_idle=1, for_quick=True))
    history.learn(wanted, 0.001)

    assert quick.result(wanted, file_versions(wanted.report.files)) is None
    assert not history.is_quick(wanted)
    quick.close_idle(0)


def test_a_long_value_is_not_made_at_once(registry: EndpointRegistry[ReadEndpoint], tmp_path: Path) -> None:
    """Nothing ends a function while it makes one, and all others would wait."""
    (tmp_path / "sql" / "sized.sql").write_text(
        "/* {params: {n: {type: integer}}} */ SELECT length(hex(zeroblob(:n))) AS length"
    )
    report = registry.check(registry.catalog(ANYBODY).find("GET", "/sized").endpoint)
    history = CostHistory()
    quick = InlineRuns(history, SnapshotPool(SQL_FUNCTIONS, 5.0, most_idle=1, for_quick=True))
    small, large = (Rows(report, {"n": n}, format=FORMATS["csv"]) for n in (1_000, 100_000_000))
    history.learn(small, 0.001)

    result = eventually(lambda: quick.result(small, []))
    assert result is not None
    assert result.body == b"length\r\n2000\r\n"
    assert quick.result(large, []) is None
    assert not history.is_quick(large)
    quick.close_idle(0)


def test_a_locked_file_is_not_waited_for_at_once(registry: EndpointRegistry[ReadEndpoint]) -> None:
    wanted, history = job(registry), CostHistory()
    quick = InlineRuns(history, SnapshotPool(SQL_FUNCTIONS, 5.0, most_idle=1, for_quick=True))
    history.learn(wanted, 0.001)
    with closing(wanted.report.files[0].path) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()

        assert quick.result(wanted, file_versions(wanted.report.files)) is None

        assert time.monotonic() - began < 1
    assert not history.is_quick(wanted)
    quick.close_idle(0)
