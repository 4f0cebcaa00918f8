"""Two workers beside one."""

from collections.abc import Iterator

from bench.against_datasette import LOAD_SECONDS, SMALL
from bench.load import requests_a_second
from bench.result import Goal, Result, compared
from bench.rounds import in_turns
from bench.service import service
from bench.setting import Setting


def requests(setting: Setting) -> Iterator[Result]:
    """One customer's orders as JSON, with 16 connections; the load generator shares the cores."""
    with (
        service(setting.dbs, setting.logs, workers=2) as two,
        service(setting.dbs, setting.logs, workers=1) as one,
    ):
        pairs = in_turns(
            lambda: requests_a_second(two.port, SMALL, LOAD_SECONDS),
            lambda: requests_a_second(one.port, SMALL, LOAD_SECONDS),
            setting.rounds,
        )
    what = "One customer's orders: times the requests/s with two workers instead of one"
    yield compared(what, Goal("least", 1.4, 1.6), pairs, "/s", is_rate=True)
