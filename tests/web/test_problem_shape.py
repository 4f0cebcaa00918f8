"""The one shape of all errors (RFC 9457), and what they never tell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aggregator.json_documents import schemas
from aggregator.web.problems import Problem
from tests.server import Answer, Server, eventually
from tests.sqlite_files import locked, make_database, run_script
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE

SCHEMAS = schemas(Problem)
MEMBERS = {"type", "title", "status", "detail", "instance"}
MORE = {"hint", "errors", "available", "faults"}
SQL_WORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|WITH RECURSIVE|json_object|json_array|PRAGMA (?!integrity))", re.I
)


def assert_is_problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    """Returns the document, whose every member has been looked at."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert "content-disposition" not in answer.headers
    document: dict[str, Any] = json.loads(answer.body)
    assert document.keys() >= MEMBERS
    assert document.keys() <= MEMBERS | MORE
    described = {"$ref": "#/components/schemas/Problem", "components": {"schemas": SCHEMAS}}
    jsonschema.validate(document, described)
    assert document.keys() <= SCHEMAS["Problem"]["properties"].keys()
    assert document["type"] == f"urn:aggregator:problem:{slug}"
    assert document["status"] == status
    for text in ("title", "detail", "instance"):
        assert isinstance(document[text], str)
        assert document[text]
    return document


def assert_nothing_leaks(answer: Answer, folder: Path) -> None:
    text = answer.text
    for secret in (
        str(folder),
        "/tmp",
        "/home",
        "site-packages",
        "Traceback",
        "apsw",
        ".py",
        "Error:",
    ):
        assert secret not in text
    assert not SQL_WORDS.search(text), text


@pytest.mark.parametrize(
    ("path", "headers", "method", "status", "slug"),
    [
        ("/nothing", {}, "GET", 404, "no-such-report"),
        ("/items/1/2", {}, "GET", 404, "no-such-report"),
        ("/static-offline-docs/nothing.js", {}, "GET", 404, "no-such-report"),
        ("/items", {}, "POST", 405, "method-not-allowed"),
        ("/health", {}, "DELETE", 405, "method-not-allowed"),
        ("/items", {"Accept": "image/png"}, "GET", 406, "not-acceptable"),
        ("/chosen?kind=big&many=1&format=excel", {}, "GET", 406, "not-acceptable"),
        ("/item/abc", {}, "GET", 422, "invalid-parameters"),
        ("/items?format=pdf", {}, "GET", 422, "invalid-parameters"),
        ("/items?format=csv&format=json", {}, "GET", 422, "invalid-parameters"),
        ("/items?for=word", {}, "GET", 422, "invalid-parameters"),
        ("/chosen?kind=big&many=1&name=Nobody", {}, "GET", 422, "invalid-parameters"),
        ("/refused?list=[1]&n=-9223372036854775808", {}, "GET", 422, "invalid-parameters"),
        ("/refused?list=[1", {}, "GET", 422, "invalid-parameters"),
        ("/broken/syntax", {}, "GET", 500, "broken-report"),
        ("/broken/table", {}, "GET", 500, "broken-report"),
        ("/broken/first", {}, "GET", 500, "query-failed"),
        ("/broken/first-money", {}, "GET", 500, "unfit-value"),
    ],
)
def test_what_one_request_can_do_wrong(
    server: Server, path: str, headers: dict[str, str], method: str, status: int, slug: str
) -> None:
    answer = server.get(path, headers, method)

    document = assert_is_problem(answer, status, slug)
    assert document["instance"] == path.partition("?")[0]
    assert_nothing_leaks(answer, server.sql.parent)


def test_405_says_what_is_allowed(server: Server) -> None:
    for path in ("/items", "/item/1", "/health", "/docs", "/openapi.json"):
        allowed = server.get(path, method="PUT").headers["allow"]
        assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_406_says_what_is_to_be_had(server: Server) -> None:
    assert server.get("/items", {"Accept": "image/png"}).json()["available"] == [
        "json",
        "ndjson",
        "csv",
        "excel",
        "html",
    ]
    assert server.get("/chosen?kind=big&many=1&format=excel").json()["available"] == [
        "json",
        "csv",
        "html",
        "plan",
    ]


def test_422_says_all_that_is_wrong_at_once(server: Server) -> None:
    document = server.get("/chosen?kind=medium&many=99&day=2024-02-30&more=1").json()

    by_name = {error["parameter"]: error for error in document["errors"]}
    assert by_name.keys() == {"kind", "many", "day", "more"}
    assert by_name["kind"]["given"] == "medium"
    assert "big, small" in by_name["kind"]["message"]
    assert "10" in by_name["many"]["message"]
    assert "YYYY-MM-DD" in by_name["day"]["message"]
    described = SCHEMAS["InvalidParameter"]["properties"]
    assert all(
        error.keys() == {"parameter", "given", "message"} == described.keys() for error in document["errors"]
    )


def test_422_names_a_parameter_that_is_missing(server: Server) -> None:
    errors = server.get("/chosen").json()["errors"]

    assert [(error["parameter"], error["given"]) for error in errors] == [("kind", None), ("many", None)]


@pytest.mark.parametrize(
    ("query", "name", "given", "says"),
    [
        ("list=[1]&n=-9223372036854775808", "n", "-9223372036854775808", "integer overflow"),
        ("list=[1", "list", "[1", "malformed JSON"),
    ],
)
def test_422_names_the_value_that_sqlite_refuses(
    server: Server, query: str, name: str, given: str, says: str
) -> None:
    """Whether the report is new, known to be quick, or a page."""
    for good in ("list=[]", "list=[7]"):
        assert server.get(f"/refused?{good}").status == 200
        expected = {"parameter": name, "given": given, "message": f"Rejected by SQLite: {says}"}
        assert server.get(f"/refused?{query}").json()["errors"] == [expected]
    page = server.get(f"/refused?{query}", {"Accept": "text/html"})
    assert page.status == 422
    assert says in page.text


def test_422_says_which_choices_the_data_has(server: Server) -> None:
    [error] = server.get("/chosen?kind=big&many=1&name=Nobody").json()["errors"]

    assert error["parameter"] == "name"
    assert "Anvil, Bellows, Çekiç" in error["message"]


def test_a_broken_file_is_told_by_file_and_line(server: Server) -> None:
    document = server.get("/broken/table").json()

    [fault] = document["faults"]
    assert fault["file"] == "broken/table.sql"
    assert fault["line"] == 1
    assert fault.keys() == SCHEMAS["Diagnostic"]["properties"].keys()
    assert "shop_db.no_table" in fault["message"]


def test_head_has_the_same_status_and_no_body(server: Server) -> None:
    for path, status in (("/nothing", 404), ("/item/abc", 422), ("/broken/syntax", 500)):
        answer = server.get(path, method="HEAD")
        assert (answer.status, answer.body) == (status, b"")
        assert answer.headers["content-type"] == "application/problem+json"


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "not a database": lambda content: b"These are not the pages of a database. " * 300,
    "cut in a page": lambda content: content[:5000],
    "with a spoilt middle": lambda content: content[:100] + b"\xa5" * 8000 + content[8100:],
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_file_that_is_no_database_is_named(
    tmp_path: Path, make_server: MakeServer, spoil: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    make_database(tmp_path / "dbs" / "good.db", DATABASE)
    content = path.read_bytes()
    path.write_bytes(spoil(content))
    server = make_server(
        {
            "items": "SELECT items.name FROM shop_db.items AS items",
            "good": "SELECT items.name FROM good_db.items AS items",
            "both": "SELECT a.name FROM good_db.items AS a INNER JOIN shop_db.items AS b ON a.name = b.name",
        }
    )

    for report in ("/items", "/both"):
        answer = server.get(report)
        document = assert_is_problem(answer, 503, "database-unavailable")
        assert "shop_db" in document["detail"]
        assert answer.headers["retry-after"]
        assert_nothing_leaks(answer, tmp_path)
    assert len(server.get("/good").json()) == 3
    path.write_bytes(content)
    eventually(lambda: server.get("/items").status == 200, seconds=1.5)


def test_an_empty_file_is_a_database_without_tables(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    (tmp_path / "dbs" / "shop.db").touch()
    server = make_server({"items": "SELECT items.name FROM shop_db.items AS items"})

    answer = server.get("/items")
    document = assert_is_problem(answer, 500, "broken-report")
    assert "no such table: shop_db.items" in document["detail"]
    assert (tmp_path / "dbs" / "shop.db").stat().st_size == 0


def test_a_folder_that_is_named_like_a_database(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs" / "shop.db").mkdir(parents=True)
    server = make_server({"items": "SELECT items.name FROM shop_db.items AS items"})

    answer = server.get("/items")
    document = assert_is_problem(answer, 500, "missing-databases")
    assert "shop_db" in document["detail"]
    assert_nothing_leaks(answer, tmp_path)


def test_a_database_that_is_spoilt_while_it_is_used(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server({"items": "SELECT items.name FROM shop_db.items AS items"})
    assert server.get("/items").status == 200
    path.write_bytes(b"overwritten " * 1000)

    answer = server.get("/items")
    document = assert_is_problem(answer, 503, "database-unavailable")
    assert "shop_db" in document["detail"]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_a_locked_database_is_named(tmp_path: Path, make_server: MakeServer, is_warm: bool) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    make_database(tmp_path / "dbs" / "other.db", DATABASE)
    reports = {
        "one": "SELECT items.name FROM shop_db.items AS items",
        "two": "SELECT a.name FROM other_db.items AS a INNER JOIN shop_db.items AS b ON a.name = b.name",
    }
    server = make_server(reports if is_warm else {}, lock_wait=0.3)
    if is_warm:
        assert {server.get(f"/{report}").status for report in reports} == {200}
    with locked(path):
        for name, sql in reports.items():
            (tmp_path / "sql" / f"{name}.sql").write_text(sql)
        eventually(lambda: server.get("/two").status != 404)
        for report in reports:
            answer = server.get(f"/{report}")
            document = assert_is_problem(answer, 503, "database-unavailable")
            assert "shop_db" in document["detail"]
            assert "locked" in document["detail"]
            assert_nothing_leaks(answer, tmp_path)
    eventually(lambda: all(server.get(f"/{report}").status == 200 for report in reports), seconds=1.5)


def test_a_locked_database_does_not_slow_down_other_reports(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    with locked(path):
        reports = {f"locked/{n}": "SELECT items.name FROM shop_db.items AS items" for n in range(5)}
        server = make_server({**reports, "free": "SELECT 1 AS one"}, lock_wait=3)
        with server.connected() as a, server.connected() as b, server.connected() as c:
            for number, client in enumerate((a, b, c)):
                server.send_request(client, f"/locked/{number}")
            assert server.get("/free", timeout=1).status == 200
            assert server.get("/health", timeout=2).json()["databases"].keys() == {"shop_db"}
            assert server.get("/openapi.json", timeout=6).status == 200


def test_a_database_whose_tables_keep_changing(tmp_path: Path, make_server: MakeServer) -> None:
    """Every answer is of tables as they were at some moment, or says that they change."""
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE, "wal")
    server = make_server({"items": "SELECT items.name FROM shop_db.items AS items"})
    for number in range(10):
        run_script(path, f"ALTER TABLE items ADD COLUMN more_{number} TEXT")
        assert server.get("/items").status == 200
