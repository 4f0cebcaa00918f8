"""Take pictures of the pages over fresh demo data: those of the README, or all of them to be looked at.

python -m docs.screenshots             writes docs/images/
python -m docs.screenshots FOLDER      every page, wide and narrow, light and dark, each in its whole length
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

import setup_db
from docs.generate import PROJECT, own_reports
from tests.browser import chromium
from tests.server import Server, url

IMAGES = PROJECT / "docs" / "images"
LARGEST = 250_000
"""Bytes of a picture in the project."""

DESK = (1280, 800)
PHONE = (390, 844)
BAD_INVOICES = """InvoiceNumber,CustomerName,InvoiceDate,DueDate,BillTotal,Applied,Status,Currency,Terms
UI-1001,Zoë Müller,01/15/24,02/14/24,"1,250.00",0,Open,USD,Net 30
UI-1002,Zoë Müller,02/30/24,03/15/24,310.40,0,Open,USD,Net 30
UI-1003,Noël García,01/17/24,02/16/24,99.90,99.90,Closed,EUR,Net 30
UI-1004,Noël García,01/18/24,02/17/24,12.345,0,Open,EUR,Net 30
UI-1005,Zoë Müller,01/19/24,02/18/24,480.00,480.00,Paid,USD,Net 30
"""
"""Three rows of it cannot be taken."""


def _nothing(page: Page) -> None:
    pass


def _search(page: Page) -> None:
    page.get_by_role("searchbox").fill("revenue")


def _scroll_to_picture(page: Page) -> None:
    _scroll_to(page, ".chart")


def _scroll_to_preview(page: Page) -> None:
    _check_file(page)
    _scroll_to(page, "#preview")


def _scroll_to(page: Page, what: str) -> None:
    page.locator(what).evaluate("element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 16)")


def _check_file(page: Page) -> None:
    file = {"name": "invoices.csv", "mimeType": "text/csv", "buffer": BAD_INVOICES.encode()}
    page.set_input_files("#file", file)  # type: ignore[arg-type]
    page.wait_for_selector("#preview")
    page.click("#check")
    page.wait_for_selector("#outcome h2")


@dataclass(frozen=True)
class Shot:
    """A page, and what is done there before the picture is taken."""

    name: str
    path: str
    act: Callable[[Page], None] = _nothing


PAGES = (
    Shot("home", "/"),
    Shot("search", "/", _search),
    Shot("line-chart", "/report/revenue-by-month"),
    Shot("bar-chart", "/report/top-products?limit=12"),
    Shot("pie-chart", "/analytics/priority-share"),
    Shot("area-chart", "/analytics/revenue?by=month"),
    Shot("many-rows", "/report/order-lines?sort=line_total.desc"),
    Shot("many-fields", "/orders/?limit=20"),
    Shot("record", "/orders/7"),
    Shot("form", "/report/customer-orders"),
    Shot("wrong-values", "/report/customer-orders?customer_id=abc&since=2024-02-31"),
    Shot("no-rows", "/report/customer-orders?customer_id=1&since=9999-01-01"),
    Shot("sql", "/_/sql/report/revenue-by-month"),
    Shot("import", "/_/send/invoices/import.post"),
    Shot("import-checked", "/_/send/invoices/import.post", _check_file),
    Shot("send-fields", "/_/send/orders/index.post"),
    Shot("nothing-there", "/nowhere"),
)
"""Each kind of page."""

README = (
    (Shot("home", "/"), DESK, "light"),
    (Shot("report", "/report/revenue-by-month?from=2024-01"), (1280, 1100), "light"),
    (Shot("import", "/_/send/invoices/import.post", _scroll_to_preview), (1280, 900), "light"),
    (Shot("phone", "/report/top-products?limit=12", _scroll_to_picture), PHONE, "dark"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them; 1 when there is no browser or a picture is too large."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where all pages go, to be looked at")
    folder: Path | None = parser.parse_args(arguments).folder
    program = chromium.installed()
    if program is None:
        print(f"no browser is installed: one of {', '.join(chromium.NAMES)}", file=sys.stderr)
        return 1
    with _demo() as server, chromium.running(program) as browser:
        return _for_readme(browser, server) if folder is None else _all(browser, server, folder)


def _for_readme(browser: Browser, server: Server) -> int:
    IMAGES.mkdir(exist_ok=True)
    too_large = 0
    for shot, size, scheme in README:
        path = IMAGES / f"{shot.name}.png"
        with _page(browser, server, size, scheme) as page:
            _take(page, shot, path)
        print(f"{path.relative_to(PROJECT)}: {path.stat().st_size // 1000} kB")
        too_large += path.stat().st_size > LARGEST
    return 1 if too_large else 0


def _all(browser: Browser, server: Server, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for device, size in (("desk", DESK), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            with _page(browser, server, size, scheme) as page:
                for shot in PAGES:
                    _take(page, shot, folder / f"{shot.name}-{device}-{scheme}.png", full_page=True)
    print(f"{len(PAGES) * 4} pictures in {folder}")
    return 0


def _take(page: Page, shot: Shot, path: Path, **options: Any) -> None:
    page.goto(shot.path, wait_until="load")
    shot.act(page)
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled", **options)


@contextmanager
def _page(browser: Browser, server: Server, size: tuple[int, int], scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=url(server, ""),
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-US",
        extra_http_headers={"Accept": "text/html"},
    )
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def _demo() -> Iterator[Server]:
    """A server over new demo data and the project's own reports."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if setup_db.main(["--dbs", str(folder / "dbs")]):
            raise SystemExit(1)
        for endpoint in own_reports():
            path = folder / "sql" / endpoint.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((PROJECT / "sql" / endpoint.file).read_bytes())
        server = Server(folder / "dbs", folder / "sql", folder / "log", reader_processes=0)
        try:
            yield server
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
