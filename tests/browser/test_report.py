"""A report as people use it: its form, its rows, its downloads, and a URL that says all of it."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser import books, table
from tests.browser.books import Row
from tests.browser.conftest import NewPage
from tests.server import Server

LINES = "/report/order-lines"


@pytest.fixture(scope="module")
def lines(demo: Server) -> list[Row]:
    """What the report of all order lines is to show."""
    return books.order_lines(demo.dbs)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def any_page(request: pytest.FixtureRequest, new_page: NewPage, demo: Server) -> Page:
    return new_page(demo, java_script_enabled=request.param == "with JavaScript")


def test_wrong_values_are_explained_beside_their_fields(any_page: Page) -> None:
    page = any_page
    answer = page.goto("/report/customer-orders?customer_id=abc&since=2024-02-31")
    assert answer is not None
    assert answer.status == 422
    expect(page.get_by_label("Customer id")).to_have_value("abc")
    expect(page.get_by_label("Customer id")).to_have_accessible_description(
        "The customer's number must be a whole number, such as 42"
    )
    expect(page.get_by_label("Since")).to_have_value("2024-02-31")
    expect(page.get_by_label("Since")).to_have_accessible_description(
        "Orders placed on or after this day must be a valid date (YYYY-MM-DD) or today"
    )
    for label in ("Customer id", "Since"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("Invalid parameters")
    expect(page.locator("table")).to_have_count(0)

    page.get_by_label("Customer id").fill("3")
    page.get_by_label("Since").fill("2023-01-01")
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**/report/customer-orders?customer_id=3&since=2023-01-01")
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    expect(page.get_by_label("Customer id")).to_have_value("3")
    expect(page.get_by_label("Since")).to_have_value("2023-01-01")


def test_the_form_shows_just_the_rows_that_are_asked_for(any_page: Page, lines: list[Row]) -> None:
    page = any_page
    page.goto("/report/customer-orders")
    expect(page.get_by_text("Fill in the form to see the rows.")).to_be_visible()
    expect(page.locator("[aria-invalid]")).to_have_count(0)

    page.get_by_label("Customer id").fill("2")
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**?customer_id=2**")
    wanted = [line for line in lines if line["customer_id"] == 2]
    shown = table.rows(page)
    assert sorted((row[0], row[3]) for row in shown) == sorted(
        (str(line["order_id"]), line["product_name"]) for line in wanted
    )
    assert table.summary(page).startswith(f"{len(wanted)} rows")


def test_a_field_that_must_be_filled_is_asked_for_before_anything_is_sent(page: Page) -> None:
    page.goto("/report/customer-orders")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_label("Customer id")).to_be_focused()
    assert urlsplit(page.url).query == ""


def test_nothing_found_says_so(page: Page) -> None:
    page.goto("/report/customer-orders?customer_id=1&since=9999-01-01")

    expect(page.get_by_text("No results. Widen the filters")).to_be_visible()
    page.get_by_role("link", name="reset them").click()
    page.wait_for_url("**/report/customer-orders")


def test_defaults_stand_in_the_form_and_stay_out_of_the_url(page: Page) -> None:
    """A URL with the day of today in it would be another report tomorrow."""
    page.goto("/report/open-receivables")
    day, amount = page.get_by_label("As of"), page.get_by_label("At least")
    expect(day).to_have_value(re.compile(r"\d{4}-\d{2}-\d{2}"))
    expect(amount).not_to_have_value("")
    expect(page.locator(".in-effect")).to_contain_text("At least")

    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert urlsplit(page.url).query == ""
    amount.fill("500")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert parse_qs(urlsplit(page.url).query) == {"at_least": ["500"]}
    expect(amount).to_have_value(re.compile(r"500(\.00)?"))


def test_choices_from_the_data(page: Page, demo: Server) -> None:
    methods = {
        row["payment_method_id"]: row["method_name"]
        for row in books.table(demo.dbs, "transaction", "payment_methods")
    }
    payments = books.table(demo.dbs, "transaction", "transactions")
    method, name = max(methods.items())
    page.goto("/report/payments")
    offered = page.get_by_label("Method").locator("option").all_inner_texts()
    assert offered == ["any", *sorted(methods.values())]

    page.get_by_label("Method").select_option(name)
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**method=**")
    wanted = [row for row in payments if row["payment_method_id"] == method]
    assert table.summary(page).startswith(f"{len(wanted)} rows")
    assert {row[3] for row in table.rows(page)} == {name}
    expect(page.get_by_label("Method")).to_have_value(name)


def test_a_list_of_choices(page: Page, demo: Server) -> None:
    categories = sorted(row["category_name"] for row in books.table(demo.dbs, "product", "categories"))[:2]
    page.goto("/report/top-products")
    for category in categories:
        page.get_by_role("checkbox", name=category).check()
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**categories=**")
    assert parse_qs(urlsplit(page.url).query)["categories"] == categories
    assert {row[2] for row in table.rows(page)} == set(categories)
    for category in categories:
        expect(page.get_by_role("checkbox", name=category)).to_be_checked()


def test_a_long_form_unfolds_for_what_says_which_rows_there_are(page: Page) -> None:
    page.goto("/orders/")
    status, day = page.get_by_label("Status"), page.get_by_label("From")
    expect(status).to_be_visible()
    expect(day).to_be_hidden()
    table.heading(page, "Customer name").get_by_role("link").click()
    expect(table.heading(page, "Customer name")).to_have_attribute("aria-sort", "ascending")
    expect(day).to_be_hidden()
    page.goto("/orders/?from=2025-01-01")
    expect(day).to_have_value("2025-01-01")
    expect(day).to_be_visible()
    page.goto("/orders/?limit=none")
    expect(page.get_by_label("Limit")).to_be_visible()


def test_a_click_on_a_column_sorts_by_it(any_page: Page, lines: list[Row]) -> None:
    """Texts from the first on, then from the last, then as the file has them; numbers from the largest on."""
    page = any_page
    page.goto(LINES)
    assert table.rows(page) == [books.shown(line) for line in lines[:100]]

    by_name = sorted(lines, key=lambda line: _folded(line["product_name"]))
    _sorted_by_click(page, "Product name", "ascending", by_name)
    by_name = sorted(lines, key=lambda line: _folded(line["product_name"]), reverse=True)
    _sorted_by_click(page, "Product name", "descending", by_name)
    _sorted_by_click(page, "Product name", "none", lines)
    by_total = sorted(lines, key=lambda line: -line["line_total"])
    _sorted_by_click(page, "Line total", "descending", by_total)
    by_total = sorted(lines, key=lambda line: line["line_total"])
    _sorted_by_click(page, "Line total", "ascending", by_total)


def _sorted_by_click(page: Page, label: str, way: str, expected: list[Row]) -> None:
    table.heading(page, label).get_by_role("link").click()
    expect(table.heading(page, label)).to_have_attribute("aria-sort", way)
    assert table.rows(page) == [books.shown(line) for line in expected[:100]]


def _folded(text: str) -> str:
    """As SQLite's NOCASE: A to Z only; texts compare as UTF-8, which is the order of code points."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def test_the_pages_have_every_row_once(any_page: Page, lines: list[Row]) -> None:
    page = any_page
    lines = [line for line in lines if line["order_date"] >= "2024-06-01"]
    page.goto(f"{LINES}?from=2024-06-01&sort=customer_name.asc")
    seen = table.rows(page)
    total = f"{Decimal(sum(line['line_total'] for line in lines)) / 100:,.2f}"
    while page.get_by_role("link", name="Next").count():
        first = f"{len(seen) + 1:,}–"
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".summary")).to_contain_text(first)
        seen += table.rows(page)
        assert table.totals(page)[-1] == total

    assert seen == [
        books.shown(line) for line in sorted(lines, key=lambda line: _folded(line["customer_name"]))
    ]
    assert len(seen) > 300
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("link", name="Next")).to_be_visible()


def test_the_totals_are_those_of_all_rows(page: Page, lines: list[Row]) -> None:
    page.goto(LINES)

    assert table.totals(page) == [
        "Total",
        *[""] * 7,
        f"{sum(line['quantity'] for line in lines):,}",
        "",
        f"{Decimal(sum(line['line_total'] for line in lines)) / 100:,.2f}",
    ]
    assert table.summary(page).startswith(f"1–100 of {len(lines)} rows")


def test_an_other_filter_begins_at_the_first_page_and_keeps_the_order(page: Page) -> None:
    page.goto(f"{LINES}?sort=line_total.desc&_page=3")
    page.get_by_label("From").fill("2022-06-01")
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**from=2022-06-01**")
    assert parse_qs(urlsplit(page.url).query) == {"from": ["2022-06-01"], "sort": ["line_total.desc"]}


def test_back_and_forward_keep_the_state(page: Page) -> None:
    page.goto(LINES)
    steps = [(page.url, table.rows(page))]
    page.get_by_label("From").fill("2022-06-01")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**from=**")
    steps.append((page.url, table.rows(page)))
    table.heading(page, "Customer name").get_by_role("link").click()
    page.wait_for_url("**sort=**")
    steps.append((page.url, table.rows(page)))
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**_page=**")
    last = (page.url, table.rows(page))

    for url, rows in reversed(steps):
        page.go_back()
        page.wait_for_url(url)
        assert table.rows(page) == rows
    for url, rows in [*steps[1:], last]:
        page.go_forward()
        page.wait_for_url(url)
        assert table.rows(page) == rows
    expect(page.get_by_label("From")).to_have_value("2022-06-01")


def test_a_bookmark_shows_the_same_to_somebody_else(new_page: NewPage, demo: Server) -> None:
    first, second = new_page(demo), new_page(demo)
    first.goto("/report/payments")
    first.get_by_label("Refunds only").select_option("yes")
    first.get_by_role("button", name="Show").click()
    first.wait_for_url("**refunds_only=true**")
    table.heading(first, "Amount").get_by_role("link").click()
    expect(table.heading(first, "Amount")).to_have_attribute("aria-sort", "descending")

    second.goto(first.url)

    assert table.rows(second) == table.rows(first) != []
    expect(second.get_by_label("Refunds only")).to_have_value("true")
    expect(table.heading(second, "Amount")).to_have_attribute("aria-sort", "descending")


def test_csv_and_excel_have_the_rows_of_all_pages(any_page: Page, lines: list[Row], tmp_path: Path) -> None:
    page = any_page
    page.goto(f"{LINES}?from=2022-03-01&sort=line_total.desc&_page=2")
    wanted = [line for line in lines if line["order_date"] >= "2022-03-01"]
    wanted.sort(key=lambda line: -line["line_total"])
    assert table.rows(page) == [books.shown(line) for line in wanted[100:200]]

    rows = list(csv.reader(_downloaded(page, "CSV", tmp_path).read_text("utf-8-sig").splitlines()))
    assert rows[0] == list(wanted[0])
    assert [(row[0], row[2], Decimal(row[-1])) for row in rows[1:]] == [
        (str(line["order_line_id"]), line["order_date"], Decimal(line["line_total"]) / 100) for line in wanted
    ]

    sheet = openpyxl.load_workbook(_downloaded(page, "Excel", tmp_path)).worksheets[0]
    first, *rest = sheet.iter_rows(values_only=True)
    assert list(first) == list(wanted[0])
    assert [(row[0], str(row[2])[:10], row[5], Decimal(str(row[-1]))) for row in rest] == [
        (
            line["order_line_id"],
            line["order_date"],
            line["customer_name"],
            Decimal(line["line_total"]) / 100,
        )
        for line in wanted
    ]


def test_a_limit_of_the_report_s_own_counts_everywhere(page: Page, tmp_path: Path) -> None:
    """Only that of a page is left out."""
    page.goto("/report/top-products?limit=7")
    names = [row[1] for row in table.rows(page)]
    assert len(names) == 7

    rows = list(csv.DictReader(_downloaded(page, "CSV", tmp_path).read_text("utf-8-sig").splitlines()))
    assert [row["product_name"] for row in rows] == names
    picture = page.request.get(page.locator(".chart img").evaluate("image => image.src")).text()
    assert all(escape(name) in picture for name in names)
    page.goto("/orders/?limit=7")
    orders = list(csv.DictReader(_downloaded(page, "CSV", tmp_path).read_text("utf-8-sig").splitlines()))
    assert len(orders) == 300


@pytest.mark.parametrize(
    "path", ["/report/revenue-by-month", "/report/top-products", "/analytics/priority-share"]
)
def test_the_picture_is_there_and_says_what_it_is(any_page: Page, path: str) -> None:
    page = any_page
    page.goto(path)
    picture = page.locator(".chart img")

    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 300
    assert "chart" in (picture.get_attribute("alt") or "")
    for name in ("SVG", "PNG"):
        answer = page.request.get(
            page.get_by_role("link", name=name, exact=True).evaluate("link => link.href")
        )
        assert answer.headers["content-type"].startswith(f"image/{name.lower()}")


def _downloaded(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_the_reader_s_habit(new_page: NewPage, demo: Server, lines: list[Row]) -> None:
    page = new_page(demo, locale="de-DE")
    page.goto(f"{LINES}?sort=line_total.desc")
    dearest = max(lines, key=lambda line: line["line_total"])
    euros, cents = divmod(dearest["line_total"], 100)
    year, month, day = dearest["order_date"].split("-")

    first = table.rows(page)[0]
    assert first[2] == f"{day}.{month}.{year}"
    assert first[-1] == f"{euros // 1000}.{euros % 1000:03},{cents:02}"
    expect(page.locator("tbody tr").first.locator("time")).to_have_attribute(
        "datetime", dearest["order_date"]
    )


def test_a_report_with_its_parameter_in_the_path(any_page: Page, demo: Server) -> None:
    page = any_page
    first, second = books.table(demo.dbs, "customer", "customers")[:2]
    page.goto(f"/customers/{first['customer_id']}")
    expect(page.get_by_label("Customer id")).to_have_value(str(first["customer_id"]))
    assert ["Customer name", first["customer_name"]] in table.rows(page)

    page.get_by_label("Customer id").fill(str(second["customer_id"]))
    page.get_by_role("button", name="Show").click()

    page.wait_for_url(f"**/customers/{second['customer_id']}")
    assert ["Customer name", second["customer_name"]] in table.rows(page)
