"""The URLs of invoices over whole sheets, against what plain Python makes of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.server import Answer, Server
from tests.shop.flat_rows import FLAT_FORMATS, Ask, Row, assert_flat, kinds, money
from tests.shop.whole_sheets import (
    OVER_INVOICES,
    Invoice,
    invoices_of,
    loaded,
    past_due,
    past_due_item,
    sheet_of,
    swapped,
)

DAY = date(2025, 3, 1)
SORT_KEYS: dict[str, Callable[[Invoice], Any]] = {
    "due_date": lambda each: each.due,
    "invoice_date": lambda each: each.invoiced,
    "days_past_due": lambda each: -each.due.toordinal(),
    "outstanding": lambda each: each.outstanding,
    "bill_total": lambda each: each.billed,
    "customer_name": lambda each: each.customer,
    "invoice_number": lambda each: each.number,
}
PAST_DUE = kinds(
    "invoice_number customer_name invoice_date:date due_date:date bill_total:money applied:money "
    "outstanding:money currency status days_past_due"
)
MONTH = "/invoices/summary/month"
SUMMARY = kinds("month currency sum_bill_total:money count_invoices")
CONTACT = kinds("customer_name contact_name contact_email contact_phone last_seen_invoice_date:date total")
INVOICE = kinds(
    "invoice_number customer_id customer_name order_id invoice_date:date due_date:date "
    "bill_total:money applied:money outstanding:money currency status terms customer_po_number "
    "contact_name contact_email contact_phone"
)
RECEIVABLES = kinds(
    "customer_id customer_name currency invoice_count outstanding:money current:money days_1_30:money "
    "days_31_60:money days_61_90:money over_90_days:money"
)


@pytest.fixture(scope="module", params=OVER_INVOICES)
def sheet(request: pytest.FixtureRequest) -> bytes:
    return sheet_of(request.param)


@pytest.fixture(scope="module")
def server(sheet: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with loaded(tmp_path_factory.mktemp("invoices"), "invoices/import", sheet) as running:
        yield running


@pytest.fixture(scope="module")
def invoices(sheet: bytes) -> list[Invoice]:
    return invoices_of(sheet)


@pytest.fixture(scope="module")
def customers(invoices: list[Invoice]) -> dict[str, int]:
    """The number of each customer; a sheet's are entered in its order."""
    return {name: number for number, name in enumerate(dict.fromkeys(each.customer for each in invoices), 1)}


def ask(server: Server, path: str, **params: object) -> Answer:
    return server.get(f"{path}?{urlencode(params)}")


def flat(server: Server, path: str, **params: object) -> Ask:
    return lambda format: ask(server, path, format=format, **params)


def json_of(server: Server, path: str, **params: object) -> Any:
    answer = ask(server, path, **params)
    assert answer.status == 200, answer.text
    return answer.json()


def statuses(server: Server, path: str, **params: object) -> set[int]:
    """In every format."""
    return {ask(server, path, format=format, **params).status for format in ("json", *FLAT_FORMATS)}


def all_pages(server: Server, path: str, limit: int, **params: object) -> list[Row]:
    """The items of all pages; each says how many there are."""
    items: list[Row] = []
    for page in count():
        found = json_of(server, path, limit=limit, offset=page * limit, **params)
        assert list(found) == ["items", "total", "limit", "offset"]
        assert (found["limit"], found["offset"]) == (limit, page * limit)
        items += found["items"]
        if page * limit >= found["total"]:
            assert found["items"] == []
            assert found["total"] == len(items)
            return items
    raise AssertionError


# --- past due ------------------------------------------------------------------------------------


def test_past_due_invoices(server: Server, invoices: list[Invoice]) -> None:
    owed = sorted(past_due(invoices, DAY), key=lambda each: each.due)
    found = json_of(server, "/invoices/past-due", as_of=DAY)
    assert found == {
        "items": [past_due_item(each, DAY) for each in owed[:50]],
        "total": len(owed),
        "limit": 50,
        "offset": 0,
    }
    assert list(found["items"][0]) == list(PAST_DUE)


@pytest.mark.parametrize("column", SORT_KEYS)
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_each_sort_goes_through_all_pages(
    server: Server, invoices: list[Invoice], column: str, direction: str
) -> None:
    as_of = date(2026, 6, 1)
    # Equal ones stay in the order of their numbers.
    owed = sorted(past_due(invoices, as_of), key=SORT_KEYS[column], reverse=direction == "desc")
    sort = f"{column}.{direction}"
    items = all_pages(server, "/invoices/past-due", len(owed) // 4, as_of=as_of, sort=sort)
    assert items == [past_due_item(each, as_of) for each in owed]


def test_the_day_that_an_invoice_is_due_is_not_past(server: Server, invoices: list[Invoice]) -> None:
    one = next(each for each in invoices if each.outstanding)
    for days in (-1, 0, 1):
        as_of = one.due + timedelta(days=days)
        numbers = [
            item["invoice_number"] for item in all_pages(server, "/invoices/past-due", 200, as_of=as_of)
        ]
        assert (one.number in numbers) == (days > 0)
        assert len(numbers) == len(past_due(invoices, as_of))


def test_without_a_day_it_is_today_in_new_york(server: Server, invoices: list[Invoice]) -> None:
    def now() -> date:
        return datetime.now(ZoneInfo("America/New_York")).date()

    before = now()
    items = all_pages(server, "/invoices/past-due", 200, sort="invoice_number.asc")
    after = now()
    wanted = [[past_due_item(each, day) for each in past_due(invoices, day)] for day in {before, after}]
    assert items in wanted


def test_past_due_as_a_file_has_all_rows(server: Server, invoices: list[Invoice]) -> None:
    as_of = date(2026, 6, 1)
    owed = [past_due_item(each, as_of) for each in past_due(invoices, as_of)]
    given = {"as_of": as_of, "sort": "invoice_number.asc"}
    assert_flat(flat(server, "/invoices/past-due", **given), PAST_DUE, owed)
    assert_flat(flat(server, "/invoices/past-due", **given, limit=3, offset=2), PAST_DUE, owed[2:5])
    name = ask(server, "/invoices/past-due", **given, format="excel").headers["Content-Disposition"]
    assert name == 'attachment; filename="past_due_2026-06-01.xlsx"'


def test_nothing_past_due(server: Server) -> None:
    nothing = {"items": [], "total": 0, "limit": 50, "offset": 0}
    assert json_of(server, "/invoices/past-due", as_of="1990-01-01") == nothing
    assert_flat(flat(server, "/invoices/past-due", as_of="1990-01-01"), PAST_DUE, [])


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "due_date"},
        {"sort": "due_date.up"},
        {"sort": "phone.asc"},
        {"limit": 0},
        {"limit": 201},
        {"limit": -1},
        {"limit": "all"},
        {"offset": -1},
        {"offset": 1.5},
        {"as_of": "2025-02-30"},
        {"as_of": "03/01/2025"},
        {"customer": "Lens & Light"},
    ],
)
def test_past_due_refuses(server: Server, params: dict[str, object]) -> None:
    assert statuses(server, "/invoices/past-due", **params) == {422}
    problem = ask(server, "/invoices/past-due", **params)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert next(iter(params)) in problem.text


# --- the summary of a month ----------------------------------------------------------------------


def summary(invoices: list[Invoice], month: str) -> list[Row]:
    of_month = [each for each in invoices if each.invoiced.isoformat().startswith(month)]
    return [
        {
            "month": month,
            "currency": currency,
            "sum_bill_total": money(sum(each.billed for each in of_month if each.currency == currency)),
            "count_invoices": len([each for each in of_month if each.currency == currency]),
        }
        for currency in sorted({each.currency for each in of_month})
    ]


def one_currency(rows: list[Row], month: str, currency: str) -> Row:
    """The one of these rows, or what stands for no invoices."""
    nothing = {"month": month, "currency": currency, "sum_bill_total": "0.00", "count_invoices": 0}
    return next((row for row in rows if row["currency"] == currency), nothing)


def test_every_month_is_summed_by_currency(server: Server, invoices: list[Invoice]) -> None:
    months = {each.invoiced.isoformat()[:7] for each in invoices}
    sizes = set()
    for month in months:
        rows = summary(invoices, month)
        assert json_of(server, f"{MONTH}/currencies", month=month) == rows
        assert json_of(server, MONTH, month=month) == one_currency(rows, month, "USD")
        for currency in ("USD", "CAD", "EUR"):
            found = json_of(server, MONTH, month=month, currency=currency)
            assert found == one_currency(rows, month, currency)
        sizes.add(len(rows))
    assert sizes == {1, 2}


def test_the_month_of_a_customer_in_any_case(server: Server, invoices: list[Invoice]) -> None:
    latest = {each.customer: each.invoiced.isoformat()[:7] for each in invoices}
    for name, month in latest.items():
        rows = summary([each for each in invoices if each.customer == name], month)
        for given in (name, swapped(name), f" {name} "):
            assert json_of(server, f"{MONTH}/currencies", month=month, customer_name=given) == rows
            found = json_of(server, MONTH, month=month, customer_name=given)
            assert found == one_currency(rows, month, "USD")


def test_a_month_without_invoices(server: Server, invoices: list[Invoice]) -> None:
    month = invoices[0].invoiced.isoformat()[:7]
    for params in ({"month": "1999-12"}, {"month": month, "customer_name": "Nobody"}):
        assert json_of(server, f"{MONTH}/currencies", **params) == []
        assert_flat(flat(server, f"{MONTH}/currencies", **params), SUMMARY, [])
        nothing = one_currency([], params["month"], "USD")
        assert json_of(server, MONTH, **params) == nothing
        assert_flat(flat(server, MONTH, **params), SUMMARY, [nothing])


def test_the_month_in_every_format(server: Server, invoices: list[Invoice]) -> None:
    month = next(each.invoiced.isoformat()[:7] for each in invoices if each.currency == "CAD")
    rows = summary(invoices, month)
    assert [row["currency"] for row in rows] == ["CAD", "USD"]
    assert_flat(flat(server, f"{MONTH}/currencies", month=month), SUMMARY, rows)
    assert_flat(flat(server, MONTH, month=month, currency="CAD"), SUMMARY, rows[:1])


@pytest.mark.parametrize(
    "params",
    [{}, {"month": "2024-13"}, {"month": "2024-11-01"}, {"month": "11/2024"}, {"month": ""}],
)
def test_what_is_no_month_is_refused(server: Server, params: dict[str, object]) -> None:
    assert statuses(server, MONTH, **params) == {422}
    assert statuses(server, f"{MONTH}/currencies", **params) == {422}


# --- contacts ------------------------------------------------------------------------------------


def contacts(invoices: list[Invoice], customer: str) -> list[Row]:
    """Those that the customer's invoices name, the one seen last first."""
    seen: dict[tuple[str, ...], str] = {}
    for each in invoices:
        if each.customer == customer and any(each.contact):
            contact = tuple(part or "" for part in each.contact)
            seen[contact] = max(seen.get(contact, ""), each.invoiced.isoformat())
    by_name = sorted(seen.items())
    names = ("contact_name", "contact_email", "contact_phone", "last_seen_invoice_date")
    return [
        dict(zip(names, (*contact, day), strict=True))
        for contact, day in sorted(by_name, key=lambda item: item[1], reverse=True)
    ]


NOBODY: Row = {"contact_name": "", "contact_email": "", "contact_phone": "", "last_seen_invoice_date": None}


def test_the_contacts_of_every_customer(server: Server, invoices: list[Invoice]) -> None:
    totals = set()
    for name in {each.customer for each in invoices}:
        wanted = contacts(invoices, name)
        record = {"customer_name": name, "contacts": wanted or [NOBODY], "total": len(wanted)}
        for given in (name, swapped(name), f" {name}"):
            found = json_of(server, "/customers/contact", name=given)
            assert found == record
            assert list(found) == list(record)
        totals.add(len(wanted))
    assert {0, 1} <= totals


def test_contacts_by_pages(server: Server, invoices: list[Invoice]) -> None:
    names = sorted({each.customer for each in invoices})
    name = max(names, key=lambda each: len(contacts(invoices, each)))
    wanted = contacts(invoices, name)
    for offset in range(len(wanted) + 2):
        found = json_of(server, "/customers/contact", name=name, limit=1, offset=offset)
        page = wanted[offset : offset + 1]
        assert found == {"customer_name": name, "contacts": page, "total": len(wanted)}


def test_contacts_in_every_format(server: Server, invoices: list[Invoice]) -> None:
    for name in sorted({each.customer for each in invoices})[:3]:
        wanted = contacts(invoices, name)
        rows = [{"customer_name": name, **contact, "total": len(wanted)} for contact in (wanted or [NOBODY])]
        assert_flat(flat(server, "/customers/contact", name=name), CONTACT, rows)


def test_an_unknown_customer_has_no_contact(server: Server) -> None:
    assert statuses(server, "/customers/contact", name="Nobody at all") == {404}
    assert ask(server, "/customers/contact", name="x").headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "params",
    [
        *({}, {"name": ""}, {"name": "   "}),
        *({"name": "x", "limit": 0}, {"name": "x", "limit": 201}, {"name": "x", "offset": -1}),
    ],
)
def test_contacts_refuse(server: Server, params: dict[str, object]) -> None:
    assert statuses(server, "/customers/contact", **params) == {422}


# --- one invoice, and all of them ----------------------------------------------------------------


def whole(invoice: Invoice, customers: dict[str, int]) -> Row:
    name, email, phone = invoice.contact
    return {
        "invoice_number": invoice.number,
        "customer_id": customers[invoice.customer],
        "customer_name": invoice.customer,
        "order_id": None,
        "invoice_date": invoice.invoiced.isoformat(),
        "due_date": invoice.due.isoformat(),
        "bill_total": money(invoice.billed),
        "applied": money(invoice.applied),
        "outstanding": money(invoice.outstanding),
        "currency": invoice.currency,
        "status": invoice.status,
        "terms": invoice.terms,
        "customer_po_number": invoice.order,
        "contact_name": name,
        "contact_email": email,
        "contact_phone": phone,
    }


def test_one_invoice(server: Server, invoices: list[Invoice], customers: dict[str, int]) -> None:
    for each in invoices[:: len(invoices) // 20]:
        found = json_of(server, f"/invoices/{quote(each.number, safe='')}")
        assert found == whole(each, customers)
    path = f"/invoices/{invoices[-1].number}"
    assert_flat(flat(server, path), INVOICE, [whole(invoices[-1], customers)])


@pytest.mark.parametrize("number", ["DF0", "'", "%25", "x" * 50])
def test_an_unknown_invoice_is_not_found(server: Server, number: str) -> None:
    assert statuses(server, f"/invoices/{quote(number)}") == {404}


def test_all_invoices_as_a_file(server: Server, invoices: list[Invoice], customers: dict[str, int]) -> None:
    by_number = sorted(invoices, key=lambda each: each.number)
    by_day = sorted(by_number, key=lambda each: each.invoiced, reverse=True)
    assert_flat(flat(server, "/invoices/"), INVOICE, [whole(each, customers) for each in by_day])


@pytest.mark.parametrize(
    ("params", "is_meant"),
    [
        ({"status": "Open"}, lambda each: each.status == "Open"),
        ({"currency": "CAD"}, lambda each: each.currency == "CAD"),
        ({"currency": "EUR"}, lambda each: each.currency == "EUR"),
        ({"from": "2024-11-01", "to": "2024-11-30"}, lambda each: each.invoiced.isoformat()[:7] == "2024-11"),
        ({"min_total": "1400"}, lambda each: each.billed >= 140_000),
        ({"min_total": "0.01"}, lambda each: each.billed >= 1),
        ({"q": "LIGHT"}, lambda each: "light" in each.customer.lower()),
        ({"q": "po-00001"}, lambda each: "PO-00001" in (each.order or "")),
        ({"q": "%"}, lambda each: False),
        (
            {"status": "Closed", "currency": "USD", "from": "2024-06-01", "q": "SM"},
            lambda each: (
                (each.status, each.currency) == ("Closed", "USD")
                and each.invoiced >= date(2024, 6, 1)
                and "sm" in f"{each.number}/{each.order}/{each.customer}".lower()
            ),
        ),
    ],
)
def test_invoices_by_filters(
    server: Server,
    invoices: list[Invoice],
    customers: dict[str, int],
    params: dict[str, object],
    is_meant: Callable[[Invoice], bool],
) -> None:
    meant = [whole(each, customers) for each in invoices if is_meant(each)]
    meant.sort(key=lambda row: row["invoice_number"])
    sort = "invoice_number.asc"
    found = json_of(server, "/invoices/", limit=200, sort=sort, **params)
    assert found == {"items": meant[:200], "total": len(meant), "limit": 200, "offset": 0}


def test_invoices_by_pages(server: Server, invoices: list[Invoice], customers: dict[str, int]) -> None:
    of_month = [each for each in invoices if each.invoiced.isoformat()[:7] == "2024-11"]
    for column in ("invoice_date", "due_date", "bill_total", "customer_name", "invoice_number"):
        for direction in ("asc", "desc"):
            by_number = sorted(of_month, key=lambda each: each.number)
            rows = sorted(by_number, key=SORT_KEYS[column], reverse=direction == "desc")
            given = {"from": "2024-11-01", "to": "2024-11-30", "sort": f"{column}.{direction}"}
            items = all_pages(server, "/invoices/", max(len(rows) // 3, 1), **given)
            assert items == [whole(each, customers) for each in rows]


@pytest.mark.parametrize(
    "params",
    [
        *({"sort": "phone.asc"}, {"limit": 201}, {"status": "Pending"}, {"currency": "XXX"}),
        *({"from": "2024-02-30"}, {"min_total": -1}, {"min_total": "much"}, {"customer_id": 0}),
    ],
)
def test_invoices_refuse(server: Server, params: dict[str, object]) -> None:
    assert statuses(server, "/invoices/", **params) == {422}


# --- what is owed, and what was earned -----------------------------------------------------------


def receivables(invoices: list[Invoice], customers: dict[str, int], as_of: date) -> list[Row]:
    found = []
    known = [each for each in invoices if each.outstanding and each.invoiced <= as_of]
    for name, currency in {(each.customer, each.currency) for each in known}:
        owed = [each for each in known if (each.customer, each.currency) == (name, currency)]

        def due(first: int, last: int, owed: list[Invoice] = owed) -> str | None:
            return money(sum(each.outstanding for each in owed if first <= each.days_due(as_of) <= last))

        if owed:
            found.append(
                {
                    "customer_id": customers[name],
                    "customer_name": name,
                    "currency": currency,
                    "invoice_count": len(owed),
                    "outstanding": due(-100_000, 100_000),
                    "current": due(-100_000, 0),
                    "days_1_30": due(1, 30),
                    "days_31_60": due(31, 60),
                    "days_61_90": due(61, 90),
                    "over_90_days": due(91, 100_000),
                }
            )
    return sorted(found, key=lambda row: (-float(row["outstanding"]), row["customer_id"], row["currency"]))


def test_receivables_by_age(server: Server, invoices: list[Invoice], customers: dict[str, int]) -> None:
    one = next(each for each in invoices if each.outstanding)
    for days in (0, 1, 30, 31, 60, 61, 90, 91, 400):
        as_of = one.due + timedelta(days=days)
        rows = receivables(invoices, customers, as_of)
        assert rows
        assert json_of(server, "/report/open-receivables", as_of=as_of) == rows
    assert_flat(flat(server, "/report/open-receivables", as_of=as_of), RECEIVABLES, rows)
    assert json_of(server, "/report/open-receivables", as_of="1990-01-01") == []
    assert_flat(flat(server, "/report/open-receivables", as_of="1990-01-01"), RECEIVABLES, [])


def test_revenue_of_a_currency(server: Server, invoices: list[Invoice]) -> None:
    for currency in ("USD", "EUR", "CAD"):
        sums: dict[str, list[Invoice]] = {}
        for each in invoices:
            if each.currency == currency:
                sums.setdefault(each.invoiced.isoformat()[:7], []).append(each)
        params = {"from": "2000-01", "until": "2030-12", "currency": currency}
        assert json_of(server, "/report/revenue-by-month", **params) == [
            {
                "month": month,
                "currency": currency,
                "invoice_count": len(group),
                "invoiced": money(sum(each.billed for each in group)),
                "paid": money(sum(each.applied for each in group)),
                "outstanding": money(sum(each.billed - each.applied for each in group)),
            }
            for month, group in sorted(sums.items())
        ]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ("10.00,10.01,Open", "Applied", "must not be more than the bill total"),
        ("10.00,9.99,Closed", "Status", "cannot be Closed before the invoice is paid in full"),
        ("92233720368547758.07,0,Open", "BillTotal", "must be at most 1000000000.00"),
    ],
)
def test_what_contradicts_itself_is_told_by_line(
    server: Server, cells: str, column: str, reason: str
) -> None:
    head = "CustomerName,InvoiceNumber,InvoiceDate,BillTotal,Applied,Status,Currency,CustomerTerms\n"
    sheet = head + f"Zed,Z-1,2024-01-01,5,5,Closed,USD,Net 30\nZed,Z-2,2024-01-01,{cells},USD,Net 30\n"
    answer = server.send("/invoices/import?dry_run=true", sheet)
    (row,) = answer.json()["rejected"]
    assert (answer.status, row["line"], row["column"]) == (422, 3, column)
    assert row["reason"].startswith(reason)
