"""What people do on the page of an endpoint that takes a file, and what they see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.watching import Watch
from tests.server import PATIENCE, Server, url

expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def watched(browser: Browser, server: Server, **settings: Any) -> Iterator[tuple[BrowserContext, Watch]]:
    """A context of the browser for pages of the server."""
    settings = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | settings
    context = browser.new_context(base_url=url(server, ""), **settings)
    context.set_default_timeout(PATIENCE * 1000)
    try:
        yield context, Watch(context)
    finally:
        context.close()


@contextmanager
def page_of(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    """A new page; nothing may go wrong in it but answers of 4xx and stopped requests."""
    page = context.new_page()
    try:
        yield page
    finally:
        page.close()
        faults = watch.take_faults()
    refused = ("4", "console: Failed to load resource")
    assert [fault for fault in faults if not fault.startswith(refused)] == []


@contextmanager
def opened(browser: Browser, server: Server, **settings: Any) -> Iterator[Page]:
    """A page of a context of its own."""
    with watched(browser, server, **settings) as (context, watch), page_of(context, watch) as page:
        yield page


def chosen(page: Page, path: str, name: str, data: bytes, kind: str = "") -> None:
    """Go to a page and choose a file there."""
    page.goto(path)
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def looked_at(page: Page) -> None:
    """Wait for the preview."""
    page.wait_for_selector("#preview")


def outcome(page: Page) -> str:
    """The outcome, waited for."""
    page.wait_for_selector("#outcome h2")
    return page.inner_text("#outcome")


def counts(page: Page) -> dict[str, int]:
    """The counts of the outcome by their names."""
    names = page.locator(".counts dt").all_inner_texts()
    numbers = [int(text.replace(",", "")) for text in page.locator(".counts dd").all_inner_texts()]
    return dict(zip(names, numbers, strict=True))


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
    page.on("request", lambda each: found.append(each) if writes(each, path) else None)
    return found


def writes(request: Request, path: str) -> bool:
    """Whether a request to the path is neither a look nor a check."""
    return request.url.split("?")[0].endswith(path) and not re.search("preview=|dry_run=", request.url)
