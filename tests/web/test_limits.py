"""How long a report may run, how many run at once, and what the others are told."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Answer, Server, eventually
from tests.web.conftest import MakeServer, servers_over
from tests.web.reports import NEVER_ENDING, counting

PLACES = [{"reader_processes": 0}, {"reader_processes": 1, "heavy_seconds": 0}]
in_both_places = pytest.mark.parametrize("place", PLACES, ids=["inside", "in a process"])


def limited(seconds: float, sql: str) -> str:
    return f"/*\ntime_limit: {seconds}\n*/\n{sql}"


@pytest.fixture(scope="module", params=PLACES, ids=["inside", "in a process"])
def hurried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that gives each report half a second."""
    with servers_over(tmp_path_factory.mktemp("hurried")) as make:
        yield make({"heavy": NEVER_ENDING, "long": counting(100_000_000)}, time_limit=0.5, **request.param)


def test_the_time_limit_before_the_first_row_is_504(hurried: Server) -> None:
    began = time.monotonic()

    answer = hurried.get("/heavy")

    assert 0.5 <= time.monotonic() - began < 1.5
    assert answer.status == 504
    assert answer.json()["type"] == "urn:aggregator:problem:time-limit-exceeded"
    assert "0.5 seconds" in answer.json()["detail"]
    assert hurried.line(report="heavy")["outcome"] == "TimeLimitExceeded"


@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "excel"])
def test_the_time_limit_after_the_first_row_breaks_the_download(hurried: Server, format: str) -> None:
    began = time.monotonic()

    with pytest.raises(http.client.IncompleteRead):
        hurried.get(f"/long?format={format}")

    assert 0.5 <= time.monotonic() - began < 2.0
    assert hurried.line(report="long", format=format)["outcome"] == "TimeLimitExceeded"


@pytest.mark.parametrize(("setting", "header"), [(30, 0.3), (0.3, 30)])
def test_the_lower_limit_counts(make_server: MakeServer, setting: float, header: float) -> None:
    server = make_server({"heavy": limited(header, NEVER_ENDING)}, time_limit=setting)
    began = time.monotonic()

    assert server.get("/heavy").status == 504
    assert time.monotonic() - began < 1.5


def test_the_limit_is_of_the_sql_and_not_of_the_client(make_server: MakeServer) -> None:
    server = make_server({"long": counting(100_000)}, time_limit=1.5)
    with server.connected() as client:
        server.send_request(client, "/long?format=csv")
        received = bytearray(client.recv(1000))
        time.sleep(2)
        while not received.endswith(b"0\r\n\r\n"):
            chunk = client.recv(1 << 20)
            assert chunk
            received += chunk
    assert received.count(b"some text") == 100_000


@in_both_places
def test_when_every_place_stays_taken_the_next_gets_503(
    make_server: MakeServer, place: dict[str, int]
) -> None:
    server = make_server(
        {"heavy": NEVER_ENDING, "quick": "SELECT 1 AS one"}, max_reports=1, queue_wait=0.4, **place
    )
    with server.connected() as first:
        server.send_request(first, "/heavy")
        time.sleep(0.3)
        for path in ("/health", "/openapi.json", "/docs"):
            assert server.get(path, timeout=2).status == 200
        began = time.monotonic()
        answer = server.get("/quick")
        assert 0.4 <= time.monotonic() - began < 1.5

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["type"] == "urn:aggregator:problem:too-many-reports"
    assert server.line(report="quick")["outcome"] == "Overloaded"


def test_whoever_waits_gets_the_place_when_it_is_free(make_server: MakeServer) -> None:
    server = make_server(
        {"heavy": limited(1, NEVER_ENDING), "quick": "SELECT 1 AS one"}, max_reports=1, queue_wait=10
    )
    with server.connected() as first:
        server.send_request(first, "/heavy")
        time.sleep(0.3)
        assert server.get("/quick").status == 200


def test_with_no_patience_a_free_place_is_still_taken(make_server: MakeServer) -> None:
    server = make_server({"quick": "SELECT 1 AS one"}, max_reports=1, queue_wait=0)

    assert [server.get("/quick").status for _ in range(20)] == [200] * 20


@in_both_places
def test_several_at_once_are_all_whole(make_server: MakeServer, place: dict[str, int]) -> None:
    server = make_server({"long": counting(30_000)}, max_reports=2, queue_wait=20, **place)
    paths = [f"/long?format={format}" for format in ("json", "csv", "excel")] * 3
    alone = {path: server.get(path).body for path in set(paths)}
    answers: list[tuple[str, Answer]] = []
    threads = [
        threading.Thread(target=lambda path=path: answers.append((path, server.get(path)))) for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == len(paths)
    for path, answer in answers:
        assert answer.status == 200
        assert len(answer.body) == len(alone[path])
        if "excel" not in path:  # a workbook holds the time at which it was made
            assert answer.body == alone[path]


def test_a_report_that_was_always_quick_stops_nobody_when_it_is_not(make_server: MakeServer) -> None:
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)"
    header = "/*\nparams:\n  most: {type: integer}\n*/\n"
    server = make_server(
        {
            "count": f"{header}{numbers} SELECT count(*) AS answer FROM numbers",
            "rows": f"{header}{numbers} SELECT n FROM numbers",
        },
        time_limit=1.5,
    )
    for report in ("count", "rows"):
        for _ in range(3):
            assert server.get(f"/{report}?most=3").status == 200
        with server.connected() as client:
            server.send_request(client, f"/{report}?most=1000000000000")
            time.sleep(0.1)
            for _ in range(20):
                began = time.monotonic()
                assert server.get("/health").status == 200
                assert time.monotonic() - began < 0.5
        assert server.line(report=report, outcome="Cancelled")["ms"] < 3_000
        assert server.get(f"/{report}?most=3").status == 200


def test_a_quick_report_needs_no_place(make_server: MakeServer) -> None:
    server = make_server({"heavy": NEVER_ENDING, "quick": "SELECT 1 AS one"}, max_reports=1, queue_wait=30)
    assert server.get("/quick").status == 200
    with server.connected() as client:
        server.send_request(client, "/heavy")
        time.sleep(0.3)
        began = time.monotonic()
        assert server.get("/quick").json() == [{"one": 1}]
        assert time.monotonic() - began < 5


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_reader_that_was_killed_while_idle_is_not_missed(make_server: MakeServer) -> None:
    server = make_server({"new": "SELECT 1 AS one"}, reader_processes=1)
    eventually(lambda: "a reader process is ready" in server.log())
    [reader] = server.processes()[1:]
    os.kill(reader, signal.SIGKILL)
    eventually(lambda: has_ended(reader))

    assert server.get("/new").json() == [{"one": 1}]
    eventually(lambda: len(server.processes()) == 2 and server.processes()[1] != reader)


def has_ended(pid: int) -> bool:
    """All of its threads have, and only the parent has not been told yet."""
    process = Path(f"/proc/{pid}")
    try:
        return (
            len(list((process / "task").iterdir())) == 1 and "State:\tZ" in (process / "status").read_text()
        )
    except OSError:
        return True


SEARCH = "/*\nparams:\n  text: {type: text}\n  pattern: {type: text}\n*/\nSELECT :text LIKE :pattern AS found"
STUCK = """/*
params:
  n: {type: integer}
*/
SELECT instr(zeroblob(2 * :n), CAST(zeroblob(:n) || x'01' AS BLOB)) AS place"""


def test_a_function_that_does_not_end_has_the_time_limit(make_server: MakeServer) -> None:
    """SQLite cannot interrupt it, so its process is killed; also when the report has always been quick."""
    hurried = STUCK.replace("/*", "/*\ntime_limit: 0.7")
    search = SEARCH.replace("/*", "/*\ntime_limit: 0.7")
    reports = {"warm": STUCK, "stuck": hurried, "search.post": search, "quick": "SELECT 1 AS one"}
    server = make_server(reports, max_reports=1, queue_wait=10, reader_processes=0)
    text = {"text": "a" * 400_000, "pattern": "%" + "a" * 40_000 + "b%"}
    for _ in range(3):
        assert server.send("/search", {"text": "x", "pattern": "%x%"}).json() == [{"found": 1}]
    for ask in (lambda: server.get("/stuck?n=1000000"), lambda: server.send("/search", text)):
        assert server.get("/warm?n=5").json() == [{"place": 0}]
        answer = ask()
        assert answer.status == 504
        assert answer.json()["type"] == "urn:aggregator:problem:time-limit-exceeded"
        assert server.get("/quick", method="HEAD").status == 200, "its place is free"
    assert server.get("/warm?n=5").json() == [{"place": 0}]


def test_a_function_over_long_values_of_the_database_has_the_time_limit(make_server: MakeServer) -> None:
    """It runs in a thread, which cannot be ended, so the client is answered without it."""
    stuck = """/*
time_limit: 0.7
params:
  n: {type: integer, default: 20}
*/
WITH RECURSIVE doubled(text) AS (
    SELECT 'aaaaaaaa' UNION ALL SELECT text || text FROM doubled WHERE length(text) < 1 << :n
)
SELECT max(instr(text || text, text || 'b')) AS place FROM doubled WHERE length(text) >= 1 << :n"""
    server = make_server({"stuck": stuck, "quick": "SELECT 1 AS one"}, max_reports=2, reader_processes=0)
    assert server.get("/stuck?n=5").json() == [{"place": 0}]

    answer = server.get("/stuck")

    assert answer.status == 504
    assert answer.json()["type"] == "urn:aggregator:problem:time-limit-exceeded"
    assert server.get("/quick").status == 200
    assert server.stop() is not None


def test_a_function_that_does_not_end_keeps_nobody_waiting(make_server: MakeServer) -> None:
    server = make_server({"stuck": STUCK, "quick": "SELECT 1 AS one"}, max_reports=2, reader_processes=1)
    assert server.get("/stuck?n=5").status == 200
    with server.connected() as one, server.connected() as two:
        for client in (one, two):
            server.send_request(client, "/stuck?n=1000000")
        eventually(lambda: len(server.processes()) >= 3)
        for _ in range(10):
            began = time.monotonic()
            assert server.get("/health").status == 200
            assert time.monotonic() - began < 1
    assert server.get("/quick", method="HEAD").status == 200
    eventually(lambda: len(server.processes()) == 2)
