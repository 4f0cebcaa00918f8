"""What the analytics must say of customers.

Each function takes the books and the period and gives the flat rows as JSON shows them; those with a row a
customer in any order.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from tests.shop.amounts import grouped, known_sum, mean_money, money, share, whole
from tests.shop.books import Books, Row


def customers(books: Books, *period: str) -> list[Row]:
    orders = books.sold(*period)
    buyers = {order["customer_id"] for order in orders}
    types = [books.customers[buyer]["login_type"] for buyer in buyers]
    told = [each for each in types if each is not None]
    members, guests = told.count("Member"), told.count("Guest")
    head = {
        "customer_count": len(buyers),
        "login_type_known_count": len(told),
        "member_count": members,
        "member_share": share(members, len(told)),
        "guest_count": guests,
        "guest_share": share(guests, len(told)),
    }
    devices = {
        device: len({order["customer_id"] for order in group})
        for device, group in grouped(orders, lambda order: order["device_type"]).items()
    }
    ranked = sorted(devices.items(), key=lambda item: (-item[1], item[0] is None, str(item[0])))
    rows = [
        {"device_type": name, "device_customer_count": count, "device_share": share(count, len(buyers))}
        for name, count in ranked
    ]
    nobody = {"device_type": None, "device_customer_count": None, "device_share": None}
    return [head | row for row in rows or [nobody]]


def lifetime_values(books: Books, *period: str) -> list[Row]:
    rows = []
    for customer_id, orders in grouped(books.sold(*period), lambda order: order["customer_id"]).items():
        lines = [line for order in orders for line in books.lines_of(order)]
        days = sorted(order["order_date"] for order in orders)
        rows.append(
            {
                "customer_id": customer_id,
                "customer_name": books.name_of(orders[0]["customer_id"]),
                "order_count": len(orders),
                "first_order_date": days[0],
                "last_order_date": days[-1],
                "revenue": money(known_sum(lines, "line_total_cents") or 0),
                "profit": money(known_sum(lines, "profit_cents")),
            }
        )
    return rows


def behavior(books: Books, *period: str) -> list[Row]:
    rows = []
    for customer_id, orders in grouped(books.sold(*period), lambda order: order["customer_id"]).items():
        days = sorted(date.fromisoformat(order["order_date"]) for order in orders)
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        baskets = [whole(books.lines_of(order), "line_total_cents") for order in orders]
        rows.append(
            {
                "customer_id": customer_id,
                "customer_name": books.name_of(orders[0]["customer_id"]),
                "order_count": len(orders),
                "first_order_date": days[0].isoformat(),
                "last_order_date": days[-1].isoformat(),
                "average_basket": mean_money([basket for basket in baskets if basket is not None]),
                "days_between_orders": share(sum(gaps), len(gaps)),
            }
        )
    return rows
