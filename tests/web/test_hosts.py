"""A page of another site that points its own name at this machine (DNS rebinding) gets nothing."""

from __future__ import annotations

import socket

import pytest

from aggregator.errors import MisdirectedRequest
from aggregator.web.app import AllowedHosts
from aggregator.web.request import same_origin
from tests.server import Server

EVIL = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    "path", ["/items", "/health", "/", "/docs", "/openapi.json", "/_/sql/items", "/nothing"]
)
def test_no_url_answers_for_another_host(server: Server, path: str) -> None:
    answer = server.get(path, EVIL)
    assert (answer.status, answer.json()["type"]) == (421, "urn:aggregator:problem:misdirected-request")
    assert "evil.example" in answer.json()["detail"]
    assert "Anvil" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:80", "10.1.2.3"])
def test_the_service_answers_for_itself(server: Server, host: str) -> None:
    assert server.get("/items", {"Host": host}).status == 200
    assert server.get("/health", {"Host": host}).status == 200


def test_two_hosts_are_none(server: Server) -> None:
    with server.connected() as client:
        client.sendall(b"GET /items HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 421 ")


def is_allowed(hosts: AllowedHosts, host: str) -> bool:
    try:
        hosts.require(host)
    except MisdirectedRequest:
        return False
    return True


@pytest.mark.parametrize(
    ("bound", "listed", "host", "allowed"),
    [
        ("127.0.0.1", [], "app.localhost:8050", True),
        ("127.0.0.1", [], "localhost.", True),
        ("127.0.0.1", [], "localhost.evil.example", False),
        ("127.0.0.1", [], "127.0.0.1.evil.example", False),
        ("127.0.0.1", [], "evil.example@localhost", False),
        ("127.0.0.1", [], "evil.example:80@127.0.0.1", False),
        ("127.0.0.1", [], "localhost evil.example", False),
        ("127.0.0.1", [], "[evil.example]", False),
        ("127.0.0.1", [], "evil.example\n127.0.0.1", False),
        ("127.0.0.1", [], "[fe80::1]:8050", True),
        ("127.0.0.1", [], socket.gethostname(), socket.gethostname() == "localhost"),
        ("0.0.0.0", [], socket.gethostname(), True),
        ("0.0.0.0", [], "192.168.1.5:8050", True),
        ("0.0.0.0", [], "evil.example", False),
        ("reports.lan", [], "Reports.LAN:80", True),
        ("0.0.0.0", ["reports.example.com"], "reports.example.com:443", True),
        ("0.0.0.0", ["reports.example.com"], "www.reports.example.com", False),
        ("0.0.0.0", ["*.example.com"], "a.b.example.com", True),
        ("0.0.0.0", ["*.example.com"], "example.com", False),
        ("0.0.0.0", ["*.example.com"], "evilexample.com", False),
        ("0.0.0.0", ["*"], "anything.example", True),
        ("127.0.0.1", [], "", True),
    ],
)
def test_allowed_names(bound: str, listed: list[str], host: str, allowed: bool) -> None:
    hosts = AllowedHosts(bound, listed)
    assert [is_allowed(hosts, host) for _ in range(2)] == [allowed, allowed]


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "same"),
    [
        ("http://localhost:8050", "http", "localhost:8050", True),
        ("http://LocalHost", "http", "localhost", True),
        ("http://localhost", "http", "localhost:80", True),
        ("https://localhost:443", "https", "localhost", True),
        ("https://localhost:8050", "http", "localhost:8050", False),
        ("http://localhost", "https", "localhost", False),
        ("https://localhost", "https", "localhost:80", False),
        ("http://localhost:8051", "http", "localhost:8050", False),
        ("localhost:8050", "http", "localhost:8050", False),
        ("null", "http", "null", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(origin: str, scheme: str, host: str, same: bool) -> None:
    assert same_origin(origin, scheme, host) is same
