"""Which format, which coding, which URL."""

from __future__ import annotations

import gzip
import io
import json
from urllib.parse import unquote, urljoin

import openpyxl
import pytest

from tests.server import Server

TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
}


def type_of(server: Server, path: str, **headers: str) -> str:
    answer = server.get(path, {name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status == 200, answer.text
    return answer.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize(
    ("path", "accept", "format"),
    [
        ("/items", "", "json"),
        ("/items", "*/*", "json"),
        ("/items?format=", "", "json"),
        ("/items?format=csv", "", "csv"),
        ("/items?format=excel", "", "excel"),
        ("/items?format=xlsx", "", "excel"),
        ("/items?format=csv&format=csv", "", "csv"),
        ("/items?format=ndjson", "text/csv", "ndjson"),
        ("/items.csv", "", "csv"),
        ("/items.csv?format=csv", "", "csv"),
        ("/items.json", "text/csv", "json"),
        ("/items.ndjson", "", "ndjson"),
        ("/items.xlsx", "", "excel"),
        ("/item/2.csv", "", "csv"),
        ("/item/2.xlsx", "", "excel"),
        ("/items", "text/csv", "csv"),
        ("/items", "text/*", "csv"),
        ("/items", "TEXT/CSV", "csv"),
        ("/items", "application/x-ndjson", "ndjson"),
        ("/items", TYPES["excel"], "excel"),
        ("/items", "text/csv;q=0.5, application/json;q=0.4", "csv"),
        ("/items", "text/csv; q=0.1, */*; q=0.9", "json"),
        ("/items", "application/json;q=0, */*", "ndjson"),
        ("/items", "application/json;q=0, text/csv;header=present", "csv"),
        ("/items", "text/csv;q=nonsense, application/json;q=0.1", "json"),
        ("/items", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
        ("/items", "text/html", "html"),
        ("/items", "text/html, application/xhtml+xml, */*", "html"),
        ("/items", "text/html;q=0.9, application/xhtml+xml, application/xml, */*", "html"),
        ("/items", "application/xhtml+xml, */*", "json"),
        ("/items", "text/html;q=0, application/xhtml+xml, */*;q=0.1", "json"),
        ("/items", "text/html, */*", "html"),
        ("/items", "application/json, text/plain, */*", "json"),
        ("/items", "text/csv, */*", "csv"),
        ("/items", "text/*, application/json", "json"),
        ("/items", "text/html;q=0.5, application/json", "json"),
        ("/items", ",,;;q=", None),
        ("/items", "application/json;q=0", None),
        ("/items", "image/png, application/pdf", None),
        ("/chosen?kind=big&many=1", TYPES["excel"], None),
        ("/chosen?kind=big&many=1", f"{TYPES['excel']}, text/csv;q=0.1", "csv"),
    ],
)
def test_the_format(server: Server, path: str, accept: str, format: str | None) -> None:
    if format is None:
        assert server.get(path, {"Accept": accept}).status == 406
    else:
        assert type_of(server, path, Accept=accept) == TYPES[format]


def test_a_suffix_that_contradicts_the_query(server: Server) -> None:
    assert server.get("/items.csv?format=json").status == 422


@pytest.mark.parametrize(
    ("path", "ending"),
    [("/items.xml", ".xml"), ("/items.PDF", ".PDF"), ("/item/2.xml", ".xml"), ("/folder/list.tar.gz", ".gz")],
)
def test_an_unknown_ending_is_refused_with_the_formats_there_are(
    server: Server, path: str, ending: str
) -> None:
    answer = server.get(path)
    assert answer.status == (404 if path.startswith("/folder") else 406)
    if answer.status == 406:
        assert answer.json()["available"] == ["json", "ndjson", "csv", "excel", "html"]
        assert ending in answer.json()["detail"]
        page = server.get(path, {"Accept": "text/html"})
        assert (page.status, page.headers["content-type"]) == (406, "text/html; charset=utf-8")


def test_the_format_of_a_page_may_be_named_in_the_query(server: Server) -> None:
    assert type_of(server, "/items.html?format=csv") == TYPES["csv"]
    assert type_of(server, "/items.html") == TYPES["html"]


@pytest.mark.parametrize("path", ["/item%2F2", "/item%2f2.csv", "/folder%2f", "/docs%2f", "/_%2fsql/items"])
def test_an_encoded_slash_is_none(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 404
    assert path.replace("%2f", "%2F") in answer.json()["detail"]


def test_the_suffix_of_a_format_that_the_report_does_not_have(server: Server) -> None:
    assert server.get("/chosen.xlsx?kind=big&many=1").status == 406


def test_csv_for_excel(server: Server) -> None:
    assert server.get("/items.csv?for=excel").body.startswith(b"\xef\xbb\xbf")
    assert not server.get("/items.csv").body.startswith(b"\xef\xbb\xbf")
    assert server.get("/items.json?for=excel").status == 422


@pytest.mark.parametrize("separator", [";", "%3B", "%09"])
def test_the_separator_of_a_csv_for_excel(server: Server, separator: str) -> None:
    usual = server.get("/items.csv?for=excel").body.split(b"\r\n")
    sign = unquote(separator).encode()
    head = server.get(f"/items.csv?for=excel&separator={separator}&decimal=,").body.split(b"\r\n")[0]
    assert head == usual[0].replace(b",", sign)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("for=excel&separator=|", "separator"),
        ("for=excel&separator=;&separator=,", "separator"),
        ("for=excel&decimal=;&separator=;", "decimal"),
        ("for=excel&decimal=,", "decimal"),
        ("separator=;", "separator"),
        ("for=word&separator=;", "for"),
    ],
)
def test_a_csv_for_excel_that_cannot_be(server: Server, query: str, parameter: str) -> None:
    answer = server.get(f"/items.csv?{query}")
    assert (answer.status, [error["parameter"] for error in answer.json()["errors"]]) == (422, [parameter])


@pytest.mark.parametrize(
    ("accepted", "is_zipped"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("deflate,gzip", True),
        ("*", True),
        ("*;q=0.1", True),
        ("*;q=0, gzip", True),
        ("gzip;q=0.001", True),
        ("identity", False),
        ("", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("br", False),
        ("gzippy", False),
    ],
)
def test_gzip(server: Server, accepted: str, is_zipped: bool) -> None:
    plain = server.get("/long?format=csv").body

    answer = server.get("/long?format=csv", {"Accept-Encoding": accepted})

    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["content-encoding"] == ("gzip" if is_zipped else None)
    assert (gzip.decompress(answer.body) if is_zipped else answer.body) == plain


def test_gzip_in_two_headers(server: Server) -> None:
    with server.connected() as client:
        server.send_request(client, "/long.csv", "1.1", "Accept-Encoding: br", "Accept-Encoding: gzip")
        assert b"content-encoding: gzip" in client.recv(1000)


def test_what_is_small_or_a_workbook_is_not_zipped(server: Server) -> None:
    for path in ("/items", "/long?format=excel", "/nothing"):
        answer = server.get(path, {"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/items", "/items?format=csv", "/long?format=excel", "/item/2.csv", "/empty"]
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_head_is_get_without_a_body(server: Server, path: str, coding: str) -> None:
    head = server.get(path, {"Accept-Encoding": coding}, "HEAD")
    get = server.get(path, {"Accept-Encoding": coding})

    assert head.body == b""
    assert head.status == get.status
    for name in ("content-type", "content-disposition", "vary", "cache-control", "x-content-type-options"):
        assert head.headers[name] == get.headers[name]


def test_head_runs_no_query(server: Server) -> None:
    assert server.get("/heavy", method="HEAD").status == 200
    assert server.line(report="heavy", method="HEAD")["rows"] == 0


def test_options(server: Server) -> None:
    for path in ("/items", "/item/1", "/folder/"):
        answer = server.get(path, method="OPTIONS")
        assert (answer.status, answer.body) == (204, b"")
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert server.get("/nothing", method="OPTIONS").status == 404


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("/folder", "/folder/"),
        ("/folder?format=csv", "/folder/?format=csv"),
        ("/items/", "/items"),
        ("/item/2/?format=csv&x=%C3%A7", "/item/2?format=csv&x=%C3%A7"),
    ],
)
def test_a_slash_too_many_or_too_few(server: Server, asked: str, there: str) -> None:
    answer = server.get(asked)

    assert answer.status == 308
    for prefix in ("", "/under/a/path"):
        assert urljoin(prefix + asked, answer.headers["location"]) == prefix + there


def test_the_root_is_a_page(server: Server) -> None:
    answer = server.get("/")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(TYPES["html"])
    assert b'href="./items"' in answer.body
    assert server.get("/docs").status == 200


def test_no_redirect_to_nowhere(server: Server) -> None:
    for path in (
        "/nothing",
        "/nothing/",
        "//",
        "/folder///",
        "//folder",
        "//example.org/",
        "//example.org/..",
    ):
        answer = server.get(path)
        assert answer.status == 404
        assert "location" not in answer.headers


def test_no_rows(server: Server) -> None:
    assert server.get("/empty").json() == []
    assert server.get("/empty.ndjson").body == b""
    assert server.get("/empty.csv").body == b"name\r\n"
    sheet = openpyxl.load_workbook(io.BytesIO(server.get("/empty.xlsx").body)).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["name"]]


def test_values(server: Server) -> None:
    assert server.get("/item/3").json() == [{"name": "Çekiç", "price": "-0.05", "sold_date": "2024-02-29"}]
    assert [json.loads(line) for line in server.get("/items.ndjson").text.splitlines()] == [
        {"item_id": 1, "name": "Anvil"},
        {"item_id": 2, "name": "Bellows"},
        {"item_id": 3, "name": "Çekiç"},
    ]
