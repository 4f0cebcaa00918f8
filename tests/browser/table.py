"""The table of a page, as somebody sees it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"


def rows(page: Page) -> list[list[str]]:
    """The texts of the rows, without head and totals, when the page is whole."""
    page.wait_for_load_state()
    found: list[list[str]] = page.locator("table tbody tr").evaluate_all(_CELLS)
    return found


def totals(page: Page) -> list[str]:
    """The texts of the row of totals; [] without one."""
    page.wait_for_load_state()
    found: list[list[str]] = page.locator("table tfoot tr").evaluate_all(_CELLS)
    return found[0] if found else []


def heading(page: Page, label: str) -> Locator:
    """The head of a column."""
    return page.get_by_role("columnheader", name=label, exact=True)


def summary(page: Page) -> str:
    """What is said of the rows and their number."""
    return page.locator(".summary").inner_text()
