"""The reports of lines, payments and best-selling products, at the edges of their periods."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing

from tests.shop.conftest import Shop
from tests.shop.flat_rows import money


def middle_day(shop: Shop) -> str:
    days = sorted(order["order_date"] for order in shop.books.orders.values())
    return str(days[len(days) // 2])


def test_lines_up_to_a_day_and_with_it(mixed_shop: Shop) -> None:
    day, books = middle_day(mixed_shop), mixed_shop.books
    for query, fits in (
        (f"until={day}", lambda order: order["order_date"] <= day),
        (f"from={day}", lambda order: order["order_date"] >= day),
    ):
        wanted = {
            line["order_line_id"]
            for line in books.lines.values()
            if fits(books.orders[line["order_id"]])
            and books.orders[line["order_id"]]["customer_id"] in books.customers
        }
        rows = mixed_shop.rows(f"/report/order-lines?{query}")
        assert [row["order_line_id"] for row in rows] == sorted(wanted)


def test_payments_before_a_moment_and_from_one_on(mixed_shop: Shop) -> None:
    with closing(sqlite3.connect(mixed_shop.server.dbs / "transaction.db")) as connection:
        paid = connection.execute("SELECT transaction_at, transaction_id FROM transactions").fetchall()
    newest = sorted(paid, reverse=True)
    moment = newest[len(newest) // 2][0]
    for query, fits in (
        (f"until={moment}", lambda at: at < moment),
        (f"since={moment}", lambda at: at >= moment),
    ):
        wanted = [number for at, number in newest if fits(at)]
        assert [row["transaction_id"] for row in mixed_shop.rows(f"/report/payments?{query}")] == wanted


def test_best_selling_products_without_what_was_cancelled(mixed_shop: Shop) -> None:
    books = mixed_shop.books
    assert any(order["status"] == "cancelled" for order in books.orders.values())
    sales: defaultdict[int, int] = defaultdict(int)
    buyers: defaultdict[int, set[int]] = defaultdict(set)
    for order in books.sold():
        for line in books.lines_of(order):
            sales[line["product_id"]] += line["line_total_cents"] or 0
            buyers[line["product_id"]].add(order["customer_id"])

    rows = mixed_shop.rows("/report/top-products?limit=1000")

    wanted = sorted(sales.items(), key=lambda each: (-each[1], each[0]))
    assert [(row["product_id"], row["sales"]) for row in rows] == [(n, money(cents)) for n, cents in wanted]
    assert [row["customer_count"] for row in rows] == [len(buyers[number]) for number, _ in wanted]
    assert any(len(each) > 1 for each in buyers.values())
