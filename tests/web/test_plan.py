"""`?format=plan`: how SQLite runs a report, and what that took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.server import Answer, Server, eventually
from tests.sqlite_files import make_database, run_script
from tests.web.conftest import servers_over
from tests.web.reports import NEVER_ENDING

LARGE, SMALL = 20_000, 500
DATABASE = f"""
    CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, shop_id INTEGER, note TEXT, day TEXT) STRICT;
    CREATE TABLE shops (shop_id INTEGER PRIMARY KEY, name TEXT) STRICT;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LARGE})
    INSERT INTO sales SELECT n, n % {SMALL} + 1, 'note ' || n, '2024-01-01' FROM numbers;
    INSERT INTO shops SELECT sale_id, 'shop ' || sale_id FROM sales WHERE sale_id <= {SMALL};
    CREATE TABLE counts (count_id INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
"""
OF_SHOP = """/*
params:
  shop_id: {type: integer, min: 1, example: 7}
*/
SELECT sales.sale_id, sales.note, shops.name
FROM shop_db.sales AS sales INNER JOIN shop_db.shops AS shops ON sales.shop_id = shops.shop_id
WHERE sales.shop_id = :shop_id
ORDER BY sales.note"""
REPORTS = {
    "of-shop": OF_SHOP,
    "search.post": OF_SHOP,
    "large": "SELECT sales.note FROM shop_db.sales AS sales",
    "small": "SELECT shops.name FROM shop_db.shops AS shops",
    "by-key": "SELECT sales.note FROM shop_db.sales AS sales WHERE sales.sale_id = 7",
    "csv-only": "/*\nformats: [csv]\n*/\nSELECT 1 AS one",
    "chosen": """/*
        params:
          name: {type: choice, choices_sql: "SELECT shops.shop_id FROM shop_db.shops AS shops"}
          list: {type: integer, many: true, default: [1, 2]}
        */
        SELECT :name AS name, :list AS list""",
    "page": """/*
        params:
          limit: {type: integer, default: 5, min: 1, max: 10}
          offset: {type: integer, default: 0, min: 0}
        shape: page
        */
        SELECT shops.shop_id, shops.name FROM shop_db.shops AS shops
        WHERE EXISTS (SELECT 1 FROM shop_db.sales AS sales WHERE sales.shop_id + 0 = shops.shop_id)
        ORDER BY shops.shop_id LIMIT :limit OFFSET :offset""",
    "record": "/*\nshape: record\n*/\nSELECT shops.name FROM shop_db.shops AS shops WHERE shops.shop_id = 3",
    "no-record": "/*\nshape: record\n*/\nSELECT shops.name FROM shop_db.shops AS shops WHERE false",
    "fails": f"SELECT abs(-9223372036854775807 - (sales.sale_id = {LARGE})) AS a FROM shop_db.sales AS sales",
    "broken": "SELECT 1 AS one FROM shop_db.no_table",
    "heavy": NEVER_ENDING,
    "count.post": """/*
        params:
          number: {type: integer}
        */
        INSERT INTO shop_db.counts (number) VALUES (:number) RETURNING counts.count_id""",
}


@pytest.fixture(scope="module", params=[0, 1], ids=["inside", "in a process"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("plans")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", DATABASE)
    with servers_over(folder) as make:
        yield make(REPORTS, reader_processes=request.param, heavy_seconds=0, time_limit=1)


def plan(server: Server, path: str) -> dict[str, Any]:
    answer = server.get(path)
    assert answer.status == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def flat(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for step in steps for each in (step, *flat(step["children"]))]


def test_a_plan(shop: Server) -> None:
    found = plan(shop, "/of-shop?shop_id=7&format=plan")

    assert found["report"] == "of-shop"
    assert found["parameters"] == {"shop_id": 7}
    assert found["rows"] == LARGE // SMALL
    assert 0 < found["seconds"] < 1
    assert found["warnings"] == [f"Reads all {LARGE:,} rows of shop_db.sales."]
    assert found["total_plan"] == []
    search, scan, sort = found["plan"]
    assert [step["detail"] for step in found["plan"]] == [
        "SEARCH shops USING INTEGER PRIMARY KEY (rowid=?)",
        "SCAN sales",
        "USE TEMP B-TREE FOR ORDER BY",
    ]
    assert [step["table"] for step in found["plan"]] == ["shop_db.shops", "shop_db.sales", None]
    assert scan["warning"] == found["warnings"][0]
    assert (search["warning"], sort["warning"]) == (None, None)
    assert all(step["index"] is None and step["children"] == [] for step in found["plan"])


@pytest.mark.parametrize(("report", "is_warned"), [("large", True), ("small", False), ("by-key", False)])
def test_what_is_warned_of(shop: Server, report: str, is_warned: bool) -> None:
    assert bool(plan(shop, f"/{report}?format=plan")["warnings"]) == is_warned


def test_an_index_ends_the_warning(shop: Server) -> None:
    assert plan(shop, "/of-shop?shop_id=7&format=plan")["warnings"]
    run_script(shop.dbs / "shop.db", "CREATE INDEX sales_by_shop ON sales (shop_id)")
    try:
        found = plan(shop, "/of-shop?shop_id=7&format=plan")
        assert found["warnings"] == []
        assert "sales_by_shop" in [step["index"] for step in flat(found["plan"])]
        assert found["rows"] == LARGE // SMALL
    finally:
        run_script(shop.dbs / "shop.db", "DROP INDEX sales_by_shop")


def test_the_parameters_are_as_sql_gets_them(shop: Server) -> None:
    found = plan(shop, "/chosen?name=7&list=5&list=6&format=plan")

    assert found["parameters"] == {"name": 7, "list": "[5, 6]"}


def test_a_page_is_explained_with_its_total(shop: Server) -> None:
    found = plan(shop, "/page?format=plan")

    assert found["rows"] == 5
    assert found["parameters"] == {"limit": 5, "offset": 0}
    for tree in (found["plan"], found["total_plan"]):
        assert {"shop_db.shops", "shop_db.sales"} <= {step["table"] for step in flat(tree)}
    assert plan(shop, "/page?format=plan&limit=7")["rows"] == 7
    assert plan(shop, "/record?format=plan")["rows"] == 1


def test_a_record_that_is_not_there_has_a_plan(shop: Server) -> None:
    assert shop.get("/no-record").status == 404
    assert plan(shop, "/no-record?format=plan")["rows"] == 0


def test_a_post_that_only_reads(shop: Server) -> None:
    answer = shop.send("/search?format=plan", {"shop_id": 7})

    assert answer.status == 200
    assert answer.json()["rows"] == LARGE // SMALL


def test_it_is_to_be_had_whatever_formats_the_header_names(shop: Server) -> None:
    assert plan(shop, "/csv-only?format=plan")["rows"] == 1
    assert shop.get("/csv-only", {"Accept": "application/json"}).status == 406


def test_it_is_not_kept(shop: Server) -> None:
    answer = shop.get("/small?format=plan", {"If-None-Match": "*"})

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["etag"] is None


def test_head(shop: Server) -> None:
    answer = shop.get("/small?format=plan", method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/json"


def problem(answer: Answer) -> str:
    kind: str = answer.json()["type"].rpartition(":")[2]
    return kind


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/of-shop?format=plan", 422, "invalid-parameters"),
        ("/of-shop?shop_id=7&format=plan&colour=red", 422, "invalid-parameters"),
        ("/chosen?name=none&format=plan", 422, "invalid-parameters"),
        ("/small?format=plan&format=csv", 422, "invalid-parameters"),
        ("/small.csv?format=plan", 422, "invalid-parameters"),
        ("/small?format=plan&for=excel", 422, "invalid-parameters"),
        ("/broken?format=plan", 500, "broken-report"),
        ("/fails?format=plan", 500, "query-failed"),
        ("/nothing?format=plan", 404, "no-such-report"),
        ("/small.plan", 406, "not-acceptable"),
    ],
)
def test_what_is_wrong_is_told_as_by_the_report(shop: Server, path: str, status: int, kind: str) -> None:
    answer = shop.get(path)

    assert (answer.status, problem(answer)) == (status, kind)


def test_a_file_that_writes_has_no_plan(shop: Server) -> None:
    answer = shop.send("/count?format=plan", {"number": 1})

    assert (answer.status, problem(answer)) == (406, "not-acceptable")
    assert plan(shop, "/small?format=plan")["rows"] == SMALL


def test_the_time_limit(shop: Server) -> None:
    began = time.monotonic()
    answer = shop.get("/heavy?format=plan")

    assert (answer.status, problem(answer)) == (504, "time-limit-exceeded")
    assert 1 <= time.monotonic() - began < 2


def test_a_client_that_goes_ends_it(shop: Server) -> None:
    with shop.connected() as client:
        shop.send_request(client, "/heavy?format=plan")
        time.sleep(0.2)
    line = eventually(lambda: shop.lines(report="heavy", format="plan", outcome="Cancelled"))[-1]

    assert line["ms"] < 900


def test_it_makes_no_report_slow(shop: Server) -> None:
    for _ in range(3):
        assert shop.get("/by-key").json() == [{"note": "note 7"}]
        assert plan(shop, "/by-key?format=plan")["rows"] == 1


def test_it_is_as_the_description_says(shop: Server) -> None:
    description = shop.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Plan", "components": description["components"]}

    for path in ("/of-shop?shop_id=7", "/chosen?name=7", "/csv-only?", "/page?"):
        found = plan(shop, f"{path}&format=plan")
        jsonschema.validate(found, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(found | {"plan": [{}]}, schema)
    for path, method in (("/of-shop", "get"), ("/search", "post"), ("/csv-only", "get")):
        operation = description["paths"][path][method]
        [format] = [each for each in operation["parameters"] if each["name"] == "format"]
        assert "plan" in format["schema"]["enum"]
        assert "#/components/schemas/Plan" in str(operation["responses"]["200"])
    [format] = [
        each for each in description["paths"]["/count"]["post"]["parameters"] if each["name"] == "format"
    ]
    assert "plan" not in format["schema"]["enum"]
