"""The files of the shop as plain rows, and what a sale does to them, computed without SQL."""

from __future__ import annotations

import copy
import io
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl

from tests.server import Answer, Server

TABLES = {
    "customers": "customer",
    "categories": "product",
    "products": "product",
    "orders": "order",
    "order_lines": "order_line",
    "invoices": "invoice",
    "payment_methods": "transaction",
    "transactions": "transaction",
    "ingested_transactions": "transaction",
}

Row = dict[str, Any]
Books = dict[str, list[Row]]
"""The rows of each table, in the order of their first column."""


@dataclass(frozen=True)
class Desk:
    """The server, and its files read by another program."""

    server: Server

    def books(self) -> Books:
        return {table: self._rows(table) for table in TABLES}

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return self.server.send(path, body, method, headers)

    def _rows(self, table: str) -> list[Row]:
        with closing(sqlite3.connect(self.server.dbs / f"{TABLES[table]}.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]


def after(books: Books) -> Books:
    """A copy, to be changed into what is expected."""
    return copy.deepcopy(books)


def one(rows: Iterable[Row], **wanted: Any) -> Row:
    """The row with these values, of which there is one."""
    (found,) = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return found


def without(rows: Iterable[Row], **unwanted: Any) -> list[Row]:
    """The rows but those with these values."""
    return [row for row in rows if not all(row[name] == value for name, value in unwanted.items())]


def lines_of(books: Books, order_id: int) -> list[Row]:
    return [line for line in books["order_lines"] if line["order_id"] == order_id]


def line_total(quantity: int, cents: int, discount: object = 0) -> int:
    """Quantity times price less the discount, rounded half up to a cent."""
    exact = quantity * cents * (1 - Decimal(str(discount)))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def with_stock(books: Books, least: int = 10) -> list[Row]:
    """Products that are sold and of which there are some."""
    return [
        product
        for product in books["products"]
        if not product["discontinued"] and (product["stock"] or 0) >= least
    ]


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """An Excel sheet with these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def refused(answer: Answer) -> list[tuple[Any, ...]]:
    """Line, column, value and reason of the rows that cannot be taken."""
    return [(row["line"], row["column"], row["value"], row["reason"]) for row in answer.json()["rejected"]]
