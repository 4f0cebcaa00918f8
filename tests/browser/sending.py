"""A service to send things to, sheets with bad rows, and what must become of them."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from playwright.sync_api import Browser, Page, expect

import setup_db
from tests.browser.watching import Watch
from tests.own_reports import copy_own_reports
from tests.server import PATIENCE, Server, url
from tests.web.conftest import servers_over

expect.set_options(timeout=PATIENCE * 1000)

GUESTS = """/*
title: Note guests
description: Each row is a new guest, also when one of that name is there.
input:
  guest_name: {type: text, required: true, max: 100000, from: [Guest, Name]}
  city: {type: text, default: Pune, description: "<b>Where</b> from"}
*/
INSERT INTO customer_db.customers (customer_name, city, created_at)
SELECT input.guest_name, input.city, '2024-01-01T00:00:00Z'
FROM input
"""
NAMES_OF_A_CITY = """/*
title: Who lives there
params:
  city: {type: text, example: Pune}
*/
SELECT customers.customer_id, customers.customer_name, customers.email
FROM customer_db.customers AS customers
WHERE customers.city = :city
ORDER BY customers.customer_id
"""
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


@contextmanager
def service(folder: Path) -> Iterator[Server]:
    """A server over demo data and the project's own reports, for tests that change something."""
    assert setup_db.main(["--dbs", str(folder / "dbs"), "--orders", "60"]) == 0
    copy_own_reports(folder / "sql")
    own = {
        "guests/import.post": GUESTS,
        "guests/names.post": NAMES_OF_A_CITY,
        "broken/it.post": "INSERT INTO customer_db.nothing VALUES (1)",
    }
    with servers_over(folder) as make:
        yield make(own, max_body=50_000_000)


@contextmanager
def opened(browser: Browser, server: Server, **settings: Any) -> Iterator[Page]:
    """A page of a context of its own; nothing may go wrong in it but answers of 4xx and stopped requests."""
    settings = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | settings
    context = browser.new_context(base_url=url(server, ""), **settings)
    context.set_default_timeout(PATIENCE * 1000)
    watch = Watch(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    refused = ("4", "console: Failed to load resource")
    assert [fault for fault in watch.faults if not fault.startswith(refused)] == []


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


def asked(server: Server, database: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a database, read without the service."""
    with closing(sqlite3.connect(f"file:{server.dbs / database}.db?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()
