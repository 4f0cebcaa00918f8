"""A large download tells how far it is, can be stopped, and is saved only when it is whole."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage
from tests.server import Server, eventually
from tests.web.conftest import servers_over
from tests.web.reports import COUNTING, counting

ROWS = 300_000
MORE = 1_000_000
"""So many that they do not fit into the buffers on their way."""

_DIGITS = sum(9 * 10 ** (size - 1) * size for size in range(1, 7)) + (MORE - 999_999) * 7
"""Of the numbers from 1 to MORE."""

BYTES = 2 * _DIGITS + MORE * len(',,"some text that makes the row longer"\r\n')
"""Of the rows in that file."""

_SLOW = 500_000
"""Bytes a second, so that there is time to look."""


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("large")
    with servers_over(folder) as make:
        yield make(
            {
                "large": counting(ROWS),
                "broken": COUNTING.format(
                    rows=ROWS,
                    expression=f"abs(CASE WHEN n = {ROWS - 1} THEN -9223372036854775808 ELSE n END)",
                ),
                "huge": counting(MORE),
                "small": counting(20),
            }
        )


@pytest.fixture
def page(new_page: NewPage, server: Server) -> Page:
    return new_page(server, shared=False)


def downloads_of(page: Page) -> list[str]:
    """The names of the files that it saves from now on."""
    names: list[str] = []
    page.on("download", lambda download: names.append(download.suggested_filename))
    return names


def slow_down(page: Page, bytes_a_second: int) -> None:
    """Let what is asked for from now on come at this pace; -1 for any."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    pace = {"offline": False, "latency": 0, "downloadThroughput": bytes_a_second, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", pace)


def megabytes_in(status: str) -> float:
    """How much of the file is there, as the page says."""
    found = re.search(r": ([0-9.]+) MB so far", status)
    assert found, status
    return float(found[1])


def test_bytes_so_far_and_stop(page: Page, server: Server) -> None:
    saved = downloads_of(page)
    page.goto("/huge")
    slow_down(page, _SLOW)
    page.get_by_role("link", name="CSV", exact=True).click()

    status = page.locator("#progress")
    expect(status).to_contain_text(f"CSV, {MORE:,} rows: ")
    expect(status.get_by_role("progressbar")).to_be_visible()
    megabytes = eventually(lambda: megabytes_in(status.inner_text()))
    eventually(lambda: megabytes_in(status.inner_text()) > megabytes)
    assert megabytes_in(status.inner_text()) <= BYTES / 1e6
    expect(page.get_by_role("link", name="CSV", exact=True)).to_have_attribute("aria-disabled", "true")
    status.get_by_role("button", name="Stop").click()

    expect(status).to_have_text("Stopped. Nothing was saved.")
    assert server.line(report="huge", format="csv")["outcome"] == "Cancelled"
    assert saved == []
    expect(page.get_by_role("link", name="CSV", exact=True)).not_to_have_attribute("aria-disabled", "true")


def test_a_whole_one_is_saved_under_its_name(page: Page, tmp_path: Path) -> None:
    page.goto("/large?sort=n.desc")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV", exact=True).click()
    waiting.value.save_as(tmp_path / "large.csv")

    assert waiting.value.suggested_filename == "large.csv"
    expect(page.locator("#progress")).to_have_text("CSV is saved.")
    with (tmp_path / "large.csv").open(encoding="utf-8-sig", newline="") as file:
        numbers = [row[0] for row in csv.reader(file)]
    assert numbers[0] == "n"
    assert len(numbers) == ROWS + 1
    assert (numbers[1], numbers[-1]) == (str(ROWS), "1")


def test_one_that_breaks_off_is_not_saved(new_page: NewPage, server: Server) -> None:
    page = new_page(server, may_break=True, shared=False)
    saved = downloads_of(page)
    page.goto("/broken")
    page.get_by_role("link", name="CSV", exact=True).click()

    expect(page.locator("#progress")).to_have_text("The download failed. Nothing was saved.", timeout=20_000)
    assert saved == []


def test_a_small_one_needs_no_bar(page: Page) -> None:
    page.goto("/small")
    with page.expect_download():
        page.get_by_role("link", name="Excel", exact=True).click()

    expect(page.locator("#progress progress")).to_have_count(0)
    expect(page.locator("#progress")).to_have_text("Excel is saved.")


def test_a_click_for_a_new_tab_is_left_to_the_browser(page: Page) -> None:
    page.goto("/small")
    link = page.get_by_role("link", name="CSV", exact=True)
    event = "link => link.dispatchEvent(new MouseEvent('click', {ctrlKey: true, cancelable: true}))"

    assert link.evaluate(event) is True
    expect(page.locator("#progress")).to_be_hidden()
