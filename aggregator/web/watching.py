"""A write that a thread carries out, watched from the event loop: its client, its time, its turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from starlette.types import Receive

from aggregator.errors import AggregatorError, Cancelled, DatabaseUnavailable
from aggregator.writes.answers import Answered
from aggregator.writes.effort import Effort
from aggregator.writes.write import Write

_WATCH_AFTER_SECONDS = 0.05
_LOOK_SECONDS = 0.25
_LET_GO_SECONDS = 0.5
"""A thread that was asked to give up mostly does so at once, but not inside a single SQLite function."""

_LONGER_THAN_A_LOCK = 1.0


async def in_time(
    working: asyncio.Future[Answered], effort: Effort, write: Write, receive: Receive, lock_wait: float
) -> Answered:
    """The answer of a write, or what ended it; never much later than its time limit.

    It ends with its client, with the service, and when others of the same files keep it waiting for longer
    than a locked file would. Raises AggregatorError, and nothing is written then.
    """
    gone: asyncio.Task[None] | None = None
    try:
        await asyncio.wait({working}, timeout=_WATCH_AFTER_SECONDS)
        while not working.done():
            gone = gone or asyncio.create_task(_client_gone(receive))
            waited: set[asyncio.Future[Any]] = {working, gone}
            await asyncio.wait(waited, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            error = _reason_to_end(effort, write, gone, lock_wait)
            if error is not None and effort.give_up(error):
                await asyncio.wait({working}, timeout=_LET_GO_SECONDS)
                break
            if error is not None:
                await asyncio.wait({working})
    except asyncio.CancelledError:
        effort.give_up(Cancelled("The service is being stopped; nothing was written."))
        raise
    finally:
        if gone is not None:
            gone.cancel()
        working.add_done_callback(_retrieved)
    if not working.done():
        effort.require()
    return await working


def _reason_to_end(
    effort: Effort, write: Write, gone: asyncio.Task[None], lock_wait: float
) -> AggregatorError | None:
    if gone.done():
        return Cancelled("The client has gone.")
    if effort.waited > lock_wait + _LONGER_THAN_A_LOCK:
        # A write need not change a file: two SELECTs that a POST runs only read.
        schemas = " or ".join(file.schema for file in write.written or write.files)
        return DatabaseUnavailable(schemas, "is being changed by another request that takes long", "written")
    return effort.ended_by()


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _retrieved(working: asyncio.Future[Answered]) -> None:
    """Nobody may be left to be told of an error."""
    with suppress(asyncio.CancelledError):
        working.exception()
