"""The command that serves: settings in, uvicorn running."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from multiprocessing import resource_tracker

import uvicorn

from aggregator.command_line import add_settings, read_settings, require_folders
from aggregator.web.ending import END_SECONDS, GRACE_SECONDS, end_in_time
from aggregator.web.protocol import JoiningProtocol

_LONGER_THAN_A_WORKER = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stopped; the exit status is 0, 1 when the address is taken, or 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="app.py", description="Serve the reports of a folder of SQL files.")
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
