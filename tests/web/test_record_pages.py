"""Pages of one thing with a list below it, where a page's values lead, and the ways into pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import MakeServer, servers_over
from tests.web.page_reports import BROWSER, table

LINES = [("nail & co", 2, 150), ("saw", 3, 1025), ("glue", 1, 5)]
ORDER = """/*
params: {n: {type: integer}}
columns:
  order_total: {type: money}
  price: {type: money, currency: EUR, total: true}
  n: {link: "/order/{n}"}
  item: {link: "/items/{item}/{n}"}
shape: {nest: {lines: [item, quantity, price]}}
*/
SELECT l.n, l.buyer, l.order_total, l.item, l.quantity, l.price
FROM data_db.lines AS l WHERE l.n = :n ORDER BY l.rowid
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("records")
    (folder / "dbs").mkdir()
    rows = ", ".join(f"(7, 'Ann', 4405, '{item}', {quantity}, {price})" for item, quantity, price in LINES)
    make_database(
        folder / "dbs" / "data.db",
        "CREATE TABLE lines (n INTEGER, buyer TEXT, order_total INTEGER, item TEXT, quantity INTEGER,"
        f" price INTEGER) STRICT; INSERT INTO lines VALUES {rows}, (8, 'Bo', 0, NULL, NULL, NULL)",
    )
    reports = {
        "order/{n}": ORDER,
        "order/{n}.delete": "/*\nparams: {n: {type: integer}}\n*/\nDELETE FROM data_db.lines WHERE n = :n",
        "order/{n}/lines.put": "/*\nparams: {n: {type: integer}}\ninput: {item: {type: text}}\n*/\n"
        "UPDATE data_db.lines SET item = i.item FROM input AS i WHERE n = :n",
        "order/import.post": "/*\ninput: {item: {type: text}}\n*/\n"
        "INSERT INTO data_db.lines (item) SELECT i.item FROM input AS i",
    }
    with servers_over(folder) as make:
        yield make(reports)


def euros(cents: int) -> str:
    """As a German reads it."""
    return f"{cents / 100:.2f}".replace(".", ",") + "\xa0€"


def test_one_thing_and_its_list(server: Server) -> None:
    found = table(server, "/order/7", Accept_Language="de")

    assert found.texts()[:3] == [["N", "7"], ["Buyer", "Ann"], ["Order total", "44,05"]]
    assert found.texts()[3] == ["Item", "Quantity", "Price"]
    assert found.texts()[4:] == [[item, str(quantity), euros(price)] for item, quantity, price in LINES]
    total = sum(price for _, _, price in LINES)
    pieces = sum(quantity for _, quantity, _ in LINES)
    (foot,) = found.foot
    assert [cell.text for cell in foot] == [
        "Total",
        str(pieces),
        euros(total),
    ]


def test_a_list_without_anything_in_it(server: Server) -> None:
    found = table(server, "/order/8")

    assert found.texts() == [
        ["N", "8"],
        ["Buyer", "Bo"],
        ["Order total", "0.00"],
        ["Item", "Quantity", "Price"],
    ]
    assert found.foot == []


def test_values_lead_on_whatever_is_in_them(server: Server) -> None:
    found = table(server, "/order/7")

    assert found.body[0][1].href == "../order/7"
    assert found.body[4][0].href == "../items/nail%20%26%20co/7"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/order/import", "../_/send/order/import.post"),
        ("/order/7/lines", "../../_/send/order/%7Bn%7D/lines.put?n=7"),
    ],
)
def test_a_browser_is_led_to_where_things_are_sent(server: Server, path: str, location: str) -> None:
    answer = server.get(path, BROWSER)

    assert (answer.status, answer.headers["location"]) == (303, location)
    assert server.get(path).status in (404, 405, 422), "a program is told what is wrong"


def test_what_the_path_said_is_in_the_form_that_a_browser_is_led_to(server: Server) -> None:
    location = server.get("/order/7/lines", BROWSER).headers["location"]
    text = server.get(location.replace("../../", "/"), BROWSER).text

    assert re.search(r'<input id="field-n" [^>]*value="7"', text)
    hostile = server.get('/_/send/order/%7Bn%7D.delete?n="><script>', BROWSER).text
    assert 'value="&#34;&gt;&lt;script&gt;"' in hostile


def test_a_page_leads_to_what_changes_it(server: Server) -> None:
    text = server.get("/order/7", BROWSER).text
    ways = re.findall(r'href="([^"]*/_/send/[^"]*)"', text)

    assert ways == ["../_/send/order/%7Bn%7D/lines.put?n=7", "../_/send/order/%7Bn%7D.delete?n=7"]
    assert "?n=9" in server.get("/order/9", BROWSER).text, "also when there is nothing"


def test_a_form_leads_to_the_report_of_what_is_in_it(server: Server) -> None:
    answer = server.get("/_/open/order/%7Bn%7D?n=a%2Fb&sort=item.asc&empty=")

    assert (answer.status, answer.headers["location"]) == (303, "../../../order/a%2Fb?sort=item.asc")
    assert server.get("/_/open/nothing").status == 404


def test_the_first_page_tells_what_is_there(server: Server) -> None:
    text = server.get("/", BROWSER).text

    assert 'href="./_/open/order/%7Bn%7D"' in text
    assert 'href="./_/send/order/import.post"' in text
    assert "data_db" in text
    assert f'<td class="n">{len(LINES) + 1}</td>' in text


def test_a_header_s_backticks_are_code_and_its_markup_is_text(make_server: MakeServer) -> None:
    header = 'description: "Of `a<b>` and <i>c</i>"\nparams: {p: {type: text, description: "As `x`"}}'
    sql = f"/*\n{header}\n*/\nSELECT :p AS p"
    text = make_server({"r": sql}).get("/r?p=1", BROWSER).text

    assert "Of <code>a&lt;b&gt;</code> and &lt;i&gt;c&lt;/i&gt;" in text
    assert "As <code>x</code>" in text
