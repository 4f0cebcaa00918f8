"""The same values in every format, of everything that the shop tells."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest

from docs.generate import own_reports
from tests.formats.readers import read_excel
from tests.shop.books import Row
from tests.shop.conftest import Shop, ndjson

FOLDERS = ("customers", "orders", "order-lines", "products", "categories", "analytics")
OWN = (
    *("/customers/", "/customers/{customer_id}", "/orders/", "/orders/{order_id}", "/order-lines/"),
    *("/products/", "/products/{product_id}", "/categories/"),
    *(f"/analytics/{name}" for name in ("customers", "top-products", "top-categories", "profit-margins")),
    *(f"/analytics/{name}" for name in ("order-size", "revenue", "priority-share", "discount-impact")),
    *("/analytics/customer-lifetime-value", "/analytics/customer-behavior"),
)


def path_of(url: str) -> str:
    """The URL with a number where it wants one."""
    head, brace, _ = url.partition("{")
    return f"{head}1" if brace else url


def told(value: Any) -> Any:
    """A value without regard to how a format writes it; what is empty is None."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime | date):
        value = value.isoformat()
    if isinstance(value, bool) or value in ("true", "false"):
        return str(value).lower()
    try:
        return float(value)
    except ValueError:
        # Excel does not know whether a midnight is a day.
        return str(value).removesuffix("Z").removesuffix("T00:00:00")


def rows_of(table: list[list[Any]], columns: list[str]) -> list[list[Any]]:
    header, *rows = table
    assert header == columns
    return [[told(value) for value in row] for row in rows]


@pytest.mark.parametrize("url", OWN)
def test_every_format_has_the_same_rows(shop: Shop, url: str) -> None:
    path = path_of(url)
    rows: list[Row] = ndjson(shop.get(f"{path}?format=ndjson"))
    assert rows
    columns = list(rows[0])
    wanted = [[told(row[column]) for column in columns] for row in rows]
    text = shop.get(f"{path}?format=csv").text
    assert rows_of(list(csv.reader(io.StringIO(text, newline=""), strict=True)), columns) == wanted
    assert rows_of(read_excel(shop.get(f"{path}?format=xlsx").body), columns) == wanted
    whole = shop.get(path).json()
    items = whole["items"] if isinstance(whole, dict) and "items" in whole else whole
    if isinstance(items, list):
        assert items == rows[: len(items)]
        assert len(items) == min(len(rows), 50) if items is not whole else len(rows)
    else:
        assert {key: value for key, value in items.items() if key in columns}.items() <= rows[0].items()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("url", [url for url in OWN if "{" not in url])
def test_the_header_is_there_without_rows(nothing: Shop, url: str, form: str) -> None:
    body = nothing.get(f"{url}?format={form}").body
    header = read_excel(body)[0] if form == "xlsx" else next(csv.reader(io.StringIO(body.decode())))
    assert len(header) > 2


def test_nothing_that_reads_is_left_out() -> None:
    reads = {
        each.route.url
        for each in own_reports()
        if each.route.method == "GET" and each.file.split("/")[0] in FOLDERS
    }
    assert reads - {"/customers/contact"} == set(OWN)
