"""A sheet of payments: applied to invoices, which are closed when all is paid."""

from __future__ import annotations

from tests.desk.books import Desk, Row, after, amount, one, refused


def owed(invoice: Row) -> int:
    return int(invoice["bill_total_cents"] - invoice["applied_cents"])


def test_payments(desk: Desk) -> None:
    before = desk.books()
    first, second = [row for row in before["invoices"] if owed(row) > 1_000][:2]
    closed = next(row for row in before["invoices"] if row["status"] == "Closed")
    known = before["payment_methods"][0]
    sheet = (
        "Invoice,Amount,Method,Paid at\n"
        f"{first['invoice_number']},10.00,{known['method_name']},2025-11-20T10:15:30.7Z\n"
        f"{second['invoice_number']},{amount(owed(second))},By pigeon,2025-11-21\n"
        f"{first['invoice_number']},{amount(owed(first) - 999)},By pigeon,2025-11-21\n"
        f"{closed['invoice_number']},0.01,By pigeon,2025-11-21\n"
        "NONE-1,1,By pigeon,2025-11-21\n"
        f"{first['invoice_number']},0,By pigeon,2025-11-21\n"
    )
    assert desk.send("POST", "/transactions/import", sheet).status == 422
    assert desk.books() == before
    answer = desk.send("POST", "/transactions/import?invalid=skip", sheet)
    too_much = "is more than the invoice has left to pay"
    assert refused(answer) == [
        (4, "Amount", amount(owed(first) - 999), too_much),
        (5, "Amount", "0.01", too_much),
        (6, "Invoice", "NONE-1", "must be an existing invoice number"),
        (7, "Amount", "0", "must be at least 0.01"),
    ]
    assert answer.json()["inserted"] == 2
    wanted = after(before)
    one(wanted["invoices"], invoice_id=first["invoice_id"])["applied_cents"] += 1_000
    paid = one(wanted["invoices"], invoice_id=second["invoice_id"])
    paid.update(applied_cents=paid["bill_total_cents"], status="Closed")
    pigeon = len(before["payment_methods"]) + 1
    wanted["payment_methods"].append({"payment_method_id": pigeon, "method_name": "By pigeon"})
    number = max(row["transaction_id"] for row in before["transactions"])
    for place, (invoice, method, cents, moment) in enumerate(
        [
            (first, known["payment_method_id"], 1_000, "2025-11-20T10:15:30Z"),
            (second, pigeon, owed(second), "2025-11-21T00:00:00Z"),
        ],
        1,
    ):
        wanted["transactions"].append(
            {
                "transaction_id": number + place,
                "customer_id": invoice["customer_id"],
                "invoice_id": invoice["invoice_id"],
                "payment_method_id": method,
                "amount_cents": cents,
                "transaction_at": moment,
            }
        )
    assert desk.books() == wanted
