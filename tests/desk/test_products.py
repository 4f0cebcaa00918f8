"""Products at the desk: one by one, and many at once."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.desk.books import Books, Desk, after, amount, one, refused, without, workbook


def category_of(books: Books, product_id: int) -> str:
    category_id = one(books["products"], product_id=product_id)["category_id"]
    return str(one(books["categories"], category_id=category_id)["category_name"])


def entered(desk: Desk, *names: str) -> list[int]:
    """New products of a known category, that nobody has ordered."""
    category = desk.books()["categories"][0]["category_name"]
    body = {"category_name": category, "unit_price": 1.5, "stock": 3}
    return [
        desk.send("POST", "/products/", body | {"product_name": name}).json()["product_id"] for name in names
    ]


@pytest.mark.parametrize(("price", "cents"), [(0, 0), (0.29, 29), (1.15, 115), ("9.9", 990), (1e6, 10**8)])
def test_one_after_another(desk: Desk, price: object, cents: int) -> None:
    before = desk.books()
    category = before["categories"][2]
    body = {"product_name": " Oak Chair ", "category_name": category["category_name"], "unit_price": price}
    answer = desk.send("POST", "/products/", body)
    number = max(row["product_id"] for row in before["products"]) + 1
    created = {
        "product_id": number,
        "product_name": "Oak Chair",
        "category_name": category["category_name"],
        "unit_price": amount(cents),
        "stock": None,
        "discontinued": False,
    }
    assert (answer.status, answer.json()) == (201, created)
    patched = desk.send("PATCH", f"/products/{number}", {"stock": 4, "discontinued": True, "unit_price": 7})
    assert patched.json() == created | {"stock": 4, "discontinued": True, "unit_price": "7.00"}
    wanted = after(before)
    wanted["products"].append(
        {
            "product_id": number,
            "product_name": "Oak Chair",
            "category_id": category["category_id"],
            "unit_price_cents": 700,
            "stock": 4,
            "discontinued": 1,
        }
    )
    assert desk.books() == wanted
    assert desk.send("DELETE", f"/products/{number}").json()["deleted"] == 1
    assert desk.books() == before


def test_a_new_category_is_entered_once(desk: Desk) -> None:
    before = desk.books()
    body = {"category_name": "Weather", "unit_price": 1}
    for name in ("Storm", "Rain"):
        assert desk.send("POST", "/products/", body | {"product_name": name}).status == 201
    (number,) = entered(desk, "Sun")
    answer = desk.send("PATCH", f"/products/{number}", {"category_name": "Weather"})
    assert answer.json()["category_name"] == "Weather"
    books = desk.books()
    assert [row["category_name"] for row in books["categories"][len(before["categories"]) :]] == ["Weather"]
    assert [category_of(books, row["product_id"]) for row in books["products"][-3:]] == ["Weather"] * 3


def test_what_is_refused(desk: Desk) -> None:
    before = desk.books()
    known = before["products"][0]["product_name"]
    good = {"product_name": "Elm", "category_name": "New one", "unit_price": 1}
    for wrong, status in (
        ({"product_name": known}, 409),
        ({"unit_price": -1}, 422),
        ({"stock": -1}, 422),
        ({"product_name": " "}, 422),
        ({"category_name": None}, 422),
    ):
        assert desk.send("POST", "/products/", good | wrong).status == status
    assert desk.send("PATCH", "/products/99999", {"category_name": "New one"}).status == 404
    assert desk.send("PATCH", "/products/2", {"product_name": known}).status == 409
    assert desk.send("DELETE", "/products/99999").json()["detail"] == "There is no product 99999."
    assert desk.books() == before


def test_what_was_ordered_stays(desk: Desk) -> None:
    before = desk.books()
    ordered = Counter(line["product_id"] for line in before["order_lines"])
    counts = set()
    for number, count in ordered.most_common()[:2] + ordered.most_common()[-2:]:
        answer = desk.send("DELETE", f"/products/{number}")
        told = f"Product {number} has {count} order line{'s' if count > 1 else ''}."
        assert (answer.status, answer.json()["detail"]) == (409, told)
        counts.add(count > 1)
    assert counts == {True, False}
    assert desk.books() == before


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_a_sheet_of_products(desk: Desk, kind: str) -> None:
    before = desk.books()
    known = one(before["products"], product_id=5)
    rows: list[tuple[object, ...]] = [
        ("Product", "Category", "Price", "Stock", "Discontinued"),
        (f"Teak {kind}", f"Wood {kind}", 12.5, 7, None),
        (known["product_name"], category_of(before, 5), "1000.05", None, None),
        (f"Teak {kind}", f"Wood {kind}", 13, None, "true"),
    ]
    csv = "\n".join(";".join("" if cell is None else str(cell) for cell in row) for row in rows)
    body: object = csv if kind == "csv" else workbook(rows)
    told = desk.send("POST", "/products/import", body).json()
    assert (told["received"], told["inserted"], told["updated"], told["unchanged"]) == (3, 1, 1, 1)
    wanted = after(before)
    wanted["categories"].append(
        {"category_id": len(before["categories"]) + 1, "category_name": f"Wood {kind}"}
    )
    one(wanted["products"], product_id=5)["unit_price_cents"] = 100_005
    wanted["products"].append(
        {
            "product_id": max(row["product_id"] for row in before["products"]) + 1,
            "product_name": f"Teak {kind}",
            "category_id": len(before["categories"]) + 1,
            "unit_price_cents": 1300,
            "stock": None,
            "discontinued": 1,
        }
    )
    assert desk.books() == wanted
    again = desk.send("POST", "/products/import", body).json()
    assert (again["inserted"], again["updated"]) == (0, 0)
    assert desk.books() == wanted
    assert desk.send("PATCH", "/products/5", {"unit_price": known["unit_price_cents"] / 100}).status == 200


def test_many_are_changed(desk: Desk) -> None:
    first, second = entered(desk, "One of many", "Two of many")
    before = desk.books()
    taken = one(before["products"], product_id=7)["product_name"]
    sheet = (
        "product_id,product_name,category,unit_price,stock\n"
        f"{first},,Fresh,$2.25,\n"
        "99999,,,,1\n"
        f"{second},Deux,,,0\n"
        f"{first},,,,9\n"
        f"8,{taken},,,\n"
        "9,Deux,,,\n"
    )
    refusals = [
        (3, "product_id", "99999", "must be an existing product number"),
        (5, "product_id", str(first), "appears twice"),
        (6, "product_name", taken, "is the name of product 7"),
        (7, "product_name", "Deux", "appears twice"),
    ]
    assert refused(desk.send("PATCH", "/products/", sheet)) == refusals
    assert desk.books() == before
    told = desk.send("PATCH", "/products/?invalid=skip", sheet)
    assert refused(told) == refusals
    assert told.json()["updated"] == 2
    wanted = after(before)
    category_id = len(before["categories"]) + 1
    wanted["categories"].append({"category_id": category_id, "category_name": "Fresh"})
    one(wanted["products"], product_id=first).update(category_id=category_id, unit_price_cents=225)
    one(wanted["products"], product_id=second).update(product_name="Deux", stock=0)
    assert desk.books() == wanted


def test_many_are_removed(desk: Desk) -> None:
    numbers = entered(desk, "Gone 1", "Gone 2")
    before = desk.books()
    ordered, count = Counter(line["product_id"] for line in before["order_lines"]).most_common(1)[0]
    sheet = f"product_id\n{numbers[0]}\n{ordered}\n{numbers[1]}\n99999\n"
    assert desk.send("DELETE", "/products/", sheet).status == 422
    assert desk.books() == before
    answer = desk.send("DELETE", "/products/?invalid=skip", sheet)
    assert refused(answer) == [
        (3, "product_id", str(ordered), f"has {count} order lines"),
        (5, "product_id", "99999", "must be an existing product number"),
    ]
    assert answer.json()["deleted"] == 2
    wanted = after(before)
    for number in numbers:
        wanted["products"] = without(wanted["products"], product_id=number)
    assert desk.books() == wanted
