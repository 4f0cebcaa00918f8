"""The child process that draws: specifications come on its standard input, pictures go out.

It is run as a file and imports nothing of the project, so that it starts quickly. Its answers are frames: a
byte that says whether it is a picture, the length, and the picture or the reason that there is none.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
from typing import IO

FRAME = struct.Struct("<BQ")
FAILED, DRAWN = range(2)


def drawn(kind: str, spec: str) -> bytes:
    """The picture of a Vega-Lite specification. Nothing is loaded from anywhere."""
    import vl_convert

    if kind == "png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[]))
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])).encode()


def serve(jobs: IO[bytes], frames: IO[bytes], idle_seconds: float) -> None:
    """Draw what comes, until the input ends or nothing has come for so long."""
    while select.select([jobs], [], [], idle_seconds)[0]:
        line = jobs.readline()
        if not line:
            return
        try:
            kind, spec = json.loads(line)
            status, answer = DRAWN, drawn(kind, spec)
        except Exception as error:
            status, answer = FAILED, repr(error).encode(errors="replace")
        frames.write(FRAME.pack(status, len(answer)) + answer)
        frames.flush()


if __name__ == "__main__":
    # The server takes these in a thread, and what it starts inherits that they are blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    # Nothing else may write on the channel.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, channel, float(sys.argv[1]))
