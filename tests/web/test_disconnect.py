"""A client that has gone costs nothing: its SQL ends, its place is free, its turn in line is given up.

Each is tried with SQL that runs inside the server and with SQL in a reader process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, eventually
from tests.sqlite_files import locked, make_database, run_script
from tests.web.conftest import MakeServer, servers_over
from tests.web.reports import DATABASE, NEVER_ENDING, counting

QUICK = "SELECT 1 AS one"
REPORTS = {
    "aggregate": NEVER_ENDING,
    "sort": counting(30_000_000) + " ORDER BY hex(n), n",
    "long": counting(100_000_000),
    "quick": QUICK,
}


@pytest.fixture(
    scope="module",
    params=[{"reader_processes": 0}, {"reader_processes": 1, "heavy_seconds": 0}],
    ids=["inside", "in a process"],
)
def single(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that runs one report at a time."""
    with servers_over(tmp_path_factory.mktemp("single")) as make:
        yield make(REPORTS, max_reports=1, queue_wait=5, **request.param)


@pytest.fixture
def after(single: Server) -> int:
    """How many requests there were before this test."""
    return len(single.lines())


def leave_after(server: Server, path: str, seconds: float) -> None:
    with server.connected() as client:
        server.send_request(client, path)
        time.sleep(seconds)


@pytest.mark.parametrize("report", ["aggregate", "sort"])
def test_before_the_first_row(single: Server, after: int, report: str) -> None:
    leave_after(single, f"/{report}", seconds=0.5)
    left = time.monotonic()

    assert single.get("/quick").status == 200

    assert time.monotonic() - left < 1.0
    line = single.line(after, report=report)
    assert line["outcome"] == "Cancelled"
    assert line["status"] == 0
    assert line["ms"] < 1_500


@pytest.mark.parametrize("format", ["json", "csv", "excel"])
def test_in_the_middle_of_the_rows(single: Server, after: int, format: str) -> None:
    with single.connected() as client:
        single.send_request(client, f"/long?format={format}")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
    left = time.monotonic()

    assert single.get("/quick").status == 200

    assert time.monotonic() - left < 1.0
    line = single.line(after, report="long")
    assert line["outcome"] == "Cancelled"
    assert line["status"] == 200
    assert 0 < line["rows"] < 100_000_000


def test_while_http_1_0_waits_for_the_whole_file(single: Server, after: int) -> None:
    with single.connected() as client:
        single.send_request(client, "/long", "1.0")
        time.sleep(0.3)
    left = time.monotonic()

    assert single.get("/quick").status == 200
    assert time.monotonic() - left < 1.0
    assert single.line(after, report="long")["outcome"] == "Cancelled"


def test_a_client_that_has_stopped_reading(single: Server, after: int) -> None:
    """Nothing can be sent to it, so that only its going can end the wait."""
    leave_after(single, "/long?format=csv", seconds=0.5)
    left = time.monotonic()

    assert single.get("/quick").status == 200
    assert time.monotonic() - left < 1.0
    assert single.line(after, report="long")["outcome"] == "Cancelled"


def test_in_line_for_a_place(make_server: MakeServer) -> None:
    """Ten come and go while the only place is taken; the one after them is not kept by their SQL."""
    server = make_server({"heavy": NEVER_ENDING, "quick": QUICK}, max_reports=1, queue_wait=20)
    with server.connected() as first:
        server.send_request(first, "/heavy")
        time.sleep(0.3)
        for _ in range(10):
            leave_after(server, "/heavy", seconds=0.02)
        eventually(lambda: len(server.lines(report="heavy", outcome="Cancelled")) == 10)
        assert all(line["status"] == 0 for line in server.lines(report="heavy"))
    left = time.monotonic()
    assert server.get("/quick").status == 200
    assert time.monotonic() - left < 1.0


def test_while_a_locked_database_is_waited_for(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server(
        {"items": "SELECT items.name FROM shop_db.items AS items", "quick": QUICK},
        max_reports=1,
        lock_wait=30,
        queue_wait=5,
    )
    assert server.get("/items").status == 200
    with locked(path):
        leave_after(server, "/items", seconds=0.3)
        left = time.monotonic()
        assert server.get("/quick").status == 200
        assert time.monotonic() - left < 1.0
        assert eventually(lambda: server.lines(report="items", outcome="Cancelled"))


def test_a_view_that_was_interrupted_is_not_used_again(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    heavy = NEVER_ENDING.replace("FROM numbers\n", "FROM numbers, shop_db.items\n")
    server = make_server({"heavy": heavy, "items": "SELECT items.name FROM shop_db.items AS items"})
    for _ in range(3):
        leave_after(server, "/heavy", seconds=0.2)
        assert len(server.get("/items").json()) == 3
    eventually(lambda: len(server.lines(report="heavy", outcome="Cancelled")) == 3)
    run_script(path, "BEGIN EXCLUSIVE; COMMIT", busy_seconds=0.5)


def test_many_clients_that_come_and_go(make_server: MakeServer) -> None:
    """Whenever they leave, every place is free afterwards."""
    server = make_server({"long": counting(3_000_000), "quick": QUICK}, max_reports=3, queue_wait=20)

    def come_and_go(number: int) -> None:
        for turn in range(6):
            leave_after(server, "/long?format=csv", seconds=0.01 * ((number + turn) % 9))

    visitors = [threading.Thread(target=come_and_go, args=(number,)) for number in range(8)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    eventually(lambda: len(server.lines(report="long")) == 48)
    began = time.monotonic()
    statuses = []
    three = [threading.Thread(target=lambda: statuses.append(server.get("/quick").status)) for _ in range(3)]
    for thread in three:
        thread.start()
    for thread in three:
        thread.join()
    assert statuses == [200, 200, 200]
    assert time.monotonic() - began < 1.0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_reader_processes_end_with_a_server_that_was_killed(make_server: MakeServer) -> None:
    server = make_server({"heavy": NEVER_ENDING}, reader_processes=1, heavy_seconds=0)
    with server.connected() as client:
        server.send_request(client, "/heavy")
        time.sleep(0.7)
        readers = server.processes()[1:]
        assert readers
        server.kill()
    eventually(lambda: not any(is_running(pid) for pid in readers), seconds=3)


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
