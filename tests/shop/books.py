"""The shop's tables as plain rows: made of a sheet without any SQL, or read from databases as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from tests.imports import expected
from tests.imports.running import read

Row: TypeAlias = dict[str, Any]

CUSTOMER = [
    "customer_id",
    "customer_name",
    "email",
    "phone",
    "city",
    "state",
    "pincode",
    "created_at",
    "shop_number",
    "gender",
    "login_type",
]
ORDER = [
    "order_id",
    "customer_id",
    "order_date",
    "ordered_at",
    "status",
    "priority",
    "device_type",
    "payment_method",
    "aging_days",
    "source",
]
LINE = [
    "order_line_id",
    "order_id",
    "line_number",
    "product_id",
    "quantity",
    "unit_price_cents",
    "discount",
    "line_total_cents",
    "profit_cents",
    "shipping_cost_cents",
]
PRODUCT = ["product_id", "product_name", "category_id", "unit_price_cents", "stock", "discontinued"]
CATEGORY = ["category_id", "category_name"]


@dataclass(frozen=True)
class Books:
    """All rows by their number."""

    customers: dict[int, Row]
    categories: dict[int, Row]
    products: dict[int, Row]
    orders: dict[int, Row]
    lines: dict[int, Row]

    def lines_of(self, order: Row) -> list[Row]:
        return self._lines_by_order.get(order["order_id"], [])

    def name_of(self, customer_id: int) -> str | None:
        name: str | None = self.customers.get(customer_id, {}).get("customer_name")
        return name

    def category_of(self, product_id: int) -> Row:
        return self.categories[self.products[product_id]["category_id"]]

    def sold(self, start: str = "0", end: str = "9", source: str = "all") -> list[Row]:
        """The orders that count as sales."""
        return [
            order
            for order in self.orders.values()
            if order["status"] != "cancelled"
            and start <= order["order_date"] <= end
            and (source == "all" or (order["source"] or "desk") == source)
        ]

    def sold_lines(self, *period: str) -> list[Row]:
        return [line for order in self.sold(*period) for line in self.lines_of(order)]

    @cached_property
    def _lines_by_order(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for line in sorted(self.lines.values(), key=lambda line: line["line_number"]):
            found.setdefault(line["order_id"], []).append(line)
        return found


def of_databases(dbs: Path) -> Books:
    """The rows that are in the files."""

    def table(name: str, columns: Iterable[str]) -> dict[int, Row]:
        rows = read(dbs, f"SELECT {', '.join(columns)} FROM {name}")
        return {next(iter(row.values())): row for row in rows}

    return Books(
        table("customer_db.customers", CUSTOMER),
        table("product_db.categories", CATEGORY),
        table("product_db.products", PRODUCT),
        table("order_db.orders", ORDER),
        table("order_line_db.order_lines", LINE),
    )


def of_sheet(sheet: bytes) -> Books:
    """The rows that a sheet makes in empty databases: everything is numbered as it first comes."""
    numbers = {number: place for place, number in enumerate(expected.shop_customers(sheet), start=1)}
    customers = {
        numbers[number]: row(CUSTOMER, customer_id=numbers[number], shop_number=number, **customer)
        for number, customer in expected.shop_customers(sheet).items()
    }
    order_numbers: dict[tuple[int, str], int] = {}
    orders = {}
    for (number, moment), order in expected.shop_orders(sheet).items():
        place = order_numbers[number, moment] = len(orders) + 1
        orders[place] = row(
            ORDER, order_id=place, customer_id=numbers[number], ordered_at=moment, source="shop", **order
        )
    categories: dict[str, int] = {}
    products: dict[str, Row] = {}
    lines = {}
    for (number, moment, name), line in expected.shop_lines(sheet).items():
        category_id = categories.setdefault(line["category_name"], len(categories) + 1)
        product = products.setdefault(
            name,
            row(
                PRODUCT,
                product_id=len(products) + 1,
                product_name=name,
                category_id=category_id,
                unit_price_cents=line["unit_price_cents"],
                discontinued=0,
            ),
        )
        place = len(lines) + 1
        lines[place] = row(
            LINE,
            order_line_id=place,
            order_id=order_numbers[number, moment],
            product_id=product["product_id"],
            **{key: value for key, value in line.items() if key != "category_name"},
        )
    named = {place: {"category_id": place, "category_name": name} for name, place in categories.items()}
    return Books(customers, named, {each["product_id"]: each for each in products.values()}, orders, lines)


def row(columns: Iterable[str], **values: Any) -> Row:
    """A row of a table; what is not told is NULL."""
    assert set(values) <= set(columns)
    return {column: values.get(column) for column in columns}
