"""A browser, a server over demo data, and pages that fail their test when anything is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import setup_db
from tests.browser import chromium
from tests.browser.contexts import Contexts, Loan
from tests.own_reports import copy_own_reports
from tests.server import PATIENCE, Server, url
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


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Those that the tests of a module share."""
    shared = Contexts(browser)
    yield shared
    shared.close()


@pytest.fixture
def new_page(browser: Browser, contexts: Contexts) -> Iterator[NewPage]:
    """Makes pages; takes what `Browser.new_context` takes.

    may_break: whether an answer may break off.
    shared: whether the page may have been another test's. A test that changes more of it than its
    size and media, or listens to it, takes a context of its own.
    """
    own = Contexts(browser)
    lent: list[Loan] = []

    def make(server: Server, may_break: bool = False, shared: bool = True, **settings: Any) -> Page:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"}
        settings = {**usual, "base_url": url(server, ""), **settings}
        lent.append((contexts if shared else own).lend(may_break, settings))
        return lent[-1].page

    yield make
    for loan in lent:
        loan.give_back()
    own.close()
    assert [fault for loan in lent for fault in loan.take_faults()] == []


@pytest.fixture
def page(new_page: NewPage, demo: Server) -> Page:
    """A page of the demo at the width of a desk."""
    return new_page(demo)
