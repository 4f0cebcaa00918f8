"""Bodies that arrive slowly, and how much of them waits on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from starlette.types import Message, Scope

from aggregator.errors import RequestTimeout, SpoolFull
from aggregator.read.run import SpoolSpace
from aggregator.web import body as module
from aggregator.web.body import Body, receive_body
from aggregator.web.request import Request
from aggregator.web.request_log import LoggedRequests

MULTIPART = [b"--x\r\n", b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n']


def received(
    pieces: Sequence[bytes], pause: float = 0.0, kind: str = "text/csv", space: SpoolSpace | None = None
) -> Body:
    """The body of a request whose pieces come one by one, with a pause before each."""
    coming: Iterator[bytes] = iter(pieces)
    bodies: list[Body] = []

    async def receive() -> Message:
        await asyncio.sleep(pause)
        piece = next(coming, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def app(scope: Scope, receive: object, send: object) -> None:
        request = Request(scope, receive)  # type: ignore[arg-type]
        bodies.append(await receive_body(request, 10**9, None, space or SpoolSpace(10**9)))

    async def send(message: Message) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(b"content-type", kind.encode())],
    }
    asyncio.run(LoggedRequests(app)(scope, receive, send))
    return bodies[0]


@pytest.mark.parametrize(
    ("kind", "pieces"), [("text/csv", [b"a"] * 50), ("multipart/form-data; boundary=x", MULTIPART * 50)]
)
def test_a_body_that_trickles_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: str, pieces: list[bytes]
) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", 0.2)
    with pytest.raises(RequestTimeout, match="10,000 bytes"):
        received(pieces, pause=0.05, kind=kind)


def test_a_client_that_sends_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", 0.1)
    with pytest.raises(RequestTimeout):
        received([b"a", b"b"], pause=20)


def test_a_large_body_may_take_as_long_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five times as long as each of its parts."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.5)
    body = received([b"x" * 10_000] * 25, pause=0.1)
    assert body.file is not None
    assert len(body.file.read()) == 250_000
    body.close()


def test_bodies_share_a_space() -> None:
    space = SpoolSpace(1_000)
    first = received([b"x" * 300] * 2, space=space)
    with pytest.raises(SpoolFull):
        received([b"x" * 300] * 2, space=space)
    second = received([b"x" * 300], space=space)
    first.close()
    first.close()
    third = received([b"x" * 300] * 2, space=space)
    for body in (second, third):
        body.close()
    received([b"x" * 1_000], space=space).close()
