"""The reports over a database that nobody here wrote, against sums made in plain Python."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests import commands

PROJECT = Path(__file__).parent.parent
SQL = PROJECT / "examples" / "northwind" / "sql"
DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", PROJECT.parent / "shared" / "data"))
ORIGINAL = DATA / "northwind_small.sqlite"

pytestmark = pytest.mark.skipif(
    not ORIGINAL.exists(), reason=f"needs {ORIGINAL.name}; AGGREGATOR_TEST_DATA names its folder"
)


@pytest.fixture(scope="module")
def dbs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("northwind")
    shutil.copyfile(ORIGINAL, folder / "northwind.sqlite")
    return folder


@pytest.fixture(scope="module")
def original(dbs: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(dbs / "northwind.sqlite")
    yield connection
    connection.close()


def run(dbs: Path, *arguments: str) -> bytes:
    done = commands.run(["-m", "aggregator", "run", *arguments, "--dbs", dbs, "--sql", SQL], cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(dbs: Path, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(run(dbs, *arguments, "--format", "json"))


def test_sales_of_each_customer(dbs: Path, original: sqlite3.Connection) -> None:
    sales: dict[int, float] = {}
    for order, price, quantity, discount in original.execute(
        'SELECT "OrderID", "UnitPrice", "Quantity", "Discount" FROM "Order Details"'
    ):
        sales[order] = sales.get(order, 0.0) + price * quantity * (1 - discount)
    expected: dict[str, dict[str, Any]] = {
        customer: {"order_count": 0, "unshipped_count": 0, "sales": 0.0, "company_name": name}
        for customer, name in original.execute('SELECT "CustomerID", "CompanyName" FROM "Customers"')
    }
    for order, customer, shipped in original.execute(
        'SELECT "OrderID", "CustomerID", "ShippedDate" FROM "Orders"'
    ):
        expected[customer]["order_count"] += 1
        expected[customer]["unshipped_count"] += shipped is None
        expected[customer]["sales"] += sales[order]

    answered = {row["customer_id"]: row for row in rows(dbs, "customer-sales")}

    assert answered.keys() == expected.keys()
    for customer, row in answered.items():
        assert row["company_name"] == expected[customer]["company_name"]
        assert row["order_count"] == expected[customer]["order_count"]
        assert row["unshipped_count"] == expected[customer]["unshipped_count"]
        assert row["sales"] == pytest.approx(expected[customer]["sales"], abs=0.0051)


def test_country_is_matched_without_case(dbs: Path, original: sqlite3.Connection) -> None:
    expected = {
        customer
        for customer, country in original.execute('SELECT "CustomerID", "Country" FROM "Customers"')
        if country == "Germany"
    }
    assert {row["customer_id"] for row in rows(dbs, "customer-sales", "country=gERMANY")} == expected


def test_orders_without_a_shipping_date(dbs: Path, original: sqlite3.Connection) -> None:
    expected = [
        order
        for order, required, shipped in original.execute(
            'SELECT "OrderID", "RequiredDate", "ShippedDate" FROM "Orders"'
        )
        if shipped is None and required < "1998-06-01"
    ]
    text = run(dbs, "unshipped-orders", "wanted_before=1998-06-01", "--format", "csv").decode()
    answered = list(csv.DictReader(io.StringIO(text, newline="")))
    assert sorted(int(row["order_id"]) for row in answered) == sorted(expected)
    assert {row["shipped"] for row in answered} == {""}


def test_dates_and_photographs_in_every_format(
    dbs: Path, original: sqlite3.Connection, tmp_path: Path
) -> None:
    people = {
        number: (first, last, born, photo)
        for number, first, last, born, photo in original.execute(
            'SELECT "EmployeeID", "FirstName", "LastName", "BirthDate", "Photo" FROM "Employees"'
        )
    }
    for row in rows(dbs, "employees"):
        first, last, born, photo = people[row["employee_id"]]
        assert row["employee_name"] == f"{first} {last}"
        assert row["born"] == born
        assert base64.b64decode(row["photo"]) == photo

    run(dbs, "unshipped-orders", "--output", str(tmp_path / "orders.xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").active
    header, *cells = sheet.iter_rows(values_only=True)
    required = header.index("required")
    expected = {
        order: datetime.fromisoformat(day)
        for order, day in original.execute(
            'SELECT "OrderID", "RequiredDate" FROM "Orders" WHERE "ShippedDate" IS NULL'
        )
    }
    assert {row[0]: row[required] for row in cells} == expected


def test_names_keep_their_letters(dbs: Path, original: sqlite3.Connection) -> None:
    names = {name for (name,) in original.execute('SELECT "CompanyName" FROM "Customers"')}
    assert any(not name.isascii() for name in names)
    text = run(dbs, "customer-sales", "--format", "csv").decode("utf-8")
    assert {row["company_name"] for row in csv.DictReader(io.StringIO(text, newline=""))} == names
