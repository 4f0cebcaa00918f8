"""A client that takes its time keeps no lock, no memory and no place."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import apsw
import pytest

from tests.server import Server, eventually
from tests.sqlite_files import closing, make_database, run_script
from tests.web.conftest import MakeServer
from tests.web.reports import counting

ROWS = 150_000
LINUX_ONLY = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")

BIG = f"""
    CREATE TABLE big (n INTEGER PRIMARY KEY, words TEXT);
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})
    INSERT INTO big SELECT n, 'words' || hex(randomblob(20)) FROM numbers;
"""
REPORT = "SELECT big.n, big.words, big.words AS again FROM big_db.big AS big ORDER BY big.n"


@pytest.fixture
def dbs(tmp_path: Path) -> Path:
    (tmp_path / "dbs").mkdir()
    return tmp_path / "dbs"


def slow_client(server: Server, path: str, version: str = "1.1") -> socket.socket:
    """Has asked, has got the first bytes, and takes no more by itself."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect((server.host, server.port))
    server.send_request(client, path, version)
    assert client.recv(100).startswith(b"HTTP/1.1 200")
    return client


def sql_has_ended(server: Server) -> bool:
    """With one place, and nobody waiting for it, another report is answered; a HEAD needs a place."""
    return server.get("/quick", method="HEAD").status == 200


@pytest.mark.parametrize("format", ["json", "excel"])
def test_a_writer_waits_for_the_sql_and_not_for_the_client(
    dbs: Path, make_server: MakeServer, format: str
) -> None:
    path = make_database(dbs / "big.db", BIG, "delete")
    server = make_server({"big": REPORT, "quick": "SELECT 1 AS one"}, max_reports=1)
    with slow_client(server, f"/big?format={format}") as client:
        eventually(lambda: sql_has_ended(server))
        for number in range(5):
            assert len(client.recv(1000)) > 0
            began = time.monotonic()
            run_script(path, f"BEGIN IMMEDIATE; UPDATE big SET words = '{number}' WHERE n = 1; COMMIT", 0.2)
            assert time.monotonic() - began < 0.2
            time.sleep(0.1)
        assert not server.lines(report="big"), "the download should still be going on"


@pytest.mark.torture
def test_ten_kilobytes_a_second(dbs: Path, make_server: MakeServer) -> None:
    path = make_database(dbs / "big.db", BIG, "delete")
    server = make_server({"big": REPORT, "quick": "SELECT 1 AS one"}, max_reports=1)
    with slow_client(server, "/big?format=csv") as client:
        eventually(lambda: sql_has_ended(server))
        end = time.monotonic() + 30
        while time.monotonic() < end:
            assert client.recv(1000)
            run_script(path, "BEGIN IMMEDIATE; UPDATE big SET words = 'x' WHERE n = 1; COMMIT", 0.2)
            time.sleep(0.1)
        assert not server.lines(report="big"), "the download should still be going on"


def test_the_write_ahead_log_can_be_emptied_meanwhile(dbs: Path, make_server: MakeServer) -> None:
    path = make_database(dbs / "big.db", BIG, "wal")
    server = make_server({"big": REPORT, "quick": "SELECT 1 AS one"}, max_reports=1)
    with slow_client(server, "/big?format=csv"), closing(path) as writer:
        eventually(lambda: sql_has_ended(server))
        writer.execute("UPDATE big SET words = 'new' WHERE n % 100 = 0")
        busy, *_ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").get
        assert not busy
        assert Path(f"{path}-wal").stat().st_size == 0
        assert not server.lines(report="big"), "the download should still be going on"


def test_while_the_sql_runs_a_writer_in_wal_mode_goes_on(dbs: Path, make_server: MakeServer) -> None:
    path = make_database(dbs / "big.db", BIG, "wal")
    slow_sql = "SELECT count(*) AS pairs FROM big_db.big AS a CROSS JOIN big_db.big AS b"
    server = make_server({"slow": slow_sql}, time_limit=30)
    with server.connected() as client:
        server.send_request(client, "/slow")
        time.sleep(0.2)
        run_script(path, "UPDATE big SET words = 'new' WHERE n = 1", busy_seconds=0)


def test_what_a_client_gets_is_of_the_moment_when_it_asked(dbs: Path, make_server: MakeServer) -> None:
    path = make_database(dbs / "big.db", BIG, "wal")
    server = make_server({"big": REPORT, "quick": "SELECT 1 AS one"}, max_reports=1)
    with slow_client(server, "/big?format=csv") as client:
        eventually(lambda: sql_has_ended(server))
        run_script(path, "UPDATE big SET words = 'new'; DELETE FROM big WHERE n > 10")
        received = bytearray()
        while not received.endswith(b"\r\n0\r\n\r\n"):
            chunk = client.recv(1 << 20)
            assert chunk
            received += chunk
    assert received.count(b'"words') == 2 * ROWS
    assert b"new" not in received


@LINUX_ONLY
@pytest.mark.parametrize(
    ("format", "rows"),
    [
        ("csv", 1_000_000),
        ("excel", 1_000_000),
        pytest.param("csv", 10_000_000, marks=pytest.mark.torture),
        pytest.param("json", 10_000_000, marks=pytest.mark.torture),
    ],
)
def test_what_a_client_has_not_taken_is_on_the_disk(
    tmp_path: Path, make_server: MakeServer, format: str, rows: int
) -> None:
    (tmp_path / "spool").mkdir()
    sql = (
        f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) "
        "SELECT n, hex(randomblob(10)) AS words, n * 3 AS thrice FROM numbers"
    )
    server = make_server(
        {"big": sql, "quick": "SELECT 1 AS one"}, max_reports=1, spool_dir=tmp_path / "spool"
    )
    server.get(f"/quick?format={format}")
    before = server.resident_bytes()
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, server.resident_bytes())
        return sql_has_ended(server)

    with slow_client(server, f"/big?format={format}"):
        eventually(ended)
        on_disk = sum(size for size in open_file_sizes(server, tmp_path / "spool"))
        assert on_disk > 20_000_000
        assert list((tmp_path / "spool").iterdir()) == [], "the file has no name that could be left over"
    assert most - before < 40_000_000
    eventually(lambda: not list(open_file_sizes(server, tmp_path / "spool")))
    assert server.line(report="big")["outcome"] == "Cancelled"


def open_file_sizes(server: Server, folder: Path) -> list[int]:
    sizes = []
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            target = descriptor.readlink()
            if target.is_relative_to(folder):
                sizes.append(descriptor.stat().st_size)
        except OSError:
            continue
    return sizes


@LINUX_ONLY
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_slow_clients_do_not_fill_the_disk(tmp_path: Path, make_server: MakeServer, version: str) -> None:
    """The slowest is broken off, and a fast one gets all of its file; each has 11 megabytes."""
    (tmp_path / "spool").mkdir()
    settings = {"spool_dir": tmp_path / "spool", "spool_memory": 1_000, "spool_space": 30_000_000}
    server = make_server({"big": counting(200_000)}, **settings)
    clients = [slow_client(server, "/big?format=json", version) for _ in range(5)]
    try:
        broken = eventually(lambda: server.lines(report="big", outcome="SpoolFull"))
        assert {line["status"] for line in broken} == {200}
        assert sum(open_file_sizes(server, tmp_path / "spool")) <= 30_100_000
        assert len(server.get("/big?format=json").json()) == 200_000
    finally:
        for client in clients:
            client.close()


def test_a_full_disk_breaks_the_download(tmp_path: Path, make_server: MakeServer) -> None:
    """The folder for spool files is gone, which is as good as full."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    server = make_server({"big": counting(1_000_000)}, spool_memory=1000, spool_dir=folder)
    folder.rmdir()
    with slow_client(server, "/big?format=csv") as client:
        received = bytearray()
        while chunk := client.recv(1 << 20):
            received += chunk
    assert "spool" in server.line(report="big", outcome="QueryFailed")["cause"]
    assert not received.endswith(b"0\r\n\r\n")
    assert b"nowhere" not in received


def test_a_full_disk_keeps_no_lock(dbs: Path, tmp_path: Path, make_server: MakeServer) -> None:
    path = make_database(dbs / "big.db", BIG, "delete")
    folder = tmp_path / "nowhere"
    folder.mkdir()
    server = make_server({"big": REPORT}, spool_memory=3_000_000, spool_dir=folder)
    folder.rmdir()
    with slow_client(server, "/big?format=csv"):
        eventually(lambda: can_write(path))


def can_write(path: Path) -> bool:
    try:
        run_script(path, "UPDATE big SET words = 'x' WHERE n = 1", busy_seconds=0)
    except apsw.BusyError:
        return False
    return True


def test_several_slow_clients_leave_room_for_a_fast_one(dbs: Path, make_server: MakeServer) -> None:
    make_database(dbs / "big.db", BIG)
    server = make_server({"big": REPORT, "quick": "SELECT 1 AS one"}, max_reports=2)
    clients = [slow_client(server, "/big?format=csv") for _ in range(6)]
    try:
        began = time.monotonic()
        assert server.get("/big?format=csv").body.count(b"\r\n") == ROWS + 1
        assert time.monotonic() - began < 10
    finally:
        for client in clients:
            client.close()


def test_locked_out_readers_do_not_lock_out_writers(dbs: Path) -> None:
    """The control: a reader in the middle of its rows does make a writer fail."""
    path = make_database(dbs / "big.db", BIG, "delete")
    with closing(path) as reader:
        rows = reader.execute("SELECT n FROM big")
        next(rows)
        with pytest.raises(apsw.BusyError):
            run_script(path, "UPDATE big SET words = 'x' WHERE n = 1", busy_seconds=0.1)
