"""Loading a sheet of invoices, against sums made in plain Python."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.imports import expected, running, sheets
from tests.imports.running import dump, read, write

FILE = "invoices/import.post.sql"
ALL = """
SELECT customers.customer_name, invoices.*
FROM invoice_db.invoices AS invoices
INNER JOIN customer_db.customers AS customers ON invoices.customer_id = customers.customer_id
"""


def load(dbs: Path, sheet: bytes) -> int:
    told = running.load(dbs, "invoices/import", sheet)
    assert told["received"] == len(expected.invoice_input(sheet))
    assert told["inserted"] + told["updated"] + told["unchanged"] == told["received"]
    return int(told["inserted"] + told["updated"])


def invoices(dbs: Path) -> dict[str, dict[str, Any]]:
    rows = read(dbs, ALL)
    hidden = ("invoice_id", "invoice_number", "customer_id")
    found = {
        row["invoice_number"]: {name: value for name, value in row.items() if name not in hidden}
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def changed(sheet: bytes, number: str, **values: Any) -> list[dict[str, Any]]:
    """The rows of the sheet, of which one has other values."""
    return [row | values if row["invoice_number"] == number else row for row in expected.invoice_input(sheet)]


def test_every_invoice_is_as_the_sheet_says(dbs: Path, invoice_sheet: bytes) -> None:
    wanted = expected.invoices(invoice_sheet)
    assert load(dbs, invoice_sheet) == len(wanted)
    assert invoices(dbs) == wanted


def test_sums_of_each_currency(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    rows = read(
        dbs,
        "SELECT currency, COUNT(*) AS count, SUM(bill_total_cents) AS billed, SUM(applied_cents) AS applied "
        "FROM invoice_db.invoices GROUP BY currency",
    )
    sums = {
        row["currency"]: (row["count"], Decimal(row["billed"]) / 100, Decimal(row["applied"]) / 100)
        for row in rows
    }
    assert sums == expected.sums_by_currency(invoice_sheet)
    assert len(sums) == 2


def test_each_customer_is_entered_once_and_in_order(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    names = [row["customer_name"] for row in read(dbs, "SELECT * FROM customer_db.customers")]
    assert names == list(dict.fromkeys(cell["CustomerName"] for cell in expected.cells(invoice_sheet)))
    assert any("&" in name for name in names)
    assert any("'" in name for name in names)


def test_a_customer_has_the_contact_of_the_newest_invoice(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    newest: dict[str, tuple[str, int, str, str]] = {}
    first: dict[str, str] = {}
    for row in expected.invoice_input(invoice_sheet):
        name, day = row["customer_name"], row["invoice_date"]
        first[name] = min(first.get(name, day), day)
        if row["contact_email"]:
            newest[name] = max(
                newest.get(name, ("", 0, "", "")),
                (day, row["line"], row["contact_email"], row["contact_phone"]),
            )
    for customer in read(dbs, "SELECT * FROM customer_db.customers"):
        email, phone = newest.get(customer["customer_name"], (None, None, None, None))[2:]
        assert (customer["email"], customer["phone"]) == (email, phone)
        assert customer["created_at"] == first[customer["customer_name"]] + "T00:00:00Z"
        assert customer["city"] is None


def test_who_was_last_seen_when(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    rows = read(
        dbs,
        "SELECT customer_name, contact_name, contact_email, contact_phone, MAX(invoice_date) AS last_seen "
        f"FROM ({ALL}) WHERE contact_name IS NOT NULL GROUP BY 1, 2, 3, 4",
    )
    seen = {tuple(row.values())[:4]: row["last_seen"] for row in rows}
    assert seen == expected.contacts(invoice_sheet)


def test_empty_due_dates_follow_from_the_terms(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    empty = {cell["InvoiceNumber"] for cell in expected.cells(invoice_sheet) if not cell["DueDate"]}
    assert empty
    days = read(
        dbs,
        "SELECT invoice_number, terms, "
        "'Net ' || CAST(julianday(due_date) - julianday(invoice_date) AS INTEGER) AS due "
        "FROM invoice_db.invoices",
    )
    assert all(row["terms"] == row["due"] for row in days if row["invoice_number"] in empty)


def test_a_second_load_changes_nothing(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    before = dump(dbs)
    assert load(dbs, invoice_sheet) == 0
    assert dump(dbs) == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("due_date", "2031-01-01"),
        ("bill_total_cents", 99_999_999),
        ("customer_po_number", None),
        ("contact_name", "Somebody else"),
        ("contact_phone", None),
        ("currency", "EUR"),
        ("customer_name", "Somebody else"),
    ],
)
def test_one_changed_cell_updates_one_invoice(dbs: Path, column: str, value: Any) -> None:
    sheet = sheets.invoices()
    load(dbs, sheet)
    wanted = invoices(dbs)
    number = next(each for each, row in wanted.items() if row["status"] == "Open" and row["contact_name"])
    wanted[number][column] = value
    assert write(dbs, FILE, changed(sheet, number, **{column: value})).changed == 1
    assert invoices(dbs) == wanted


def test_a_paid_invoice_is_closed(dbs: Path) -> None:
    sheet = sheets.invoices()
    load(dbs, sheet)
    number, row = next((number, row) for number, row in invoices(dbs).items() if row["status"] == "Open")
    paid = changed(sheet, number, status="Closed", applied_cents=row["bill_total_cents"])
    assert write(dbs, FILE, paid).changed == 1
    assert invoices(dbs)[number]["status"] == "Closed"


def test_a_name_in_another_case_is_the_same_customer(dbs: Path) -> None:
    rows = expected.invoice_input(sheets.invoices())
    shouted = [row | {"customer_name": row["customer_name"].replace("o", "O")} for row in rows[60:]]
    write(dbs, FILE, [*rows[:60], *shouted])
    known = read(dbs, "SELECT COUNT(*) AS count FROM customer_db.customers")
    assert known == [{"count": len({row["customer_name"] for row in rows})}]
    assert write(dbs, FILE, rows).changed == 0


def test_of_a_number_that_comes_twice_the_last_line_counts(dbs: Path) -> None:
    rows = expected.invoice_input(sheets.invoices())
    again = rows[0] | {"line": 5_000, "customer_po_number": "PO-AGAIN"}
    for _ in range(2):
        write(dbs, FILE, [*rows, again])
        assert invoices(dbs)[again["invoice_number"]]["customer_po_number"] == "PO-AGAIN"
    assert write(dbs, FILE, [*rows, again]).changed == 0


def test_customers_of_the_demo_are_known_by_name(demo: Path) -> None:
    before = dump(demo)
    row = expected.invoice_input(sheets.invoices())[0] | {"customer_name": "LENS & light"}
    assert write(demo, FILE, [row]).changed == 1
    after = dump(demo)
    assert after["customer_db.customers"] == before["customer_db.customers"]
    new = set(after.pop("invoice_db.invoices")) - set(before.pop("invoice_db.invoices"))
    assert [invoice[2] for invoice in new] == [3]
    assert after == before


def test_a_contradiction_is_refused_and_nothing_is_written(dbs: Path) -> None:
    before = dump(dbs)
    rows = expected.invoice_input(sheets.invoices())
    rows[-1] |= {"status": "Closed", "applied_cents": rows[-1]["bill_total_cents"] + 1}
    with pytest.raises(apsw.ConstraintError):
        write(dbs, FILE, rows)
    assert dump(dbs) == before


def test_a_report_tells_what_is_owed(dbs: Path, invoice_sheet: bytes) -> None:
    load(dbs, invoice_sheet)
    report = write(dbs, "report/open-receivables.sql", params={"as_of": "2026-01-01", "at_least": 1})
    owed: dict[tuple[str, str], Decimal] = {}
    for cell in expected.cells(invoice_sheet):
        key = (cell["CustomerName"], cell["Currency"])
        owed[key] = owed.get(key, Decimal(0)) + Decimal(cell["BillTotal"]) - Decimal(cell["Applied"])
    found = {
        (row["customer_name"], row["currency"]): Decimal(row["outstanding"]) / 100 for row in report.rows
    }
    assert found == {key: amount for key, amount in owed.items() if amount}
