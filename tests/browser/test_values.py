"""Values that are hard to show: what is not there, what is very long, what looks like an address."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.server import Server
from tests.web.conftest import servers_over

LONG = "The quick brown fox jumps over the lazy dog, and so on. " * 40
LINES = "\n".join(f"line {number}" for number in range(1, 31))
VALUES = (
    ("nothing", None),
    ("empty", ""),
    ("dash", "–"),
    ("spaces", "  two  spaces  "),
    ("long", LONG),
    ("lines", LINES),
    ("word", "x" * 5000),
    ("address", "https://example.com/a?b=c&d=%20e"),
    ("mail", "noor@example.com"),
    ("letters", "äöü ₹1,234 东京 שלום नमस्ते 👩‍🚀"),
    ("turned", "a\u202etxt.exe"),
)


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("values")
    (folder / "dbs").mkdir()
    with closing(sqlite3.connect(folder / "dbs" / "data.db")) as connection, connection:
        connection.execute("CREATE TABLE texts (n INTEGER PRIMARY KEY, name TEXT, value TEXT) STRICT")
        rows = [(number, *pair) for number, pair in enumerate(VALUES)]
        connection.executemany("INSERT INTO texts VALUES (?, ?, ?)", rows)
    with servers_over(folder) as make:
        yield make({"texts": "SELECT t.name, t.value FROM data_db.texts AS t ORDER BY t.n"})


@pytest.fixture
def page(new_page: NewPage, server: Server) -> Page:
    page = new_page(server)
    page.goto("/texts")
    return page


def test_nothing_and_an_empty_text_differ_to_the_eye_and_to_a_screen_reader(page: Page) -> None:
    assert _cell(page, "nothing").inner_text() == "–"
    assert _cell(page, "empty").inner_text() == ""
    expect(_cell(page, "nothing")).to_match_aria_snapshot('- cell "no value":\n  - img "no value"')
    expect(_cell(page, "empty")).to_match_aria_snapshot('- cell "empty text":\n  - img "empty text"')
    expect(_cell(page, "dash")).to_match_aria_snapshot('- cell "–"')
    colour = "element => getComputedStyle(element).color"
    assert _cell(page, "nothing").evaluate(colour) != _cell(page, "dash").evaluate(colour)


@pytest.mark.parametrize("width", [1280, 320])
def test_long_text_can_be_unfolded(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for name in ("long", "lines", "word"):
        unfolds(page, name)


def unfolds(page: Page, name: str) -> None:
    cell, text = _cell(page, name), str(dict(VALUES)[name])
    folded = cell.bounding_box()
    assert folded is not None
    assert folded["height"] < 160
    assert text not in cell.inner_text()

    cell.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(cell.locator("details")).to_have_attribute("open", "")
    assert cell.locator("details").evaluate("each => each.lastChild.textContent") == text
    unfolded = cell.bounding_box()
    assert unfolded is not None
    assert unfolded["height"] > folded["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def test_addresses_are_links(page: Page) -> None:
    link = _cell(page, "address").get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.com/a?b=c&d=%20e")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(_cell(page, "mail").get_by_role("link")).to_have_attribute("href", "mailto:noor@example.com")


def test_texts_are_as_they_are(page: Page) -> None:
    for name in ("spaces", "letters", "turned"):
        assert _cell(page, name).evaluate("cell => cell.textContent") == dict(VALUES)[name]


def _cell(page: Page, name: str) -> Locator:
    return page.locator("tbody tr").nth([each for each, _ in VALUES].index(name)).locator("td").nth(1)
