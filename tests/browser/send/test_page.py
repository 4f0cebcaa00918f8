"""The page around the file: the command line, without scripts, when something is gone, for everybody."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.send.acting import chosen, looked_at, opened, outcome
from tests.browser.send.service import asked, guests
from tests.browser.send.sheets import as_csv, invoices
from tests.own_reports import own_reports
from tests.server import Server, eventually

IMPORT = "/_/send/invoices/import.post"
GUESTS = "/_/send/guests/import.post"


def test_each_endpoint_that_is_not_only_read_has_a_page(server: Server) -> None:
    endpoints = [each for each in own_reports() if each.route.method != "GET"]
    assert len(endpoints) > 20
    for endpoint in endpoints:
        answer = server.get(f"/_/send/{endpoint.name}")
        assert answer.status == 200, endpoint.name
        assert f"<h1>{escape(endpoint.title)}</h1>" in answer.text
        assert 'style="' not in answer.text
        assert "<script>" not in answer.text


def test_the_first_page_leads_here(page: Page) -> None:
    page.goto("/?q=load+invoices")
    page.get_by_role("link", name="Load invoices").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Load invoices")
    expect(page).to_have_url(re.compile(f"{IMPORT}$"))


def test_the_command_line_does_the_same(page: Page, server: Server, tmp_path: Path) -> None:
    name = "O'Hara & sons $HOME.csv"
    (tmp_path / name).write_text("Guest;City\nBy curl;Rome\n")
    page.goto(GUESTS)
    page.set_input_files("#file", tmp_path / name)
    looked_at(page)
    page.click("#options summary")
    page.select_option("[name=delimiter]", ";")
    page.click("#curl-fold summary")
    command = page.inner_text("#curl")
    assert shlex.split(command)[-2] == f"@{name}"
    done = subprocess.run(
        f"{command} --silent --fail", shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert asked(server, "customer", "SELECT city FROM customers WHERE customer_name = 'By curl'") == [
        ("Rome",)
    ]


def test_an_empty_file_to_fill_in(page: Page, server: Server) -> None:
    page.goto(IMPORT)
    with page.expect_download() as download:
        page.click("text=Download a template")
    assert download.value.suggested_filename == "invoices-import.csv"
    header = Path(download.value.path()).read_text().strip().split(",")
    assert header == page.locator("#columns tbody th code").all_inner_texts()
    assert server.get("/_/template/customers/index.post.csv").status == 404


def test_without_scripts(browser: Browser, server: Server) -> None:
    with opened(browser, server, java_script_enabled=False) as page:
        page.goto(GUESTS)
        assert "Without JavaScript" in page.inner_text("main")
        assert "curl" in page.text_content("#curl")
        file = {"name": "g.csv", "mimeType": "text/csv", "buffer": b"Guest\nNo script\n"}
        page.set_input_files("#file", file)
        page.click("#check")
        assert '"dry_run": true' in page.inner_text("body")
        assert guests(server, "No script") == 0
        page.go_back()
        page.set_input_files("#file", file)
        page.click("#load")
        page.wait_for_load_state()
        assert guests(server, "No script") == 1
        page.goto("/_/send/customers/{customer_id}.patch")
        assert "needs JavaScript" in page.inner_text("main")
        expect(page.locator("#run")).to_be_disabled()


def test_what_cannot_be_sent_to_says_why(page: Page, server: Server) -> None:
    page.goto("/_/send/broken/it.post")
    assert "broken/it.post.sql" in page.inner_text("main")
    page.goto("/_/send/nothing.post")
    assert "404" in page.inner_text("main")
    page.goto("/_/send/customers/index")
    assert "404" in page.inner_text("main")
    customers = server.dbs / "customer.db"
    customers.rename(server.dbs / "customer.away")
    try:
        eventually(lambda: not page.goto(GUESTS).ok)
        assert "customer_db" in page.inner_text("main")
    finally:
        (server.dbs / "customer.away").rename(customers)
    eventually(lambda: page.goto(GUESTS).ok)
    assert page.locator("#file").is_visible()


@pytest.mark.parametrize("settings", [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}])
def test_accessible(browser: Browser, server: Server, settings: dict[str, Any]) -> None:
    with opened(browser, server, **settings) as page:
        chosen(page, IMPORT, "July.csv", as_csv(invoices("QA")))
        looked_at(page)
        page.click("#options summary")
        page.click("#paste summary")
        page.click("#check")
        outcome(page)
        page.click("#curl-fold summary")
        found = axe.violations(page)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
