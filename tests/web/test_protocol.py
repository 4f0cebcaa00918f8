"""What is written at one time goes out at one time, and before the connection closes."""

from __future__ import annotations

import asyncio
from typing import cast

import uvicorn
from starlette.types import Receive, Scope, Send

from aggregator.web.protocol import JoiningProtocol


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


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Two chunks at the path /long, a whole body at others, half of one at /broken."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-test", b"1")]})
    if scope["path"] == "/long":
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"two", "more_body": scope["path"] == "/broken"})


async def written(path: bytes) -> tuple[list[bytes], bool]:
    config = uvicorn.Config(answer, log_level="critical")
    config.load()
    transport = Recorded()
    protocol = JoiningProtocol(config, uvicorn.server.ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(cast(asyncio.Transport, transport))
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


def test_what_was_written_goes_out_before_the_connection_is_closed() -> None:
    writes, is_closed = asyncio.run(written(b"/broken"))

    assert b"".join(writes).endswith(b"two\r\n")
    assert is_closed
