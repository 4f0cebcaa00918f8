"""Pictures over HTTP: who gets one, with which headers, and what becomes of what cannot be drawn."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from defusedxml import ElementTree
from openapi_spec_validator import validate

from tests.server import Answer, Server, eventually
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over

DATABASE = """
    CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, product TEXT, amount_cents INTEGER) STRICT;
    INSERT INTO sales VALUES (1, 'Anvil', 1999), (2, 'Bellows', 500), (3, 'Çekiç', 1250);
"""
CHART = "columns: {amount: {type: money, currency: EUR}}\nchart: {type: bar, x: product, y: amount}"
SELECT = """
    SELECT sales.product, sales.amount_cents AS amount FROM shop_db.sales AS sales
    WHERE sales.sale_id <= 3 ORDER BY sales.sale_id"""
NUMBERS = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
    SELECT numbers.n AS x, {y} AS y FROM numbers"""
REPORTS = {
    "sales": f"/*\ntitle: Sales & more\n{CHART}\nfilename: sales of today\n*/{SELECT}",
    "changed": f"/*\ntitle: Sales & more\n{CHART}\nfilename: sales of today\n*/{SELECT}",
    "plain": SELECT,
    "csv-only": f"/*\n{CHART}\nformats: [csv]\n*/{SELECT}",
    "million": "/*\nchart: {type: line, x: x, y: y}\n*/" + NUMBERS.format(rows=30_000_000, y="numbers.n"),
    "text": "/*\nchart: {type: line, x: x, y: y}\n*/" + NUMBERS.format(rows=4_000, y="'n' || numbers.n"),
    "page": f"""/*
        shape: page
        params:
          limit: {{type: integer, default: 1, min: 1}}
          offset: {{type: integer, default: 0, min: 0}}
        chart: {{type: bar, x: product, y: amount}}
        */
        {SELECT} LIMIT :limit OFFSET :offset""",
    "asked.post": f"/*\n{CHART}\n*/{SELECT}",
    "written.post": """/*
        params: {product: {type: text}}
        chart: {type: bar, x: product, y: sale_id}
        */
        INSERT INTO shop_db.sales (product) VALUES (:product) RETURNING sales.product, sales.sale_id""",
}
SVG, PNG = "image/svg+xml", "image/png"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,image/svg+xml,*/*;q=0.8"
IMG = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.fixture(scope="module", params=[0, 1], ids=["inside", "in a process"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("charts")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", DATABASE)
    with servers_over(folder) as make:
        yield make(REPORTS, reader_processes=request.param, heavy_seconds=0)


def kind(server: Server, path: str, accept: str = "") -> str:
    answer = server.get(path, {"Accept": accept} if accept else {})
    assert answer.status == 200, answer.text
    return str(answer.headers["content-type"])


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/sales?format=svg", "", SVG),
        ("/sales.svg", "", SVG),
        ("/sales?format=png", "", PNG),
        ("/sales.png", "text/html", PNG),
        ("/sales", SVG, SVG),
        ("/sales", "image/png", PNG),
        ("/sales", "image/png;q=0.5, image/svg+xml", SVG),
        ("/sales", IMG, SVG),
        ("/csv-only.svg", "", SVG),
        ("/sales", "", "application/json"),
        ("/sales", "*/*", "application/json"),
        ("/sales", "image/png, */*", "application/json"),
        ("/plain", IMG, "application/json"),
    ],
)
def test_who_gets_a_picture(shop: Server, path: str, accept: str, expected: str) -> None:
    assert kind(shop, path, accept) == expected


def test_a_browser_that_opens_the_url_gets_none(shop: Server) -> None:
    assert not kind(shop, "/sales", FIREFOX).startswith("image/")


@pytest.mark.parametrize("accept", ["image/*", "image/webp", "image/png;q=0"])
def test_no_picture_by_a_wildcard(shop: Server, accept: str) -> None:
    assert shop.get("/sales", {"Accept": accept}).status == 406


@pytest.mark.parametrize("path", ["/plain?format=svg", "/plain.png"])
def test_a_report_without_a_chart(shop: Server, path: str) -> None:
    answer = shop.get(path)
    name = path[-3:]
    assert answer.status == 406
    assert answer.json()["detail"] == f"This report has no chart, so it is not available as {name}."
    assert shop.get("/plain", {"Accept": "image/svg+xml"}).status == 406


def test_the_svg(shop: Server) -> None:
    answer = shop.get("/sales.svg")

    root = ElementTree.fromstring(answer.body, forbid_dtd=True)
    assert root[0].text == "Sales & more"
    bars = [each.get("aria-label") for each in root.iter() if each.get("aria-roledescription") == "bar"]
    assert bars == ["Anvil: €19.99", "Bellows: €5.00", "Çekiç: €12.50"]
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline; filename=")
    assert "sales of today.svg" in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_the_svg_is_compressed_and_the_png_is_not(shop: Server) -> None:
    for name, coding in (("svg", "gzip"), ("png", None)):
        answer = shop.get(f"/sales.{name}", {"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == coding


def test_the_png(shop: Server) -> None:
    answer = shop.get("/sales.png")

    assert answer.body[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", answer.body[16:24]) == (1440, 900)
    assert "sales of today.png" in answer.headers["content-disposition"]
    assert answer.headers["content-security-policy"] is None


def test_the_same_bytes_again(shop: Server) -> None:
    assert shop.get("/sales.svg").body == shop.get("/sales.svg").body


def test_it_is_asked_for_with_its_tag(shop: Server) -> None:
    tag = shop.get("/sales.svg").headers["etag"]

    assert shop.get("/sales.svg", {"If-None-Match": tag}).status == 304
    assert shop.get("/sales.png", {"If-None-Match": tag}).status == 200
    assert shop.get("/sales.json", {"If-None-Match": tag}).status == 200


def test_another_chart_has_another_tag(shop: Server) -> None:
    before = shop.get("/changed.svg").headers["etag"]
    path = shop.sql / "changed.sql"
    path.write_text(path.read_text().replace("type: bar", "type: pie"))

    answer = eventually(lambda: other(shop.get("/changed.svg", {"If-None-Match": before})))
    assert answer.headers["etag"] != before
    assert 'aria-roledescription="arc mark"' in answer.text


def other(answer: Answer) -> Answer | None:
    return answer if answer.status == 200 else None


def test_head(shop: Server) -> None:
    got, head = shop.get("/sales.svg"), shop.get("/sales.svg", method="HEAD")

    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "etag", "content-disposition", "content-security-policy"):
        assert head.headers[name] == got.headers[name]


def test_too_many_rows_are_told_before_they_are_read(shop: Server) -> None:
    answer = shop.get("/million.svg", timeout=10)

    assert answer.status == 500
    assert "at most 5,000 rows" in answer.json()["detail"]
    line = shop.line(report="million", format="svg")
    assert line["rows"] < 10_000_000


def test_what_cannot_be_drawn_is_a_problem(shop: Server) -> None:
    answer = shop.get("/text.svg")

    assert answer.status == 500
    assert answer.json()["type"].endswith(":unfit-value")
    assert "The column y is drawn" in answer.json()["detail"]


def test_all_rows_of_a_report_in_pages(shop: Server) -> None:
    assert shop.get("/page.svg").text.count('aria-roledescription="bar"') == 3
    assert shop.get("/page.svg?limit=2").text.count('aria-roledescription="bar"') == 2


def test_a_chart_is_what_a_get_answers(shop: Server) -> None:
    for path in ("/asked", "/written?product=x"):
        answer = shop.send(path, {})
        assert answer.status == 500
        assert "chart: is only for files that answer GET" in answer.text


def test_it_is_described(shop: Server) -> None:
    description = shop.get("/openapi.json").json()
    validate(description)
    for path, has_chart in (("/sales", True), ("/plain", False)):
        operation = description["paths"][path]["get"]
        (parameter,) = (each for each in operation["parameters"] if each["name"] == "format")
        assert ({"svg", "png"} <= {*parameter["schema"]["enum"]}) == has_chart
        assert ({SVG, PNG} <= {*operation["responses"]["200"]["content"]}) == has_chart
