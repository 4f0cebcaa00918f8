"""The analytics against the same figures in plain Python."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest

from tests.imports import expected
from tests.shop import buyers, figures
from tests.shop.amounts import money
from tests.shop.books import Row
from tests.shop.conftest import Shop, real_sheet

FIGURES = {
    "customers": buyers.customers,
    "top-products": figures.top_products,
    "top-products?limit=1000": partial(figures.top_products, limit=1000),
    "top-categories": figures.top_categories,
    "top-categories?limit=1": partial(figures.top_categories, limit=1),
    "profit-margins": figures.profit_margins,
    "profit-margins?by=all": partial(figures.profit_margins, by="all"),
    "profit-margins?by=product": partial(figures.profit_margins, by="product"),
    "order-size": figures.order_size,
    "revenue": figures.revenue,
    "revenue?by=year": partial(figures.revenue, by="year"),
    "revenue?by=month": partial(figures.revenue, by="month"),
    "revenue?by=day": partial(figures.revenue, by="day"),
    "priority-share": figures.priority_share,
    "discount-impact": figures.discount_impact,
}
NESTS = {
    "customers": ("devices", ["device_type", "device_customer_count", "device_share"]),
    "priority-share": ("priorities", ["priority", "priority_count", "priority_share"]),
}
VALUE_SORTS = {
    "customer-lifetime-value": ["revenue", "profit", "order_count", "customer_id"],
    "customer-behavior": [
        "order_count",
        "average_basket",
        "days_between_orders",
        "last_order_date",
        "customer_id",
    ],
}
PERIOD = "from=2018-03-01&to=2024-06-30"


def by_customer(shop: Shop, name: str, *period: str) -> list[Row]:
    of = buyers.lifetime_values if name == "customer-lifetime-value" else buyers.behavior
    return sorted(of(shop.books, *period), key=lambda row: row["customer_id"])


def comparable(value: object) -> object:
    return Decimal(value) if isinstance(value, str) and value[-3:-2] == "." else value


def ranked(rows: list[Row], column: str, direction: str) -> list[Row]:
    """The rows in order; those without a value last, and equal ones by number."""
    told = [row for row in rows if row[column] is not None]
    told.sort(key=lambda row: row["customer_id"])
    told.sort(key=lambda row: comparable(row[column]), reverse=direction == "desc")
    return told + [row for row in rows if row[column] is None]


@pytest.mark.parametrize("name", FIGURES)
def test_figures(shop: Shop, name: str) -> None:
    assert shop.rows(f"/analytics/{name}") == FIGURES[name](shop.books)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_a_period(shop: Shop, name: str) -> None:
    separator = "&" if "?" in name else "?"
    wanted = FIGURES[name](shop.books, "2018-03-01", "2024-06-30")
    assert shop.rows(f"/analytics/{name}{separator}{PERIOD}") == wanted


@pytest.mark.parametrize("source", ["shop", "desk"])
@pytest.mark.parametrize("name", [name for name in FIGURES if not name.startswith("profit-margins")])
def test_figures_of_a_source(shop: Shop, name: str, source: str) -> None:
    separator = "&" if "?" in name else "?"
    wanted = FIGURES[name](shop.books, "0", "9", source)
    assert shop.rows(f"/analytics/{name}{separator}source={source}") == wanted


@pytest.mark.parametrize("name", FIGURES)
def test_shapes(shop: Shop, name: str) -> None:
    rows = FIGURES[name](shop.books)
    told = shop.get(f"/analytics/{name}").json()
    if name == "order-size":
        assert [told] == rows
    elif name in NESTS:
        title, columns = NESTS[name]
        head = {key: value for key, value in rows[0].items() if key not in columns}
        parts = [{column: row[column] for column in columns} for row in rows]
        assert told == head | {title: parts}
    else:
        assert told == rows


@pytest.mark.parametrize("name", VALUE_SORTS)
def test_customers_in_every_order(shop: Shop, name: str) -> None:
    rows = by_customer(shop, name)
    for column in VALUE_SORTS[name]:
        for direction in ("asc", "desc"):
            path = f"/analytics/{name}?sort={column}.{direction}"
            assert shop.rows(path) == ranked(rows, column, direction), path
    assert shop.rows(f"/analytics/{name}") == ranked(rows, VALUE_SORTS[name][0], "desc")


@pytest.mark.parametrize("name", VALUE_SORTS)
def test_some_customers(shop: Shop, name: str) -> None:
    start, end = "2018-03-01", "2024-06-30"
    rows = by_customer(shop, name, start, end)
    assert shop.rows(f"/analytics/{name}?sort=customer_id.asc&{PERIOD}") == rows
    for source in ("shop", "desk"):
        wanted = by_customer(shop, name, "0", "9", source)
        assert shop.rows(f"/analytics/{name}?sort=customer_id.asc&source={source}") == wanted
    wanted = [row for row in by_customer(shop, name) if "customer 1" in row["customer_name"].lower()]
    assert shop.rows(f"/analytics/{name}?sort=customer_id.asc&q=CUSTOMER%201") == wanted


def test_customers_who_came_back(shop: Shop) -> None:
    wanted = [row for row in by_customer(shop, "customer-behavior") if row["order_count"] >= 2]
    assert wanted
    assert shop.rows("/analytics/customer-behavior?sort=customer_id.asc&min_orders=2") == wanted
    assert all(row["days_between_orders"] is not None for row in wanted)


@pytest.mark.parametrize("name", VALUE_SORTS)
def test_a_page_of_customers(shop: Shop, name: str) -> None:
    rows = ranked(by_customer(shop, name), VALUE_SORTS[name][0], "desc")
    told = shop.get(f"/analytics/{name}?limit=7&offset=3").json()
    assert told == {"items": rows[3:10], "total": len(rows), "limit": 7, "offset": 3}


def test_what_nobody_knows_is_there(shop: Shop) -> None:
    (total,) = shop.rows("/analytics/revenue?source=shop")
    assert total["lines_without_total"] > 0
    (size,) = shop.rows("/analytics/order-size?source=shop")
    assert 0 < size["orders_with_total"] < size["orders_with_quantity"] < size["order_count"]
    assert shop.rows("/analytics/discount-impact?source=shop")[-1]["discount"] is None


def test_the_real_sheet_adds_up(real_shop: Shop) -> None:
    """Against the cells of the file, which are all lines of different orders."""
    shop, cells = real_shop, expected.cells(real_sheet())
    totals = [expected.line_total(cell["Quantity"], cell["Sales"], cell["Discount"]) or 0 for cell in cells]
    (told,) = shop.get("/analytics/revenue").json()
    assert told["revenue"] == money(sum(totals))
    assert Decimal(told["profit"]) == sum(Decimal(cell["Profit"]) for cell in cells)
    assert Decimal(told["shipping_cost"]) == sum(Decimal(cell["Shipping_Cost"]) for cell in cells)
    assert told["order_count"] == len({(cell["Customer_Id"], expected.moment(cell)) for cell in cells})
    people = shop.get("/analytics/customers").json()
    assert people["customer_count"] == len({cell["Customer_Id"] for cell in cells})
    months = shop.get("/analytics/revenue?by=month").json()
    assert sum(Decimal(month["revenue"]) for month in months) == Decimal(told["revenue"])
    urgent = sum(cell["Order_Priority"] in ("High", "Critical") for cell in cells)
    share = shop.get("/analytics/priority-share").json()["high_or_critical_share"]
    assert share == urgent / len(cells)


@pytest.mark.parametrize(
    "query",
    [
        "top-products?limit=0",
        "top-products?limit=1001",
        "top-products?limit=five",
        "top-categories?limit=-1",
        "revenue?by=week",
        "revenue?from=yesterday",
        "revenue?source=web",
        "profit-margins?by=brand",
        "order-size?to=2024-02-30",
        "priority-share?limit=5",
        "customer-lifetime-value?limit=201",
        "customer-lifetime-value?sort=name.asc",
        "customer-behavior?offset=-1",
        "customer-behavior?min_orders=0",
    ],
)
def test_what_is_refused(nothing: Shop, query: str) -> None:
    answer = nothing.server.get(f"/analytics/{query}")
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_was_sold(nothing: Shop, name: str) -> None:
    assert nothing.rows(f"/analytics/{name}") == FIGURES[name](nothing.books)
    told = nothing.get(f"/analytics/{name}").json()
    if name in NESTS and name == "customers":
        assert (told["customer_count"], told["member_share"], told["devices"]) == (0, None, [])
    if name == "revenue":
        assert [(row["order_count"], row["revenue"]) for row in told] == [(0, "0.00")]


@pytest.mark.parametrize("name", VALUE_SORTS)
def test_nobody_bought(nothing: Shop, name: str) -> None:
    assert nothing.get(f"/analytics/{name}").json() == {"items": [], "total": 0, "limit": 50, "offset": 0}
