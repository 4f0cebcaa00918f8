"""A file is looked at, checked, and loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.send.acting import chosen, counts, loads, looked_at, marked, outcome, told_bad, writes
from tests.browser.send.service import asked, guests
from tests.browser.send.sheets import BAD, HEADER, ROWS, WANTED, as_csv, as_excel, good, invoices
from tests.server import Server

IMPORT = "/_/send/invoices/import.post"
GUESTS = "/_/send/guests/import.post"
INVOICES = "SELECT invoice_number, invoice_date, bill_total_cents FROM invoices WHERE invoice_number LIKE ?"
FIRST_LINE = 2
PREVIEWED = 20


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_from_the_file_to_the_rows(page: Page, server: Server, kind: str) -> None:
    prefix = f"Q{kind}"
    rows = invoices(prefix)
    name, data = ("July.csv", as_csv(rows)) if kind == "csv" else ("July.xlsx", as_excel(rows))
    chosen(page, IMPORT, name, data)
    looked_at(page)
    matches = page.locator(".preview .matches th").all_inner_texts()[1:]
    assert [text.strip("→* ") for text in matches] == [WANTED.get(column, "not used") for column in HEADER]
    assert page.locator(".preview thead tr:nth-child(2) th").all_inner_texts() == HEADER
    assert page.locator(".preview tbody tr").count() == PREVIEWED
    first = page.locator(".preview tbody tr").first.locator("td").all_inner_texts()
    assert (first[0], first[1], first[-1]) == (rows[0][0], rows[0][1], rows[0][-1])
    # What only the SQL knows is found by a check, not by a look.
    by_looking = [number + FIRST_LINE for number in BAD if number < PREVIEWED and number != 9]
    assert marked(page) == by_looking

    page.click("#check")
    assert f"{len(BAD)} of {ROWS} rows have errors" in outcome(page)
    assert told_bad(page) == [(number + FIRST_LINE, column) for number, column in BAD.items()]
    assert counts(page)["inserted"] == ROWS - len(BAD)
    assert marked(page) == [number + FIRST_LINE for number in BAD if number < PREVIEWED]
    assert asked(server, "invoice", INVOICES, f"{prefix}-%") == []

    page.click("#load")
    assert "Some rows have errors" in outcome(page)
    assert asked(server, "invoice", INVOICES, f"{prefix}-%") == []

    page.check("input[value=skip]")
    page.click("#load")
    page.wait_for_selector("#outcome h2.good, #outcome .counts")
    assert counts(page) == {
        "received": ROWS,
        "inserted": ROWS - len(BAD),
        "updated": 0,
        "unchanged": 0,
        "rejected": len(BAD),
    }
    assert sorted(asked(server, "invoice", INVOICES, f"{prefix}-%")) == sorted(good(rows))
    expect(page.locator("#load")).to_be_disabled()
    assert page.evaluate("window.bad") is None


def test_a_file_without_bad_rows(page: Page, server: Server) -> None:
    rows = [row for number, row in enumerate(invoices("QG")) if number not in BAD]
    chosen(page, IMPORT, "good.csv", as_csv(rows))
    looked_at(page)
    page.click("#check")
    assert "All rows are valid" in outcome(page)
    assert page.locator(".rejected").count() == 0
    page.click("#load")
    page.wait_for_selector("#outcome h2.good:has-text('Loaded')")
    assert counts(page)["inserted"] == len(rows)
    assert sorted(asked(server, "invoice", INVOICES, "QG-%")) == sorted(good(invoices("QG")))


def test_text_stays_text(page: Page) -> None:
    evil = "<script>window.bad = 1</script>"
    cell = "<img src=x onerror=window.bad=1>"
    chosen(page, GUESTS, f"{evil.replace('/', '')}.csv", f'Guest,"{evil}"\n"{cell}",x\n'.encode())
    looked_at(page)
    assert page.locator(".preview thead tr:nth-child(2) th").all_inner_texts() == ["Guest", evil]
    assert page.locator(".preview td").first.inner_text() == cell
    # The header's own words are text as well.
    assert "<b>Where</b> from" in page.inner_text("#columns")
    page.click("#load")
    page.wait_for_selector("#outcome .counts")
    assert page.locator("#outcome img, #preview img, #preview script").count() == 0
    assert page.evaluate("window.bad") is None


def test_a_double_click_loads_once(page: Page, server: Server) -> None:
    sent = loads(page, "/guests/import")
    chosen(page, GUESTS, "guests.csv", b"Guest\nTwice Clicked\n")
    looked_at(page)
    page.dblclick("#load")
    page.wait_for_selector("#outcome .counts")
    assert guests(server, "Twice Clicked") == 1
    assert len(sent) == 1


def test_a_lost_answer_and_a_second_try_load_once(page: Page, server: Server) -> None:
    sent = loads(page, "/guests/import")
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not writes(route.request, "/guests/import") or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/guests/import*", lose)
    chosen(page, GUESTS, "guests.csv", b"Guest\nLost Answer\n")
    looked_at(page)
    page.click("#load")
    assert "not written twice" in outcome(page)
    assert (lost, guests(server, "Lost Answer")) == ([201], 1)
    page.click("#load")
    page.wait_for_selector("#outcome .counts")
    assert (counts(page)["inserted"], guests(server, "Lost Answer")) == (1, 1)
    keys = {request.headers["idempotency-key"] for request in sent}
    assert (len(sent), len(keys)) == (2, 1)
    page.set_input_files("#file", {"name": "guests.csv", "mimeType": "", "buffer": b"Guest\nLost Answer\n"})
    looked_at(page)
    page.click("#load")
    page.wait_for_selector("#load:disabled:has-text('Loaded')")
    assert guests(server, "Lost Answer") == 2


def test_many_are_deleted_only_when_that_is_confirmed(page: Page, server: Server) -> None:
    names = ["First Of Two", "Second Of Two"]
    numbers = [server.send("/customers/", {"customer_name": name}).json()["customer_id"] for name in names]
    data = "customer_id\n" + "".join(f"{number}\n" for number in numbers)
    chosen(page, "/_/send/customers/index.delete", "gone.csv", data.encode())
    looked_at(page)
    page.click("#load")
    assert page.inner_text("#confirm-what") == "all that gone.csv names"
    page.click("#confirm-no")
    assert [guests(server, name) for name in names] == [1, 1]
    page.click("#load")
    page.click("#confirm-yes")
    page.wait_for_selector("#outcome h2:has-text('Deleted')")
    assert [guests(server, name) for name in names] == [0, 0]


def test_days_in_the_other_order(page: Page, server: Server) -> None:
    header = "CustomerName,InvoiceNumber,InvoiceDate,BillTotal,Applied,Status,Currency,Terms"
    rows = [f"Ada,D-{day},{day}/12/2024,1.00,0,Open,USD,Net 30" for day in ("05", "25")]
    chosen(page, IMPORT, "days.csv", "\n".join([header, *rows]).encode())
    looked_at(page)
    page.check("input[value=skip]")
    page.click("#load")
    # Skipping does not help: it would store 12 May.
    assert "Choose the date order under “File options”" in outcome(page)
    page.locator("#field-date-order").evaluate("field => field.closest('details').open = true")
    page.select_option("#field-date-order", "dmy")
    looked_at(page)
    page.click("#load")
    page.wait_for_selector("#outcome .counts")
    dates = [(number, day) for number, day, _ in asked(server, "invoice", INVOICES, "D-%")]
    assert sorted(dates) == [("D-05", "2024-12-05"), ("D-25", "2024-12-25")]


def test_by_the_keyboard_alone(page: Page, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("Guest\nBy keyboard\n")
    page.goto(GUESTS)

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("#file")
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Space")
    choosing.value.set_files(file)
    looked_at(page)
    tab_to("#rows")
    tab_to("#check")
    page.keyboard.press("Enter")
    outcome(page)
    assert page.evaluate("document.activeElement.id") == "outcome"
    page.focus("#check")
    tab_to("#load")
    page.keyboard.press("Space")
    page.wait_for_selector("#outcome h2:has-text('Loaded')")
    assert guests(server, "By keyboard") == 1
    assert "Loaded" in page.inner_text("#state[role=status]")


def test_rows_for_what_the_fields_name(page: Page, server: Server) -> None:
    """Replaces the lines of an order that may be changed; the order's number is a field."""
    sold = "SELECT product_id FROM products WHERE discontinued = 0 AND (stock IS NULL OR stock > 9) LIMIT 3"
    first, *products = [number for (number,) in asked(server, "product", sold)]
    made = server.send("/orders/", {"customer_id": 1, "lines": [{"product_id": first, "quantity": 1}]})
    order = made.json()["order_id"]
    data = "product,quantity\n" + "".join(f"{number},2\n" for number in products)
    chosen(page, "/_/send/orders/{order_id}/lines.put", "lines.csv", data.encode())
    looked_at(page)
    page.click("#load")
    expect(page.locator("#field-order_id-error")).to_have_text("is required")
    assert page.evaluate("document.activeElement.name") == "order_id"
    page.fill("[name=order_id]", str(order))
    page.click("#load")
    page.wait_for_selector("#outcome h2:has-text('Replaced')")
    lines = "SELECT product_id, quantity FROM order_lines WHERE order_id = ? ORDER BY line_number"
    assert asked(server, "order_line", lines, order) == [(number, 2) for number in products]
