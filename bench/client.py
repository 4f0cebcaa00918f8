"""A client that costs next to nothing: it reads into one buffer and looks at the first and last bytes."""

import socket
import time
from dataclasses import dataclass

_BUFFER_BYTES = 1024 * 1024
_LONGEST_TAIL = 5
_PATIENCE_SECONDS = 600


class BadAnswer(Exception):
    """The server did not answer 200, or not with a whole body."""


@dataclass(frozen=True)
class Downloaded:
    """How long the first byte of the body and all of it took, in seconds, and the bytes received."""

    first_byte: float
    seconds: float
    size: int


def download(port: int, target: str) -> Downloaded:
    """Fetch all of a URL; the clock starts before the connection is made."""
    began = time.perf_counter()
    with _asked(port, target) as connection:
        head, body = _head(connection)
        first_byte = time.perf_counter() - began
        is_chunked = b"transfer-encoding: chunked" in head.lower()
        size, tail = len(body), body[-_LONGEST_TAIL:]
        buffer = bytearray(_BUFFER_BYTES)
        while count := connection.recv_into(buffer):
            size += count
            tail = (tail + buffer[max(0, count - _LONGEST_TAIL) : count])[-_LONGEST_TAIL:]
    if is_chunked and tail != b"0\r\n\r\n":
        raise BadAnswer(f"{target} broke off after {size:,} bytes")
    return Downloaded(first_byte, time.perf_counter() - began, size)


def first_byte(port: int, target: str) -> float:
    """Seconds until the first byte of the body; the rest is not fetched."""
    began = time.perf_counter()
    with _asked(port, target) as connection:
        _head(connection)
        return time.perf_counter() - began


def _asked(port: int, target: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS)
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    return connection


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The header and what came of the body with it, at least one byte."""
    received = b""
    while True:
        more = connection.recv(65536)
        received += more
        head, _, body = received.partition(b"\r\n\r\n")
        if body:
            break
        if not more:
            raise BadAnswer(f"the server closed the connection after {len(received)} bytes")
    if not head.startswith(b"HTTP/1.1 200"):
        raise BadAnswer("the server answered " + head.partition(b"\r\n")[0].decode(errors="replace"))
    return head, body
