"""Whatever is asked, in whatever spelling: an answer, and never the server's fault."""

from __future__ import annotations

import socket

import pytest

from tests.server import Server

PATHS = [
    b"/%00",
    b"/items%00",
    b"/items%2F",
    b"/item%2F1",
    b"/item/%2F",
    b"/item/%2e%2e",
    b"/item/..%2f..%2fetc%2fpasswd",
    b"/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"/static-offline-docs/../../../../etc/passwd",
    b"/static-offline-docs/%2e%2e/%2e%2e/__init__.py",
    b"//",
    b"//items",
    b"/items//",
    b"/./items",
    b"/ITEMS",
    b"/items.sql",
    b"/item/{item_id}",
    b"/item/%7Bitem_id%7D",
    b"/item/",
    b"/%C3%A7eki%C3%A7",
    b"/%ff%fe",
    b"/\xc3\xa7",
    b"/\xff",
    b"/%",
    b"/%zz",
    b"/items?%ff=%fe",
    b"/items?format=%ff",
    b"/items?format=%00",
    b"/items?a=\xff",
    b"/items?=",
    b"/items?&&&",
    b"/items?" + b"&".join(b"a=%d" % n for n in range(20_000)),
    b"/item/" + b"9" * 19,
    b"/item/-9223372036854775808",
    b"/item/" + b"9" * 10_000,
    b"/" + b"a" * 60_000,
    b"/items?a=" + b"b" * 60_000,
    b"/" + b"a/" * 20_000,
    b"/named?label=%00%01%02",
    b"/named?" + b"labels=x&" * 3_000,
    b"/named?label[]=1",
    b"/named?label=%ED%A0%80",
    b"http://example.org/items",
    b"/items?x=1;2",
    b"/items#fragment",
    b"*",
]


def first_line(server: Server, request: bytes) -> bytes:
    """The status line that raw bytes get; empty when the connection was closed without one."""
    with server.connected() as client:
        client.sendall(request)
        try:
            return client.makefile("rb").readline()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path[:40]))
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_paths_and_queries(server: Server, path: bytes, method: bytes) -> None:
    line = first_line(
        server, method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )

    assert line.startswith(b"HTTP/1.1 ")
    assert int(line.split()[1]) < 500, line


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECT"])
@pytest.mark.parametrize("path", ["/items", "/health", "/docs", "/nothing"])
def test_methods(server: Server, method: str, path: str) -> None:
    assert server.get(path, method=method).status in (400, 404, 405)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"BREW /items HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /items HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /items\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /items HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /items HTTP/1.1\r\nHost: localhost\r\nBad Header: 1\r\n\r\n",
    ],
)
def test_what_is_no_request(server: Server, request_bytes: bytes) -> None:
    line = first_line(server, request_bytes)

    assert line == b"" or line.split()[1] in (b"400", b"200", b"405")
    assert server.get("/items").status == 200


@pytest.mark.parametrize("value", ["\xff\xfe", "a" * 30_000, "q=;q=;,,,;", "gzip;q=" + "9" * 400])
@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "If-None-Match", "Range", "Cookie"])
def test_headers(server: Server, name: str, value: str) -> None:
    assert server.get("/items", {name: value}).status in (200, 400, 406, 431)


def test_a_body_that_nobody_reads(server: Server) -> None:
    with server.connected() as client:
        client.sendall(
            b"GET /items HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        )
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 200")


def test_requests_one_after_the_other_on_one_connection(server: Server) -> None:
    with server.connected() as client:
        for _ in range(3):
            server.send_request(client, "/items")
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as file:
            received = file.read()
    assert received.count(b"HTTP/1.1 200 OK") <= 3
    assert server.get("/items").status == 200


def test_many_connections_that_ask_for_nothing(server: Server) -> None:
    clients = [socket.create_connection((server.host, server.port)) for _ in range(100)]
    try:
        assert server.get("/items").status == 200
    finally:
        for client in clients:
            client.close()
