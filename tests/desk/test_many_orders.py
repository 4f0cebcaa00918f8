"""Many orders at once: entered from a sheet, changed and removed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.desk.books import Desk, after, line_total, one, refused, with_stock, workbook

MOMENT = "2025-11-20T10:15:30Z"


def entered(desk: Desk, count: int) -> list[int]:
    """New orders without an invoice."""
    product = with_stock(desk.books())[0]["product_id"]
    body = {"customer_id": 1, "ordered_at": MOMENT, "lines": [{"product_id": product, "quantity": 2}]}
    return [desk.send("POST", "/orders/", body).json()["order_id"] for _ in range(count)]


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_a_sheet_of_orders(desk: Desk, kind: str) -> None:
    before = desk.books()
    one_, two, three = with_stock(before)[:3]
    first, second, third = (each["product_id"] for each in (one_, two, three))
    rows: list[tuple[object, ...]] = [
        ("Order", "Customer", "Date", "Priority", "Product", "Quantity", "Price", "Discount"),
        ("B", 5, "2025-03-01", "Critical", second, 2, None, 0.1),
        ("A", 6, "2025-02-01T08:00:00Z", None, second, 1, "1,000.55", None),
        ("B", 5, "2025-12-31", "Low", first, 4, None, None),
        ("C", 5, MOMENT, None, third, 1, 0.03, 0.5),
        ("A", 6, None, None, third, 1, None, None),
    ]
    csv = "\n".join(";".join("" if cell is None else str(cell) for cell in row) for row in rows)
    answer = desk.send("POST", "/orders/import", csv if kind == "csv" else workbook(rows))
    assert answer.status == 201
    assert (answer.json()["received"], answer.json()["inserted"]) == (5, 5)
    assert answer.json()["tables"]["order_db.orders"]["inserted"] == 3

    wanted = after(before)
    number = max(order["order_id"] for order in before["orders"])
    empty = dict.fromkeys(before["orders"][0])
    for place, (customer, moment, priority) in enumerate(
        [
            (5, "2025-03-01T00:00:00Z", "Critical"),
            (6, "2025-02-01T08:00:00Z", "Medium"),
            (5, MOMENT, "Medium"),
        ]
    ):
        order = {"order_id": number + 1 + place, "customer_id": customer, "order_date": moment[:10]}
        wanted["orders"].append(
            empty | order | {"ordered_at": moment, "status": "open", "priority": priority}
        )
    line_number = max(line["order_line_id"] for line in before["order_lines"])
    for place, (order_place, number_in_order, product, quantity, cents, discount) in enumerate(
        [
            (1, 1, two, 2, two["unit_price_cents"], 0.1),
            (2, 1, two, 1, 100_055, 0),
            (1, 2, one_, 4, one_["unit_price_cents"], 0),
            (3, 1, three, 1, 3, 0.5),
            (2, 2, three, 1, three["unit_price_cents"], 0),
        ],
        1,
    ):
        wanted["order_lines"].append(
            dict.fromkeys(before["order_lines"][0])
            | {
                "order_line_id": line_number + place,
                "order_id": number + order_place,
                "line_number": number_in_order,
                "product_id": product["product_id"],
                "quantity": quantity,
                "unit_price_cents": cents,
                "discount": discount,
                "line_total_cents": line_total(quantity, cents, discount),
            }
        )
        one(wanted["products"], product_id=product["product_id"])["stock"] -= quantity
    assert desk.books() == wanted


def test_lines_of_a_sheet_that_are_refused(desk: Desk) -> None:
    before = desk.books()
    product, other = (each["product_id"] for each in with_stock(before)[:2])
    sheet = (
        "order_key,customer_id,product_id,quantity\n"
        f"A,1,{product},1\n"
        f"A,99999,{other},1\n"
        "A,1,99999,1\n"
        f"A,1,{product},2\n"
        f"A,2,{other},1\n"
        f"B,1,{product},x\n"
    )
    told = refused(desk.send("POST", "/orders/import", sheet))
    # Line 3 is also of another customer than line 2, and line 6 has the product of line 3 again.
    assert [line for line, *_ in told] == [3, 3, 4, 5, 6, 6, 7]
    assert desk.books() == before
    answer = desk.send("POST", "/orders/import?invalid=skip", sheet)
    assert refused(answer) == [
        (3, "customer_id", "99999", "must be an existing customer number"),
        (4, "product_id", "99999", "must be an existing product number"),
        (5, "product_id", str(product), "appears twice in the order"),
        (6, "customer_id", "2", "must be the same in all rows of an order"),
        (7, "quantity", "x", "must be a whole number, such as 42"),
    ]
    books = desk.books()
    assert len(books["orders"]) == len(before["orders"]) + 1
    assert len(books["order_lines"]) == len(before["order_lines"]) + 1


def test_too_little_is_left_for_all_orders_of_a_sheet(desk: Desk) -> None:
    before = desk.books()
    product = with_stock(before)[0]
    half = product["stock"] // 2 + 1
    sheet = "order_key,customer_id,product_id,quantity\n" + "".join(
        f"{key},1,{product['product_id']},{half}\n" for key in "AB"
    )
    answer = desk.send("POST", "/orders/import", sheet)
    told = f"Of {product['product_name']} there are {product['stock']} left, not {2 * half}."
    assert (answer.status, answer.json()["detail"]) == (409, told)
    assert desk.books() == before


def test_many_are_changed(desk: Desk) -> None:
    before = desk.books()
    first, second, third = entered(desk, 3)
    desk.send("PATCH", f"/orders/{third}", {"status": "cancelled"})
    invoice = next(row for row in before["invoices"] if row["order_id"] is not None)
    middle = desk.books()
    sheet = (
        "order_id,status,priority\n"
        f"{first},cancelled,\n"
        f"{third},open,\n"
        f"{invoice['order_id']},cancelled,\n"
        f"{second},,Critical\n"
        "99999,paid,\n"
        f"{first},paid,\n"
    )
    told = desk.send("PATCH", "/orders/", sheet)
    assert [line for line, *_ in refused(told)] == [3, 4, 6, 7]
    assert desk.books() == middle
    told = desk.send("PATCH", "/orders/?invalid=skip", sheet)
    assert refused(told) == [
        (3, "status", "open", "cannot be set: the order is cancelled"),
        (
            4,
            "status",
            "cancelled",
            f"cannot be set: the order has the invoice {invoice['invoice_number']}",
        ),
        (6, "order_id", "99999", "must be an existing order number"),
        (7, "order_id", str(first), "appears twice"),
    ]
    wanted = after(middle)
    one(wanted["orders"], order_id=first)["status"] = "cancelled"
    one(wanted["orders"], order_id=second)["priority"] = "Critical"
    product = one(middle["order_lines"], order_id=first)["product_id"]
    one(wanted["products"], product_id=product)["stock"] += 2
    assert desk.books() == wanted


def test_many_are_removed(desk: Desk) -> None:
    before = desk.books()
    orders = entered(desk, 3)
    middle = desk.books()
    invoice = next(row for row in before["invoices"] if row["order_id"] is not None)
    desk.send("PATCH", f"/orders/{orders[2]}", {"status": "cancelled"})
    rows = [{"order_id": number} for number in (*orders, invoice["order_id"], 99999)]
    assert desk.send("DELETE", "/orders/", rows).status == 422
    answer = desk.send("DELETE", "/orders/?invalid=skip", rows)
    assert refused(answer) == [
        (
            4,
            "order_id",
            str(invoice["order_id"]),
            f"has invoice {invoice['invoice_number']}",
        ),
        (5, "order_id", "99999", "must be an existing order number"),
    ]
    assert answer.json()["deleted"] == 3
    returned = Counter(
        {
            line["product_id"]: line["quantity"] * 3
            for line in middle["order_lines"]
            if line["order_id"] in orders
        }
    )
    assert {
        product["product_id"]: old["stock"] - product["stock"]
        for old, product in zip(before["products"], middle["products"], strict=True)
        if old["stock"] != product["stock"]
    } == returned
    assert desk.books() == before
