"""The rows of each list as JSON shows them, made of the books, and how they can be filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.shop.amounts import known_sum, money
from tests.shop.books import Books, Row
from tests.shop.filters import Filter, at_least, at_most, equals, in_stock, part_of, same, since, until


@dataclass(frozen=True)
class Listing:
    """rows: all of them; sorts: by name the column to sort by, and the one that breaks ties."""

    rows: Callable[[Books], list[Row]]
    filters: dict[str, Filter]
    sorts: dict[str, str]
    default: str
    number: str
    money: tuple[str, ...] = ()
    reversed_ties: tuple[str, ...] = ()
    """Sorts that turn the order of equal ones around as well."""

    def sorted(self, rows: list[Row], sort: str) -> list[Row]:
        name, _, direction = sort.partition(".")
        column = self.sorts[name]
        down = direction == "desc"

        def value(row: Row) -> Any:
            return Decimal(row[column]) if column in self.money else row[column]

        told = sorted(
            (row for row in rows if row[column] is not None),
            key=lambda row: row[self.number],
            # Python keeps equal ones in their order, also when it sorts downwards.
            reverse=sort in self.reversed_ties,
        )
        rest = [row for row in rows if row[column] is None]
        return sorted(told, key=value, reverse=down) + sorted(rest, key=lambda row: row[self.number])


def customers(books: Books) -> list[Row]:
    return list(books.customers.values())


def orders(books: Books) -> list[Row]:
    rows = []
    for order in books.orders.values():
        customer = books.customers[order["customer_id"]]
        names = "order_id order_date ordered_at status priority customer_id"
        rows.append(
            {name: order[name] for name in names.split()}
            | {name: customer[name] for name in ("customer_name", "city")}
            | {name: order[name] for name in ("device_type", "payment_method", "aging_days", "source")}
            | {"order_total": money(known_sum(books.lines_of(order), "line_total_cents"))}
        )
    return rows


def order_lines(books: Books) -> list[Row]:
    return [
        {
            "order_line_id": line["order_line_id"],
            "order_id": line["order_id"],
            "order_date": books.orders[line["order_id"]]["order_date"],
            **line_of_order(books, line),
        }
        for line in books.lines.values()
    ]


def line_of_order(books: Books, line: Row) -> Row:
    return {
        "line_number": line["line_number"],
        "product_id": line["product_id"],
        "product_name": books.products[line["product_id"]]["product_name"],
        "quantity": line["quantity"],
        "unit_price": money(line["unit_price_cents"]),
        "discount": line["discount"],
        "line_total": money(line["line_total_cents"]),
        "profit": money(line["profit_cents"]),
        "shipping_cost": money(line["shipping_cost_cents"]),
    }


def products(books: Books) -> list[Row]:
    return [
        {
            "product_id": product["product_id"],
            "product_name": product["product_name"],
            "category_name": books.category_of(product["product_id"])["category_name"],
            "unit_price": money(product["unit_price_cents"]),
            "stock": product["stock"],
            "discontinued": bool(product["discontinued"]),
        }
        for product in books.products.values()
    ]


def categories(books: Books) -> list[Row]:
    counted = [product["category_id"] for product in books.products.values()]
    return [
        category | {"product_count": counted.count(category["category_id"])}
        for category in books.categories.values()
    ]


LISTINGS = {
    "/customers/": Listing(
        customers,
        {
            "q": lambda row, text: (
                part_of("customer_name", "email", "city")(row, text) or text in (row["phone"] or "")
            ),
            "city": same("city"),
            "state": same("state"),
            "pincode": lambda row, text: (row["pincode"] or "").startswith(text),
            "gender": same("gender"),
            "login_type": same("login_type"),
            "from": since("created_at"),
            "to": until("created_at"),
        },
        {name: name for name in ("customer_name", "customer_id", "created_at", "city")},
        default="customer_name.asc",
        number="customer_id",
    ),
    "/orders/": Listing(
        orders,
        {
            "q": lambda row, text: part_of("customer_name")(row, text) or str(row["order_id"]) == text,
            "customer_id": equals("customer_id"),
            "city": same("city"),
            "status": equals("status"),
            "priority": equals("priority"),
            "device_type": same("device_type"),
            "payment_method": same("payment_method"),
            "source": lambda row, text: text in ("all", row["source"] or "desk"),
            "from": since("order_date"),
            "to": until("order_date"),
            "min_total": at_least("order_total"),
            "max_total": at_most("order_total"),
        },
        {
            "order_date": "order_date",
            "order_id": "order_id",
            "order_total": "order_total",
            "customer_name": "customer_name",
        },
        default="order_date.desc",
        number="order_id",
        money=("order_total",),
        reversed_ties=("order_date.desc",),
    ),
    "/order-lines/": Listing(
        order_lines,
        {
            "order_id": equals("order_id"),
            "product_id": equals("product_id"),
            "from": since("order_date"),
            "to": until("order_date"),
            "unknown_total": lambda row, text: (row["line_total"] is None) == (text == "true"),
        },
        {name: name for name in ("order_line_id", "line_total")},
        default="order_line_id.asc",
        number="order_line_id",
        money=("line_total",),
    ),
    "/products/": Listing(
        products,
        {
            "q": part_of("product_name", "category_name"),
            "category": same("category_name"),
            "min_price": at_least("unit_price"),
            "max_price": at_most("unit_price"),
            "in_stock": in_stock,
            "discontinued": lambda row, text: row["discontinued"] == (text == "true"),
        },
        {name: name for name in ("product_name", "product_id", "unit_price", "stock")},
        default="product_name.asc",
        number="product_id",
        money=("unit_price",),
    ),
    "/categories/": Listing(
        categories,
        {"q": part_of("category_name")},
        {name: name for name in ("category_name", "category_id")},
        default="category_name.asc",
        number="category_id",
    ),
}
