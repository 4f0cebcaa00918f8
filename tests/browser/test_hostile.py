"""Whatever is in the data, in names or in a URL is shown as text and never runs.

The policy of the pages would stop most of it; that it has to is a fault as well, which `Watch` sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

import setup_db
from tests.browser import hostile, table
from tests.browser.conftest import NewPage
from tests.browser.hostile import COLUMN_NAME, REPORT, TEXTS
from tests.own_reports import copy_own_reports
from tests.server import Server
from tests.web.conftest import servers_over

_STRANGE = (
    "main :is(script, style, img:not(.chart img), iframe, object, embed, base, meta, textarea), "
    "[onerror], [onload], [onclick], [onfocus], [onmouseover]"
)
"""What a page never has in its middle."""


EVERY_TEXT = (
    "/",
    "/customers/",
    "/products/",
    "/orders/",
    "/invoices/",
    "/sales",
    "/report/order-lines",
    "/report/payments",
    "/report/top-products",
    "/orders/1",
)
"""Pages that show the texts of all tables, and of all of their columns."""


@pytest.fixture(scope="module")
def poisoned(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo with hostile texts in every text column, and a database with hostile names."""
    folder: Path = tmp_path_factory.mktemp("poisoned")
    assert setup_db.main(["--dbs", str(folder / "dbs"), "--orders", "40"]) == 0
    for path in (folder / "dbs").glob("*.db"):
        hostile.poison(path)
    hostile.make_odd(folder / "dbs" / "odd.db")
    copy_own_reports(folder / "sql")
    with servers_over(folder) as make:
        yield make({"odd": REPORT})


@pytest.fixture
def page(new_page: NewPage, poisoned: Server) -> Iterator[Page]:
    page = new_page(poisoned)
    yield page
    assert page.evaluate("window.hit") is None
    expect(page.locator(_STRANGE)).to_have_count(0)
    for link in page.locator("main a[href]").evaluate_all("links => links.map(link => link.href)"):
        assert urlsplit(link).scheme in ("http", "https", "mailto")


def test_values(page: Page) -> None:
    page.goto("/odd")

    assert [row[1:3] for row in table.rows(page)] == [[text, text] for text in TEXTS]
    outside = page.locator("td a[href^='http'], td a[href^='mailto:'], td a[href^='javascript:']")
    expect(outside).to_have_count(0)


def test_a_link_made_of_a_value_stays_in_its_folder(page: Page, poisoned: Server) -> None:
    page.goto("/odd")

    links = page.locator("td:nth-child(3) a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    for text, link in zip(TEXTS, links, strict=True):
        path = urlsplit(urljoin(page.url, link)).path
        assert path == "/odd/" + quote(text, safe="")
        assert unquote(path.removeprefix("/odd/")) == text


def test_names_of_columns_and_what_the_header_says(page: Page) -> None:
    page.goto("/odd")

    expect(page.locator("thead th").nth(1)).to_contain_text(COLUMN_NAME)
    expect(page.get_by_role("heading", level=1)).to_have_text("<b onclick='window.hit=14'>Odd</b>")
    expect(page.get_by_text("<script>window.hit=15</script>")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=window.hit=16>")).to_be_visible()


def test_values_of_parameters(page: Page) -> None:
    for text in TEXTS:
        page.goto("/odd?" + urlencode([("label", text), ("odd", text), ("many", text), ("many", "b")]))

        expect(page.get_by_label("Label")).to_have_value(text)
        expect(page.get_by_label("Odd")).to_have_value(text)
        expect(page.get_by_role("textbox", name="Many").first).to_have_value(text)
        (row,) = table.rows(page)
        assert (row[1], row[3]) == (text, text)
        expect(page.locator(_STRANGE)).to_have_count(0)


def test_wrong_values_and_names_in_the_url(page: Page) -> None:
    urls = ["/odd?" + urlencode({"odd": text + "!", "sort": text, text: text}) for text in TEXTS]
    urls += [path + quote(text, safe="") for path in ("/customers/", "/", "/_/open/") for text in TEXTS[:3]]
    for url in urls:
        answer = page.goto(url)
        assert answer is not None
        assert answer.status in (404, 422)
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator(_STRANGE)).to_have_count(0)


def test_every_text_of_the_demo(page: Page) -> None:
    for path in EVERY_TEXT:
        answer = page.goto(path)

        assert answer is not None
        assert answer.status == 200
        assert any("hit" in cell for row in table.rows(page) for cell in row), path
        expect(page.locator(_STRANGE)).to_have_count(0)
