"""The page of an endpoint that takes fields: filled in wrongly, then rightly, and what came of it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.send.acting import opened
from tests.browser.send.service import asked, guests
from tests.server import Server, url

NEW = "/_/send/customers/index.post"
REMOVE = "/_/send/customers/{customer_id}.delete"
CHANGE = "/_/send/customers/{customer_id}.patch"
BY_NAME = "SELECT customer_id, email, city FROM customers WHERE customer_name = ?"
TABLES = {"order": "orders", "invoice": "invoices", "transaction": "transactions"}
NOUNS = {"order": "order", "invoice": "invoice", "transaction": "payment"}


def made(server: Server, name: str) -> int:
    """The number of a new customer, who nothing refers to."""
    answer = server.send("/customers/", {"customer_name": name})
    assert answer.status == 201, answer.text
    return int(answer.json()["customer_id"])


def is_there(server: Server, customer: int) -> bool:
    return asked(server, "customer", "SELECT 1 FROM customers WHERE customer_id = ?", customer) != []


def test_a_path_of_any_letters(page: Page, server: Server) -> None:
    page.goto("/_/send/gäste & co/neu.post")
    assert page.get_attribute("#send", "action") == "../../../g%C3%A4ste%20&%20co/neu"
    page.fill("[name=guest_name]", "Zoë")
    page.click("#run")
    expect(page.locator("#outcome h2")).to_have_class("good")
    assert guests(server, "Zoë") == 1
    curl = page.text_content("#curl")
    assert curl is not None
    assert curl.endswith(f"{url(server, '/g%C3%A4ste%20&%20co/neu')}'")


def test_a_slow_double_click_is_one_request(page: Page, server: Server) -> None:
    page.goto("/_/send/gäste & co/neu.post")
    page.fill("[name=guest_name]", "Twice")
    box = page.locator("#run").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        expect(page.locator("#outcome h2")).to_have_class("good")
        expect(page.locator("#run")).to_be_enabled()
    page.fill("[name=guest_name]", "Once more")
    page.click("#run")
    expect(page.locator("#outcome h2")).to_have_class("good")
    assert (guests(server, "Twice"), guests(server, "Once more")) == (1, 1)


def test_a_customer_is_entered_wrongly_then_rightly(page: Page, server: Server) -> None:
    page.goto(NEW)
    page.fill("[name=email]", "nobody")
    page.fill("[name=pincode]", "12")
    page.click("#run")
    expect(page.locator("#field-customer_name-error")).to_have_text("is required")
    assert "must be an e-mail address" in page.inner_text("#field-email-error")
    assert "must be six digits" in page.inner_text("#field-pincode-error")
    assert page.get_attribute("[name=email]", "aria-invalid") == "true"
    assert "field-email-error" in page.get_attribute("[name=email]", "aria-describedby").split()
    assert page.evaluate("document.activeElement.name") == "customer_name"
    assert page.locator("#outcome").is_hidden()

    name = "Ann <b>O'Hara</b>"
    page.fill("[name=customer_name]", name)
    page.fill("[name=email]", "ann@example.com")
    page.fill("[name=pincode]", "")
    page.press("[name=customer_name]", "Enter")
    page.wait_for_selector("#outcome h2:has-text('Created')")
    [(number, email, city)] = asked(server, "customer", BY_NAME, name)
    assert (email, city) == ("ann@example.com", None)
    cells = dict(
        zip(*(page.locator(f".record {each}").all_inner_texts() for each in ("th", "td")), strict=True)
    )
    assert (cells["customer_id"], cells["customer_name"], cells["city"]) == (str(number), name, "–")
    assert page.locator(".wrong, [aria-invalid]").count() == 0


def test_fields_that_are_called_like_what_a_form_has(page: Page, server: Server) -> None:
    page.goto("/_/send/guests/odd.post")
    page.fill("[name=dataset]", "left")
    page.fill("[name=elements]", "right")
    page.click("#run")
    expect(page.locator("#outcome")).to_contain_text("leftright")


def test_a_double_click_creates_one(page: Page, server: Server) -> None:
    page.goto(NEW)
    page.fill("[name=customer_name]", "Clicked Twice")
    page.dblclick("#run")
    page.wait_for_selector("#outcome h2")
    assert len(asked(server, "customer", BY_NAME, "Clicked Twice")) == 1


def test_a_customer_with_orders_stays(page: Page, server: Server) -> None:
    [(customer,)] = asked(server, "order", "SELECT min(customer_id) FROM orders")
    page.goto(REMOVE)
    page.fill("[name=customer_id]", str(customer))
    page.click("#run")
    assert page.inner_text("#confirm-what") == f"customer_id {customer}"
    page.click("#confirm-yes")
    page.wait_for_selector("#outcome .problem")
    told = page.inner_text("#outcome")
    for database, table in TABLES.items():
        sql = f'SELECT count(*) FROM "{table}" WHERE customer_id = ?'
        [(count,)] = asked(server, database, sql, customer)
        noun = NOUNS[database] + ("" if count == 1 else "s")
        assert (f"{count} {noun}" in told) == (count > 0)
    assert is_there(server, customer)


def test_nothing_is_deleted_before_it_is_confirmed(page: Page, server: Server) -> None:
    customer = made(server, "Soon Gone")
    page.goto(REMOVE)
    page.click("#run")
    expect(page.locator("#field-customer_id-error")).to_have_text("is required")
    page.fill("[name=customer_id]", str(customer))
    for refuse in (lambda: page.keyboard.press("Escape"), lambda: page.click("#confirm-no")):
        page.click("#run")
        assert page.evaluate("document.activeElement.id") == "confirm-no"
        refuse()
        expect(page.locator("#confirm")).to_be_hidden()
        assert is_there(server, customer)
    page.click("#run")
    page.click("#confirm-yes")
    page.wait_for_selector("#outcome h2:has-text('Deleted')")
    assert not is_there(server, customer)
    page.click("#run")
    page.click("#confirm-yes")
    page.wait_for_selector("#outcome .problem")
    assert f"There is no customer {customer}." in page.inner_text("#outcome")


def test_a_change_leaves_what_is_not_given(page: Page, server: Server) -> None:
    customer = made(server, "Moves Away")
    page.goto(CHANGE)
    page.fill("[name=customer_id]", str(customer))
    page.fill("[name=city]", "Rome")
    page.click("#run")
    page.wait_for_selector("#outcome h2:has-text('Changed')")
    assert asked(server, "customer", BY_NAME, "Moves Away") == [(customer, None, "Rome")]


def test_a_post_that_only_reads_shows_its_rows(page: Page, server: Server) -> None:
    for name in ("<script>window.bad = 1</script>", "Bo"):
        number = made(server, name)
        server.send(f"/customers/{number}", {"city": "Testville"}, "PATCH")
    page.goto("/_/send/guests/names.post")
    expect(page.locator("#run")).to_have_text("Run")
    page.fill("[name=city]", "Testville")
    page.click("#run")
    page.wait_for_selector("#outcome tbody tr")
    rows = [row.locator("td").all_inner_texts() for row in page.locator("#outcome tbody tr").all()]
    sql = "SELECT customer_id, customer_name FROM customers WHERE city = 'Testville' ORDER BY 1"
    assert rows == [[str(number), name, "–"] for number, name in asked(server, "customer", sql)]
    assert page.evaluate("window.bad") is None
    page.fill("[name=city]", "Nowhere")
    page.click("#run")
    expect(page.locator("#outcome .none")).to_have_text("No rows")


def test_a_server_that_is_gone(page: Page, server: Server) -> None:
    page.goto(NEW)
    page.fill("[name=customer_name]", "Nobody Answers")
    page.route("**/customers/", lambda route: route.abort())
    page.click("#run")
    expect(page.locator("#outcome")).to_contain_text("The server is not reachable")
    page.unroute("**/customers/")
    page.click("#run")
    page.wait_for_selector("#outcome h2:has-text('Created')")
    assert len(asked(server, "customer", BY_NAME, "Nobody Answers")) == 1


def test_the_command_line_does_the_same(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(NEW)
    name = """It's "$HOME" `id` \\ & more"""
    page.fill("[name=customer_name]", name)
    page.fill("[name=city]", "Bonn")
    page.click("#curl-fold summary")
    command = page.inner_text("#curl")
    assert shlex.split(command)[0] == "curl"
    subprocess.run(f"{command} --silent --fail", shell=True, cwd=tmp_path, capture_output=True, check=True)
    [(number, _, city)] = asked(server, "customer", BY_NAME, name)
    assert city == "Bonn"
    page.goto(REMOVE)
    page.fill("[name=customer_id]", str(number))
    page.click("#curl-fold summary")
    command = page.inner_text("#curl")
    subprocess.run(f"{command} --silent --fail", shell=True, cwd=tmp_path, capture_output=True, check=True)
    assert not is_there(server, number)


def test_without_scripts(browser: Browser, server: Server) -> None:
    with opened(browser, server, java_script_enabled=False) as page:
        page.goto(NEW)
        page.fill("[name=customer_name]", "No Script")
        page.click("#run")
        page.wait_for_load_state()
        assert len(asked(server, "customer", BY_NAME, "No Script")) == 1


@pytest.mark.parametrize("path", [NEW, REMOVE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(browser: Browser, server: Server, path: str, scheme: str) -> None:
    with opened(browser, server, color_scheme=scheme, viewport={"width": 390, "height": 800}) as page:
        page.goto(path)
        page.click("#run")
        page.wait_for_selector(".error")
        found = axe.violations(page)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
