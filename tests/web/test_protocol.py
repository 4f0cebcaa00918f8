"""What is written at one time goes out at one time, and before the connection closes."""

from __future__ import annotations

import asyncio
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.web.server import JoiningProtocol


class Recorded(asyncio.Transport):
    """The end of the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self._is_closing = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.writes.append(data)

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Two chunks at the path /long, a whole body at others, half of one at /broken."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-test", b"1")]})
    if scope["path"] == "/long":
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"two", "more_body": scope["path"] == "/broken"})


async def answer_at_length(scope: Scope, receive: Receive, send: Send) -> None:
    """A megabyte, without ever letting the event loop turn."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(100):
        await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def connected(
    app: ASGIApp, kind: type[JoiningProtocol] = JoiningProtocol
) -> tuple[JoiningProtocol, Recorded]:
    config = uvicorn.Config(app, log_level="critical")
    config.load()
    transport = Recorded()
    protocol = kind(config, uvicorn.server.ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(cast(asyncio.Transport, transport))
    return protocol, transport


async def written(path: bytes) -> tuple[list[bytes], bool]:
    protocol, transport = connected(answer)
    protocol.data_received(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    while protocol.cycle is None or protocol.tasks:
        await asyncio.sleep(0)
    protocol.timeout_keep_alive_task and protocol.timeout_keep_alive_task.cancel()
    return transport.writes, transport.is_closing()


def test_headers_and_body_of_a_small_answer() -> None:
    writes, is_closed = asyncio.run(written(b"/small"))

    assert len(writes) == 1
    assert writes[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert writes[0].endswith(b"two\r\n0\r\n\r\n")
    assert not is_closed


def test_the_next_chunk_does_not_wait() -> None:
    writes, _ = asyncio.run(written(b"/long"))

    assert len(writes) == 2
    assert writes[0].endswith(b"one\r\n")


async def most_unwritten() -> int:
    """Bytes that were kept back at most."""
    protocol, transport = connected(answer_at_length)
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    while protocol.cycle is None or protocol.tasks:
        await asyncio.sleep(0)
    assert sum(map(len, transport.writes)) > 1_000_000
    return max(map(len, transport.writes))


def test_what_waits_is_never_much() -> None:
    """Else a client's slowness is not noticed, and the whole file is in memory."""
    assert asyncio.run(most_unwritten()) < 100_000


def test_a_head_without_an_end_is_refused() -> None:
    async def received() -> tuple[bytes, int]:
        protocol, transport = connected(answer)
        protocol.data_received(b"GET / HTTP/1.1\r\n")
        count = 0
        while not transport.is_closing() and count < 1000:
            protocol.data_received(b"X-Flood: " + b"x" * 1000 + b"\r\n")
            count += 1
        return b"".join(transport.writes), count

    answered, lines = asyncio.run(received())
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert lines < 200


def test_a_body_is_no_head() -> None:
    async def answered() -> bytes:
        protocol, transport = connected(answer)
        protocol.data_received(b"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            protocol.data_received(b"x" * 10_000)
        while protocol.cycle is None or protocol.tasks:
            await asyncio.sleep(0)
        return b"".join(transport.writes)

    assert asyncio.run(answered()).startswith(b"HTTP/1.1 200 ")


def test_what_was_written_goes_out_before_the_connection_is_closed() -> None:
    writes, is_closed = asyncio.run(written(b"/broken"))

    assert b"".join(writes).endswith(b"two\r\n")
    assert is_closed


class Hurried(JoiningProtocol):
    head_seconds = 0.1


async def answered_to(pieces: list[bytes], seconds: float = 0.0) -> tuple[bytes, bool, float]:
    """What comes back for pieces that come one by one, whether it is closed then, and after how long."""
    app = answer_late if seconds else answer
    protocol, transport = connected(app, Hurried)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for piece in pieces:
        if not transport.is_closing():
            protocol.data_received(piece)
            await asyncio.sleep(0.03)
    while not transport.is_closing() and loop.time() < began + max(seconds, 1.0):
        await asyncio.sleep(0.01)
    took = loop.time() - began
    protocol.timeout_keep_alive_task and protocol.timeout_keep_alive_task.cancel()
    protocol.connection_lost(None)
    return b"".join(transport.writes), transport.is_closing(), took


async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    """After three times as long as a head may take."""
    await asyncio.sleep(0.3)
    await answer(scope, receive, send)


def test_an_idle_connection_is_closed() -> None:
    assert asyncio.run(answered_to([]))[:2] == (b"", True)


def test_a_head_that_trickles_in_is_refused() -> None:
    head = [b"GET / HTTP/1.1\r\n"] + [b"X-Slow: 1\r\n"] * 100
    answered, is_closed, took = asyncio.run(answered_to(head))
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert is_closed
    assert took < 1.5


def test_the_next_head_of_a_connection_has_the_same_time() -> None:
    pieces = [b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n", *[b"G", b"E", b"T", b" ", b"/"] * 20]
    answered, is_closed, _ = asyncio.run(answered_to(pieces))
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert is_closed


def test_what_is_left_of_a_body_keeps_no_connection() -> None:
    """Its request has been answered without it."""
    head = b"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    answered, is_closed, took = asyncio.run(answered_to([head, *[b"x"] * 100]))
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert is_closed
    assert took < 1.5


def test_an_answer_may_take_longer_than_a_head() -> None:
    request = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"
    answered, _, _ = asyncio.run(answered_to([request], seconds=0.4))
    assert answered.endswith(b"two\r\n0\r\n\r\n")
