"""Servers over what the shop's sheet makes, over the demo with a sheet loaded into it, and over nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import setup_db
from tests.imports import running, sheets
from tests.imports.conftest import DATA
from tests.own_reports import copy_own_reports
from tests.server import Answer, Server
from tests.shop import books
from tests.shop.books import Books, Row
from tests.web.conftest import servers_over

REAL = "ecommerce_sample.csv"


@dataclass(frozen=True)
class Shop:
    """A server, and what must be in its databases."""

    server: Server
    books: Books

    def get(self, path: str) -> Answer:
        """An answer that is no error."""
        answer = self.server.get(path)
        assert answer.status == 200, answer.text
        return answer

    def rows(self, path: str) -> list[Row]:
        """All flat rows."""
        separator = "&" if "?" in path else "?"
        return ndjson(self.get(f"{path}{separator}format=ndjson"))


def ndjson(answer: Answer) -> list[Row]:
    return [json.loads(line) for line in answer.text.splitlines()]


@contextmanager
def opened(folder: Path, fill: Callable[[Path], Books], orders: int = 0) -> Iterator[Shop]:
    dbs = folder / "dbs"
    assert setup_db.main(["--dbs", str(dbs), "--orders", str(orders)]) == 0
    copy_own_reports(folder / "sql")
    filled = fill(dbs)
    with servers_over(folder) as make:
        yield Shop(make(), filled)


def sheet_alone(sheet: bytes) -> Callable[[Path], Books]:
    def fill(dbs: Path) -> Books:
        running.load(dbs, "shop/import", sheet)
        return books.of_sheet(sheet)

    return fill


def mixed(dbs: Path) -> Books:
    """The demo with the sheet, and with what neither of them has."""
    running.load(dbs, "shop/import", sheets.shop_orders())
    with closing(sqlite3.connect(dbs / "order.db")) as orders, orders:
        orders.execute("UPDATE orders SET status = 'cancelled' WHERE source = 'shop' AND order_id % 9 = 0")
        # Nothing was ordered in these two of one moment, by somebody without another order.
        orders.execute(
            "INSERT INTO orders (customer_id, order_date, ordered_at, status, priority) VALUES"
            " (9000, '2026-01-02', '2026-01-02T03:04:05Z', 'open', 'Low'),"
            " (9000, '2026-01-02', '2026-01-02T03:04:05Z', 'open', 'High')"
        )
    with closing(sqlite3.connect(dbs / "product.db")) as products, products:
        products.execute("INSERT INTO categories VALUES (900, 'Coming soon')")
        products.execute("INSERT INTO products VALUES (900, 'Unsold', 1, 1250, 0, 0)")
    with closing(sqlite3.connect(dbs / "order_line.db")) as lines, lines:
        # Of an order with several lines nobody knows one.
        lines.execute(
            "UPDATE order_lines SET quantity = NULL, line_total_cents = NULL"
            " WHERE order_line_id = (SELECT MAX(order_line_id) FROM order_lines"
            " WHERE line_number = 2 AND order_id BETWEEN 10 AND 40)"
        )
    with closing(sqlite3.connect(dbs / "customer.db")) as customers, customers:
        customers.execute(
            "INSERT INTO customers (customer_id, customer_name, created_at)"
            " VALUES (9000, 'Nobody''s \"Best\"', '2026-01-01T00:00:00Z'),"
            " (9001, 'ÀB', '2026-01-01T23:59:59Z')"
        )
    return books.of_databases(dbs)


def real_sheet() -> bytes:
    """The shop's own sheet, where it is at hand."""
    if not (DATA / REAL).exists():
        pytest.skip(f"needs {REAL}; AGGREGATOR_TEST_DATA names its folder")
    return (DATA / REAL).read_bytes()


@pytest.fixture(scope="package")
def sheet_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("sheet"), sheet_alone(sheets.shop_orders())) as shop:
        yield shop


@pytest.fixture(scope="package")
def mixed_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("mixed"), mixed, orders=150) as shop:
        yield shop


@pytest.fixture(scope="package")
def real_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("real"), sheet_alone(real_sheet())) as shop:
        yield shop


@pytest.fixture(scope="package", params=["sheet", "mixed", pytest.param("real", marks=pytest.mark.slow)])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Each of them."""
    found: Shop = request.getfixturevalue(f"{request.param}_shop")
    return found


@pytest.fixture(scope="package")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Databases without a row."""
    with opened(tmp_path_factory.mktemp("nothing"), books.of_databases) as shop:
        yield shop
