"""One service for all tests of this folder, and pages of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.send.acting import opened
from tests.browser.send.service import service
from tests.server import Server


@pytest.fixture(scope="package")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Tests change it; each has names of its own in its data."""
    with service(tmp_path_factory.mktemp("send")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as page:
        yield page
