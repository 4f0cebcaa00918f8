"""How the service ends: soon, quietly, and so that nobody takes a part for the whole."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.server import ForkedProcess
from tests.sqlite_files import locked, make_database
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE, NEVER_ENDING, counting

SECONDS = 6.0

ITEMS = "SELECT items.name FROM shop_db.items AS items"


@pytest.mark.parametrize(
    ("how", "place"),
    [
        (signal.SIGTERM, {"reader_processes": 0}),
        (signal.SIGINT, {"reader_processes": 2, "heavy_seconds": 0}),
    ],
    ids=["SIGTERM", "SIGINT and reader processes"],
)
def test_it_ends_within_seconds_whatever_goes_on(
    tmp_path: Path, make_server: MakeServer, how: signal.Signals, place: dict[str, int]
) -> None:
    """A download, a client that does not read, SQL that has no row yet, a database that is locked."""
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server(
        {"long": counting(1_000_000_000), "heavy": NEVER_ENDING, "items": ITEMS},
        from_scratch=True,
        lock_wait=60,
        **place,
    )
    assert server.get("/items").status == 200
    with (
        locked(path),
        server.connected() as downloading,
        server.connected() as sleeping,
        server.connected() as early,
        server.connected() as waiting,
    ):
        server.send_request(sleeping, "/long?format=json")
        server.send_request(early, "/heavy")
        server.send_request(waiting, "/items")
        server.send_request(downloading, "/long?format=csv")
        response = http.client.HTTPResponse(downloading)
        response.begin()
        time.sleep(0.5)
        began = time.monotonic()
        server.process.send_signal(how)
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        for client in (early, waiting):
            assert client.recv(100).startswith(b"HTTP/1.1 503"), "it is told that it may try again"
        server.process.wait(SECONDS)
        assert time.monotonic() - began < SECONDS

    assert server.process.returncode in (0, -how, 128 + how)
    assert {line["outcome"] for line in server.lines() if line["rows"] != 3} == {"Cancelled"}
    assert len(server.lines(outcome="Cancelled")) == 4
    assert "Traceback" not in server.log()


def test_links_to_strange_places_keep_it_neither_from_answering_nor_from_ending(
    tmp_path: Path, make_server: MakeServer
) -> None:
    for name in ("dbs", "sql"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "proc").symlink_to("/proc")
    make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    (tmp_path / "dbs" / "loop.db").symlink_to("loop.db")
    server = make_server({"items": ITEMS})
    assert len(server.get("/items").json()) == 3

    assert server.stop(SECONDS) in (0, -signal.SIGTERM)
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.torture)])
def test_it_ends_in_a_function_that_does_not_end(
    tmp_path: Path, make_server: MakeServer, workers: int
) -> None:
    """SQLite cannot interrupt it, and Python waits for the thread that is in it."""
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    sql = """/* params: {n: {type: integer}} */ INSERT INTO shop_db.items (name)
        SELECT instr(zeroblob(2 * :n), CAST(zeroblob(:n) || x'01' AS BLOB))"""
    server = make_server({"stuck.post": sql, "one": "SELECT 1 AS one"}, workers=workers)
    with server.connected() as client:
        head = (
            "POST /stuck HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: a"
        )
        client.sendall(f'{head}\r\nContent-Length: 14\r\n\r\n{{"n": 1000000}}'.encode())
        time.sleep(0.5)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
        assert time.monotonic() - began < SECONDS + 2
    assert "was killed" in server.log()
    assert "Traceback" not in server.log()


def test_a_short_download_is_finished(make_server: MakeServer) -> None:
    server = make_server({"long": counting(400_000)})
    with server.connected() as client:
        server.send_request(client, "/long?format=csv")
        response = http.client.HTTPResponse(client)
        response.begin()
        body = response.read(1000)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.3)
        body += response.read()
        stopping.join()
    assert body.count(b"\r\n") == 400_001


def test_a_port_that_is_taken(tmp_path: Path, make_server: MakeServer) -> None:
    server = make_server()
    arguments = ["--port", str(server.port), "--dbs", str(server.dbs), "--sql", str(server.sql)]

    log = tmp_path / "second"
    assert ForkedProcess(arguments, log).wait(20) == 1

    assert "address already in use" in log.read_text()
    assert "Traceback" not in log.read_text()
