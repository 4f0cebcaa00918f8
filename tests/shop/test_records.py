"""One customer, one product, one order, each against the same in plain Python."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.shop.amounts import known_sum, money
from tests.shop.books import Row
from tests.shop.conftest import Shop
from tests.shop.listings import LISTINGS, line_of_order


def customer(shop: Shop, number: int) -> Row:
    orders = [order for order in shop.books.orders.values() if order["customer_id"] == number]
    lines = [
        line for order in orders if order["status"] != "cancelled" for line in shop.books.lines_of(order)
    ]
    days = [order["order_date"] for order in orders]
    return shop.books.customers[number] | {
        "order_count": len(orders),
        "cancelled_count": sum(order["status"] == "cancelled" for order in orders),
        "first_order_date": min(days, default=None),
        "last_order_date": max(days, default=None),
        "total_spent": money(known_sum(lines, "line_total_cents") or 0),
    }


def product(shop: Shop, number: int) -> Row:
    lines = [line for line in shop.books.sold_lines() if line["product_id"] == number]
    days = [shop.books.orders[line["order_id"]]["order_date"] for line in lines]
    found = shop.books.products[number]
    return {
        "product_id": number,
        "product_name": found["product_name"],
        "category_id": found["category_id"],
        "category_name": shop.books.category_of(number)["category_name"],
        "unit_price": money(found["unit_price_cents"]),
        "stock": found["stock"],
        "discontinued": bool(found["discontinued"]),
        "order_count": len({line["order_id"] for line in lines}),
        "quantity_sold": known_sum(lines, "quantity") or 0,
        "sales": money(known_sum(lines, "line_total_cents") or 0),
        "last_order_date": max(days, default=None),
    }


def order(shop: Shop, number: int) -> Row:
    (head,) = (row for row in LISTINGS["/orders/"].rows(shop.books) if row["order_id"] == number)
    lines = shop.books.lines_of(shop.books.orders[number])
    return head | {"lines": [line_of_order(shop.books, line) for line in lines]}


def some(numbers: Iterable[int]) -> list[int]:
    """The first, the last, and a few between."""
    found = sorted(numbers)
    return sorted({*found[:: max(1, len(found) // 25)], found[-1]})


def test_each_customer(shop: Shop) -> None:
    for number in some(shop.books.customers):
        assert shop.get(f"/customers/{number}").json() == customer(shop, number)


def test_each_product(shop: Shop) -> None:
    for number in shop.books.products:
        assert shop.get(f"/products/{number}").json() == product(shop, number)


def test_each_order(shop: Shop) -> None:
    for number in some(shop.books.orders):
        assert shop.get(f"/orders/{number}").json() == order(shop, number)


def test_lines_of_an_order_are_flat_rows(shop: Shop) -> None:
    number = max(shop.books.orders.values(), key=lambda each: len(shop.books.lines_of(each)))["order_id"]
    whole = order(shop, number)
    lines = whole.pop("lines")
    assert shop.rows(f"/orders/{number}") == [whole | line for line in lines]


def test_an_order_without_lines(mixed_shop: Shop) -> None:
    empty = [
        number for number, each in mixed_shop.books.orders.items() if not mixed_shop.books.lines_of(each)
    ]
    assert empty
    for number in empty:
        told = mixed_shop.get(f"/orders/{number}").json()
        assert (told["order_total"], told["lines"]) == (None, [])


@pytest.mark.parametrize("path", ["/customers/", "/orders/", "/products/"])
@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "xlsx"])
def test_a_number_that_nobody_has(sheet_shop: Shop, path: str, form: str) -> None:
    answer = sheet_shop.server.get(f"{path}987654321.{form}")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
