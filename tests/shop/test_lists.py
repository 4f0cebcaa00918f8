"""The lists against the same rows in plain Python."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.own_reports import own_reports
from tests.shop.books import Row
from tests.shop.conftest import Shop
from tests.shop.listings import LISTINGS

QUERIES = {
    "/customers/": [
        "q=shop customer 1000",
        "q=ZO",
        "q=EXAMPLE.NET",
        "q=àb",
        "q=ÀB",
        "q=100%",
        "q=_",
        "q=nobody's",
        "q=+91 0",
        "city=puNE",
        "state=Maharashtra&from=2022-01-02",
        "pincode=14",
        "gender=female",
        "login_type=guest&gender=MALE",
        "from=2018-03-01&to=2018-05-31",
        "to=2026-01-01&from=2026-01-01",
        "city=Nowhere",
    ],
    "/orders/": [
        "q=customer 100",
        "q=17",
        "customer_id=3",
        "customer_id=999999",
        "city=PUNE",
        "status=cancelled",
        "status=shipped&priority=High",
        "priority=Critical",
        "device_type=MOBILE",
        "payment_method=credit_CARD&priority=Low",
        "source=shop",
        "source=desk",
        "source=all",
        "from=2018-03-01&to=2018-05-31",
        "from=2026-01-02",
        "min_total=250.5",
        "max_total=99.99",
        "min_total=100&max_total=300&source=shop&from=2018-02-01",
        "min_total=0",
    ],
    "/order-lines/": [
        "order_id=5",
        "product_id=2",
        "product_id=2&from=2018-06-01",
        "from=2018-03-01&to=2018-05-31",
        "to=2018-05-31",
        "unknown_total=true",
        "unknown_total=no",
    ],
    "/products/": [
        "q=s",
        "q=HOME",
        "q=élan",
        "category=electronic",
        "category=KITCHEN",
        "min_price=72",
        "max_price=72.00",
        "min_price=32.99&max_price=118",
        "in_stock=true",
        "in_stock=false",
        "discontinued=true",
        "discontinued=false&q=e",
    ],
    "/categories/": ["q=e", "q=ELECTRONIC", "q=x"],
}
ALL_QUERIES = [(path, query) for path, queries in QUERIES.items() for query in queries]
SORTS = [(path, name) for path, listing in LISTINGS.items() for name in listing.sorts]


def url(path: str, query: str) -> str:
    return f"{path}?{quote(query, safe='=&')}"


def wanted(shop: Shop, path: str, query: str) -> list[Row]:
    listing = LISTINGS[path]
    rows = listing.rows(shop.books)
    for name, _, text in (pair.partition("=") for pair in query.split("&")):
        # A boolean may be said in other words.
        rows = [row for row in rows if listing.filters[name](row, {"no": "false"}.get(text, text))]
    return listing.sorted(rows, listing.default)


@pytest.mark.parametrize(("path", "query"), ALL_QUERIES)
def test_filters(shop: Shop, path: str, query: str) -> None:
    assert shop.rows(url(path, query)) == wanted(shop, path, query)


@pytest.mark.parametrize("path", LISTINGS)
def test_every_filter_is_tried_where_it_matters(sheet_shop: Shop, mixed_shop: Shop, path: str) -> None:
    """In one of the shops it leaves some rows in and others out."""
    for name in LISTINGS[path].filters:
        queries = [query for query in QUERIES[path] if f"&{name}=" in f"&{query}"]
        counts = [
            (len(wanted(shop, path, query)), len(LISTINGS[path].rows(shop.books)))
            for shop in (sheet_shop, mixed_shop)
            for query in queries
        ]
        assert any(0 < left < everything for left, everything in counts), name


@pytest.mark.parametrize(("path", "name"), SORTS)
def test_sorts(shop: Shop, path: str, name: str) -> None:
    listing = LISTINGS[path]
    for direction in ("asc", "desc"):
        sort = f"{name}.{direction}"
        assert shop.rows(f"{path}?sort={sort}") == listing.sorted(listing.rows(shop.books), sort), sort


@pytest.mark.parametrize("path", LISTINGS)
def test_all_pages_have_each_row_once_and_in_order(shop: Shop, path: str) -> None:
    listing = LISTINGS[path]
    rows = listing.sorted(listing.rows(shop.books), listing.default)
    limit = 200 if len(rows) > 1000 else 7
    for offset in range(0, len(rows) + limit, limit):
        told = shop.get(f"{path}?limit={limit}&offset={offset}").json()
        items = rows[offset : offset + limit]
        assert told == {"items": items, "total": len(rows), "limit": limit, "offset": offset}


@pytest.mark.parametrize("path", LISTINGS)
def test_a_page_without_a_limit(shop: Shop, path: str) -> None:
    listing = LISTINGS[path]
    rows = listing.sorted(listing.rows(shop.books), listing.default)
    assert shop.get(path).json() == {"items": rows[:50], "total": len(rows), "limit": 50, "offset": 0}
    assert shop.rows(f"{path}?limit=3&offset=1") == rows[1:4]


def test_the_total_counts_what_the_filter_leaves(shop: Shop) -> None:
    told = shop.get("/orders/?min_total=100&limit=1").json()
    assert told["total"] == len(wanted(shop, "/orders/", "min_total=100"))


def test_bounds_are_inside(shop: Shop) -> None:
    rows = [row for row in LISTINGS["/orders/"].rows(shop.books) if row["order_total"] is not None]
    total = rows[len(rows) // 2]["order_total"]
    told = shop.rows(f"/orders/?min_total={total}&max_total={total}&sort=order_id.asc")
    assert told == [row for row in rows if row["order_total"] == total]


def test_every_parameter_of_a_list_is_tried() -> None:
    lists = {each.route.url: each for each in own_reports() if each.route.method == "GET"}
    for path, listing in LISTINGS.items():
        source = lists[path].source
        assert source is not None
        assert set(source.header.params) == {*listing.filters, "sort", "limit", "offset"}
        choices = source.header.params["sort"].choices
        assert choices is not None
        assert set(choices) == {f"{name}.{way}" for name in listing.sorts for way in ("asc", "desc")}


@pytest.mark.parametrize(
    "query",
    [
        "/customers/?sort=email.asc",
        "/customers/?limit=0",
        "/customers/?limit=201",
        "/customers/?limit=201&format=csv",
        "/customers/?offset=-1",
        "/customers/?from=yesterday",
        "/customers/?name=x",
        "/customers/x",
        "/customers/0",
        "/orders/?status=lost",
        "/orders/?priority=high",
        "/orders/?min_total=much",
        "/orders/?min_total=-1",
        "/orders/?to=2024-02-30",
        "/orders/?sort=order_date",
        "/orders/?source=web",
        "/orders/1.5",
        "/order-lines/?unknown_total=perhaps",
        "/order-lines/?order_id=a",
        "/products/?in_stock=maybe",
        "/products/?min_price=nan",
        "/products/-1",
        "/categories/?sort=product_count.asc",
    ],
)
def test_what_is_refused(nothing: Shop, query: str) -> None:
    answer = nothing.server.get(query)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", LISTINGS)
def test_lists_of_nothing(nothing: Shop, path: str) -> None:
    assert nothing.get(path).json() == {"items": [], "total": 0, "limit": 50, "offset": 0}
    assert nothing.rows(path) == []


def test_the_real_sheet_is_there(real_shop: Shop) -> None:
    totals = {path: real_shop.get(path).json()["total"] for path in LISTINGS}
    assert totals == {
        "/customers/": 1975,
        "/orders/": 2000,
        "/order-lines/": 2000,
        "/products/": 42,
        "/categories/": 4,
    }
