"""Two requests at once, each of which reads what the other writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.desk.books import Desk

_ROUNDS = 25


def test_no_order_is_left_without_its_customer(desk: Desk) -> None:
    """One writes customers and reads orders, the other the other way round."""
    product = next(each for each in desk.books()["products"] if each["stock"] is None or each["stock"] > 100)
    line = {"product_id": product["product_id"], "quantity": 1}
    statuses = set()
    with ThreadPoolExecutor(2) as both:
        for _ in range(_ROUNDS):
            entered = desk.send("POST", "/customers/", {"customer_name": "Here And Gone"})
            number = entered.json()["customer_id"]
            body = {"customer_id": number, "lines": [line]}
            removing = both.submit(desk.send, "DELETE", f"/customers/{number}")
            ordering = both.submit(desk.send, "POST", "/orders/", body)
            statuses.add((removing.result().status, ordering.result().status))

    assert statuses <= {(200, 422), (409, 201)}
    books = desk.books()
    known = {each["customer_id"] for each in books["customers"]}
    assert {each["customer_id"] for each in books["orders"]} <= known
