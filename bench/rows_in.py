"""Rows in: a large file beside the sqlite3 shell's `.import`, and many small requests."""

import contextlib
import json
import random
import re
import shutil
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bench.children import finish
from bench.client import BadAnswer
from bench.load import CONNECTIONS
from bench.memory import growth_in_megabytes
from bench.result import Goal, Result, alone, compared
from bench.rounds import in_turns, seconds
from bench.service import Service, service
from bench.setting import Setting
from bench.skipped import Skipped

_ROWS = 1_000_000
_POST_SECONDS = 5
_SQL = Path(__file__).with_name("writes")
_SCHEMA = """
PRAGMA journal_mode = wal;
CREATE TABLE sales (
    sale_id INTEGER PRIMARY KEY,
    sold_date TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    city TEXT,
    note TEXT
) STRICT;
CREATE INDEX sales_by_customer ON sales (customer_id, sold_date);
CREATE INDEX sales_by_date ON sales (sold_date);
"""


def imports(setting: Setting) -> Iterator[Result]:
    """The same rows into the same table with the same indexes, each time into a new file."""
    shell = shutil.which("sqlite3")
    if shell is None:
        raise Skipped("the sqlite3 shell is not installed (Debian: apt install sqlite3)")
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-in-") as name:
        folder = Path(name)
        ours, others = folder / "amounts.csv", folder / "cents.csv"
        _write_files(ours, others)
        with _serving(folder, setting) as server:
            pairs = in_turns(
                lambda: _upload(server, folder, ours),
                lambda: _import(shell, folder, others),
                setting.rounds,
            )
            _compare(folder)
        yield compared("CSV in, 1 M rows, against the shell's `.import`", Goal("most", 2.5, 1.5), pairs, "s")
        with _serving(folder, setting) as server:
            figure = growth_in_megabytes(server.pid, lambda: _upload(server, folder, ours))
        yield alone("Memory grown by CSV in, 1 M rows", Goal("most", 60, 30), figure, "MB")


def posts(setting: Setting) -> Iterator[Result]:
    """Single rows from 16 connections, each answered when it is on the disk (synchronous=FULL)."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Skipped("wrk is not installed (Debian: apt install wrk)")
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-in-") as name:
        folder = Path(name)
        with _serving(folder, setting) as server:
            figure = _posts_a_second(wrk, server, folder)
    yield alone("Single-row POSTs a second, 16 connections", Goal("least", 1000, 2000), figure, "/s")


@contextlib.contextmanager
def _serving(folder: Path, setting: Setting) -> Iterator[Service]:
    (folder / "dbs").mkdir(exist_ok=True)
    _new_database(folder / "dbs" / "sale.db")
    with service(folder / "dbs", setting.logs, sql=_SQL) as server:
        yield server


def _new_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(_SCHEMA)
    connection.close()


def _write_files(amounts: Path, cents: Path) -> None:
    """The same rows twice: with amounts as people write them, and in cents as `.import` needs them."""
    draw = random.Random(1)
    first = date(2020, 1, 1)
    head = "sale_id,sold_date,customer_id,product,quantity,{},city,note\n"
    with amounts.open("w") as ours, cents.open("w") as others:
        ours.write(head.format("amount"))
        others.write(head.format("amount_cents"))
        for sale_id in range(1, _ROWS + 1):
            day = first + timedelta(days=draw.randrange(2000))
            units = draw.randrange(100, 1_000_000)
            before = f'{sale_id},{day},{draw.randrange(1, 50_000)},"Product {draw.randrange(2000)}, large"'
            after = f"City {draw.randrange(300)},note {sale_id}\n"
            quantity = draw.randrange(1, 10)
            ours.write(f"{before},{quantity},{units // 100}.{units % 100:02},{after}")
            others.write(f"{before},{quantity},{units},{after}")


def _upload(server: Service, folder: Path, file: Path) -> float:
    _new_database(folder / "dbs" / "sale.db")
    time.sleep(1)
    began = time.perf_counter()
    head = (
        f"POST /sales/import HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: text/csv\r\n"
        f"Content-Length: {file.stat().st_size}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 600) as connection, file.open("rb") as body:
        connection.sendall(head.encode())
        connection.sendfile(body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    taken = time.perf_counter() - began
    if json.loads(answer.partition(b"\r\n\r\n")[2]).get("inserted") != _ROWS:
        raise BadAnswer(answer[:500].decode(errors="replace"))
    return taken


def _import(shell: str, folder: Path, file: Path) -> float:
    target = folder / "shell.db"
    _new_database(target)
    script = f".import --csv --skip 1 {file} sales\n"
    return seconds(lambda: finish([shell, "-bail", str(target)], script.encode()))


def _compare(folder: Path) -> None:
    connection = sqlite3.connect(folder / "shell.db")
    try:
        connection.execute("ATTACH ? AS ours", (str(folder / "dbs" / "sale.db"),))
        sql = "SELECT count(*), total(amount_cents), total(length(note)), total(customer_id) FROM {}.sales"
        both = [connection.execute(sql.format(schema)).fetchone() for schema in ("main", "ours")]
    finally:
        connection.close()
    if both[0] != both[1]:
        raise BadAnswer(f"the two files differ: {both}")


def _posts_a_second(wrk: str, server: Service, folder: Path) -> float:
    row = {"sold_date": "2024-02-29", "customer_id": 7, "product": "Tea", "quantity": 1, "amount_cents": 250}
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{json.dumps(row)}'\n"
        "wrk.headers['Content-Type'] = 'application/json'\n"
    )
    url = f"http://127.0.0.1:{server.port}/sales/"
    out = finish([wrk, "-t1", f"-c{CONNECTIONS}", f"-d{_POST_SECONDS}s", "-s", str(script), url])
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out)
    total = re.search(r"(\d+) requests in", out)
    if rate is None or total is None or "Non-2xx" in out:
        raise BadAnswer("not every answer was 201")
    connection = sqlite3.connect(folder / "dbs" / "sale.db")
    stored = connection.execute("SELECT count(*) FROM sales").fetchone()[0]
    connection.close()
    if stored < int(total[1]):
        raise BadAnswer(f"{total[1]} were answered and {stored} are there")
    return float(rate[1])
