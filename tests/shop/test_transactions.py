"""Transactions told over HTTP, and the two questions about them, against the same in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.formats.readers import csv_fields
from tests.server import Answer, Server
from tests.shop.flat_rows import Ask, Row, assert_flat, kinds
from tests.shop.whole_sheets import loaded

INGEST, RANGE, TOP = "/api/ingest-data", "/api/query-transaction-range", "/api/top-customers"
START = datetime(2025, 3, 1, 23, 59, 50, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))
STORED = kinds(
    "status customer_id name transaction_amount:money mob_no transaction_datetime:datetime pincode state"
)
TOTAL = kinds("customer_id name total_transaction_amount:money")
GROUPED = {**kinds("pincode_key"), **TOTAL}


@dataclass(frozen=True)
class Told:
    """One transaction as it is sent."""

    customer_id: int
    name: str
    amount: Decimal
    moment: datetime
    pincode: str
    state: str

    def body(self) -> Row:
        return {
            "customer_id": self.customer_id,
            "name": self.name,
            "transaction_amount": float(self.amount),
            "mob_no": f"{9_000_000_000 + self.customer_id}",
            "transaction_datetime": self.moment.isoformat(),
            "pincode": self.pincode,
            "state": self.state,
        }


def drawn() -> list[Told]:
    """Some at the same moments, some within one second, names that change, states in any case."""
    draws = Random(7)
    places = [("141001", "Punjab"), ("141001", "PUNJAB"), ("141002", "punjab"), ("411001", "Maharashtra")]
    fractions = [0, 0, 1_000, 250_000, 500_000, 500_100]
    told = []
    for number in range(220):
        customer = 1 + int(draws.random() * 14)
        second = timedelta(seconds=int(draws.random() * 20), microseconds=draws.choice(fractions))
        moment = START + second
        pincode, state = draws.choice(places)
        told.append(
            Told(
                customer,
                f"{draws.choice(['Asha', 'Béla', 'Chen'])} {customer}",
                Decimal(1 + int(draws.random() * 90_000)) / 100,
                moment.astimezone(INDIA) if number % 3 == 0 else moment,
                pincode,
                state,
            )
        )
    # Equal totals in one place, of more customers than are shown.
    equal = range(108, 100, -1)
    told += [Told(n, f"Equal {n}", Decimal("7.10"), START, "160017", "Chandigarh") for n in equal]
    # Within one second of each other, and in two states.
    half = START + timedelta(milliseconds=500)
    told.append(Told(200, "Before", Decimal(3), START, "560001", "Karnataka"))
    told.append(Told(200, "After", Decimal(4), half, "682001", "Kerala"))
    return told


@dataclass(frozen=True)
class World:
    """A server, and what it has stored."""

    server: Server
    stored: Sequence[Told]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All have been told, one after the other; the answer said of each what became of it."""
    with loaded(tmp_path_factory.mktemp("transactions"), "", b"") as server:
        stored: dict[tuple[int, datetime], Told] = {}
        for told in drawn():
            key = (told.customer_id, told.moment.astimezone(UTC))
            is_new = key not in stored
            kept = stored.setdefault(key, told)
            answer = server.send(INGEST, told.body())
            assert answer.status == (201 if is_new else 200), answer.text
            assert answer.json() == record("stored" if is_new else "duplicate", kept)
        assert len(stored) < len(drawn())
        yield World(server, list(stored.values()))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to which each test tells transactions of its own customers."""
    with loaded(tmp_path_factory.mktemp("fresh"), "", b"") as server:
        yield server


def record(status: str, told: Told) -> Row:
    moment = told.moment.astimezone(UTC).replace(tzinfo=None)
    fraction = f".{moment.microsecond:06}".removesuffix("000") if moment.microsecond else ""
    return {
        "status": status,
        **told.body(),
        "transaction_amount": f"{told.amount:.2f}",
        "transaction_datetime": f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z",
    }


def send(server: Server, path: str, format: str = "", **body: Any) -> Answer:
    return server.send(f"{path}?format={format}", body)


def flat(server: Server, path: str, **body: Any) -> Ask:
    return lambda format: send(server, path, format, **body)


def total_row(transactions: Sequence[Told], named_by: Sequence[Told]) -> Row:
    """A customer with the sum of the first, and the latest name of the second."""
    return {
        "customer_id": transactions[0].customer_id,
        "name": max(named_by, key=lambda each: each.moment).name,
        "total_transaction_amount": f"{sum(each.amount for each in transactions):.2f}",
    }


def largest_first(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-Decimal(row["total_transaction_amount"]), row["customer_id"]))


def by_customer(transactions: Sequence[Told]) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = {}
    for each in transactions:
        found.setdefault(each.customer_id, []).append(each)
    return found


# --- telling one ---------------------------------------------------------------------------------

ONE = Told(7, "Asha Verma", Decimal("1499.50"), datetime(2025, 11, 20, 10, 15, tzinfo=UTC), "411001", "Goa")


def test_a_second_one_is_a_duplicate_and_the_first_is_kept(fresh: Server) -> None:
    first = send(fresh, INGEST, **ONE.body())
    assert (first.status, first.json()) == (201, record("stored", ONE))
    other = ONE.body() | {
        "name": "Else",
        "transaction_amount": 1,
        "transaction_datetime": "2025-11-20T15:45+05:30",
    }
    for _ in range(2):
        second = send(fresh, INGEST, **other)
        assert (second.status, second.json()) == (200, record("duplicate", ONE))
    assert send(fresh, INGEST, **ONE.body() | {"customer_id": 8}).status == 201
    later = ONE.body() | {"transaction_datetime": "2025-11-20T10:15:00.001Z"}
    assert send(fresh, INGEST, **later).json()["status"] == "stored"
    assert_flat(flat(fresh, INGEST, **other), STORED, [record("duplicate", ONE)])


def test_with_a_key_the_same_is_said(fresh: Server) -> None:
    """Then the answer is kept too, so that two files are written."""
    for key, status, said in (("a", 201, "stored"), ("b", 200, "duplicate"), ("a", 201, "stored")):
        answer = fresh.send(INGEST, ONE.body() | {"customer_id": 20}, headers={"Idempotency-Key": key})
        assert (answer.status, answer.json()["status"]) == (status, said)


def test_of_many_at_once_one_is_stored(fresh: Server) -> None:
    bodies = [ONE.body() | {"customer_id": 31 + number % 4} for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: fresh.send(INGEST, body), bodies))
    said = [(answer.status, answer.json()["status"], answer.json()["customer_id"]) for answer in answers]
    assert sorted(said) == sorted(
        [(201, "stored", number) for number in range(31, 35)]
        + [(200, "duplicate", number) for number in range(31, 35) for _ in range(9)]
    )


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "transaction_datetime",
            [
                "20/11/2025",
                "2025-02-30T10:00:00Z",
                "2025-11-20T25:00:00Z",
                "2025-11-20 at ten",
                1763633700,
                "",
            ],
        ),
        (
            "transaction_amount",
            [-1, -0.01, 0, 0.001, 10_000_000.01, 1e300, "NaN", "Infinity", "1,499.50", True],
        ),
        ("mob_no", ["12345", "12345678901", "+919876543210", "98765 43210", "٠١٢٣٤٥٦٧٨٩", "987654321O"]),
        ("pincode", ["011001", "41100", "4110011", "41100A", "411 001", "४११००१"]),
        ("customer_id", [0, -7, 1.5, "seven", 2**63, None]),
        ("name", ["", "   ", "x" * 201, None]),
        ("state", ["", " \t", "x" * 101]),
    ],
)
def test_what_is_wrong_is_refused(world: World, field: str, values: list[Any]) -> None:
    good = ONE.body() | {"customer_id": 999}
    bodies = [good | {field: value} for value in values]
    bodies.append({name: value for name, value in good.items() if name != field})
    for body in bodies:
        answer = world.server.send(INGEST, body)
        assert answer.status == 422, body
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert field in answer.text
    everything = {"min_amount": 0, "max_amount": 1e12, "time_period": "9999-12-31T23:59:59Z"}
    assert 999 not in {row["customer_id"] for row in send(world.server, RANGE, **everything).json()}


# --- totals in a range ---------------------------------------------------------------------------


def in_range(stored: Sequence[Told], least: Decimal, most: Decimal, until: datetime) -> list[Row]:
    rows = [
        total_row(theirs, theirs)
        for theirs in by_customer([each for each in stored if each.moment <= until]).values()
        if least <= sum(each.amount for each in theirs) <= most
    ]
    return largest_first(rows)


def test_totals_up_to_each_moment(world: World) -> None:
    moments = sorted({each.moment.astimezone(UTC) for each in world.stored})
    least, most = Decimal("200.10"), Decimal("3000.30")
    found = []
    for index, moment in enumerate([*moments, moments[0] - timedelta(microseconds=1)]):
        given = moment.astimezone(INDIA) if index % 2 else moment
        body = {"min_amount": float(least), "max_amount": float(most), "time_period": given.isoformat()}
        rows = send(world.server, RANGE, **body).json()
        assert rows == in_range(world.stored, least, most, moment)
        found.append(len(rows))
    assert len(moments) > 30
    assert found[-1] == 0
    assert max(found) > 8


def test_both_ends_of_the_range_belong_to_it(world: World) -> None:
    until = START + timedelta(days=1)
    for theirs in by_customer(world.stored).values():
        total = sum((each.amount for each in theirs), Decimal(0))
        for least, most in ((total, total), (total + Decimal("0.01"), total * 2), (Decimal(0), total - 1)):
            body = {"min_amount": str(least), "max_amount": str(most), "time_period": until.isoformat()}
            rows = send(world.server, RANGE, **body).json()
            assert rows == in_range(world.stored, least, most, until)
            assert (least == total) == (theirs[0].customer_id in {row["customer_id"] for row in rows})


def test_the_total_counts_and_not_each_transaction(world: World) -> None:
    """Nobody's single transaction is as large as these totals."""
    least = 1 + max(each.amount for each in world.stored)
    until = START + timedelta(days=1)
    wanted = in_range(world.stored, least, Decimal(10**9), until)
    assert wanted
    body = {"min_amount": float(least), "max_amount": 10**9, "time_period": until.isoformat()}
    assert send(world.server, RANGE, **body).json() == wanted
    assert list(wanted[0]) == list(TOTAL)
    assert_flat(flat(world.server, RANGE, **body), TOTAL, wanted)


def test_an_empty_range(world: World) -> None:
    for least, most in ((5, 4), (10**9, 10**10)):
        body = {"min_amount": least, "max_amount": most, "time_period": "2025-12-31"}
        assert send(world.server, RANGE, **body).json() == []
        assert_flat(flat(world.server, RANGE, **body), TOTAL, [])


@pytest.mark.parametrize(
    "change",
    [
        *({"min_amount": "much"}, {"min_amount": None}, {"min_amount": -1}, {"max_amount": "NaN"}),
        *({"time_period": "last month"}, {"time_period": "2025-02-30"}, {"time_period": None}),
        {"until": "now"},
    ],
)
def test_a_range_that_is_none_is_refused(world: World, change: Row) -> None:
    body = {"min_amount": 1, "max_amount": 2, "time_period": "2025-03-02T00:00:00Z"} | change
    for format in ("json", "ndjson", "csv", "excel"):
        answer = send(world.server, RANGE, format, **body)
        assert answer.status == 422
        assert next(iter(change)) in answer.text


# --- the top customers of a state ----------------------------------------------------------------


def top(stored: Sequence[Told], state: str) -> dict[str, list[Row]]:
    of_state = [each for each in stored if each.state.lower() == state.lower()]
    named_by = by_customer(stored)
    return {
        f"pincode_{pincode}": largest_first(
            [
                total_row(theirs, named_by[customer])
                for customer, theirs in by_customer([e for e in of_state if e.pincode == pincode]).items()
            ]
        )[:5]
        for pincode in sorted({each.pincode for each in of_state})
    }


@pytest.mark.parametrize("state", ["Punjab", "PUNJAB", " punjab ", "Maharashtra", "cHANDIGARH"])
def test_the_five_largest_of_each_pincode(world: World, state: str) -> None:
    wanted = top(world.stored, state.strip())
    assert all(len(rows) == 5 for rows in wanted.values())
    answer = send(world.server, TOP, state=state)
    assert answer.status == 200
    assert answer.json() == wanted
    assert list(answer.json()) == list(wanted)
    rows = [{"pincode_key": key, **row} for key, rows in wanted.items() for row in rows]
    assert_flat(flat(world.server, TOP, state=state), GROUPED, rows)


def test_equal_totals_are_in_the_order_of_the_numbers(world: World) -> None:
    found = send(world.server, TOP, state="Chandigarh").json()
    assert [row["customer_id"] for row in found["pincode_160017"]] == [101, 102, 103, 104, 105]


def test_the_latest_name_is_shown_wherever_it_was_told(world: World) -> None:
    row = {"customer_id": 200, "name": "After", "total_transaction_amount": "3.00"}
    assert send(world.server, TOP, state="karnataka").json() == {"pincode_560001": [row]}


def test_a_state_without_transactions(world: World) -> None:
    assert send(world.server, TOP, state="Atlantis").json() == {}
    assert_flat(flat(world.server, TOP, state="Atlantis"), GROUPED, [])
    (header,) = csv_fields(send(world.server, TOP, "csv", state="Atlantis").body)
    assert len(header) == len(GROUPED)


@pytest.mark.parametrize("body", [{}, {"state": ""}, {"state": "  "}, {"state": "x" * 101}, {"stat": "Goa"}])
def test_no_state_is_refused(world: World, body: Row) -> None:
    for format in ("json", "ndjson", "csv", "excel"):
        assert send(world.server, TOP, format, **body).status == 422
