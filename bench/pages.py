"""How soon a reader with a browser sees something."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.client import first_byte
from bench.demo_data import PROJECT
from bench.result import Goal, Result, alone
from bench.service import service
from bench.setting import Setting

_PAGES = {
    "The first page": "/",
    "A page of 100 order lines": "/report/order-lines?format=html",
    "A page of 50 orders": "/orders/?format=html",
    "A page of one customer's orders": "/report/customer-orders?customer_id=1&format=html",
}
"""The rows of a page are in its first bytes; its totals come after them."""

_TIMES = 15
_PAUSE_SECONDS = 0.2
"""Until the service has ended the page that was broken off."""


def pages(setting: Setting) -> Iterator[Result]:
    """Pages of the demo as `make run` makes it, and with 350,000 orders; each asked for once before."""
    small = setting.logs / "demo"
    subprocess.run([sys.executable, PROJECT / "setup_db.py", "--dbs", small], check=True, capture_output=True)
    yield from _measured(small, setting.logs, "the demo", Goal("most", 50, 20))
    yield from _measured(setting.dbs, setting.logs, "1 M order lines", Goal("most", 100, 50))


def _measured(dbs: Path, logs: Path, of: str, goal: Goal) -> Iterator[Result]:
    with service(dbs, logs, sql=PROJECT / "sql") as ours:
        for name, target in _PAGES.items():
            first_byte(ours.port, target)
            figure = median(_after_a_pause(ours.port, target) for _ in range(_TIMES)) * 1000
            yield alone(f"{name}, {of}", goal, figure, "ms")


def _after_a_pause(port: int, target: str) -> float:
    time.sleep(_PAUSE_SECONDS)
    return first_byte(port, target)
