"""The orders of a customer, against the lines of the sheet that they came with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.formats.readers import workbook
from tests.imports import expected
from tests.server import Server
from tests.shop.flat_rows import Row, assert_flat, kinds, money
from tests.shop.whole_sheets import OVER_ORDERS, loaded, sheet_of

COLUMNS = kinds(
    "order_id order_date:date status product_name quantity unit_price:money discount line_total:money"
)
PATH = "/report/customer-orders"


@pytest.fixture(scope="module", params=OVER_ORDERS)
def sheet(request: pytest.FixtureRequest) -> bytes:
    return sheet_of(request.param)


@pytest.fixture(scope="module")
def server(sheet: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with loaded(tmp_path_factory.mktemp("orders"), "shop/import", sheet) as running:
        yield running


def customers(server: Server) -> dict[int, int]:
    """The number of each customer by the shop's."""
    with closing(sqlite3.connect(server.dbs / "customer.db")) as connection:
        return dict(connection.execute("SELECT shop_number, customer_id FROM customers"))


@pytest.fixture(scope="module")
def orders(sheet: bytes) -> dict[int, list[Row]]:
    """The lines of each customer by the shop's number, newest first.

    Orders were entered, and so are numbered, in the order of the sheet.
    """
    numbers = {key: number for number, key in enumerate(expected.shop_orders(sheet), 1)}
    found: dict[int, list[tuple[int, Row]]] = {}
    for (shop_number, moment, product), line in expected.shop_lines(sheet).items():
        row = {
            "order_id": numbers[shop_number, moment],
            "order_date": moment[:10],
            "status": "shipped",
            "product_name": product,
            "quantity": line["quantity"],
            "unit_price": money(line["unit_price_cents"]),
            "discount": line["discount"],
            "line_total": money(line["line_total_cents"]),
        }
        found.setdefault(shop_number, []).append((line["line_number"], row))
    for lines in found.values():
        lines.sort(key=lambda each: each[0])
        lines.sort(key=lambda each: (each[1]["order_date"], each[1]["order_id"]), reverse=True)
    return {shop_number: [row for _, row in lines] for shop_number, lines in found.items()}


def test_every_line_of_every_customer(server: Server, orders: dict[int, list[Row]]) -> None:
    numbers = customers(server)
    assert numbers.keys() == orders.keys()
    # Of the real sheet's hundreds every seventh, and those with more than one line.
    asked = [number for place, number in enumerate(orders) if place % 7 == 0 or len(orders[number]) > 1]
    for shop_number in asked[:150]:
        answer = server.get(f"{PATH}?customer_id={numbers[shop_number]}&format=json")
        assert answer.json() == orders[shop_number]


def test_the_one_with_most_lines_in_every_format(server: Server, orders: dict[int, list[Row]]) -> None:
    most = max(orders, key=lambda number: len(orders[number]))
    rows = orders[most]
    assert len(rows) > 1
    customer_id = customers(server)[most]
    assert_flat(lambda format: server.get(f"{PATH}?customer_id={customer_id}&format={format}"), COLUMNS, rows)
    since = sorted(row["order_date"] for row in rows)[1]
    path = f"{PATH}?customer_id={customer_id}&since={since}"
    assert server.get(path).json() == [row for row in rows if row["order_date"] >= since]


def test_the_workbook_and_its_sheet_are_named(server: Server) -> None:
    for path in (f"{PATH}?customer_id=1&format=excel", f"{PATH}?customer_id=1&format=xlsx"):
        answer = server.get(path)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="customer_1_orders.xlsx"'
        assert workbook(answer.body).sheetnames == ["orders"]
    csv = server.get(f"{PATH}.csv?customer_id=1").headers["Content-Disposition"]
    assert csv == 'attachment; filename="customer_1_orders.csv"'


def test_an_unknown_customer_has_headers_and_no_rows(server: Server) -> None:
    assert server.get(f"{PATH}?customer_id=999999").json() == []
    assert_flat(lambda format: server.get(f"{PATH}?customer_id=999999&format={format}"), COLUMNS, [])


@pytest.mark.parametrize("query", ["", "customer_id=", "customer_id=0", "customer_id=one", "customer_id=1.5"])
@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "excel"])
def test_no_customer_is_refused(server: Server, query: str, format: str) -> None:
    answer = server.get(f"{PATH}?{query}&format={format}")
    assert answer.status == 422
    assert "customer_id" in json.dumps(answer.json())
