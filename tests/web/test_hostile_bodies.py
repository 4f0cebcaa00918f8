"""Bodies that nobody would send on purpose, or only one with a purpose: a clear error, nothing written."""

from __future__ import annotations

import io
import sqlite3
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server
from tests.web.conftest import servers_over
from tests.web.writing import WRITES, make_shop

HEAD = "customer,order_number,ordered,item,price\n"
ROW = "Ada,7,2024-01-31,Tea,1\n"


@pytest.fixture
def shop(refilled_shop: Server) -> Server:
    return refilled_shop


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Server]:
    """A server for one test."""
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        yield make(WRITES)


def orders(server: Server) -> int:
    connection = sqlite3.connect(server.dbs / "order.db")
    try:
        return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
    finally:
        connection.close()


def bomb() -> bytes:
    """A workbook of two megabytes whose sheet would be two gigabytes of spaces."""
    compressor = zlib.compressobj(wbits=-15)
    million = compressor.compress(b" " * 1_000_000) + compressor.flush(zlib.Z_FULL_FLUSH)
    file = io.BytesIO()
    sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(sheet, million * 2_000 + compressor.flush(), zipfile.ZIP_STORED)
        sheet.compress_type, sheet.file_size = zipfile.ZIP_DEFLATED, 2_000_000_000
    content = bytearray(file.getvalue())
    # The same in the header before the sheet: APPNOTE.TXT of the ZIP format, 4.3.7.
    struct.pack_into("<H", content, sheet.header_offset + 8, sheet.compress_type)
    struct.pack_into("<I", content, sheet.header_offset + 22, sheet.file_size)
    return bytes(content)


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"", "text/csv", 400, "empty"),
        ((HEAD + "a" * 10_000_000).encode(), "text/csv", 413, "Line 2"),
        ((HEAD + '"' + ROW * 100_000).encode(), "text/csv", 413, ""),
        ((HEAD + ROW + 'Ada,"7').encode(), "text/csv", 400, "quote"),
        ((",".join(f"c{i}" for i in range(10_000)) + "\n").encode(), "text/csv", 413, "columns"),
        ((b"a,b\n1,2\n"), "text/csv", 400, "customer"),
        ((HEAD.replace("price", "cost") + ROW).encode(), "text/csv", 400, "price"),
        (b"\xff\xfe\x00" * 50, "text/csv", 400, ""),
        (b"PK\x03\x04 not a zip", "", 400, ""),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "", 415, ".xls"),
        (b"[{}", "application/json", 400, ""),
        (b'[{"customer": ' + b"[" * 100_000, "application/json", 400, "100 arrays"),
        (b'{"customer": 1}\n{', "application/x-ndjson", 400, "ine 2"),
        (b"%PDF-1.7", "application/pdf", 415, "This is a PDF"),
        (b"MZ", "application/x-msdownload", 415, "application/x-msdownload"),
    ],
)
def test_a_clear_error_and_nothing_written(
    shop: Server, body: bytes, kind: str, status: int, says: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = shop.get("/orders/import", headers, "POST", body=body)
    assert answer.status == status, answer.text
    assert says in answer.json()["detail"]
    assert orders(shop) == 1
    assert shop.send("/orders/import", HEAD + ROW).status == 201


def test_a_bomb_does_not_go_off(own_shop: Server) -> None:
    own_shop.send("/orders/import", HEAD + ROW)
    before = own_shop.resident_bytes() if sys.platform == "linux" else 0
    answer = own_shop.get("/orders/import", {}, "POST", body=bomb())
    assert (answer.status, orders(own_shop)) == (413, 2), answer.text
    if sys.platform == "linux":
        assert own_shop.resident_bytes() - before < 100_000_000


def test_a_database_that_may_not_be_written(own_shop: Server) -> None:
    """A write version of 3 makes a file read-only (https://sqlite.org/fileformat2.html#file_format_version_numbers)."""
    with (own_shop.dbs / "line.db").open("r+b") as file:
        file.seek(18)
        file.write(b"\3")
    answer = own_shop.send("/orders/import", HEAD + ROW)
    assert (answer.status, orders(own_shop)) == (503, 1)
    assert "line_db" in answer.json()["detail"]
    assert "written" in answer.json()["detail"]
    assert own_shop.send("/customers/", {"customer_name": "x"}).status == 201


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set from outside, which only Linux can")
def test_a_full_disk(own_shop: Server) -> None:
    import resource

    rows = "".join(f"Customer {n},{n},2024-01-31,Tea {'x' * 200},1\n" for n in range(10, 3_000))
    limits = resource.prlimit(own_shop.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(own_shop.process.pid, resource.RLIMIT_FSIZE, (200_000, limits[1]))
    answer = own_shop.send("/orders/import", HEAD + rows)
    assert (answer.status, answer.json()["type"]) == (507, "urn:aggregator:problem:storage-full")
    assert orders(own_shop) == 1
    assert own_shop.send("/customers/", {"customer_name": "small"}).status == 201
    resource.prlimit(own_shop.process.pid, resource.RLIMIT_FSIZE, limits)
    assert own_shop.send("/orders/import", HEAD + rows).json()["inserted"] == 2_990
