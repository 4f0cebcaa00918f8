"""The page with the SQL behind a report, in a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import NewPage
from tests.server import Server

NAME = "report/customer-orders"
PATHS = {
    "a report": f"/_/sql/{NAME}",
    "a plan": "/_/sql/orders/index?_plan=1",
    "wrong values": f"/_/sql/{NAME}?_plan=1&customer_id=abc&colour=red",
    "a file that writes": "/_/sql/invoices/import.post",
}
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def text(demo: Server) -> str:
    return (demo.sql / f"{NAME}.sql").read_text()


def test_the_copy_has_the_text_of_the_file(new_page: NewPage, demo: Server, text: str) -> None:
    page = new_page(demo, permissions=CLIPBOARD, shared=False)
    page.clock.install()
    page.goto(PATHS["a report"])
    button = page.get_by_role("button", name="Copy", exact=True)
    button.click()

    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.clock.fast_forward(2_000)
    expect(button).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("")


def test_a_copy_where_the_browser_has_no_clipboard_for_pages(
    new_page: NewPage, demo: Server, text: str
) -> None:
    page = new_page(demo, permissions=CLIPBOARD, shared=False)
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.goto(PATHS["a report"])
    page.get_by_role("button", name="Copy", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("Copied")
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_focused()
    page.evaluate("document.querySelector('main').prepend(document.createElement('textarea'))")
    page.locator("textarea").press("Control+v")
    assert page.locator("textarea").input_value() == text


def test_what_is_selected_by_hand_has_no_line_numbers(page: Page, text: str) -> None:
    page.goto(PATHS["a report"])
    expect(page.locator("#L20 > a")).to_have_css("user-select", "none")
    selected = page.evaluate(
        """() => {
            getSelection().selectAllChildren(document.getElementById("sql"));
            return getSelection().toString();
        }"""
    )

    assert selected.rstrip("\n") == text.rstrip("\n")


def test_a_line_has_an_address(page: Page) -> None:
    page.goto(PATHS["a report"] + "#L30")
    line, other = page.locator("#L30"), page.locator("#L29")
    assert _ground(line) != _ground(other)
    expect(line).to_be_in_viewport()

    page.locator("#L29 > a").click()
    expect(page).to_have_url(re.compile("#L29$"))
    assert _ground(other) != _ground(line)


def _ground(locator: Any) -> str:
    ground: str = locator.evaluate("element => getComputedStyle(element).backgroundColor")
    return ground


def test_from_the_report_to_its_plan_and_back(page: Page) -> None:
    page.goto("/report/customer-orders?customer_id=2&since=2023-01-01&format=html")
    shown = page.locator("tbody tr").count()
    page.get_by_role("link", name="Show SQL").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders of one customer")
    expect(page.get_by_label("Customer id")).to_have_value("2")
    expect(page.get_by_label("Since")).to_have_value("2023-01-01")
    expect(page.locator(".plan")).to_have_count(0)

    page.get_by_role("button", name="Show the plan").click()

    expect(page.locator(".figures dd").first).to_have_text(str(shown))
    expect(page.get_by_role("region", name="Plan")).to_be_in_viewport()
    expect(page.locator(".steps li").first).to_contain_text("order_db.orders")
    page.get_by_role("link", name="Open the report").click()
    expect(page).to_have_url(re.compile(r"/report/customer-orders\?customer_id=2&since=2023-01-01$"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_form_that_is_filled_in_wrongly(new_page: NewPage, demo: Server, scripts: bool) -> None:
    page = new_page(demo, java_script_enabled=scripts)
    page.goto(PATHS["a report"])
    page.get_by_role("button", name="Show the plan").click()
    # The browser itself says that a field is required.
    expect(page).to_have_url(re.compile(f"{NAME}$"))

    page.goto(PATHS["a report"] + "?_plan=1")
    field = page.get_by_label("Customer id")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("is required"))
    expect(page.locator("#L1")).to_be_visible()

    field.fill("1")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator(".figures dt")).to_have_text(["Rows", "Time"])
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_scripts_there_is_no_button_that_does_nothing(new_page: NewPage, demo: Server) -> None:
    page = new_page(demo, java_script_enabled=False)
    page.goto(PATHS["a report"])

    expect(page.get_by_role("button")).to_have_text(["Show the plan"])


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_axe_finds_nothing(page: Page, path: str) -> None:
    page.goto(path)
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        found = axe.violations(page)
        assert [(each["help"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found] == []


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_no_page_sideways(new_page: NewPage, demo: Server, width: int) -> None:
    page = new_page(demo, viewport={"width": width, "height": 844}, is_mobile=True, has_touch=True)
    for path in PATHS.values():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
