"""A write ends with its time limit and with its client, and keeps nobody waiting longer than a lock would."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.inputs.workbooks import with_sheet
from tests.server import Answer, Server, eventually
from tests.web.conftest import servers_over
from tests.web.writing import WRITES, make_shop

HEAD = '<row><c t="str"><v>customer</v></c></row>'
EMPTY_CELLS = with_sheet(HEAD + ("<row>" + "<c/>" * 1_000 + "</row>") * 10_000)
"""Ten million empty cells, less than the most that a sheet may have: seconds of reading from 60 kilobytes."""

LIMIT = 0.7
WRITE_FILES = {
    **WRITES,
    "names.post": "/*\ninput:\n  customer: {type: text}\n*/\n"
    "INSERT INTO customer_db.customers (customer_name) SELECT input.customer FROM input WHERE true",
    "stuck.post": "/*\nparams:\n  n: {type: integer}\n*/\nINSERT INTO customer_db.customers (customer_name)"
    " SELECT 'stuck' || instr(zeroblob(2 * :n), CAST(zeroblob(:n) || x'01' AS BLOB))",
    "look.post": "/*\nparams:\n  n: {type: integer}\n*/\nSELECT 'none' AS conflict WHERE false;"
    " SELECT count(*) + instr(zeroblob(2 * :n), CAST(zeroblob(:n) || x'01' AS BLOB)) AS place"
    " FROM customer_db.customers",
    "endless.post": "INSERT INTO customer_db.customers (customer_name)"
    " WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n FROM i) SELECT count(*) FROM i",
}
STUCK = 1_000_000
"""One call of the function takes longer than the tests."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hurried-writes")
    make_shop(folder)
    with servers_over(folder) as make:
        yield make(WRITE_FILES, time_limit=LIMIT, lock_wait=0.2, max_reports=1, queue_wait=10)


@pytest.fixture
def stuck_shop(tmp_path: Path) -> Iterator[Server]:
    """A server for a test that leaves a thread in a function that does not end."""
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        yield make(WRITE_FILES, time_limit=LIMIT, lock_wait=0.2, max_reports=1, queue_wait=0.5)


def names(server: Server) -> list[str]:
    connection = sqlite3.connect(server.dbs / "customer.db")
    try:
        return [name for (name,) in connection.execute("SELECT customer_name FROM customers ORDER BY 1")]
    finally:
        connection.close()


def assert_too_late(answer: Answer, what: str) -> None:
    assert answer.status == 504, answer.text
    assert answer.json()["type"] == "urn:aggregator:problem:time-limit-exceeded"
    assert answer.json()["detail"].startswith(f"{what} took longer than {LIMIT:g} seconds")


@pytest.mark.parametrize("query", ["", "?dry_run=true", "?preview=5"])
def test_reading_has_the_time_limit(shop: Server, query: str) -> None:
    began = time.monotonic()
    assert_too_late(shop.send(f"/names{query}", EMPTY_CELLS), "Reading the rows")
    assert time.monotonic() - began < LIMIT + 6


def test_the_sql_has_the_time_limit(shop: Server) -> None:
    assert_too_late(shop.send("/endless"), "The SQL")


def test_a_write_ends_with_its_client(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        server = make(WRITE_FILES, time_limit=60, max_reports=1, queue_wait=10)
        for number, (path, body) in enumerate(
            [("/names", EMPTY_CELLS), ("/names?preview=5", EMPTY_CELLS), ("/endless", b"")]
        ):
            with server.connected() as client:
                head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
                client.sendall(head.encode() + body)
                time.sleep(0.3)
            left = time.monotonic()
            # The only place is free again, and so is the file.
            assert server.send("/names?dry_run=true", "customer\nEve\n").status == 200
            assert server.send("/customers/", {"customer_name": f"next {number}"}).status == 201
            assert time.monotonic() - left < 10
            assert [line["status"] for line in server.lines(outcome="Cancelled")] == [0] * (number + 1)
        assert names(server) == ["Ada", "Bo", "next 0", "next 1", "next 2"]


def test_bodies_that_are_read_keep_no_report_waiting(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        server = make(WRITE_FILES, max_reports=2, queue_wait=0.5)
        head = f"POST /names HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(EMPTY_CELLS)}\r\n\r\n"
        with server.connected() as client:
            client.sendall(head.encode() + EMPTY_CELLS)
            path = "/names?dry_run=true"
            eventually(lambda: server.send(path, "customer\nEve\n").status == 503)
            busy = server.send(path, "customer\nEve\n")
            assert (busy.status, busy.headers["retry-after"]) == (503, "1")
            assert busy.json()["detail"].startswith("A body is being read")
            assert server.get("/customers/", method="HEAD").status == 200
            assert server.send("/customers/", {"customer_name": "next"}).status == 201


@pytest.mark.parametrize(("stuck", "next_one"), [("/stuck", "/customers/"), ("/look", "/look")])
def test_who_waits_behind_a_function_that_does_not_end(stuck_shop: Server, stuck: str, next_one: str) -> None:
    with stuck_shop.connected() as client:
        body = f'{{"n": {STUCK}}}'
        head = f"POST {stuck} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        counter = count()

        def behind() -> Answer:
            number = next(counter)
            fields = {"n": number} if next_one == "/look" else {"customer_name": f"behind {number}"}
            return stuck_shop.send(next_one, fields)

        # Until the function has begun, those behind it are not kept waiting.
        eventually(lambda: behind().status == 503)
        began = time.monotonic()
        answer = behind()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "customer_db cannot be written: it is being changed" in answer.json()["detail"]
        assert time.monotonic() - began < 8
        assert client.recv(100).startswith(b"HTTP/1.1 504 ")
    assert stuck_shop.get("/customers/").status == 200
    assert not any(name.startswith("stuck") for name in names(stuck_shop))


def test_a_stuck_write_is_taken_back_when_its_function_ends(shop: Server) -> None:
    assert_too_late(shop.send("/stuck", {"n": 300_000}), "The SQL")
    eventually(lambda: shop.send("/customers/", {"customer_name": "after"}).status == 201)
    assert names(shop) == ["Ada", "Bo", "after"]
