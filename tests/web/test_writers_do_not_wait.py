"""Nobody waits: a large download by a slow client, small writes and small reports at the same time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import pytest

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over

DATABASE = """
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, product TEXT NOT NULL, cents INT NOT NULL) STRICT;
WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 1000)
INSERT INTO sales SELECT id, 'Product ' || id, id * 7 FROM ids;
"""
REPORTS = {
    "everything": (
        "/* params: {times: {type: integer}} */"
        " SELECT sales.sale_id, sales.product, sales.cents, copies.value"
        " FROM json_each('[' || substr(replace(hex(zeroblob(:times)), '00', ',0'), 2) || ']') AS copies,"
        " sale_db.sales AS sales"
    ),
    "one": (
        "/* params: {sale_id: {type: integer}} */"
        " SELECT sales.sale_id, sales.product FROM sale_db.sales AS sales WHERE sales.sale_id = :sale_id"
    ),
    "sales/index.post": (
        "/* params: {product: {type: text}, cents: {type: integer}} */"
        " INSERT INTO sale_db.sales (product, cents) VALUES (:product, :cents)"
    ),
}
IDLE = 200
MOST_TIMES_IDLE = 5
ALWAYS_ALLOWED_SECONDS = 0.025


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "sale.db", DATABASE, "wal")
    with servers_over(tmp_path) as make:
        yield make(REPORTS, reader_processes=1, heavy_seconds=0)


@contextmanager
def slow_download(server: Server, thousands: int) -> Iterator[None]:
    """A client that takes 10 kB/s of a download, and has not taken all of it when the block ends."""
    over = threading.Event()

    def trickle() -> None:
        with server.connected() as client:
            server.send_request(client, f"/everything.csv?times={thousands}")
            while not over.wait(0.1):
                assert client.recv(1000)

    reader = threading.Thread(target=trickle)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()


def milliseconds(server: Server, count: int) -> list[float]:
    """How long small reports take, one after another."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        assert server.get(f"/one?sale_id={number % 1000 + 1}").status == 200
        taken.append(time.perf_counter() - began)
    return taken


def write_steadily(server: Server, over: threading.Event, statuses: list[int]) -> None:
    """Fifty writes a second."""
    while not over.wait(0.02):
        statuses.append(server.send("/sales/", {"product": "x", "cents": 5}).status)


def with_everything_going_on(server: Server, thousands: int, reports: int) -> tuple[list[int], list[float]]:
    """The statuses of the writes, and what the small reports took meanwhile."""
    statuses: list[int] = []
    over = threading.Event()
    with slow_download(server, thousands):
        writer = threading.Thread(target=write_steadily, args=(server, over, statuses))
        writer.start()
        taken = milliseconds(server, reports)
        over.set()
        writer.join()
    return statuses, taken


def test_no_writer_and_no_small_report_waits_for_a_slow_download(server: Server) -> None:
    statuses, _ = with_everything_going_on(server, thousands=200, reports=500)
    assert set(statuses) == {201}
    connection = sqlite3.connect(server.dbs / "sale.db")
    assert connection.execute("SELECT count(*) FROM sales").fetchone() == (1000 + len(statuses),)
    connection.close()


@pytest.mark.torture
def test_small_reports_stay_quick_beside_a_million_rows(server: Server) -> None:
    milliseconds(server, IDLE)
    idle = quantiles(milliseconds(server, 2000), n=100)[98]
    statuses, taken = with_everything_going_on(server, thousands=1000, reports=20_000)
    busy = quantiles(taken, n=100)[98]
    print(f"p99 idle {idle * 1000:.1f} ms, busy {busy * 1000:.1f} ms, {len(statuses)} writes")
    assert set(statuses) == {201}
    assert busy <= max(MOST_TIMES_IDLE * idle, ALWAYS_ALLOWED_SECONDS)
