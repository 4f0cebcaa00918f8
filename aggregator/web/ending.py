"""SIGTERM and SIGINT end the process in time, whatever it is doing.

Python runs a signal's handler in the main thread, and only between two steps of Python. SQL that is inside
one function keeps its thread for as long as that takes, and Python waits for its threads when it ends. So a
thread of its own takes the signals, and ends the process when nothing else has.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time

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
    log.error("the process did not end within %g seconds and is ended by force", seconds)
    for worker in multiprocessing.active_children():
        worker.kill()
    os._exit(128 + number)
