"""Contexts and pages of the browser, one for all tests that ask for the same settings.

A context starts a process, which takes longer than most pages take to load. The pages of the service keep
nothing in cookies or storage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.watching import Watch
from tests.server import PATIENCE


@dataclass
class _Shared:
    context: BrowserContext
    settings: dict[str, Any]
    watch: Watch
    unused: list[Page] = field(default_factory=list)


@dataclass
class Loan:
    """A page that one test has."""

    page: Page
    _of: _Shared

    def give_back(self) -> None:
        """Make it what a new page is."""
        self.page.goto("about:blank")
        self.page.set_viewport_size(self._of.settings["viewport"])
        self.page.emulate_media(media="null", color_scheme="null")
        self._of.context.clear_cookies()
        self._of.unused.append(self.page)

    def take_faults(self) -> list[str]:
        """What has gone wrong since, in any page of the context; [] for who asks again."""
        return self._of.watch.take_faults()


class Contexts:
    """Lends pages: used ones if there are any."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._made: dict[str, _Shared] = {}

    def lend(self, may_break: bool, settings: dict[str, Any]) -> Loan:
        """settings: as `Browser.new_context` takes them, with a viewport."""
        key = repr((may_break, sorted(settings.items())))
        if key not in self._made:
            context = self._browser.new_context(**settings)
            context.set_default_timeout(PATIENCE * 1000)
            self._made[key] = _Shared(context, settings, Watch(context, may_break))
        shared = self._made[key]
        return Loan(shared.unused.pop() if shared.unused else shared.context.new_page(), shared)

    def close(self) -> None:
        for shared in self._made.values():
            shared.context.close()
