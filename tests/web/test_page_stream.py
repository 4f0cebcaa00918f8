"""A page is sent while its rows come: a reader sees them before all others are counted."""

from __future__ import annotations

import socket
import time
import zlib
from pathlib import Path

import pytest

from tests.server import Server
from tests.web.conftest import MakeServer

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"


@pytest.fixture
def server(make_server: MakeServer, tmp_path: Path) -> Server:
    return make_server({"endless": ENDLESS})


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_rows_come_before_the_totals(server: Server, coding: str) -> None:
    ask = f"GET /endless?format=html HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(ask.encode())
        received = b""
        while shown(received, coding).count(b"</tr>") < 100:
            more = connection.recv(65536)
            assert more, "the page has ended"
            received += more

    assert b"</tfoot>" not in shown(received, coding)
    assert b"</html>" not in shown(received, coding)


def shown(received: bytes, coding: str) -> bytes:
    """What a browser can show of the part of an answer that it has."""
    _, _, rest = received.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size or b"0", 16)]
        rest = rest[int(size or b"0", 16) + 2 :]
    return zlib.decompressobj(31).decompress(body) if coding == "gzip" else body


def test_what_cannot_be_counted_in_time_is_said(server: Server) -> None:
    began = time.monotonic()
    answer = server.get("/endless?format=html")

    assert "1–100 of more rows; counting them took too long" in answer.text
    assert 'href="endless?format=html&amp;_page=2"' in answer.text
    assert time.monotonic() - began > 4
