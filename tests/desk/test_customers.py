"""Customers at the desk: one by one, and many at once."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.desk.books import Books, Desk, after, one, refused, without, workbook

REFERRERS = {
    "orders": "order",
    "invoices": "invoice",
    "transactions": "payment",
    "ingested_transactions": "ingested transaction",
}
NOTHING_KNOWN = ("email", "phone", "city", "state", "pincode")


def referrers(books: Books, customer_id: int) -> str:
    """What refers to a customer, in words: `3 orders, 2 invoices and 1 payment`."""
    counts = [
        (noun, sum(row["customer_id"] == customer_id for row in books[table]))
        for table, noun in REFERRERS.items()
    ]
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts if count]
    return " and ".join([part for part in (", ".join(words[:-1]), *words[-1:]) if part])


def entered(desk: Desk, *names: str) -> list[int]:
    """New customers, to whom nothing refers."""
    return [desk.send("POST", "/customers/", {"customer_name": name}).json()["customer_id"] for name in names]


def test_one_after_another(desk: Desk) -> None:
    before = desk.books()
    answer = desk.send("POST", "/customers/", {"customer_name": "Zoë", "city": "Köln"})
    assert answer.status == 201
    created = answer.json()
    number = max(row["customer_id"] for row in before["customers"]) + 1
    assert created["customer_id"] == number
    patched = desk.send("PATCH", f"/customers/{number}", {"city": "Pune", "pincode": "411001"})
    assert (patched.status, patched.json()) == (200, created | {"city": "Pune", "pincode": "411001"})
    stored = one(desk.books()["customers"], customer_id=number)
    assert {name: stored[name] for name in created} == patched.json()
    assert desk.send("DELETE", f"/customers/{number}").json()["deleted"] == 1
    assert desk.books() == before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_nobody(desk: Desk, method: str) -> None:
    body = {"city": "Rome"} if method == "PATCH" else None
    before = desk.books()
    assert desk.send(method, "/customers/99999", body).status == 404
    assert desk.books() == before


def test_who_has_something_stays(desk: Desk) -> None:
    desk.send(
        "POST",
        "/api/ingest-data",
        {
            "customer_id": 2,
            "name": "A",
            "transaction_amount": 1,
            "mob_no": "0987654321",
            "transaction_datetime": "2025-11-20T10:15:00Z",
            "pincode": "411001",
            "state": "Goa",
        },
    )
    before = desk.books()
    kinds: Counter[int] = Counter()
    for customer in before["customers"]:
        number = customer["customer_id"]
        told = referrers(before, number)
        if not told:
            continue
        answer = desk.send("DELETE", f"/customers/{number}")
        wanted = f"Customer {number} has {told}."
        assert (answer.status, answer.json()["detail"]) == (409, wanted)
        kinds[told.count(" ")] += 1
    assert len(kinds) > 1, "customers with one, and with several kinds"
    assert desk.books() == before


def test_many_are_entered(desk: Desk) -> None:
    before = desk.books()
    known = next(row for row in before["customers"] if row["customer_name"].isascii())
    sheet = (
        "Name,E-Mail,city,pincode,created at\n"
        "Bo,bo@example.com,Pune,411001,2025-01-02T03:04:05.9Z\n"
        f"{known['customer_name'].upper()},{known['email'] or ''},,,\n"
        "BO,BO@example.com,,,\n"
        "Cy,,Goa,011001,\n"
        "Cy,,Goa,,2025-01-02\n"
    )
    told = [(line, column) for line, column, *_ in refused(desk.send("POST", "/customers/import", sheet))]
    assert told == [(3, "Name"), (4, "Name"), (5, "pincode"), (6, "Name")], "the sixth repeats the fifth"
    assert desk.books() == before
    dry = desk.send("POST", "/customers/import?invalid=skip&dry_run=true", sheet).json()
    assert (dry["inserted"], dry["dry_run"]) == (2, True)
    assert desk.books() == before
    answer = desk.send("POST", "/customers/import?invalid=skip", sheet)
    assert answer.status == 201
    assert [(line, reason) for line, _, _, reason in refused(answer)] == [
        (3, f"is customer {known['customer_id']} already"),
        (4, "appears twice with this email"),
        (5, "must be six digits, the first not 0, such as 411001"),
    ]
    wanted = after(before)
    number = max(row["customer_id"] for row in before["customers"])
    empty = dict.fromkeys(before["customers"][0])
    wanted["customers"] += [
        empty
        | {
            "customer_id": number + 1,
            "customer_name": "Bo",
            "email": "bo@example.com",
            "city": "Pune",
            "pincode": "411001",
            "created_at": "2025-01-02T03:04:05Z",
        },
        empty
        | {
            "customer_id": number + 2,
            "customer_name": "Cy",
            "city": "Goa",
            "created_at": "2025-01-02T00:00:00Z",
        },
    ]
    assert desk.books() == wanted
    again = desk.send("POST", "/customers/import?invalid=skip", sheet).json()
    assert (again["inserted"], len(again["rejected"])) == (0, 5)


@pytest.mark.parametrize("kind", ["csv", "excel", "json"])
def test_many_are_changed(desk: Desk, kind: str) -> None:
    first, second = entered(desk, f"First {kind}", f"Second {kind}")
    before = desk.books()
    rows = [("customer_id", "city", "phone"), (first, "Rome", None), (second, "Oslo", "123")]
    csv = "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)
    objects = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    bodies: dict[str, object] = {"csv": csv, "excel": workbook(rows), "json": objects}
    told = desk.send("PATCH", "/customers/", bodies[kind]).json()
    assert (told["received"], told["updated"]) == (2, 2)
    wanted = after(before)
    one(wanted["customers"], customer_id=first)["city"] = "Rome"
    one(wanted["customers"], customer_id=second).update(city="Oslo", phone="123")
    assert desk.books() == wanted


def test_bad_lines_of_changes(desk: Desk) -> None:
    before = desk.books()
    sheet = "customer_id,city\n1,Rome\n99999,Oslo\n1,Bonn\n"
    assert refused(desk.send("PATCH", "/customers/", sheet)) == [
        (3, "customer_id", "99999", "must be an existing customer number"),
        (4, "customer_id", "1", "appears twice"),
    ]
    assert desk.books() == before
    told = desk.send("PATCH", "/customers/?invalid=skip", sheet).json()
    assert [row["line"] for row in told["rejected"]] == [3, 4]
    wanted = after(before)
    one(wanted["customers"], customer_id=1)["city"] = "Rome"
    assert desk.books() == wanted


def test_many_are_removed(desk: Desk) -> None:
    numbers = entered(desk, "Gone 1", "Gone 2")
    before = desk.books()
    busy = before["orders"][0]["customer_id"]
    sheet = f"customer_id\n{numbers[0]}\n{busy}\n99999\n{numbers[1]}\n"
    answer = desk.send("DELETE", "/customers/?invalid=skip&dry_run=true", sheet)
    assert refused(answer) == [
        (3, "customer_id", str(busy), f"has {referrers(before, busy)}"),
        (4, "customer_id", "99999", "must be an existing customer number"),
    ]
    assert desk.send("DELETE", "/customers/", sheet).status == 422
    answer = desk.send("DELETE", "/customers/", f"customer_id\n{busy}\n{numbers[0]}\n")
    assert (answer.status, answer.json()["type"]) == (409, "urn:aggregator:problem:conflicting-rows")
    assert refused(answer) == [(2, "customer_id", str(busy), f"has {referrers(before, busy)}")]
    assert desk.books() == before
    assert desk.send("DELETE", "/customers/?invalid=skip", sheet).json()["deleted"] == 2
    wanted = after(before)
    for number in numbers:
        wanted["customers"] = without(wanted["customers"], customer_id=number)
    assert desk.books() == wanted


def test_removing_takes_rows(desk: Desk) -> None:
    before = desk.books()
    assert desk.send("DELETE", "/customers/").status == 400
    assert desk.books() == before
