"""The page of an endpoint that takes a file: looked at, checked, loaded."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.sending import (
    BAD,
    HEADER,
    ROWS,
    WANTED,
    as_csv,
    as_excel,
    asked,
    good,
    invoices,
    opened,
    service,
)
from tests.server import Server, eventually

IMPORT = "/_/send/invoices/import.post"
GUESTS = "/_/send/guests/import.post"
INVOICES = "SELECT invoice_number, invoice_date, bill_total_cents FROM invoices WHERE invoice_number LIKE ?"
FIRST_LINE = 2
PREVIEWED = 20


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with service(tmp_path_factory.mktemp("send")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as page:
        yield page


def chosen(page: Page, path: str, name: str, data: bytes, kind: str = "") -> None:
    page.goto(path)
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def looked_at(page: Page) -> None:
    page.wait_for_selector("#preview")


def outcome(page: Page) -> str:
    page.wait_for_selector("#outcome h2")
    return page.inner_text("#outcome")


def counts(page: Page) -> dict[str, int]:
    names, numbers = (
        page.locator(".counts dt").all_inner_texts(),
        page.locator(".counts dd").all_inner_texts(),
    )
    return {
        name.removeprefix("⚠ "): int(text.replace(",", "")) for name, text in zip(names, numbers, strict=True)
    }


def told_bad(page: Page) -> list[tuple[int, str]]:
    """Line and column of each row that the outcome lists."""
    rows = page.locator(".rejected tbody tr")
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    return [(int(line), column) for line, column, *_ in cells]


def marked(page: Page) -> list[int]:
    """The lines of the preview that are marked as bad."""
    return [int(text.split()[0]) for text in page.locator(".bad-row > th").all_inner_texts()]


def loads(page: Page, path: str) -> list[Request]:
    """The requests that write, of those to come."""
    found: list[Request] = []
    page.on("request", lambda each: found.append(each) if _writes(each, path) else None)
    return found


def _writes(request: Request, path: str) -> bool:
    return request.url.split("?")[0].endswith(path) and not re.search("preview=|dry_run=", request.url)


def guests(server: Server, name: str) -> int:
    [(count,)] = asked(server, "customer", "SELECT count(*) FROM customers WHERE customer_name = ?", name)
    return int(count)


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
    assert f"{len(BAD)} of {ROWS} rows cannot be taken" in outcome(page)
    assert told_bad(page) == [(number + FIRST_LINE, column) for number, column in BAD.items()]
    assert counts(page)["inserted"] == ROWS - len(BAD)
    assert marked(page) == [number + FIRST_LINE for number in BAD if number < PREVIEWED]
    assert asked(server, "invoice", INVOICES, f"{prefix}-%") == []

    page.click("#load")
    assert "Rows cannot be taken" in outcome(page)
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
    assert "All rows are good" in outcome(page)
    assert page.locator(".rejected").count() == 0
    page.click("#load")
    page.wait_for_selector("#outcome h2.good:has-text('Loaded')")
    assert counts(page)["inserted"] == len(rows)
    assert sorted(asked(server, "invoice", INVOICES, "QG-%")) == sorted(good(invoices("QG")))


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("cat.png", "image/png", "image/png is not read here"),
        ("cat.csv", "", "the byte 0x81, which cannot be read"),
        ("cat.xlsx", "", "none: it cannot be taken apart"),
    ],
)
def test_a_picture_is_refused(page: Page, name: str, kind: str, says: str) -> None:
    chosen(page, IMPORT, name, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, kind)
    expect(page.locator("#file-error")).to_contain_text(says)
    assert page.get_attribute("#file", "aria-invalid") == "true"
    assert page.locator("#preview").is_hidden()


def test_an_empty_file_and_columns_that_are_not_there(page: Page) -> None:
    chosen(page, IMPORT, "empty.csv", b"")
    expect(page.locator("#file-error")).to_have_text(re.compile("empty"))
    chosen(page, IMPORT, "few.csv", b"Customer Name,Status\nAda,Open\n")
    looked_at(page)
    said = page.inner_text("#matching")
    for column in (
        "invoice_number",
        "invoice_date",
        "bill_total_cents",
        "applied_cents",
        "currency",
        "terms",
    ):
        assert column in said.split("Required, and not found:")[1].split("Optional")[0]
    page.click("#check")
    assert "lacks the column" in outcome(page)


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


def test_how_it_is_read_can_be_said(page: Page, tmp_path: Path) -> None:
    chosen(page, GUESTS, "guests.csv", "Guest:City\nZoë:Köln\n".encode("cp850"))
    expect(page.locator("#matching")).to_contain_text("None of the columns is there")
    page.click("#options summary")
    page.select_option("[name=delimiter]", ":")
    page.fill("[name=encoding]", "cp850")
    page.press("[name=encoding]", "Tab")
    expect(page.locator(".preview td").first).to_have_text("Zoë")
    book = openpyxl.Workbook()
    book.active.append(["Nothing"])
    book.create_sheet("People").append(["Guest"])
    book["People"].append(["Ann"])
    book.save(tmp_path / "book.xlsx")
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / "book.xlsx")
    looked_at(page)
    assert "None of the columns is there" in page.inner_text("#matching")
    page.select_option("[name=sheet]", "People")
    expect(page.locator(".preview td").first).to_have_text("Ann")


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
        if not _writes(route.request, "/guests/import") or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/guests/import*", lose)
    chosen(page, GUESTS, "guests.csv", b"Guest\nLost Answer\n")
    looked_at(page)
    page.click("#load")
    assert "nothing is written twice" in outcome(page)
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


def test_a_file_that_has_changed_since(page: Page, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "guests.csv"
    file.write_text("Guest\nBefore\n")
    page.goto(GUESTS)
    page.set_input_files("#file", file)
    looked_at(page)
    file.write_text("Guest\nAfter the change\n")
    os.utime(file, (4_000_000_000, 4_000_000_000))  # browsers compare the seconds of a file's time
    page.click("#load")
    assert "has changed" in outcome(page)
    assert guests(server, "Before") + guests(server, "After the change") == 0


def test_a_large_file_is_looked_at_by_its_beginning_and_can_be_stopped(
    page: Page, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "large.csv"
    file.write_bytes(b"Guest\n" + b"Never written\n" * 300_000)
    previewed: list[int] = []

    def measure(request: Request) -> None:
        if "preview=" in request.url:
            previewed.append(int(request.all_headers()["content-length"]))

    page.on("request", measure)
    page.goto(GUESTS)
    page.set_input_files("#file", file)
    looked_at(page)
    assert file.stat().st_size > 4_000_000 > 1_000_000 >= previewed[0] > 900_000
    client = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", slow)
    page.click("#load")
    expect(page.locator("#state")).to_contain_text("Sending large.csv")
    expect(page.locator("#percent")).to_have_text(re.compile("^[1-9][0-9]? %$"))
    assert 0 < page.evaluate("document.getElementById('progress').value") < 1
    page.click("#stop")
    assert "Stopped" in outcome(page)
    client.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    assert server.get("/health").status == 200
    assert guests(server, "Never written") == 0
    expect(page.locator("#load")).to_be_enabled()


def test_dropped_files(page: Page) -> None:
    page.goto(GUESTS)
    drop = """([...names]) => {
        const data = new DataTransfer();
        for (const name of names) data.items.add(new File(["Guest\\nDropped\\n"], name));
        document.getElementById("drop").dispatchEvent(
            new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
        );
    }"""
    page.evaluate(drop, ["one.csv", "two.csv"])
    expect(page.locator("#file-error")).to_have_text("One file at a time, please.")
    expect(page.locator("#load")).to_be_disabled()
    page.evaluate(drop, ["one.csv"])
    looked_at(page)
    assert page.locator(".preview td").first.inner_text() == "Dropped"
    assert page.locator("#file-error").inner_text() == ""


def test_pasted_rows(page: Page, server: Server) -> None:
    page.goto("/_/send/orders/index.post")
    sold = "SELECT product_id FROM products WHERE discontinued = 0 AND (stock IS NULL OR stock > 9) LIMIT 2"
    products = [number for (number,) in asked(server, "product", sold)]
    page.fill("[name=customer_id]", "1")
    page.click("#paste summary")
    page.fill("#pasted", "Product\tQuantity\n" + "".join(f"{number}\t3\n" for number in products))
    page.click("#use-pasted")
    looked_at(page)
    assert "tabs between the cells" in page.inner_text("#read-as")
    page.click("#load")
    page.wait_for_selector("#outcome h2:has-text('Loaded')")
    [(order,)] = asked(server, "order", "SELECT max(order_id) FROM orders")
    lines = "SELECT product_id, quantity FROM order_lines WHERE order_id = ? ORDER BY line_number"
    assert asked(server, "order_line", lines, order) == [(number, 3) for number in products]


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


def test_the_command_line_does_the_same(page: Page, server: Server, tmp_path: Path) -> None:
    name = "O'Hara & sons $HOME.csv"
    (tmp_path / name).write_text("Guest;City\nBy curl;Rome\n")
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / name)
    looked_at(page)
    page.click("#options summary")
    page.select_option("[name=delimiter]", ";")
    page.click("#curl-fold summary")
    command = page.inner_text("#curl")
    assert shlex.split(command)[-2] == f"@{name}"
    done = subprocess.run(
        f"{command} --silent --fail", shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert asked(server, "customer", "SELECT city FROM customers WHERE customer_name = 'By curl'") == [
        ("Rome",)
    ]


def test_an_empty_file_to_fill_in(page: Page, server: Server) -> None:
    page.goto(IMPORT)
    with page.expect_download() as download:
        page.click("text=An empty CSV")
    assert download.value.suggested_filename == "invoices-import.csv"
    header = Path(download.value.path()).read_text().strip().split(",")
    assert header == page.locator("#columns tbody th code").all_inner_texts()
    assert server.get("/_/template/customers/index.post.csv").status == 404


def test_without_scripts(browser: Browser, server: Server) -> None:
    with opened(browser, server, java_script_enabled=False) as page:
        page.goto(GUESTS)
        assert "Without JavaScript" in page.inner_text("main")
        assert "curl" in page.text_content("#curl")
        file = {"name": "g.csv", "mimeType": "text/csv", "buffer": b"Guest\nNo script\n"}
        page.set_input_files("#file", file)
        page.click("#check")
        assert '"dry_run": true' in page.inner_text("body")
        assert guests(server, "No script") == 0
        page.go_back()
        page.set_input_files("#file", file)
        page.click("#load")
        page.wait_for_load_state()
        assert guests(server, "No script") == 1
        page.goto("/_/send/customers/{customer_id}.patch")
        assert "needs JavaScript" in page.inner_text("main")
        expect(page.locator("#run")).to_be_disabled()


def test_what_cannot_be_sent_to_says_why(page: Page, server: Server) -> None:
    page.goto("/_/send/broken/it.post")
    assert "broken/it.post.sql" in page.inner_text("main")
    page.goto("/_/send/nothing.post")
    assert "404" in page.inner_text("main")
    page.goto("/_/send/customers/index")
    assert "404" in page.inner_text("main")
    customers = server.dbs / "customer.db"
    customers.rename(server.dbs / "customer.away")
    try:
        page.goto(GUESTS)
        assert "customer_db" in page.inner_text("main")
    finally:
        (server.dbs / "customer.away").rename(customers)
    eventually(lambda: page.goto(GUESTS).ok)
    assert page.locator("#file").is_visible()


@pytest.mark.parametrize("settings", [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}])
def test_accessible(browser: Browser, server: Server, settings: dict[str, Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, server, **settings) as page:
        chosen(page, IMPORT, "July.csv", as_csv(invoices("QA")))
        looked_at(page)
        page.click("#options summary")
        page.click("#paste summary")
        page.click("#check")
        outcome(page)
        page.click("#curl-fold summary")
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
