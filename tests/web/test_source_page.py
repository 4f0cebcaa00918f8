"""`/_/sql/<name>`: the SQL behind a URL, what its file says, and its plan."""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.web.pages.sql_page import coloured_lines
from tests.server import Server, eventually
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over
from tests.web.reports import DATABASE, NEVER_ENDING

HTML = {"Accept": "text/html"}
LARGE = 20_000
ITEM = """-- About one item.
/*
title: One <b>item</b>
description: |
  What an item costs.

  <script>alert(1)</script>
tags: [stock, "a & b"]
params:
  item_id: {type: integer, min: 1, max: 99, description: The item's number, example: 1}
  kind: {type: choice, choices: [big, small], default: big}
  name:
    type: choice
    many: true
    required: false
    choices_sql: SELECT items.name FROM shop_db.items AS items
  label: {type: text, pattern: "[a-z]+", default: none}
columns:
  price: {type: money, currency: EUR, description: What it "costs"}
formats: [csv, json]
time_limit: 0.75
*/
SELECT items.name, items.price_cents AS price, :kind AS kind, :label AS label
FROM shop_db.items AS items -- every one
WHERE items.item_id = :item_id AND (:name IS NULL OR items.name IN (SELECT value FROM json_each(:name)))
"""
SALES = f"""
    CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, shop_id INTEGER, note TEXT) STRICT;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LARGE})
    INSERT INTO sales SELECT n, n % 500, 'note ' || n FROM numbers;
"""
REPORTS = {
    "item/{item_id}": ITEM,
    "plain": "SELECT sales.note FROM sales_db.sales AS sales WHERE sales.shop_id = 7",
    "heavy": f"/*\ntime_limit: 0.3\n*/{NEVER_ENDING}",
    "find.post": "/*\nparams:\n  shop_id: {type: integer}\n*/\n"
    "SELECT sales.note FROM sales_db.sales AS sales WHERE sales.shop_id = :shop_id",
    "items/import.post": """/*
        title: Load items
        input:
          name: {type: text, required: true, from: [Name, "Item name"], max: 20}
          price_cents: {type: money, currency: EUR, default: 0, from: Price}
        */
        INSERT INTO shop_db.items (name, price_cents)
        SELECT input.name, input.price_cents FROM input
        WHERE NOT EXISTS (SELECT 1 FROM sales_db.sales AS sales WHERE sales.note = input.name)""",
    "broken/sql": "SELECT 1 AS one,\n  2 AS two\nFROM shop_db.no_table",
    "broken/header": "/*\ntitel: Oh\nparams:\n  since: {type: day}\n*/\nSELECT 1 AS one\n",
    "locked": "SELECT locks.lock_id FROM locked_db.locks AS locks",
    "odd/50% of a?b#c & d": "SELECT 1 AS one",
    "odd/ünï 'quoted'": "SELECT 1 AS one",
    "crlf": "/*\r\ntitle: Lines\r\n*/\r\nSELECT '\t<script>' AS one,\r\n  'a\rb\x0c\x1b\u202e' AS two\r\n",
    "empty": "",
    "long": "SELECT 1 AS one -- " + "x" * 50_000,
    "huge": "/*\ndescription: " + "a " * 9_000 + "\n*/\n" + "-- & a line\n" * 25_000 + "SELECT 1 AS one\n",
}


@dataclass
class Page(HTMLParser):
    """What a reader sees of a page. lines: of the file, by number; tables: cells of rows, by caption."""

    text: str
    lines: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._caption = ""
        self.code = ""
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in ("meta", "link", "input", "img"):
            return
        self._open.append((tag, attributes))
        if tag == "span" and attributes.get("class", "").startswith("line"):
            number = int(attributes["id"].removeprefix("L"))
            self.lines[number] = ""
            if "data-fault" in attributes:
                self.faults[number] = attributes["data-fault"]
        elif tag == "tr":
            self.tables.setdefault(self._caption, []).append([])
        elif tag in ("td", "th"):
            self.tables[self._caption][-1].append("")
        elif tag == "data":
            self.data.append(str(attributes["value"]))
        elif tag == "a":
            self.links.append(str(attributes["href"]))
        elif tag == "li":
            self.steps.append("  " * (sum(name == "li" for name, _ in self._open) - 1))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self._open]
        for _, attributes in self._open:
            if attributes.get("class", "").startswith("line"):
                self.lines[int(attributes["id"].removeprefix("L"))] += data
            if attributes.get("id") == "sql":
                self.code += data
        if names[-1:] == ["caption"]:
            self._caption = data
            self.tables[data] = []
        elif "td" in names or "th" in names:
            self.tables[self._caption][-1][-1] += data
        elif "li" in names and names[-1] == "span" and "steps" in str(self._open):
            self.steps[-1] += data


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("source")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", DATABASE)
    make_database(folder / "dbs" / "sales.db", SALES)
    make_database(folder / "dbs" / "locked.db", "CREATE TABLE locks (lock_id INTEGER PRIMARY KEY) STRICT;")
    for name, sql in REPORTS.items():
        path = folder / "sql" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sql.encode())
    with servers_over(folder) as make:
        yield make(max_reports=1, queue_wait=0.2, lock_wait=0.4)


def page(server: Server, path: str, status: int = 200) -> Page:
    answer = server.get(f"/_/sql/{path}", HTML)
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    found = Page(answer.text)
    assert not [attributes for _, attributes in found.tags if "style" in attributes]
    assert all("src" in attributes for tag, attributes in found.tags if tag == "script")
    return found


@pytest.mark.parametrize("name", [name for name in REPORTS if name not in ("huge", "empty", "locked")])
def test_the_lines_are_those_of_the_file(shop: Server, name: str) -> None:
    found = page(shop, quote(name))
    lines = REPORTS[name].split("\n")
    if lines[-1] == "":
        lines.pop()

    assert [found.lines[number].removesuffix("\n") for number in range(1, len(lines) + 1)] == lines
    assert found.code == REPORTS[name]
    assert {f"#L{number}" for number in found.lines} <= {*found.links}


def test_what_is_coloured(shop: Server) -> None:
    text = shop.get("/_/sql/item/%7Bitem_id%7D").text

    for kind, word in [
        ("comment", "-- About one item."),
        ("key", "title"),
        ("string", "integer"),
        ("keyword", "SELECT"),
        ("parameter", ":item_id"),
        ("comment", "-- every one"),
        ("number", "1"),
    ]:
        where = text if kind != "number" else shop.get("/_/sql/long").text
        assert f'<span class="hl-{kind}">{word}</span>' in where, word


def test_a_large_file_is_shown_plain(shop: Server) -> None:
    """Its colours would take seconds."""
    found = page(shop, "huge")

    assert 'class="hl-' not in shop.get("/_/sql/huge").text
    assert found.code == REPORTS["huge"]
    assert not found.lines


def test_an_empty_file(shop: Server) -> None:
    assert "The file is empty." in shop.get("/_/sql/empty").text


LINES = st.text(
    st.one_of(
        st.sampled_from("/*-'\"<>&;:\t \r\n\x0b\x0c\x1b\x85\u2028\u202e[]{}|%!#é漢🙂\ufeff"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=300,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(LINES, st.builds("/*\n{}*/{}".format, LINES, LINES), st.builds("/*{}".format, LINES)))
def test_any_text_comes_out_as_it_is(text: str) -> None:
    lines = coloured_lines(text)
    assert lines is not None
    shown = Page("".join(f'<span class="line" id="L{n}">{line}</span>' for n, line in enumerate(lines, 1)))

    assert "".join(shown.lines.values()) == text
    assert [line.removesuffix("\n") for line in shown.lines.values()] == text.removesuffix("\n").split("\n")[
        : len(shown.lines)
    ]
    assert {tag for tag, _ in shown.tags} <= {"span"}


@pytest.mark.parametrize(
    "text",
    [
        "/*" + "&" * 19_990 + "*/SELECT 1",
        "/*" + "%\n" * 9_990 + "*/SELECT 1",
        "/*" + ("&" * 990 + "\n") * 20 + "*/SELECT 1",
        "/*" + "[" * 19_990 + "*/",
        "SELECT '" + "''" * 99_000,
        '"' * 199_999,
        "/*" * 99_000,
        "(" * 199_000,
        "é" * 199_000,
        "SELECT items.item_id AS a -- b\n" * 5_000,
    ],
    ids=["long YAML line", "YAML signs", "YAML lines", "brackets", *"abcd", "many letters", "5,000 lines"],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.thread_time()
    lines = coloured_lines(text)

    assert time.thread_time() - began < 2
    assert lines is not None


def test_the_facts(shop: Server) -> None:
    found = page(shop, "item/%7Bitem_id%7D")

    assert "GET /item/{item_id}" in found.text
    assert "One &lt;b&gt;item&lt;/b&gt;" in found.text
    assert "<script>alert" not in found.text
    assert str(shop.sql) not in found.text
    assert found.tables["Parameters"] == [
        ["Name", "Type", "Default", "Allowed", "Description"],
        ["item_id", "integer", "required", "1 to 99", "The item's number"],
        ["kind", "choice", "big", "one of big, small", ""],
        ["name", "list of choice", "NULL", "a value from the data", ""],
        ["label", "text", "none", "like [a-z]+", ""],
    ]
    assert found.tables["Result columns"] == [
        ["Name", "Type", "Currency", "Description"],
        ["name", "text", "", ""],
        ["price", "money", "EUR", 'What it "costs"'],
        ["kind", "as stored", "", ""],
        ["label", "as stored", "", ""],
    ]
    words = re.sub(r"<[^>]+>", "", found.text)
    assert "shop_db: items" in words
    assert "csv, json" in words
    assert "stock, a &amp; b" in words
    assert "0.75 seconds" in words


def test_a_file_that_writes(shop: Server) -> None:
    found = page(shop, "items/import.post?_plan=1")

    assert "POST /items/import" in found.text
    assert found.tables["Expected columns"] == [
        ["Name", "Other accepted names", "Type", "Default", "Allowed", "Description"],
        ["name", "Name, Item name", "text", "required", "at most 20 characters", ""],
        ["price_cents", "Price", "money, EUR", "0", "", ""],
    ]
    words = re.sub(r"<[^>]+>", "", found.text)
    assert "shop_db: items (written)" in words
    assert "sales_db: sales\n" in words
    assert "Files that write have no query plan" in found.text
    assert not found.data


def indented(steps: list[dict[str, Any]], depth: int = 0) -> Iterator[str]:
    for step in steps:
        yield "  " * depth + step["detail"]
        yield from indented(step["children"], depth + 1)


@pytest.mark.parametrize(
    ("source", "report"),
    [
        ("plain", "/plain?"),
        ("item/%7Bitem_id%7D?item_id=2&kind=small&name=Anvil&name=Bellows", None),
    ],
)
def test_the_plan(shop: Server, source: str, report: str | None) -> None:
    path = report or "/item/2?kind=small&name=Anvil&name=Bellows&"
    expected = shop.get(f"{path}format=plan").json()
    assert not page(shop, source).data

    found = page(shop, f"{source}{'&' if '?' in source else '?'}_plan=1")

    rows, seconds = map(float, found.data)
    assert rows == expected["rows"]
    assert 0 < seconds < 1
    steps = [step for step in found.steps if step.strip()]
    assert steps == [*indented(expected["plan"])]
    for warning in expected["warnings"]:
        assert warning in found.text
    [as_json] = [link for link in found.links if "format=plan" in link]
    opened = shop.get("/_/open/" + as_json.partition("/open/")[2]).headers["location"]
    assert shop.get("/" + opened.lstrip("./")).json()["plan"] == expected["plan"]
    line = shop.line(format="plan", report="plain" if report else "item/{item_id}")
    assert (line["status"], line["rows"]) == (200, expected["rows"])


def test_a_step_that_is_warned_of(shop: Server) -> None:
    found = page(shop, "plain?_plan=1")

    assert f"<li>Reads all {LARGE:,} rows of sales_db.sales.</li>" in found.text
    assert '<span class="warned">SCAN sales</span>' in found.text
    assert 'class="warned"' not in shop.get("/_/sql/find.post?shop_id=7").text


def test_the_plan_of_a_post_that_only_reads(shop: Server) -> None:
    assert page(shop, "find.post?shop_id=7&_plan=1").data[0] == str(LARGE // 500)


@pytest.mark.parametrize(
    ("query", "beside", "elsewhere"),
    [
        ("", "is required", None),
        ("item_id=", "is required", None),
        ("item_id=100", "must be at most 99", None),
        ("item_id=%3Cb%3E", "must be a whole number", None),
        ("item_id=1&kind=<i>", "must be one of", None),
        ("item_id=1&name=Nothing", "must be one of Anvil", None),
        ("item_id=1&colour=<red>", None, "unknown parameter"),
    ],
)
def test_parameters_that_do_not_fit(
    shop: Server, query: str, beside: str | None, elsewhere: str | None
) -> None:
    path = f"item/%7Bitem_id%7D?{quote(query, safe='=&%')}"
    assert 'class="error"' not in page(shop, path).text

    found = page(shop, f"{path}&_plan=1", 422)

    errors = re.findall(r'<p class="error"[^>]*>([^<]*)', found.text)
    assert [beside in error for error in errors] == [True] if beside is not None else errors == []
    if elsewhere is not None:
        assert elsewhere in found.text
    assert "<red>" not in found.text
    assert "<i>" not in found.text
    assert found.code == ITEM


def test_the_form_offers_what_is_in_the_data(shop: Server) -> None:
    found = page(shop, "item/%7Bitem_id%7D?item_id=2")
    inputs = [attributes for tag, attributes in found.tags if tag in ("input", "select")]

    assert {"Anvil", "Bellows", "Çekiç"} <= {attributes.get("value") for attributes in inputs}
    [item] = [attributes for attributes in inputs if attributes["name"] == "item_id"]
    assert (item["value"], item["max"]) == ("2", "99")


def test_the_time_limit(shop: Server) -> None:
    began = time.monotonic()
    found = page(shop, "heavy?_plan=1", 504)

    assert 0.3 <= time.monotonic() - began < 3
    assert "ran for 0.3 seconds" in found.text
    assert found.code == REPORTS["heavy"]


@contextmanager
def running(server: Server, path: str) -> Iterator[socket.socket]:
    with server.connected() as client:
        server.send_request(client, path, "1.1", "Accept: text/html")
        yield client


def test_no_place_is_free(tmp_path: Path) -> None:
    with servers_over(tmp_path) as make:
        server = make({"heavy": NEVER_ENDING, "small": "SELECT 1 AS one"}, max_reports=1, queue_wait=0.2)
        with running(server, "/heavy"):
            answer = eventually(
                lambda: (found := server.get("/_/sql/small?_plan=1", HTML)).status == 503 and found
            )
            assert "Retry-After" in answer.headers
            assert "Too many reports are running" in answer.text
            assert Page(answer.text).code == "SELECT 1 AS one"
            assert page(server, "small").code == "SELECT 1 AS one"


def test_a_client_that_goes_ends_the_run(tmp_path: Path) -> None:
    with servers_over(tmp_path) as make:
        server = make({"heavy": NEVER_ENDING}, time_limit=30)
        with running(server, "/_/sql/heavy?_plan=1"):
            time.sleep(0.3)
        line = server.line(report="heavy", outcome="Cancelled")

    assert line["ms"] < 5_000


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("broken/sql", {3: "no such table"}),
        ("broken/header", {2: "unknown key titel", 4: "must be one of"}),
    ],
)
def test_faults(shop: Server, name: str, faults: dict[int, str]) -> None:
    for query in ("", "?_plan=1"):
        answer = shop.get(f"/_/sql/{name}{query}", HTML)
        found = Page(answer.text)
        assert answer.status == (200 if not query else 500)
        assert found.faults.keys() == faults.keys()
        for line, message in faults.items():
            assert message in found.faults[line]
            assert f"<code>{name}.sql:{line}</code></a> " in found.text
            assert f"#L{line}" in found.links


def test_a_database_that_is_locked_keeps_nobody_from_the_sql(shop: Server) -> None:
    lock = sqlite3.connect(shop.dbs / "locked.db", isolation_level=None)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    try:
        found = page(shop, "locked?_plan=1", 503)
        assert "A database cannot be read" in found.text
        assert found.code == REPORTS["locked"]
        # A file that was never checked before:
        (shop.sql / "locked.sql").write_text(REPORTS["locked"] + " -- new")
        found = eventually(lambda: (new := page(shop, "locked")).code.endswith(" -- new") and new)
        assert "The database locked_db cannot be read" in found.text
    finally:
        lock.close()


@pytest.mark.parametrize("path", ["nothing", "", "item", "../plain", "plain.sql", "%00", "%ff", "a%0Ab"])
def test_what_is_not_there(shop: Server, path: str) -> None:
    answer = shop.get(f"/_/sql/{path}", HTML)

    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert shop.get(f"/_/sql/{path}").json()["status"] == 404


def test_other_methods(shop: Server) -> None:
    head = shop.get("/_/sql/heavy?_plan=1", method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"] == "text/html; charset=utf-8"
    assert shop.get("/_/sql/plain", method="POST").status == 405


def test_gzip(shop: Server) -> None:
    answer = shop.get("/_/sql/plain", {"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.body[:2] == b"\x1f\x8b"


def hrefs(server: Server, path: str) -> list[str]:
    answer = server.get(path, HTML)
    return [href for href in Page(answer.text).links if "_/sql/" in href]


def test_a_report_leads_to_it_with_its_parameters(shop: Server) -> None:
    [href] = hrefs(shop, "/item/2?kind=small&sort=price.asc&name=Anvil&name=%C3%87eki%C3%A7")

    assert href == "../_/sql/item/%7Bitem_id%7D?kind=small&name=Anvil&name=%C3%87eki%C3%A7&item_id=2" or (
        href == "../_/sql/item/%7Bitem_id%7D?item_id=2&kind=small&name=Anvil&name=%C3%87eki%C3%A7"
    )
    assert page(shop, href.partition("/sql/")[2] + "&_plan=1").data[0] == "0"


@pytest.mark.parametrize("name", [name for name in REPORTS if name.startswith("odd/")])
def test_a_report_with_an_odd_name_leads_to_it_and_back(shop: Server, name: str) -> None:
    [href] = hrefs(shop, f"/{quote(name)}")
    assert href.startswith("../_/sql/")

    found = page(shop, href.partition("/sql/")[2])
    assert found.code == "SELECT 1 AS one"
    [back] = [link for link in found.links if "/_/open/" in link]
    opened = shop.get("/_/open/" + back.partition("/open/")[2])
    assert (opened.status, opened.headers["location"]) == (303, "../../../" + quote(name))


def test_a_file_that_takes_rows_has_a_form_that_leads_to_it_and_back(shop: Server) -> None:
    [href] = hrefs(shop, "/_/send/items/import.post")
    assert href == "../../../_/sql/items/import.post"
    assert "../../../_/send/items/import.post" in page(shop, "items/import.post").links


def test_switched_off(tmp_path: Path) -> None:
    with servers_over(tmp_path) as make:
        reports = {"small": "SELECT 1 AS one", "find.post": "SELECT 1 AS one"}
        server = make(reports, show_sql=False)
        assert hrefs(server, "/_/send/find.post") == []
        assert server.get("/_/sql/small", HTML).status == 404
        assert server.get("/_/sql/small").json()["status"] == 404
        assert hrefs(server, "/small") == []
        answer = server.get("/small?format=plan")
        assert (answer.status, answer.json()["available"]) == (
            406,
            ["json", "ndjson", "csv", "excel", "html"],
        )
        operation = server.get("/openapi.json").json()["paths"]["/small"]["get"]
        assert "plan" not in str(operation).lower()


def test_many_at_once(shop: Server) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(page(shop, "plain").code)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [REPORTS["plain"]] * 20
