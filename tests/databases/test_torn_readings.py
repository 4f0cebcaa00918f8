"""One instant: a write over three files is seen in all of them or in none."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.databases.redo import RedoRecord, is_pending, recover
from aggregator.databases.view import View
from tests.databases.adding import SCRIPTS, files
from tests.server import PROJECT
from tests.sqlite_files import make_database

COMPARE = """
SELECT
    (SELECT count(*) FROM order_db.orders), (SELECT sum(lines) FROM order_db.orders),
    (SELECT count(*) FROM line_db.lines), (SELECT sum(cents) FROM line_db.lines),
    orders, lines, cents
FROM total_db.totals
"""
PATIENCE = 30.0


@contextmanager
def orders_being_added(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.databases.adding", str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"added\n"
        try:
            yield
        finally:
            assert writer.poll() is None
            writer.stdin.close()
    assert writer.returncode == 0


def read_and_compare(folder: Path, readings: int, states: int) -> tuple[int, int]:
    """Read so often, and until so many numbers of orders were seen: how many readings, how many torn."""
    view = View(files(folder), {}, PATIENCE)
    torn, count, seen = 0, 0, set()
    while count < readings or len(seen) < states:
        view.hold()
        orders, of_orders, lines, cents, *totals = view.connection.execute(COMPARE).fetchall()[0]
        view.release()
        torn += [orders, lines, cents] != totals or of_orders != lines
        seen.add(orders)
        count += 1
    view.close()
    return count, torn


def torn_readings(folder: Path, readings: int, states: int) -> int:
    """How many of at least so many readings, by two readers at once, were torn."""
    with orders_being_added(folder), ThreadPoolExecutor(2) as readers:
        found = [readers.submit(read_and_compare, folder, readings // 2, states) for _ in range(2)]
        results = [each.result() for each in found]
    assert sum(count for count, _ in results) >= readings
    return sum(torn for _, torn in results)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    for name, script in SCRIPTS.items():
        make_database(tmp_path / f"{name}.db", script, getattr(request, "param", "wal"))
    return tmp_path


@pytest.mark.parametrize("folder", ["wal", "delete"], indirect=True)
def test_no_reading_is_torn(folder: Path) -> None:
    assert torn_readings(folder, 2_000, states=100) == 0


@pytest.mark.torture
def test_no_reading_of_a_hundred_thousand_is_torn(folder: Path) -> None:
    assert torn_readings(folder, 100_000, states=1_000) == 0


def test_a_reader_waits_for_a_write_between_its_commits(folder: Path) -> None:
    view = View(files(folder), {}, PATIENCE)
    view.hold()
    view.release()
    record = RedoRecord(folder)
    assert record.try_hold()
    record.write({"order.db": b""})
    held = threading.Event()

    def hold() -> None:
        view.hold()
        held.set()

    reader = threading.Thread(target=hold)
    reader.start()
    assert not held.wait(0.2)
    record.clear()
    assert held.wait(PATIENCE)
    reader.join()
    view.close()
    record.close()


def test_a_reader_finishes_what_a_dead_writer_left(folder: Path) -> None:
    with orders_being_added(folder):
        pass
    record = RedoRecord(folder)
    record.write({"gone.db": b"x"})
    record.close()
    assert is_pending(folder)
    view = View(files(folder), {}, PATIENCE)
    view.hold()
    assert not is_pending(folder)
    view.close()


def test_half_a_record_was_not_decided(folder: Path) -> None:
    record = RedoRecord(folder)
    record.write({"order.db": b"no changeset at all"})
    record.close()
    path = folder / ".aggregator.redo"
    path.write_bytes(path.read_bytes()[:-1])
    assert recover(folder)
    assert not is_pending(folder)
