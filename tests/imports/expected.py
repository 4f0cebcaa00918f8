"""What the sheets mean, in plain Python: the rows that SQL is given, and what must be in the databases."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]


def cells(data: bytes) -> list[dict[str, str]]:
    """The lines of a CSV file as they stand there."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def cents(text: str) -> int | None:
    """An amount of a sheet in cents."""
    return int(Decimal(text) * 100) if text else None


def day(text: str, pattern: str) -> str | None:
    """A day of a sheet as ISO text."""
    return datetime.strptime(text, pattern).date().isoformat() if text else None


def invoice_input(data: bytes) -> list[Row]:
    """The rows of a sheet of invoices as SQL gets them."""
    return [
        {
            "line": line,
            "customer_name": cell["CustomerName"],
            "invoice_number": cell["InvoiceNumber"],
            "invoice_date": day(cell["InvoiceDate"], "%m/%d/%y"),
            "customer_po_number": cell["CustomerPoNumber"] or None,
            "bill_total_cents": cents(cell["BillTotal"]),
            "applied_cents": cents(cell["Applied"]),
            "status": cell["Status"],
            "currency": cell["Currency"],
            "contact_name": cell["ContactName"] or None,
            "contact_phone": cell["ContactPhone"] or None,
            "contact_email": cell["ContactEmail"] or None,
            "terms": cell["CustomerTerms"],
            "due_date": day(cell["DueDate"], "%m/%d/%y %H:%M"),
        }
        for line, cell in enumerate(cells(data), start=2)
    ]


def invoices(data: bytes) -> dict[str, Row]:
    """By number what must be known of each invoice; the customer by name."""
    found = {}
    for cell in cells(data):
        issued = datetime.strptime(cell["InvoiceDate"], "%m/%d/%y")
        days = timedelta(days=int(cell["CustomerTerms"].removeprefix("Net ")))
        due = day(cell["DueDate"], "%m/%d/%y %H:%M") or (issued + days).date().isoformat()
        found[cell["InvoiceNumber"]] = {
            "customer_name": cell["CustomerName"],
            "order_id": None,
            "invoice_date": issued.date().isoformat(),
            "due_date": due,
            "bill_total_cents": cents(cell["BillTotal"]),
            "applied_cents": cents(cell["Applied"]),
            "currency": cell["Currency"],
            "status": "Closed" if cell["Status"] == "Closed" else "Open",
            "terms": cell["CustomerTerms"],
            "customer_po_number": cell["CustomerPoNumber"] or None,
            "contact_name": cell["ContactName"] or None,
            "contact_phone": cell["ContactPhone"] or None,
            "contact_email": cell["ContactEmail"] or None,
        }
    return found


def sums_by_currency(data: bytes) -> dict[str, tuple[int, Decimal, Decimal]]:
    """Of each currency the number of invoices, what was billed, and what was applied."""
    sums: dict[str, tuple[int, Decimal, Decimal]] = {}
    for cell in cells(data):
        count, billed, applied = sums.get(cell["Currency"], (0, Decimal(0), Decimal(0)))
        sums[cell["Currency"]] = (
            count + 1,
            billed + Decimal(cell["BillTotal"]),
            applied + Decimal(cell["Applied"]),
        )
    return sums


def contacts(data: bytes) -> dict[tuple[str, str, str, str], str]:
    """Customer and contact with the day of the last invoice that names them."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for cell in cells(data):
        key = (cell["CustomerName"], cell["ContactName"], cell["ContactEmail"], cell["ContactPhone"])
        issued = day(cell["InvoiceDate"], "%m/%d/%y") or ""
        if cell["ContactName"]:
            seen[key] = max(seen.get(key, ""), issued)
    return seen


def shop_input(data: bytes) -> list[Row]:
    """The rows of the shop's sheet as SQL gets them."""
    return [
        {
            "line": line,
            "order_date": day(cell["Order_Date"], "%m/%d/%Y"),
            "order_time": cell["Time"],
            "aging_days": float(cell["Aging"]) if cell["Aging"] else None,
            "shop_number": int(cell["Customer_Id"]),
            "gender": cell["Gender"] or None,
            "device_type": cell["Device_Type"] or None,
            "login_type": cell["Customer_Login_type"] or None,
            "category_name": cell["Product_Category"],
            "product_name": cell["Product"],
            "unit_price_cents": cents(cell["Sales"]),
            "quantity": int(cell["Quantity"]) if cell["Quantity"] else None,
            "discount": float(cell["Discount"]) if cell["Discount"] else None,
            "profit_cents": cents(cell["Profit"]),
            "shipping_cost_cents": cents(cell["Shipping_Cost"]),
            "priority": cell["Order_Priority"],
            "payment_method": cell["Payment_method"] or None,
        }
        for line, cell in enumerate(cells(data), start=2)
    ]


def moment(cell: dict[str, str]) -> str:
    """When an order of the shop was placed."""
    placed = datetime.strptime(f"{cell['Order_Date']} {cell['Time']}", "%m/%d/%Y %H:%M:%S")
    return placed.isoformat() + "Z"


def shop_customers(data: bytes) -> dict[int, Row]:
    """By number each customer, as the first line says."""
    found: dict[int, Row] = {}
    for cell in cells(data):
        number = int(cell["Customer_Id"])
        first = {
            "customer_name": f"Shop customer {number}",
            "gender": cell["Gender"] or None,
            "login_type": cell["Customer_Login_type"] or None,
            "created_at": moment(cell),
        }
        customer = found.setdefault(number, first)
        customer["created_at"] = min(customer["created_at"], moment(cell))
    return found


def shop_orders(data: bytes) -> dict[tuple[int, str], Row]:
    """By customer and moment each order, as its first line says."""
    found: dict[tuple[int, str], Row] = {}
    for cell in cells(data):
        first = {
            "order_date": moment(cell)[:10],
            "status": "shipped",
            "priority": cell["Order_Priority"],
            "device_type": cell["Device_Type"] or None,
            "payment_method": cell["Payment_method"] or None,
            "aging_days": float(cell["Aging"]) if cell["Aging"] else None,
        }
        found.setdefault((int(cell["Customer_Id"]), moment(cell)), first)
    return found


def shop_lines(data: bytes) -> dict[tuple[int, str, str], Row]:
    """By customer, moment and product each line, as the first one says."""
    found: dict[tuple[int, str, str], Row] = {}
    counts: dict[tuple[int, str], int] = {}
    for cell in cells(data):
        order = (int(cell["Customer_Id"]), moment(cell))
        key = (*order, cell["Product"])
        if key in found:
            continue
        counts[order] = counts.get(order, 0) + 1
        found[key] = {
            "line_number": counts[order],
            "category_name": cell["Product_Category"],
            "quantity": int(cell["Quantity"]) if cell["Quantity"] else None,
            "unit_price_cents": cents(cell["Sales"]),
            "discount": float(cell["Discount"]) if cell["Discount"] else None,
            "line_total_cents": line_total(cell["Quantity"], cell["Sales"], cell["Discount"]),
            "profit_cents": cents(cell["Profit"]),
            "shipping_cost_cents": cents(cell["Shipping_Cost"]),
        }
    return found


def line_total(quantity: str, price: str, discount: str) -> int | None:
    """Cents of a line, half a cent rounded up; None when the sheet does not say enough."""
    if not quantity or not discount:
        return None
    exact = Decimal(quantity) * Decimal(price) * 100 * (1 - Decimal(discount))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def conflicting_customers(data: bytes) -> set[int]:
    """Numbers of those whom not all lines describe alike."""
    seen: dict[int, set[tuple[str, str]]] = {}
    for cell in cells(data):
        described = (cell["Gender"], cell["Customer_Login_type"])
        seen.setdefault(int(cell["Customer_Id"]), set()).add(described)
    return {number for number, ways in seen.items() if len(ways) > 1}


def total(values: Iterable[int | None]) -> int:
    """The sum of what is known."""
    return sum(value for value in values if value is not None)
