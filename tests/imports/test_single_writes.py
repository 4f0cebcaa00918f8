"""The files that write one row: a customer, and a transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.imports.running import dump, read, write

FIELDS = ("customer_name", "email", "phone", "city", "state", "pincode")
NOTHING: dict[str, Any] = dict.fromkeys(FIELDS)
TRANSACTION: dict[str, Any] = {
    "customer_id": 7,
    "name": "Asha Verma",
    "transaction_amount": 1499.5,
    "mob_no": "0987654321",
    "transaction_datetime": "2025-11-20T10:15:00Z",
    "pincode": "411001",
    "state": "Maharashtra",
}


def ingest(dbs: Path, **values: Any) -> int:
    return write(dbs, "api/ingest-data.post.sql", params=TRANSACTION | values).changed


def test_a_new_customer_is_the_answer(dbs: Path) -> None:
    given = NOTHING | {
        "customer_name": " Bits & Bob's ",
        "city": "Pune",
        "created_at": "2025-11-20T10:15:00.5Z",
    }
    answer = write(dbs, "customers/index.post.sql", params=given)
    wanted = NOTHING | {
        "customer_id": 1,
        "customer_name": "Bits & Bob's",
        "city": "Pune",
        "created_at": "2025-11-20T10:15:00Z",
    }
    assert answer.rows == [wanted]
    stored = read(dbs, "SELECT * FROM customer_db.customers")
    assert stored == [wanted | {"shop_number": None, "gender": None, "login_type": None}]


def test_a_patch_changes_what_is_given(demo: Path) -> None:
    (before,) = read(demo, "SELECT * FROM customer_db.customers WHERE customer_id = 2")
    patched = write(
        demo, "customers/{customer_id}.patch.sql", params=NOTHING | {"customer_id": 2, "city": "Pune"}
    )
    (after,) = read(demo, "SELECT * FROM customer_db.customers WHERE customer_id = 2")
    assert after == before | {"city": "Pune"}
    assert patched.rows == [{name: after[name] for name in patched.rows[0]}]
    assert patched.changed == 1


def test_a_patch_of_nobody_gives_no_row(demo: Path) -> None:
    before = dump(demo)
    done = write(
        demo, "customers/{customer_id}.patch.sql", params=NOTHING | {"customer_id": 999, "city": "Pune"}
    )
    assert (done.rows, done.changed) == ([], 0)
    assert dump(demo) == before


def test_a_customer_without_anything_can_be_removed(demo: Path) -> None:
    before = dump(demo)
    new = write(
        demo,
        "customers/index.post.sql",
        params=NOTHING | {"customer_name": "A", "created_at": "2025-01-01T00:00:00Z"},
    )
    number = new.rows[0]["customer_id"]
    assert write(demo, "customers/{customer_id}.delete.sql", params={"customer_id": number}).changed == 1
    assert dump(demo) == before


def test_a_transaction_is_stored_once(dbs: Path) -> None:
    assert ingest(dbs) == 1
    before = dump(dbs)
    assert ingest(dbs) == 0
    assert ingest(dbs, transaction_amount=1.0, name="Somebody else") == 0
    assert dump(dbs) == before
    assert before["transaction_db.ingested_transactions"] == [
        (1, 7, "Asha Verma", 149_950, "0987654321", "2025-11-20T10:15:00Z", "411001", "Maharashtra")
    ]
    assert ingest(dbs, customer_id=8) == 1
    assert ingest(dbs, transaction_datetime="2025-11-20T10:15:00.25Z") == 1


@pytest.mark.parametrize(
    ("amount", "cents"), [(0.01, 1), (0.29, 29), (1.005, 100), (10_000_000.0, 1_000_000_000)]
)
def test_amounts_are_kept_in_cents(dbs: Path, amount: float, cents: int) -> None:
    ingest(dbs, transaction_amount=amount)
    rows = read(dbs, "SELECT amount_cents FROM transaction_db.ingested_transactions")
    assert rows == [{"amount_cents": cents}]


@pytest.mark.parametrize(
    "values",
    [
        {"mob_no": "12345"},
        {"mob_no": "12345678901"},
        {"pincode": "011001"},
        {"transaction_amount": 0.0},
        {"transaction_datetime": "20/11/2025"},
        {"state": ""},
    ],
)
def test_the_schema_refuses_what_the_header_would(dbs: Path, values: dict[str, Any]) -> None:
    with pytest.raises(apsw.ConstraintError):
        ingest(dbs, **values)
