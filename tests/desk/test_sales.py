"""Sales over the counter: an order of one line each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.desk.books import Books, Desk, Row, after, amount, lines_of, one, with_stock

MOMENT = "2025-11-20T10:15:30Z"


def sale_of(books: Books, order_id: int) -> Row:
    """A sale as the desk tells it."""
    order, line = one(books["orders"], order_id=order_id), one(books["order_lines"], order_id=order_id)
    product = one(books["products"], product_id=line["product_id"])
    return {
        "order_id": order_id,
        "customer_id": order["customer_id"],
        "sold_at": order["ordered_at"],
        "status": order["status"],
        "payment_method": order["payment_method"],
        "product_id": product["product_id"],
        "item": product["product_name"],
        "quantity": line["quantity"],
        "unit_price": amount(line["unit_price_cents"]),
        "total": amount(line["line_total_cents"]),
        "stock_left": product["stock"],
    }


@pytest.mark.parametrize("by", ["item", "product_id"])
@pytest.mark.parametrize(("price", "cents"), [(None, None), (9.99, 999), ("0.29", 29)])
@pytest.mark.parametrize("customer_id", [None, 4])
def test_a_sale(desk: Desk, by: str, price: object, cents: int | None, customer_id: int | None) -> None:
    desk.send("POST", "/sales", {"product_id": with_stock(desk.books())[0]["product_id"], "quantity": 1})
    before = desk.books()
    product = with_stock(before)[1]
    named = {by: product["product_name"] if by == "item" else product["product_id"]}
    body = named | {"quantity": 2, "price": price, "customer_id": customer_id, "sold_at": MOMENT}
    answer = desk.send("POST", "/sales", body)
    assert answer.status == 201
    wanted = after(before)
    walk_in = min(row["customer_id"] for row in before["customers"] if row["customer_name"] == "Walk-in")
    number = max(order["order_id"] for order in before["orders"]) + 1
    wanted["orders"].append(
        dict.fromkeys(before["orders"][0])
        | {
            "order_id": number,
            "customer_id": customer_id or walk_in,
            "order_date": MOMENT[:10],
            "ordered_at": MOMENT,
            "status": "paid",
            "priority": "Medium",
        }
    )
    each = product["unit_price_cents"] if cents is None else cents
    wanted["order_lines"].append(
        dict.fromkeys(before["order_lines"][0])
        | {
            "order_line_id": max(line["order_line_id"] for line in before["order_lines"]) + 1,
            "order_id": number,
            "line_number": 1,
            "product_id": product["product_id"],
            "quantity": 2,
            "unit_price_cents": each,
            "discount": 0,
            "line_total_cents": 2 * each,
        }
    )
    one(wanted["products"], product_id=product["product_id"])["stock"] -= 2
    assert desk.books() == wanted
    assert answer.json() == sale_of(wanted, number)


def test_the_walk_in_customer_is_entered_once(desk: Desk) -> None:
    product = with_stock(desk.books())[0]["product_id"]
    for _ in range(3):
        assert desk.send("POST", "/sales", {"product_id": product, "quantity": 1}).status == 201
    names = Counter(row["customer_name"] for row in desk.books()["customers"])
    assert names["Walk-in"] == 1


def test_what_is_refused(desk: Desk) -> None:
    before = desk.books()
    product, old = with_stock(before)[0], one(before["products"], product_id=12)
    desk.send("PATCH", "/products/12", {"discontinued": True})
    number, name, stock = (product[key] for key in ("product_id", "product_name", "stock"))
    either = "Give item or product_id, not both."
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"quantity": 1}, 422, either),
        ({"item": name, "product_id": number, "quantity": 1}, 422, either),
        ({"item": "No such thing", "quantity": 1}, 422, "There is no product No such thing."),
        ({"product_id": 99999, "quantity": 1}, 422, "There is no product 99999."),
        ({"product_id": number}, 422, "quantity: is required (Number of pieces)"),
        ({"product_id": number, "quantity": 0}, 422, "quantity: must be at least 1"),
        ({"product_id": number, "quantity": 1, "price": -1}, 422, "price: must be at least 0.0"),
        ({"product_id": number, "quantity": 1, "customer_id": 99999}, 422, "There is no customer 99999."),
        (
            {"product_id": number, "quantity": stock + 1},
            409,
            f"Of {name} there are {stock} left, not {stock + 1}.",
        ),
        ({"product_id": 12, "quantity": 1}, 409, f"{old['product_name']} is no longer sold."),
    ]
    for body, status, told in cases:
        answer = desk.send("POST", "/sales", body)
        assert (answer.status, answer.json()["detail"]) == (status, told)
    desk.send("PATCH", "/products/12", {"discontinued": bool(old["discontinued"])})
    assert desk.books() == before


def test_what_is_not_counted_is_never_sold_out(desk: Desk) -> None:
    body = {"product_name": "Air", "category_name": "Weather", "unit_price": 0}
    number = desk.send("POST", "/products/", body).json()["product_id"]
    answer = desk.send("POST", "/sales", {"item": "Air", "quantity": 1_000_000})
    assert (answer.status, answer.json()["stock_left"]) == (201, None)
    assert one(desk.books()["products"], product_id=number)["stock"] is None


def test_a_sale_is_changed_and_taken_back(desk: Desk) -> None:
    before = desk.books()
    product = with_stock(before)[2]
    body = {"product_id": product["product_id"], "quantity": 2, "customer_id": 1, "sold_at": MOMENT}
    number = desk.send("POST", "/sales", body).json()["order_id"]
    sold = desk.books()
    path = f"/sales/{number}"
    answer = desk.send("PATCH", path, {"quantity": product["stock"], "price": 1.15})
    wanted = after(sold)
    one(wanted["order_lines"], order_id=number).update(
        quantity=product["stock"], unit_price_cents=115, line_total_cents=115 * product["stock"]
    )
    one(wanted["products"], product_id=product["product_id"])["stock"] = 0
    assert desk.books() == wanted
    assert answer.json() == sale_of(wanted, number)
    told = f"Of {product['product_name']} there are {product['stock']} left, with those of this sale, not "
    answer = desk.send("PATCH", path, {"quantity": product["stock"] + 1})
    assert (answer.status, answer.json()["detail"]) == (409, f"{told}{product['stock'] + 1}.")
    assert desk.books() == wanted
    assert desk.send("DELETE", path).status == 200
    assert desk.books() == before
    assert desk.send("DELETE", path).status == 404


def test_an_order_of_several_lines_is_no_sale(desk: Desk) -> None:
    books = desk.books()
    number = next(
        order["order_id"] for order in books["orders"] if len(lines_of(books, order["order_id"])) > 1
    )
    for method, body in (("GET", None), ("PATCH", {"quantity": 1}), ("DELETE", None)):
        assert desk.send(method, f"/sales/{number}", body).status == 404
    assert desk.books() == books


def test_a_sale_with_an_invoice_stays(desk: Desk) -> None:
    books = desk.books()
    invoice = next(row for row in books["invoices"] if len(lines_of(books, row["order_id"])) == 1)
    path = f"/sales/{invoice['order_id']}"
    answer = desk.send("DELETE", path)
    told = f"Sale {invoice['order_id']} has invoice {invoice['invoice_number']}."
    assert (answer.status, answer.json()["detail"]) == (409, told)
    assert desk.send("PATCH", path, {"quantity": 1}).status == 409
    assert desk.books() == books


def expected_sales(books: Books) -> list[Row]:
    counts = Counter(line["order_id"] for line in books["order_lines"])
    orders = {order["order_id"]: order for order in books["orders"]}
    customers = {row["customer_id"]: row for row in books["customers"]}
    products = {row["product_id"]: row for row in books["products"]}
    return [
        line
        | orders[line["order_id"]]
        | customers[orders[line["order_id"]]["customer_id"]]
        | products[line["product_id"]]
        for line in books["order_lines"]
        if counts[line["order_id"]] == 1
    ]


def test_the_list(desk: Desk) -> None:
    sales = expected_sales(desk.books())
    assert len(sales) > 5
    page = desk.send("GET", "/sales?sort=total.desc&limit=3&offset=1").json()
    ordered = sorted(sales, key=lambda row: (-row["line_total_cents"], row["order_id"]))
    assert page["total"] == len(sales)
    assert [row["order_id"] for row in page["items"]] == [row["order_id"] for row in ordered[1:4]]

    newest = sorted(sales, key=lambda row: row["order_id"])
    newest.sort(key=lambda row: row["ordered_at"], reverse=True)
    csv = desk.send("GET", "/sales?format=csv").body.decode().splitlines()
    assert [int(line.partition(",")[0]) for line in csv[1:]] == [row["order_id"] for row in newest]
    (first, *_) = desk.send("GET", "/sales?limit=1").json()["items"]
    assert first == desk.send("GET", f"/sales/{first['order_id']}").json() | {"city": newest[0]["city"]}


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("from=2023-01-01&to=2023-12-31", lambda row: row["order_date"][:4] == "2023"),
        ("min_total=500.01", lambda row: row["line_total_cents"] >= 50_001),
        ("status=shipped", lambda row: row["status"] == "shipped"),
        ("q=WALK", lambda row: "walk" in (row["customer_name"] + "\n" + row["product_name"]).lower()),
        ("q=lamp", lambda row: "lamp" in (row["customer_name"] + "\n" + row["product_name"]).lower()),
    ],
)
def test_filters(desk: Desk, query: str, fits: Any) -> None:
    wanted = sorted(row["order_id"] for row in expected_sales(desk.books()) if fits(row))
    page = desk.send("GET", f"/sales?{query}&limit=200").json()
    assert sorted(row["order_id"] for row in page["items"]) == wanted
    assert page["total"] == len(wanted)


def test_a_city(desk: Desk) -> None:
    sales = expected_sales(desk.books())
    city = next(
        row["city"] for row in sales if row["city"] and row["city"].isascii() and " " not in row["city"]
    )
    page = desk.send("GET", f"/sales?city={city.upper()}&limit=200").json()
    wanted = sorted(row["order_id"] for row in sales if (row["city"] or "").lower() == city.lower())
    assert sorted(row["order_id"] for row in page["items"]) == wanted
