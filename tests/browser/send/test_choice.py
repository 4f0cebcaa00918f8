"""The choice of a file: by the field, by dropping or by pasting; good ones and others."""

from __future__ import annotations

import os
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.send.acting import chosen, looked_at, outcome
from tests.browser.send.service import asked, guests
from tests.server import Server

IMPORT = "/_/send/invoices/import.post"
GUESTS = "/_/send/guests/import.post"


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("cat.png", "image/png", "image/png is not supported"),
        ("cat.csv", "", "the byte 0x81, which cannot be read"),
        ("cat.xlsx", "", "damaged, or is not a workbook (.xlsx)"),
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
        assert column in said.split("Required, but not in your file:")[1].split("Not in your")[0]
    page.click("#check")
    assert "is missing" in outcome(page)


def test_how_it_is_read_can_be_said(page: Page, tmp_path: Path) -> None:
    chosen(page, GUESTS, "guests.csv", "Guest:City\nZoë:Köln\n".encode("cp850"))
    expect(page.locator("#matching")).to_contain_text("None of the expected columns was found")
    page.click("#options summary")
    page.select_option("[name=delimiter]", ":")
    page.fill("[name=encoding]", "cp850")
    page.press("[name=encoding]", "Tab")
    expect(page.locator(".preview td").first).to_have_text("Zoë")
    book = openpyxl.Workbook()
    book.active.append(["Nothing"])
    for name, guest in (("People", "Ann"), ("More", "Bob")):
        for row in (["Guests of <b>July</b>", "x"], ["Guest"], [guest]):
            book.create_sheet(name) if name not in book.sheetnames else None
            book[name].append(row)
    book.save(tmp_path / "book.xlsx")
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / "book.xlsx")
    looked_at(page)
    expect(page.locator(".preview td").first).to_have_text("Ann")
    assert page.locator("#matching .note").all_inner_texts() == [
        'Sheet "People" was read. The workbook also has: "Sheet", "More".',
        "The header is on row 2; 1 row above it was skipped.",
    ]
    page.click(".skipped summary")
    assert page.inner_text(".skipped li") == "Guests of <b>July</b> x"
    page.select_option("[name=sheet]", "More")
    expect(page.locator(".preview td").first).to_have_text("Bob")
    page.fill("[name=header_line]", "1")
    page.press("[name=header_line]", "Tab")
    expect(page.locator("#matching")).to_contain_text("None of the expected columns was found")
    page.fill("[name=header_line]", "2")
    page.press("[name=header_line]", "Tab")
    expect(page.locator(".preview td").first).to_have_text("Bob")
    page.click("#check")
    assert "Checked" in outcome(page)


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


def test_a_large_workbook_that_is_called_csv(page: Page, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Guest", "Notes"], *([f"Guest {n}", os.urandom(15_000).hex()] for n in range(70))):
        book.active.append(row)
    book.save(tmp_path / "book.csv")
    assert (tmp_path / "book.csv").stat().st_size > 1_000_000
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / "book.csv")
    looked_at(page)
    assert "Excel, sheet Sheet" in page.inner_text("#read-as")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_the_beginning_of_a_large_utf_16_file(page: Page, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "guests.csv").write_text("Guest\n" + "Somebody\n" * 60_000, encoding)
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / "guests.csv")
    looked_at(page)
    assert page.locator(".preview td").first.inner_text() == "Somebody"
    assert "utf-16" in page.inner_text("#read-as")


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
    expect(page.locator("#file-error")).to_have_text("Choose one file at a time.")
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
    assert "tabs as delimiter" in page.inner_text("#read-as")
    page.click("#load")
    page.wait_for_selector("#outcome h2:has-text('Loaded')")
    [(order,)] = asked(server, "order", "SELECT max(order_id) FROM orders")
    lines = "SELECT product_id, quantity FROM order_lines WHERE order_id = ? ORDER BY line_number"
    assert asked(server, "order_line", lines, order) == [(number, 3) for number in products]
