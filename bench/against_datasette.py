"""Downloads and small reports beside Datasette, with the same SQL."""

from collections.abc import Iterator

from bench.client import download
from bench.datasette import csv_url, datasette, json_url
from bench.load import requests_a_second
from bench.result import Goal, Result, compared
from bench.rounds import in_turns
from bench.service import service
from bench.setting import Setting

CUSTOMER = 83
"""Has twenty order lines."""

SMALL = f"/customer-orders?customer_id={CUSTOMER}"
LOAD_SECONDS = 4


def csv(setting: Setting) -> Iterator[Result]:
    """All order lines as CSV."""
    python = setting.environment
    with service(setting.dbs, setting.logs) as ours, datasette(python, setting.dbs, setting.logs) as port:
        ours.get("/order-lines?format=csv")
        pairs = in_turns(
            lambda: ours.get("/order-lines?format=csv").seconds,
            lambda: download(port, csv_url("order-lines")).seconds,
            setting.slow_rounds,
            warm_up=False,
        )
    yield compared("CSV, 1 M rows: times faster than Datasette", Goal("least", 6, 10), pairs, "s")


def requests(setting: Setting) -> Iterator[Result]:
    """One customer's orders as JSON, with 16 connections."""
    python = setting.environment
    with service(setting.dbs, setting.logs) as ours, datasette(python, setting.dbs, setting.logs) as port:
        pairs = in_turns(
            lambda: requests_a_second(ours.port, SMALL, LOAD_SECONDS),
            lambda: requests_a_second(port, json_url("customer-orders", customer_id=CUSTOMER), LOAD_SECONDS),
            setting.rounds,
        )
    what = "One customer's orders, one worker: times the requests/s of Datasette"
    yield compared(what, Goal("least", 5, 8), pairs, "/s", is_rate=True)
