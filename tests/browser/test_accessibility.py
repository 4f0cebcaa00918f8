"""What axe finds, and what it cannot know: the keyboard, phones, the dark, paper."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe, table
from tests.browser.conftest import NewPage
from tests.server import Server

PAGES = {
    "first": "/",
    "a picture": "/report/top-products?limit=5",
    "rows": "/report/order-lines?from=2025-12-27",
    "a page of many fields": "/orders/?limit=8",
    "one record": "/invoices/INV-2022-0000001?format=html",
    "nothing asked for yet": "/report/customer-orders",
    "wrong values": "/report/customer-orders?customer_id=abc&since=2024-02-31",
    "no rows": "/report/customer-orders?customer_id=1&since=9999-01-01",
    "nothing there": "/nowhere",
}
"""Each kind of page once; those with the SQL and those that send have tests of their own."""

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_RULES = {"type": "tag", "values": _LEVELS}
_COLOURS = {"type": "rule", "values": ["color-contrast"]}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing(page: Page, path: str) -> None:
    """Each scheme and each width once; `test_colours…` has the other pairs of them."""
    page.goto(path)
    _finds_nothing(page, ("light", DESK, _RULES), ("dark", PHONE, _RULES))


@pytest.mark.torture
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_colours_of_each_scheme_at_the_other_width(page: Page, path: str) -> None:
    page.goto(path)
    _finds_nothing(page, ("light", PHONE, _COLOURS), ("dark", DESK, _COLOURS))


def _finds_nothing(page: Page, *kinds: tuple[str, dict[str, int], dict[str, Any]]) -> None:
    for scheme, size, rules in kinds:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
        found = axe.violations(page, runOnly=rules)
        assert [_said(violation) for violation in found] == [], f"{scheme}, {size['width']}"


def _said(violation: dict[str, Any]) -> str:
    nodes = "; ".join(node["html"][:200] for node in violation["nodes"][:3])
    return f"{violation['impact']}: {violation['help']}: {nodes}"


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_no_page_sideways(new_page: NewPage, demo: Server, width: int) -> None:
    page = new_page(demo, viewport={"width": width, "height": 844}, is_mobile=True, has_touch=True)
    for path in PAGES.values():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_phone_shows_the_whole_picture_in_letters_that_can_be_read(new_page: NewPage, demo: Server) -> None:
    page = new_page(demo, viewport={"width": 320, "height": 568}, is_mobile=True, has_touch=True)
    page.goto(PAGES["a picture"])
    image = page.locator(".chart img")
    picture = image.bounding_box()
    assert picture is not None
    assert 0 <= picture["x"] < picture["x"] + picture["width"] <= 320
    scale = picture["width"] / image.evaluate("image => image.naturalWidth")
    # The least letters of the style sheet are 13 pixels high.
    svg = page.request.get(image.evaluate("image => image.src")).text()
    sizes = [float(size) for size in re.findall(r"font-size[:=]\W?(\d+)px", svg)]
    assert min(sizes) * scale >= 7.5


@pytest.mark.parametrize(
    "path",
    [
        "/report/revenue-by-month",
        "/report/top-products?limit=12",
        "/report/open-receivables",
        "/analytics/discount-impact",
        "/analytics/priority-share",
        "/analytics/revenue?by=month",
    ],
)
def test_the_letters_of_a_picture_are_in_its_frame_and_apart(
    new_page: NewPage, demo: Server, path: str
) -> None:
    page = new_page(demo)
    before, mark, query = path.partition("?")
    page.goto(f"{before}.svg{mark}{query}")
    boxes = page.evaluate("""() => [...document.querySelectorAll("text")]
        .filter(text => text.getAttribute("opacity") !== "0" && text.textContent.trim())
        .map(text => [text.textContent, ...["left", "top", "right", "bottom"].map(
            side => text.getBoundingClientRect()[side])])""")
    frame = page.evaluate("""() => ["left", "top", "right", "bottom"].map(
        side => document.documentElement.getBoundingClientRect()[side])""")
    assert len(boxes) > 4
    for text, left, top, right, bottom in boxes:
        assert frame[0] <= left, text
        assert frame[1] <= top, text
        assert right <= frame[2], text
        assert bottom <= frame[3], text
    for number, (text, left, top, right, bottom) in enumerate(boxes):
        for other, left_of, top_of, right_of, bottom_of in boxes[number + 1 :]:
            # A line is higher than its letters.
            is_apart = right <= left_of or right_of <= left or bottom - 4 <= top_of or bottom_of - 4 <= top
            assert is_apart, (text, other)


def test_what_a_thumb_touches_is_large_enough(new_page: NewPage, demo: Server) -> None:
    """24 pixels at least, as WCAG 2.2 wants it (2.5.8)."""
    page = new_page(demo, viewport=PHONE, is_mobile=True, has_touch=True)
    page.goto(PAGES["a page of many fields"])
    controls = page.locator("main :is(button, .button, input, select, thead a, summary):visible")
    small = [box for each in controls.all() if (box := each.bounding_box()) and box["height"] < 24]
    assert controls.count() > 10
    assert small == []


def test_the_dark_scheme_is_dark(page: Page) -> None:
    page.goto(PAGES["rows"])
    bright = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    page.emulate_media(color_scheme="light")
    assert min(page.evaluate(bright)) > 200
    page.emulate_media(color_scheme="dark")
    assert max(page.evaluate(bright)) < 60


def test_paper_has_all_rows_of_the_page_and_nothing_to_press(page: Page) -> None:
    page.goto("/report/order-lines")
    page.emulate_media(media="print")

    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    expect(page.locator("button:visible, .button:visible, form:visible, nav:visible")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".summary")).to_be_visible()
    bottom = "element => element.getBoundingClientRect().bottom"
    scroll = page.locator(".scroll")
    assert len(table.rows(page)) == 100
    assert page.locator("tbody tr").last.evaluate(bottom) <= scroll.evaluate(bottom)
    assert scroll.evaluate("element => element.scrollHeight - element.clientHeight") <= 1
    assert scroll.evaluate("element => element.scrollWidth - element.clientWidth") <= 1


def test_a_report_by_keyboard_alone(page: Page) -> None:
    page.goto("/report/customer-orders")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Customer id")).to_be_focused()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**customer_id=2**")

    heading = table.heading(page, "Product name").get_by_role("link")
    for _ in range(60):
        page.keyboard.press("Tab")
        if heading.evaluate("element => element === document.activeElement"):
            break
    expect(heading).to_be_focused()
    outline = heading.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    expect(table.heading(page, "Product name")).to_have_attribute("aria-sort", "ascending")


def test_all_rows_can_be_reached_by_keyboard(page: Page) -> None:
    page.goto("/report/order-lines")
    rows = page.get_by_role("region", name="Rows")
    rows.focus()
    page.keyboard.press("End")

    expect(page.locator("tbody tr").last).to_be_in_viewport()
