"""Whole sheets: a server over each, and what its invoices say in plain Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import setup_db
from tests.imports import expected, running, sheets
from tests.imports.conftest import DATA
from tests.imports.running import SQL
from tests.server import Server
from tests.shop.flat_rows import Row, money

MADE_INVOICES, MADE_ORDERS = "made invoices", "made orders"
OVER_INVOICES = [MADE_INVOICES, pytest.param("unicorn_inc.csv", marks=pytest.mark.slow)]
OVER_ORDERS = [MADE_ORDERS, pytest.param("ecommerce_sample.csv", marks=pytest.mark.slow)]


_MORE_INVOICES = (
    "Quill & Ink,QN3000001,10/1/25,,20.5,0,Pending,EUR,Zoë Last,,zoe@company0.example,Net 7,\r\n"
    "Quill & Ink,QN3000002,9/30/25,PO-X,0.29,0.28,Pending,USD,,555-0,,Net 30,\r\n"
)
"""Contacts of whom not everything is known, and whose names are not in the order of their days."""

_MORE_ORDERS = (
    "12/1/2018,8:00:00,1,10500,Male,Web,Member,Electronic,Lamp,7,1,0.1,1,1,Low,e_wallet\r\n"
    "12/1/2018,9:30:00,1,10500,Male,Web,Member,Electronic,Lamp,7,2,0.1,1,1,Low,e_wallet\r\n"
)
"""Two orders of one customer on one day."""


def sheet_of(name: str) -> bytes:
    """A sheet that is made here, or one of the real ones; skips the test when it is not there."""
    if name == MADE_INVOICES:
        return sheets.invoices() + _MORE_INVOICES.encode()
    if name == MADE_ORDERS:
        return sheets.shop_orders() + _MORE_ORDERS.encode()
    if not (DATA / name).exists():
        pytest.skip(f"needs {name}; AGGREGATOR_TEST_DATA names its folder")
    return (DATA / name).read_bytes()


@contextmanager
def loaded(folder: Path, endpoint: str, sheet: bytes) -> Iterator[Server]:
    """A server with the project's own SQL over databases that hold one sheet and nothing else."""
    dbs = folder / "dbs"
    assert setup_db.main(["--dbs", str(dbs), "--orders", "0"]) == 0
    if sheet:
        running.load(dbs, endpoint, sheet)
    server = Server(dbs, SQL, folder / "log", reader_processes=0)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(dbs)


@dataclass(frozen=True)
class Invoice:
    """One invoice; amounts in cents."""

    number: str
    customer: str
    invoiced: date
    due: date
    billed: int
    applied: int
    currency: str
    status: str
    terms: str
    order: str | None
    contact: tuple[str | None, str | None, str | None]

    @property
    def outstanding(self) -> int:
        return max(self.billed - self.applied, 0)

    def days_due(self, day: date) -> int:
        return (day - self.due).days


def invoices_of(sheet: bytes) -> list[Invoice]:
    """Each invoice of a sheet."""
    return [
        Invoice(
            number,
            row["customer_name"],
            date.fromisoformat(row["invoice_date"]),
            date.fromisoformat(row["due_date"]),
            row["bill_total_cents"],
            row["applied_cents"],
            row["currency"],
            row["status"],
            row["terms"],
            row["customer_po_number"],
            (row["contact_name"], row["contact_email"], row["contact_phone"]),
        )
        for number, row in expected.invoices(sheet).items()
    ]


def past_due_item(invoice: Invoice, as_of: date) -> Row:
    """An item of /invoices/past-due."""
    return {
        "invoice_number": invoice.number,
        "customer_name": invoice.customer,
        "invoice_date": invoice.invoiced.isoformat(),
        "due_date": invoice.due.isoformat(),
        "bill_total": money(invoice.billed),
        "applied": money(invoice.applied),
        "outstanding": money(invoice.outstanding),
        "currency": invoice.currency,
        "status": invoice.status,
        "days_past_due": invoice.days_due(as_of),
    }


def past_due(invoices: list[Invoice], as_of: date) -> list[Invoice]:
    """Those that were due before the day and are not paid, by number."""
    owed = [each for each in invoices if each.outstanding > 0 and each.due < as_of]
    return sorted(owed, key=lambda each: each.number)


def swapped(text: str) -> str:
    """A to Z in the other case."""
    return "".join(letter.swapcase() if letter.isascii() else letter for letter in text)
