"""One service for all tests of this folder, and pages of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.send.acting import page_of, watched
from tests.browser.send.service import service
from tests.browser.watching import Watch
from tests.server import Server


@pytest.fixture(scope="package")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Tests change it; each has names of its own in its data."""
    with service(tmp_path_factory.mktemp("send")) as running:
        yield running


@pytest.fixture(scope="module")
def context(browser: Browser, server: Server) -> Iterator[tuple[BrowserContext, Watch]]:
    """One for all tests of a module: its process takes longer to start than a page to load."""
    with watched(browser, server) as made:
        yield made


@pytest.fixture
def page(context: tuple[BrowserContext, Watch]) -> Iterator[Page]:
    with page_of(*context) as page:
        yield page
