"""Sheets of invoices with bad rows, and what must become of them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import openpyxl

HEADER = [
    *("Customer Name", "InvoiceNumber", "Invoice_Date", "Bill Total", "Applied", "Status", "Currency"),
    *("Terms", "Notes <script>window.bad = 1</script>"),
]
WANTED = {
    "Customer Name": "customer_name",
    "InvoiceNumber": "invoice_number",
    "Invoice_Date": "invoice_date",
    "Bill Total": "bill_total_cents",
    "Applied": "applied_cents",
    "Status": "status",
    "Currency": "currency",
    "Terms": "terms",
}
BAD = {3: "Bill Total", 5: "Invoice_Date", 6: "Status", 9: "Applied", 14: "Customer Name", 37: "Terms"}
"""By the number of the row, the column that cannot be taken; in row 9 only a guard of the SQL knows."""

ROWS = 40


def invoices(prefix: str) -> list[list[Any]]:
    """The rows of a sheet of invoices, with those that are bad; amounts are in cents, days are days."""
    rows: list[list[Any]] = []
    for number in range(ROWS):
        bill = 100_000 + 12_345 * number
        day = date(2024, 1, 1) + timedelta(days=number)
        name = f"{prefix} <img src=x onerror='window.bad = 1'> & Co"
        rows.append([name, f"{prefix}-{number}", day, bill, bill, "Closed", "USD", "Net 30", "<i>none</i>"])
    rows[3][3] = "twelve"
    rows[5][2] = "02/30/24"
    rows[6][5] = "Lost"
    rows[9][4] = rows[9][3] + 1
    rows[14][0] = ""
    rows[37][7] = "soon"
    return rows


def good(rows: list[list[Any]]) -> list[tuple[str, str, int]]:
    """Number, day and cents of the rows that can be taken."""
    return [(row[1], row[2].isoformat(), row[3]) for number, row in enumerate(rows) if number not in BAD]


def as_csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([*row[:2], _american(row[2]), *map(_dollars, row[3:5]), *row[5:]])
    return text.getvalue().encode()


def _american(day: date | str) -> str:
    return day if isinstance(day, str) else f"{day:%m/%d/%y}"


def _dollars(cents: int | str) -> str:
    return cents if isinstance(cents, str) else f"{cents // 100:,}.{cents % 100:02}"


def as_excel(rows: list[list[Any]]) -> bytes:
    """A workbook with another sheet before it, days as days and amounts as numbers."""
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    sheet = book.create_sheet("July")
    sheet.append(HEADER)
    for row in rows:
        amounts = [cents if isinstance(cents, str) else cents / 100 for cents in row[3:5]]
        sheet.append([*row[:3], *amounts, *row[5:]])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
