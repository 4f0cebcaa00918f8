"""The one process that draws the pictures of this process.

The library holds Python's lock while it draws, some 40 ms, and 600 ms the first time: everybody else would
wait. It keeps 110 MB, too, which go with the process when nobody has wanted a picture for a while.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from aggregator.errors import QueryFailed
from aggregator.formats.chart.drawing import DRAWN, FRAME

_IDLE_SECONDS = 300.0
_MOST_SECONDS = 20.0
_TRIES = 2


class Painter:
    """Starts its process when it is first needed. idle_seconds: after which the process ends."""

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def drawn(self, kind: str, spec: dict[str, Any]) -> bytes:
        """The picture, `svg` or `png`, of a Vega-Lite specification; raises QueryFailed."""
        job = json.dumps([kind, json.dumps(spec)]).encode() + b"\n"
        with self._lock:
            for _ in range(_TRIES):
                with suppress(EOFError, BrokenPipeError):
                    return self._answer(job)
                # It had been idle for too long just now, or was killed.
                self._end()
        raise QueryFailed("The picture could not be drawn.", "the process that draws ended twice")

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _answer(self, job: bytes) -> bytes:
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        process.stdin.write(job)
        process.stdin.flush()
        ends_at = time.monotonic() + _MOST_SECONDS
        status, length = FRAME.unpack(self._read(process, FRAME.size, ends_at))
        answer = self._read(process, length, ends_at)
        if status != DRAWN:
            raise QueryFailed("The picture could not be drawn.", answer.decode(errors="replace"))
        return answer

    def _read(self, process: subprocess.Popen[bytes], length: int, ends_at: float) -> bytes:
        assert process.stdout is not None
        data = bytearray()
        while len(data) < length:
            left = ends_at - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                self._end()
                raise QueryFailed("The picture took too long to be drawn.", f"more than {_MOST_SECONDS:g} s")
            piece = os.read(process.stdout.fileno(), length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("drawing.py")), str(self._idle_seconds)],
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


PAINTER = Painter()
atexit.register(PAINTER.close)
