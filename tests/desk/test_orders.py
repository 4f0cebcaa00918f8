"""An order with its lines is one thing: entered, changed and removed as a whole, and stock follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.desk.books import (
    Books,
    Desk,
    Row,
    after,
    amount,
    line_total,
    lines_of,
    one,
    refused,
    with_stock,
    without,
    workbook,
)

MOMENT = "2025-11-20T10:15:30Z"


def with_order(books: Books, order: Row, lines: list[Row]) -> Books:
    """The books with one more order, or with other lines of one that is there, and less in stock."""
    wanted = after(books)
    if all(each["order_id"] != order["order_id"] for each in wanted["orders"]):
        wanted["orders"].append(dict.fromkeys(books["orders"][0]) | order)
    number = max(line["order_line_id"] for line in wanted["order_lines"])
    for place, line in enumerate(lines, 1):
        product = one(wanted["products"], product_id=line["product_id"])
        price, discount = line.get("price", product["unit_price_cents"]), line.get("discount", 0)
        wanted["order_lines"].append(
            dict.fromkeys(books["order_lines"][0])
            | {
                "order_line_id": number + place,
                "order_id": order["order_id"],
                "line_number": place,
                "product_id": line["product_id"],
                "quantity": line["quantity"],
                "unit_price_cents": price,
                "discount": discount,
                "line_total_cents": line_total(line["quantity"], price, discount),
            }
        )
        if product["stock"] is not None:
            product["stock"] -= line["quantity"]
    return wanted


def next_order(books: Books, **values: Any) -> Row:
    number = max(order["order_id"] for order in books["orders"]) + 1
    moment = {"ordered_at": MOMENT, "order_date": MOMENT[:10]}
    return {"order_id": number, "status": "open", "priority": "Medium"} | moment | values


def entered(desk: Desk, quantity: int = 2) -> tuple[int, Books]:
    """A new order of two products, and the books before it."""
    before = desk.books()
    first, second = with_stock(before)[:2]
    lines = [{"product_id": each["product_id"], "quantity": quantity} for each in (first, second)]
    body = {"customer_id": 1, "ordered_at": MOMENT, "lines": lines}
    answer = desk.send("POST", "/orders/", body)
    assert answer.status == 201
    return answer.json()["order_id"], before


def test_an_order_with_its_lines(desk: Desk) -> None:
    before = desk.books()
    first, second, third = with_stock(before)[:3]
    body = {
        "customer_id": 3,
        "priority": "High",
        "payment_method": "card",
        "ordered_at": "2025-11-20T11:15:30.5+01:00",
        "lines": [
            {"product_id": second["product_id"], "quantity": 3, "discount": 0.05},
            {"product_id": first["product_id"], "quantity": 1, "unit_price": "0.05", "discount": 0.5},
            {"product_id": third["product_id"], "quantity": third["stock"], "price": 10.1},
        ],
    }
    answer = desk.send("POST", "/orders/", body)
    assert answer.status == 201
    order = next_order(before, customer_id=3, priority="High", payment_method="card")
    lines = [
        {"product_id": second["product_id"], "quantity": 3, "discount": 0.05},
        {"product_id": first["product_id"], "quantity": 1, "price": 5, "discount": 0.5},
        {"product_id": third["product_id"], "quantity": third["stock"], "price": 1010},
    ]
    wanted = with_order(before, order, lines)
    books = desk.books()
    assert books == wanted
    stored = lines_of(books, order["order_id"])
    assert stored[1]["line_total_cents"] == 3, "half of five cents is rounded up"
    names = {row["product_id"]: row["product_name"] for row in books["products"]}
    assert answer.json() == {
        "order_id": order["order_id"],
        "customer_id": 3,
        "ordered_at": MOMENT,
        "status": "open",
        "priority": "High",
        "payment_method": "card",
        "order_total": amount(sum(line["line_total_cents"] for line in stored)),
        "lines": [
            {
                "line_number": line["line_number"],
                "product_id": line["product_id"],
                "product_name": names[line["product_id"]],
                "quantity": line["quantity"],
                "unit_price": amount(line["unit_price_cents"]),
                "discount": line["discount"],
                "line_total": amount(line["line_total_cents"]),
            }
            for line in stored
        ],
    }
    assert desk.send("DELETE", f"/orders/{order['order_id']}").json()["deleted"] == 1
    assert desk.books() == before


@pytest.mark.parametrize("kind", ["csv", "excel", "json"])
def test_lines_alone(desk: Desk, kind: str) -> None:
    before = desk.books()
    first, second = with_stock(before)[:2]
    rows = [("product", "quantity"), (first["product_id"], 1), (second["product_id"], 2)]
    bodies: dict[str, object] = {
        "csv": "".join(f"{left},{right}\n" for left, right in rows),
        "excel": workbook(rows),
        "json": [{"product_id": left, "quantity": right} for left, right in rows[1:]],
    }
    answer = desk.send("POST", f"/orders/?customer_id=2&ordered_at={MOMENT}", bodies[kind])
    assert answer.status == 201
    lines = [{"product_id": left, "quantity": right} for left, right in rows[1:]]
    assert desk.books() == with_order(before, next_order(before, customer_id=2), lines)


def test_what_is_refused(desk: Desk) -> None:
    before = desk.books()
    first, second = with_stock(before)[:2]
    old = one(before["products"], product_id=12)
    desk.send("PATCH", "/products/12", {"discontinued": True})
    good = {"product_id": first["product_id"], "quantity": 1}
    much = [{"product_id": each["product_id"], "quantity": each["stock"] + 1} for each in (first, second)]
    few = " ".join(
        f"Of {each['product_name']} there are {each['stock']} left, not {each['stock'] + 1}."
        for each in (first, second)
    )
    for body, status, told in (
        ({"customer_id": 99999, "lines": [good]}, 422, "There is no customer 99999."),
        ({"customer_id": 1, "lines": []}, 422, "An order needs at least one line."),
        ({"customer_id": 1}, 422, "lines: is required (a list of objects)"),
        ({"lines": [good]}, 422, "customer_id: is required (The customer's number)"),
        ({"customer_id": 1, "lines": much}, 409, few),
        (
            {"customer_id": 1, "lines": [good, {"product_id": 12, "quantity": 1}]},
            409,
            f"{old['product_name']} is no longer sold.",
        ),
    ):
        answer = desk.send("POST", "/orders/", body)
        assert (answer.status, answer.json()["detail"]) == (status, told)
    desk.send("PATCH", "/products/12", {"discontinued": bool(old["discontinued"])})
    assert desk.books() == before


def test_lines_that_are_refused(desk: Desk) -> None:
    before = desk.books()
    number = with_stock(before)[0]["product_id"]
    lines = [
        {"product_id": number, "quantity": 0},
        {"product_id": 99999, "quantity": 1},
        {"product_id": number, "quantity": 1},
        {"product_id": number, "quantity": 2},
    ]
    body = {"customer_id": 1, "lines": lines, "ordered_at": MOMENT}
    assert refused(desk.send("POST", "/orders/", body)) == [
        (1, "quantity", "0", "must be at least 1"),
        (2, "product_id", "99999", "must be an existing product number"),
        (3, "product_id", str(number), "appears twice"),
        (4, "product_id", str(number), "appears twice"),
    ]
    # The answer is the order, and could not say that a line of it was left out.
    answer = desk.send("POST", "/orders/?invalid=skip", body)
    assert (answer.status, answer.json()["errors"][0]["message"]) == (422, "must be one of reject")
    assert desk.books() == before


def test_a_request_that_comes_again(desk: Desk) -> None:
    before = desk.books()
    number = with_stock(before)[0]["product_id"]
    body = {"customer_id": 1, "lines": [{"product_id": number, "quantity": 1}]}
    first, again = (desk.send("POST", "/orders/", body, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert first.status == again.status == 201
    assert first.json() == again.json()
    assert len(desk.books()["orders"]) == len(before["orders"]) + 1


def test_the_last_piece_is_sold_once(desk: Desk) -> None:
    product = with_stock(desk.books())[3]
    desk.send("PATCH", f"/products/{product['product_id']}", {"stock": 1})
    before = desk.books()
    body = {"customer_id": 1, "lines": [{"product_id": product["product_id"], "quantity": 1}]}
    sale = {"product_id": product["product_id"], "quantity": 1}
    with ThreadPoolExecutor(6) as pool:
        futures = [
            pool.submit(desk.send, "POST", path, each)
            for path, each in (("/orders/", body), ("/sales", sale)) * 3
        ]
        statuses = sorted(future.result().status for future in futures)
    assert statuses == [201, *[409] * 5]
    books = desk.books()
    assert one(books["products"], product_id=product["product_id"])["stock"] == 0
    assert len(books["orders"]) == len(before["orders"]) + 1
    assert len(books["order_lines"]) == len(before["order_lines"]) + 1


def test_fields_of_an_order(desk: Desk) -> None:
    number, _ = entered(desk)
    before = desk.books()
    answer = desk.send("PATCH", f"/orders/{number}", {"status": "shipped", "priority": "Low"})
    wanted = after(before)
    one(wanted["orders"], order_id=number).update(status="shipped", priority="Low")
    assert desk.books() == wanted
    order = one(wanted["orders"], order_id=number)
    assert answer.json() == {name: order[name] for name in answer.json()}
    assert desk.send("PATCH", f"/orders/{number}", {"status": "lost"}).status == 422
    assert desk.send("PATCH", "/orders/99999", {"status": "paid"}).status == 404


def test_a_cancelled_order_gives_its_goods_back_once(desk: Desk) -> None:
    number, before = entered(desk)
    assert desk.books()["products"] != before["products"]
    for _ in range(2):
        assert desk.send("PATCH", f"/orders/{number}", {"status": "cancelled"}).status == 200
        assert desk.books()["products"] == before["products"]
    answer = desk.send("PATCH", f"/orders/{number}", {"status": "open"})
    told = f"Order {number} is cancelled and cannot be changed back."
    assert (answer.status, answer.json()["detail"]) == (409, told)
    assert desk.send("DELETE", f"/orders/{number}").status == 200
    assert desk.books() == before


def test_an_order_with_an_invoice(desk: Desk) -> None:
    before = desk.books()
    invoice = next(row for row in before["invoices"] if row["order_id"] is not None)
    number, name = invoice["order_id"], invoice["invoice_number"]
    order = one(before["orders"], order_id=number)
    product = with_stock(before)[0]["product_id"]
    kept = f"Order {number} has the invoice {name}; its lines cannot be replaced."
    if order["status"] == "shipped":
        kept = f"Order {number} is shipped; its lines cannot be replaced. {kept}"
    for method, path, body, told in (
        ("DELETE", "", None, f"Order {number} has invoice {name}."),
        (
            "PATCH",
            "",
            {"status": "cancelled"},
            f"Order {number} has the invoice {name} and cannot be cancelled.",
        ),
        ("PUT", "/lines", {"lines": [{"product_id": product, "quantity": 1}]}, kept),
    ):
        answer = desk.send(method, f"/orders/{number}{path}", body)
        assert (answer.status, answer.json()["detail"]) == (409, told)
    assert desk.books() == before


def test_other_lines(desk: Desk) -> None:
    number, before = entered(desk)
    first, second, third = with_stock(before)[:3]
    middle = desk.books()
    lines = [
        {"product_id": third["product_id"], "quantity": 1},
        {"product_id": first["product_id"], "quantity": first["stock"]},
    ]
    answer = desk.send("PUT", f"/orders/{number}/lines", {"lines": lines})
    assert answer.status in (200, 201)
    order = one(middle["orders"], order_id=number)
    base = after(before) | {"orders": middle["orders"]}
    wanted = with_order(base, order, lines)
    books = desk.books()
    assert [line | {"order_line_id": 0} for line in books["order_lines"]] == [
        line | {"order_line_id": 0} for line in wanted["order_lines"]
    ]
    assert books["products"] == wanted["products"]
    assert [line["product_id"] for line in answer.json()["lines"]] == [
        third["product_id"],
        first["product_id"],
    ]

    too_many = [{"product_id": second["product_id"], "quantity": second["stock"] + 1}]
    answer = desk.send("PUT", f"/orders/{number}/lines", {"lines": too_many})
    assert answer.status == 409, "what was given back before is taken back with it"
    assert desk.books() == books
    assert desk.send("PUT", f"/orders/{number}/lines", []).status == 422
    assert desk.send("PUT", "/orders/99999/lines", {"lines": lines}).status == 404
    assert desk.books() == books
    assert desk.send("DELETE", f"/orders/{number}").status == 200
    assert desk.books() == before


def test_removing_nothing(desk: Desk) -> None:
    answer = desk.send("DELETE", "/orders/99999")
    assert (answer.status, answer.json()["detail"]) == (404, "There is no order 99999.")


def test_an_order_of_the_demo(desk: Desk) -> None:
    before = desk.books()
    with_invoice = {row["order_id"] for row in before["invoices"]}
    order = next(row for row in before["orders"] if row["order_id"] not in with_invoice)
    assert order["status"] == "cancelled"
    wanted = after(before)
    for table in ("orders", "order_lines"):
        wanted[table] = without(wanted[table], order_id=order["order_id"])
    assert desk.send("DELETE", f"/orders/{order['order_id']}").status == 200
    assert desk.books() == wanted, "a cancelled order's goods are in stock already"
