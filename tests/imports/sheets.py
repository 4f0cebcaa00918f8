"""Small sheets with the traps of real ones; the same bytes every time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from random import Random

_INVOICE_HEADER = (
    "CustomerName,InvoiceNumber,InvoiceDate,CustomerPoNumber,BillTotal,Applied,Status,Currency,"
    "ContactName,ContactPhone,ContactEmail,CustomerTerms,DueDate"
)
_SHOP_HEADER = (
    "Order_Date,Time,Aging,Customer_Id,Gender,Device_Type,Customer_Login_type,Product_Category,Product,"
    "Sales,Quantity,Discount,Profit,Shipping_Cost,Order_Priority,Payment_method"
)

_COMPANIES = ("Quill & Ink", "Baker's Dozen", "North of Nowhere", "BrightPath", "Café Olé", "Sól Ltd, Oslo")
_WARES = (
    ("Home & Garden", "Hose", 72),
    ("Home & Garden", "Bike & Barrow Care", 118),
    ("Clothes", "T - Shirts", 248),
    ("Clothes", "Jeans/Chinos", 33),
    ("Electronic", "Lamp", 7),
)


def invoices() -> bytes:
    """Invoices: CRLF, empty due dates, times of midnight, `&` and `'`, no contact, two currencies."""
    draws = Random(11)
    rows = []
    for number in range(1, 121):
        # The first ones in order, so that each company is there.
        company = number - 1 if number <= len(_COMPANIES) else int(draws.random() * len(_COMPANIES))
        day = date(2024, 1, 4) + timedelta(days=int(draws.random() * 600))
        days = (7, 15, 30, 45)[int(draws.random() * 4)]
        due = day + timedelta(days=days)
        bill = 0 if number % 40 == 0 else int(draws.random() * 500_000) + 1
        is_closed = bill == 0 or draws.random() < 0.7
        applied = bill if is_closed else int(draws.random() * bill)
        # The third company never names anybody, and another company names somebody new in the end.
        contact = ["", "", ""] if company == 2 else _contact(company, has_left=number > 90)
        rows.append(
            [
                _COMPANIES[company],
                f"QN{2_000_000 + number}",
                _american(day, year_digits=2),
                f"PO-{number % 50:06}",
                _amount(bill),
                _amount(applied),
                "Closed" if is_closed else "Pending",
                "CAD" if company == 4 else "USD",
                *contact,
                f"Net {days}",
                "" if number % 9 == 0 else f"{_american(due, year_digits=2)} 00:00",
            ]
        )
    return _sheet(_INVOICE_HEADER, rows)


def shop_orders() -> bytes:
    """Order lines: conflicting customers and orders, empty cells, lines that come twice, a half day."""
    draws = Random(12)
    rows: list[list[str]] = []
    for number in range(1, 91):
        category, product, price = _WARES[number % len(_WARES)]
        day = date(2018, 1, 1) + timedelta(days=int(draws.random() * 365))
        second = int(draws.random() * 86_400)
        rows.append(
            [
                _american(day, year_digits=4),
                f"{second // 3600}:{second // 60 % 60:02}:{second % 60:02}",
                str(1 + number % 10),
                str(10_000 + int(draws.random() * 40)),
                "Female" if draws.random() < 0.4 else "Male",
                "Mobile" if number % 30 == 0 else "Web",
                "Guest" if draws.random() < 0.1 else "Member",
                category,
                product,
                str(price),
                str(1 + int(draws.random() * 5)),
                f"0.{1 + int(draws.random() * 5)}",
                _amount(int(draws.random() * 16_000)),
                f"{int(draws.random() * 160) / 10:g}",
                ("Critical", "High", "Medium", "Low")[int(draws.random() * 4)],
                ("credit_card", "money_order", "e_wallet")[int(draws.random() * 3)],
            ]
        )
    columns = _SHOP_HEADER.split(",")
    aging, customer, gender = (columns.index(name) for name in ("Aging", "Customer_Id", "Gender"))
    quantity, discount = columns.index("Quantity"), columns.index("Discount")
    rows[3][aging] = ""
    rows[4][aging] = "10.5"
    rows[20][quantity] = ""
    rows[50][quantity] = ""
    rows[40][discount] = ""
    rows[61][customer], rows[61][gender] = rows[7][customer], "Other"
    # The same line twice; then another product in that order, whose priority differs.
    rows.insert(30, list(rows[10]))
    second_product = list(rows[10])
    second_product[7:10] = _WARES[4][0], _WARES[4][1], str(_WARES[4][2])
    second_product[14] = "Low" if rows[10][14] != "Low" else "High"
    rows.append(second_product)
    return _sheet(_SHOP_HEADER, rows)


def _sheet(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file as a spreadsheet saves it, with CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def _contact(company: int, *, has_left: bool) -> list[str]:
    name = "Noor O'Hara" if has_left and company == 0 else f"Ann B. {company}"
    return [name, f"555-010-00{company}0", f"{name.split()[0].lower()}@company{company}.example"]


def _american(day: date, *, year_digits: int) -> str:
    return f"{day.month}/{day.day}/{str(day.year)[-year_digits:]}"


def _amount(cents: int) -> str:
    """As a spreadsheet writes it: 12.50 is 12.5, and 12.00 is 12."""
    whole, fraction = divmod(cents, 100)
    return f"{whole}.{fraction:02}".rstrip("0").rstrip(".") if fraction else str(whole)
