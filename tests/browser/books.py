"""What the demo's files hold, read by Python's own sqlite3 and joined without any SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def table(dbs: Path, file: str, name: str) -> list[Row]:
    """All rows of a table, in the order of their numbers."""
    with closing(sqlite3.connect(dbs / f"{file}.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]


def order_lines(dbs: Path) -> list[Row]:
    """The rows of the report of all order lines."""
    orders = {row["order_id"]: row for row in table(dbs, "order", "orders")}
    customers = {row["customer_id"]: row for row in table(dbs, "customer", "customers")}
    products = {row["product_id"]: row for row in table(dbs, "product", "products")}
    rows = []
    for line in table(dbs, "order_line", "order_lines"):
        order = orders[line["order_id"]]
        customer = customers[order["customer_id"]]
        rows.append(
            {
                "order_line_id": line["order_line_id"],
                "order_id": order["order_id"],
                "order_date": order["order_date"],
                "status": order["status"],
                "customer_id": customer["customer_id"],
                "customer_name": customer["customer_name"],
                "city": customer["city"],
                "product_name": products[line["product_id"]]["product_name"],
                "quantity": line["quantity"],
                "discount": line["discount"],
                "line_total": line["line_total_cents"],
            }
        )
    return rows


def shown(row: Row) -> list[str]:
    """Such a row as an English page shows it."""
    return [_shown(name, value) for name, value in row.items()]


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name == "line_total":
        return f"{Decimal(value) / 100:,.2f}"
    if name == "discount":
        return f"{Decimal(str(value)) * 100:f}".rstrip("0").rstrip(".") + "%" if value else "0%"
    if name == "order_date":
        day = date.fromisoformat(value)
        return f"{day:%b} {day.day}, {day.year}"
    return str(value)
