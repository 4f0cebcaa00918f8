"""The one process that draws the pictures of this process, and the way to it.

The library holds Python's lock while it draws, some 40 ms, and 600 ms the first time: everybody else would
wait. It keeps 110 MB, too, which go with the process when nobody has asked for a picture for a while.

The process runs this file and imports nothing of the project, so that it starts quickly. Specifications come
on its standard input. Its answers are frames: a byte that says whether it is a picture, the length, and the
picture or the error.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.errors import QueryFailed


_FRAME = struct.Struct("<BQ")
_FAILED, _DRAWN = range(2)
_IDLE_SECONDS = 300.0
_MOST_SECONDS = 20.0
_TRIES = 2


class ChartRenderer:
    """Starts its process when it is first needed. idle_seconds: after which the process ends."""

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def render(self, kind: str, spec: dict[str, Any]) -> bytes:
        """The picture, `svg` or `png`, of a Vega-Lite specification; raises QueryFailed."""
        job = json.dumps([kind, json.dumps(spec)]).encode() + b"\n"
        with self._lock:
            for _ in range(_TRIES):
                with suppress(EOFError, BrokenPipeError):
                    return self._answer(job)
                # It had been idle for too long just now, or was killed.
                self._end()
        raise _failure("The chart could not be drawn.", "the chart process ended twice")

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _answer(self, job: bytes) -> bytes:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        process.stdin.write(job)
        process.stdin.flush()
        ends_at = time.monotonic() + _MOST_SECONDS
        status, length = _FRAME.unpack(self._read(process, _FRAME.size, ends_at))
        answer = self._read(process, length, ends_at)
        if status != _DRAWN:
            raise _failure("The chart could not be drawn.", answer.decode(errors="replace"))
        return answer

    def _read(self, process: subprocess.Popen[bytes], length: int, ends_at: float) -> bytes:
        assert process.stdout is not None
        data = bytearray()
        while len(data) < length:
            left = ends_at - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                self._end()
                raise _failure("The chart took too long to draw.", f"more than {_MOST_SECONDS:g} s")
            piece = os.read(process.stdout.fileno(), length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", __file__, str(self._idle_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which ends it itself
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()


def _failure(message: str, cause: str) -> QueryFailed:
    # The process that runs this file has no way to the project's modules.
    from aggregator.errors import QueryFailed

    return QueryFailed(message, cause)


def _drawn(kind: str, spec: str) -> bytes:
    """The picture of a Vega-Lite specification. Nothing is loaded from anywhere."""
    import vl_convert

    if kind == "png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=3, allowed_base_urls=[]))
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])).encode()


def _serve(jobs: IO[bytes], frames: IO[bytes], idle_seconds: float) -> None:
    """Draw what comes, until the input ends or nothing has come for so long."""
    while select.select([jobs], [], [], idle_seconds)[0]:
        line = jobs.readline()
        if not line:
            return
        try:
            kind, spec = json.loads(line)
            status, answer = _DRAWN, _drawn(kind, spec)
        except Exception as error:
            status, answer = _FAILED, repr(error).encode(errors="replace")
        frames.write(_FRAME.pack(status, len(answer)) + answer)
        frames.flush()


if __name__ == "__main__":
    # The server takes these in a thread, and what it starts inherits that they are blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    # Nothing else may write on the channel.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _serve(sys.stdin.buffer, channel, float(sys.argv[1]))
