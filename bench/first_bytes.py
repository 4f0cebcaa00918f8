"""How soon the first byte of a long report comes."""

import time
from collections.abc import Iterator
from statistics import median

from bench.client import first_byte
from bench.result import Goal, Result, alone
from bench.service import service
from bench.setting import Setting

_FORMATS = ("json", "ndjson", "csv", "excel")
_TIMES = 15
_PAUSE_SECONDS = 0.2
"""Until the service has ended the download that was broken off."""


def first_bytes(setting: Setting) -> Iterator[Result]:
    """Every format of a report without a sort."""
    with service(setting.dbs, setting.logs) as ours:
        for format in _FORMATS:
            target = f"/unsorted?format={format}"
            first_byte(ours.port, target)
            figure = median(_after_a_pause(ours.port, target) for _ in range(_TIMES)) * 1000
            yield alone(f"First byte, {format}, report without a sort", Goal("most", 30, 5), figure, "ms")


def _after_a_pause(port: int, target: str) -> float:
    time.sleep(_PAUSE_SECONDS)
    return first_byte(port, target)
