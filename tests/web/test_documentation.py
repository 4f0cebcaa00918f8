"""/health, and the pages and the description of the API, which work without internet access."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.server import Server, eventually
from tests.sqlite_files import locked, make_database
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE, REPORTS


class References(HTMLParser):
    """What a page makes a browser load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_pages_load_nothing_from_elsewhere(server: Server, page: str) -> None:
    answer = server.get(page)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")

    references = References(answer.text).found
    assert any(reference.endswith(".js") for reference in references)
    for reference in references:
        assert not re.match(r"(https?:)?//", reference)
        asset = server.get("/" + reference.removeprefix("./").removeprefix("/"))
        assert asset.status == 200
        if reference.endswith(".css"):
            assert not re.search(r"url\(['\"]?(https?:)?//", asset.text)
    assert not re.search(r"""(src|href|url)\s*[=:]\s*['"](https?:)?//""", answer.text)
    assert "/openapi.json" in answer.text
    assert not re.search(r"<script[^>]*>\s*[^<\s]", answer.text), "an inline script"


def description(server: Server) -> dict[str, Any]:
    answer = server.get("/openapi.json")
    assert answer.status == 200
    document: dict[str, Any] = answer.json()
    return document


def test_the_description_is_valid(server: Server) -> None:
    document = description(server)

    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_report_that_works_is_in_it(server: Server) -> None:
    paths = description(server)["paths"]

    works = {name for name in REPORTS if not name.startswith(("broken/syntax", "broken/table"))}
    urls = {f"/{name.removesuffix('index')}" for name in works}
    assert urls | {"/health"} == paths.keys()


def test_parameters_and_types_are_in_it(server: Server) -> None:
    paths = description(server)["paths"]

    item = paths["/item/{item_id}"]["get"]
    assert item["summary"] == "One item"
    by_name = {parameter["name"]: parameter for parameter in item["parameters"]}
    assert by_name["item_id"]["in"] == "path"
    assert by_name["item_id"]["required"] is True
    assert by_name["item_id"]["schema"]["minimum"] == 1
    assert by_name["item_id"]["example"] == 1
    assert by_name["format"]["schema"]["enum"] == ["json", "ndjson", "csv", "excel", "xlsx", "html", "plan"]
    chosen = {parameter["name"]: parameter for parameter in paths["/chosen"]["get"]["parameters"]}
    assert chosen["kind"]["schema"]["enum"] == ["big", "small"]
    assert chosen["kind"]["required"] is True
    assert chosen["name"]["required"] is False
    content = item["responses"]["200"]["content"]
    rows, plan = content["application/json"]["schema"]["anyOf"]
    assert plan == {"$ref": "#/components/schemas/Plan"}
    row = rows["items"]
    assert row["required"] == ["name", "price", "sold_date"]
    assert row["properties"]["price"]["type"] == ["string", "null"]
    assert "text/csv" in content
    assert {"304", "404", "406", "422", "500", "503", "504"} <= item["responses"].keys()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health(server: Server, method: str) -> None:
    answer = server.get("/health", method=method)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    if method == "GET":
        assert answer.json() == {"status": "ok"}


def test_health_names_each_database_that_fails(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    for name in ("good", "locked", "spoilt"):
        make_database(tmp_path / "dbs" / f"{name}.db", DATABASE)
    server = make_server()
    assert server.get("/health").json() == {"status": "ok"}

    (tmp_path / "dbs" / "spoilt.db").write_bytes(b"no database " * 1000)
    with locked(tmp_path / "dbs" / "locked.db"):
        answer = server.get("/health")
        assert answer.status == 503
        assert answer.json()["status"] == "failing"
        assert answer.json()["databases"].keys() == {"locked_db", "spoilt_db"}
        assert str(tmp_path) not in answer.text
    (tmp_path / "dbs" / "spoilt.db").unlink()
    eventually(lambda: server.get("/health").json() == {"status": "ok"}, seconds=1.5)


def test_health_without_a_folder(tmp_path: Path, make_server: MakeServer) -> None:
    server = make_server()
    (tmp_path / "dbs").rmdir()

    eventually(lambda: server.get("/health").status == 503, seconds=1.5)
    assert str(tmp_path) not in server.get("/health").text
