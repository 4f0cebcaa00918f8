"""The server: uvicorn with a protocol that sends small responses in one packet, and an end in time."""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import resource_tracker
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aggregator.settings import add_settings, read_settings, require_folders

_LONGEST_HEAD = 128 * 1024
_MOST_WAITING = 64 * 1024
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class JoiningProtocol(HttpToolsProtocol):
    """Sends the headers and the body of a small answer in one packet, where uvicorn sends two.

    Each packet wakes the client, and that takes longer than a small report. A request whose URL and
    headers do not end is refused, where uvicorn keeps all of it in memory.

    head_seconds: after which a connection is closed that has not sent all of the headers of its first or next
    request; uvicorn waits for ever for the first one, and for the rest of one that has begun. An idle
    connection that had a request before is closed by uvicorn after 5 seconds.
    """

    head_seconds = 20.0
    _head_size = 0
    _is_in_head = False
    _waits_since: float | None = None
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_JoiningTransport(transport, self.loop))  # type: ignore[arg-type]
        self._waits_since = self.loop.time()
        self._limit = self.loop.call_later(self.head_seconds, self._close_if_too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._limit is not None:
            self._limit.cancel()

    def _close_if_too_slow(self) -> None:
        """One timer a connection: setting one for each request would cost more than asking again."""
        since, now = self._waits_since, self.loop.time()
        left = self.head_seconds - (now - since) if since is not None else self.head_seconds
        if left > 0:
            self._limit = self.loop.call_later(left, self._close_if_too_slow)
        elif not self.transport.is_closing():
            if self._is_in_head:
                self.transport.write(_TOO_SLOW)
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head_size = self._head_size + len(data) if self._is_in_head else 0
        if self._head_size > _LONGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The URL and the headers are too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._is_in_head = False
        self._waits_since = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:  # no request is left to be answered
            self._waits_since = self.loop.time()


class _JoiningTransport:
    """A transport whose small writes wait until the event loop's next turn, and go out as one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)
        self._size += len(data)
        if self._size > _MOST_WAITING:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        data, self._waiting, self._size = b"".join(self._waiting), [], 0
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


GRACE_SECONDS = 3
"""How long requests may go on after the service has been asked to end."""

END_SECONDS = GRACE_SECONDS + 2.0
"""After which it has ended."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
log = logging.getLogger(__name__)


def end_in_time(seconds: float) -> None:
    """From now on, end the process so many seconds after it was asked to; to be called in the main thread.

    The handlers that are set by then are called first. Threads and processes that are started later do not
    get the signals, unless they unblock them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=_take_signals, args=(seconds,), name="signals", daemon=True).start()


def _take_signals(seconds: float) -> None:
    while True:
        number = signal.sigwait(_SIGNALS)
        threading.Thread(target=_end_by_force, args=(seconds, number), daemon=True).start()
        handler = signal.getsignal(number)
        if not callable(handler) or handler is signal.default_int_handler:
            os._exit(128 + number)
        handler(number, None)


def _end_by_force(seconds: float, number: int) -> None:
    time.sleep(seconds)
    log.error("the process did not end within %g seconds and was killed", seconds)
    for worker in multiprocessing.active_children():
        worker.kill()
    os._exit(128 + number)


_LONGER_THAN_A_WORKER = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stopped; the exit status is 0, 1 when the address is taken, or 2 for wrong settings."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Serve a folder of SQL files as reports and imports."
    )
    add_settings(parser)
    settings = read_settings(parser, parser.parse_args(argv))
    require_folders(parser, settings)
    settings.export()
    if settings.workers > 1:
        resource_tracker.ensure_running()  # which unblocks the signals; later it would undo the next line
        end_in_time(END_SECONDS + _LONGER_THAN_A_WORKER)
    try:
        uvicorn.run(
            "aggregator.web.app:from_environment",
            factory=True,
            http=JoiningProtocol,
            ws="none",
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            log_level=settings.log_level,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    except SystemExit as end:
        return 1 if end.code else 0
    return 0
