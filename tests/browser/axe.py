"""The rules of axe, applied to a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


def violations(page: Page, **options: object) -> list[dict[str, Any]]:
    """What axe finds wrong; the options are those of `axe.run`.

    The script is half a megabyte: a document gets it once.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    run = "options => axe.run(options).then(results => results.violations)"
    found: list[dict[str, Any]] = page.evaluate(run, {"resultTypes": ["violations"], **options})
    return found
