"""A browser, a server over demo data, and pages that fail their test when anything is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import setup_db
from tests.browser import chromium
from tests.browser.watching import Watch
from tests.own_reports import copy_own_reports
from tests.server import PATIENCE, Server
from tests.web.conftest import servers_over

NewPage = Callable[..., Page]

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests of this folder; not for the session, because tests elsewhere run event loops."""
    program = chromium.installed()
    if program is None:
        pytest.skip(f"needs a browser: one of {', '.join(chromium.NAMES)}, or CHROMIUM=/the/way/to/it")
    with chromium.running(program) as running:
        yield running


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over demo data and the project's own reports, for tests that change nothing."""
    folder: Path = tmp_path_factory.mktemp("demo")
    assert setup_db.main(["--dbs", str(folder / "dbs"), "--orders", "300"]) == 0
    copy_own_reports(folder / "sql")
    with servers_over(folder) as make:
        yield make()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Makes pages, each in a context of its own; takes what `Browser.new_context` takes.

    may_break: whether an answer may break off.
    """
    made = []

    def make(server: Server, may_break: bool = False, **settings: Any) -> Page:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"}
        settings = usual | settings
        context = browser.new_context(base_url=f"http://{server.host}:{server.port}", **settings)
        context.set_default_timeout(PATIENCE * 1000)
        made.append((context, Watch(context, may_break)))
        return context.new_page()

    yield make
    for context, _ in made:
        context.close()
    assert [fault for _, watch in made for fault in watch.faults] == []


@pytest.fixture
def page(new_page: NewPage, demo: Server) -> Page:
    """A page of the demo at the width of a desk."""
    return new_page(demo)
