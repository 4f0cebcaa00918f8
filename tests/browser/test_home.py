"""The first page: every report can be found by typing, and every database is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.browser import table
from tests.browser.conftest import NewPage
from tests.own_reports import own_reports
from tests.server import Server


def test_a_report_is_found_opened_filled_in_and_shown(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("orders one cust")
    page.get_by_role("link", name="Orders of one customer").click()
    page.wait_for_url("**/report/customer-orders")
    page.get_by_label("Customer id").fill("1")
    page.get_by_role("button", name="Show").click()

    page.wait_for_url("**?customer_id=1")
    assert len(table.rows(page)) > 0
    page.get_by_role("link", name="Reports", exact=True).click()
    expect(page.get_by_role("heading", name="Reports", level=1)).to_be_visible()


def test_each_endpoint_is_there_and_its_page_opens(page: Page, demo: Server) -> None:
    page.goto("/")
    links = page.locator("#reports li > a")
    known = {(endpoint.route.method, endpoint.route.url) for endpoint in own_reports()}
    entries = [" ".join(text.split()) for text in page.locator("#reports .url").all_text_contents()]
    assert sorted(entries) == sorted(url if method == "GET" else f"{method} {url}" for method, url in known)

    reports = [
        href for href in links.evaluate_all("links => links.map(each => each.href)") if "/send/" not in href
    ]
    for href in reports:
        answer = page.request.get(href, headers={"Accept": "text/html"})
        assert answer.status in (200, 404, 422), href
        assert "<h1>" in answer.text()


def test_search_as_you_type(page: Page) -> None:
    page.goto("/")
    everything, at_first = page.locator("#reports li").count(), page.locator("#reports li:visible").count()
    assert at_first < everything, "what takes something is folded"
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("PAYMENTS")

    expect(page.get_by_role("link", name="Payments and refunds")).to_be_visible()
    expect(page.get_by_role("link", name="Revenue by month")).to_be_hidden()
    found = page.locator("#reports li:visible")
    assert 0 < found.count() < everything
    for text in found.all():
        assert "payments" in (text.get_attribute("data-search") or "")
    expect(page.get_by_role("status")).to_contain_text(f"{found.count()} of {everything}")
    assert page.url.endswith("?q=PAYMENTS")

    page.get_by_role("searchbox").fill("zebra crossing")
    expect(page.get_by_text("No matching reports.")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#reports li:visible")).to_have_count(at_first)


def test_a_search_can_be_bookmarked_and_enter_opens_the_first(page: Page) -> None:
    page.goto("/?q=best-selling")
    expect(page.get_by_role("searchbox")).to_have_value("best-selling")
    expect(page.locator("#reports li:visible")).to_have_count(1)

    page.get_by_role("searchbox").press("Enter")

    page.wait_for_url("**/report/top-products")


def test_a_report_with_a_parameter_in_its_path_opens_with_its_example(page: Page) -> None:
    page.goto("/?q=one customer")
    page.get_by_role("link", name="One customer", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("One customer")
    expect(page.get_by_label("Customer id")).not_to_have_value("")


def test_the_databases_with_their_tables(page: Page, demo: Server) -> None:
    page.goto("/")
    files = sorted(demo.dbs.glob("*.db"))
    assert len(files) == 6
    for path in files:
        with closing(sqlite3.connect(path)) as connection:
            names = [
                name
                for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
                if not name.startswith("sqlite_")
            ]
            counts = {
                name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names
            }
        section = page.locator(
            "section.database", has=page.get_by_role("heading", name=f"{path.stem}_db", exact=True)
        )
        rows = section.locator("tbody tr").evaluate_all(
            "rows => rows.map(r => [...r.cells].map(c => c.innerText))"
        )
        assert {name: int(count.replace(",", "")) for name, count in rows} == counts
        expect(section).to_contain_text("changed")


@pytest.mark.parametrize("name", ["API documentation", "Health"])
def test_ways_on(page: Page, name: str) -> None:
    page.goto("/")
    href = page.get_by_role("link", name=name).get_attribute("href")

    assert page.request.get(f"/{href}").status == 200


def test_without_javascript_the_list_is_whole(new_page: NewPage, demo: Server) -> None:
    page = new_page(demo, java_script_enabled=False)
    page.goto("/")

    expect(page.get_by_role("searchbox")).to_be_hidden()
    page.get_by_role("link", name="Revenue by month").click()
    page.wait_for_url("**/report/revenue-by-month")
