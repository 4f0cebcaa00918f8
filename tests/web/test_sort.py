"""The parameter `sort`: declared by a header, used by the SQL itself, and of all other reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.server import Server
from tests.sqlite_files import closing, make_database
from tests.web.conftest import servers_over
from tests.web.page_reports import Row, page, rows_with_ties, table

ROWS = rows_with_ties()
COLUMNS = ("n", "name", "much", "weight")
SELECT = "SELECT t.n, t.name, t.much AS total, t.weight FROM data_db.t AS t"
SORT = "sort: {default: name.asc, columns: [name, total, n], then: n}\n"
PARAMS = """params:
  limit: {type: integer, default: 40, min: 1, max: 300}
  offset: {type: integer, default: 0, min: 0}
shape: page
"""
ORDER = "ORDER BY t.name NULLS LAST, t.n"
REPORTS = {
    "declared": f"/*\n{SORT}*/\n{SELECT} {ORDER}",
    "paged": f"/*\n{SORT}{PARAMS}*/\n{SELECT} {ORDER} LIMIT :limit OFFSET :offset",
    "first": f"/*\n{SORT}params: {{most: {{type: integer}}}}\n*/\n{SELECT} {ORDER} LIMIT :most",
    "asked.post": f"/*\n{SORT}*/\n{SELECT} {ORDER}",
    "free": f"{SELECT} ORDER BY t.n DESC",
    "free-pages": f"/*\n{PARAMS}*/\n{SELECT} ORDER BY t.n DESC LIMIT :limit OFFSET :offset",
    "own": "/*\nparams: {sort: {type: choice, choices: [n.asc, n.desc, odd], default: n.asc}}\n*/\n"
    f"{SELECT} WHERE t.n < 9 ORDER BY CASE WHEN :sort = 'n.desc' THEN t.n END DESC, t.n",
    "listed": f"/*\nparams: {{sort: {{type: integer, many: true}}}}\n*/\n{SELECT}\n"
    "WHERE t.n IN (SELECT value FROM json_each(:sort)) ORDER BY t.n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sort")
    (folder / "dbs").mkdir()
    tables = "CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT, much INTEGER, weight REAL) STRICT"
    with closing(make_database(folder / "dbs" / "data.db", tables)) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
    with servers_over(folder) as make:
        yield make(REPORTS)


def rising(place: int, way: str) -> list[Row]:
    """In the order of SQLite's comparison, which is Python's; equal rows by number, and the missing last."""
    there = [row for row in ROWS if row[place] is not None]
    there.sort(key=lambda row: row[place], reverse=way == "desc")  # type: ignore[arg-type, return-value]
    return [*there, *(row for row in ROWS if row[place] is None)]


def numbers(rows: list[Row]) -> list[int]:
    return [row[0] for row in rows]


def told(server: Server, path: str) -> list[int]:
    answer = server.get(path)
    assert answer.status == 200, answer.text
    return [int(line.split(",")[0]) for line in answer.text.splitlines()[1:]]


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize(("place", "name"), [(0, "n"), (1, "name"), (2, "total")])
def test_declared_columns(server: Server, place: int, name: str, way: str) -> None:
    expected = numbers(rising(place, way))
    assert told(server, f"/declared.csv?sort={name}.{way}") == expected
    assert told(server, f"/paged.csv?sort={name}.{way}") == expected
    assert told(server, f"/paged.csv?sort={name}.{way}&limit=7&offset=5") == expected[5:12]
    assert told(server, f"/first.csv?sort={name}.{way}&most=9") == expected[:9], "the first in that order"
    items = server.get(f"/paged?sort={name}.{way}&limit=9&offset=90").json()
    assert ([item["n"] for item in items["items"]], items["total"]) == (expected[90:99], len(ROWS))
    shown = [*table(server, f"/declared?sort={name}.{way}&_page=2").texts()]
    assert [int(row[0]) for row in shown] == expected[100:200]
    posted = server.send(f"/asked?format=csv&sort={name}.{way}", {})
    assert [int(line.split(",")[0]) for line in posted.text.splitlines()[1:]] == expected


def test_the_default_is_the_order_of_the_file(server: Server) -> None:
    for path in ("/declared.csv", "/declared.csv?sort=name.asc", "/declared.csv?sort=", "/paged.csv"):
        assert told(server, path) == numbers(rising(1, "asc"))


@pytest.mark.parametrize("report", ["declared", "paged"])
@pytest.mark.parametrize("sort", ["weight.asc", "name", "name.up", "NAME.asc", "name.asc&sort=n.asc"])
def test_other_values_are_refused(server: Server, report: str, sort: str) -> None:
    answer = server.get(f"/{report}?sort={sort}")
    assert answer.status == 422
    (error,) = answer.json()["errors"]
    assert error["parameter"] == "sort"
    allowed = "must be one of name.asc, name.desc, total.asc, total.desc, n.asc, n.desc"
    assert error["message"] == ("is given more than once, but is not a list" if "&" in sort else allowed)


def test_of_other_reports_all_columns_are_allowed(server: Server) -> None:
    (error,) = server.get("/free?sort=much.asc").json()["errors"]
    columns = ("n", "name", "total", "weight")
    assert (
        error["message"]
        == f"must be one of {', '.join(f'{c}.{way}' for c in columns for way in ('asc', 'desc'))}"
    )
    for report in ("free", "free-pages"):
        there = [row for row in ROWS[::-1] if row[2] is not None]
        there.sort(key=lambda row: row[2])  # type: ignore[arg-type, return-value]
        missing = [row for row in ROWS[::-1] if row[2] is None]
        assert told(server, f"/{report}.csv?sort=total.asc") == numbers([*there, *missing])


@pytest.mark.parametrize(
    ("path", "headings"),
    [
        ("/declared", {"Name": "ascending", "Total": "none", "N": "none"}),
        ("/paged?sort=total.desc", {"Name": "none", "Total": "descending", "N": "none"}),
        ("/free", {"N": "none", "Name": "none", "Total": "none", "Weight": "none"}),
        (
            "/free-pages?sort=weight.asc",
            {"N": "none", "Name": "none", "Total": "none", "Weight": "ascending"},
        ),
        ("/own?sort=n.desc", {"N": "descending"}),
        ("/listed?sort=3&sort=4", {}),
    ],
)
def test_heads_of_columns_lead_to_their_order(server: Server, path: str, headings: dict[str, str]) -> None:
    text = page(server, path).text
    found = re.findall(r'aria-sort="(\w+)"><a href="([^"]*)" title="[^"]*">([^<]*)<', text)
    assert {label: now for now, _, label in found} == headings
    for now, href, label in found:
        following = page(server, urljoin(path, unescape(href))).text
        (after,) = re.findall(rf'aria-sort="(\w+)"><a href="[^"]*" title="[^"]*">{label}<', following)
        assert after != now


def test_a_file_may_still_sort_by_itself(server: Server) -> None:
    assert told(server, "/own.csv?sort=n.desc") == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert told(server, "/own.csv") == told(server, "/own.csv?sort=odd") == [*range(9)]
    assert told(server, "/listed.csv?sort=7&sort=3") == [3, 7]
    assert server.get("/own?sort=name.asc").status == 422


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/free?_sort=n.desc", "./free?sort=n.desc"),
        ("/declared.csv?a=%C3%A9+b&_sort=n.desc&sort=n.asc", "./declared.csv?a=%C3%A9+b&sort=n.desc"),
        ("/paged?limit=1&limit=&_sort=no.way", "./paged?limit=1&limit=&sort=no.way"),
    ],
)
def test_the_former_name_is_redirected(server: Server, path: str, location: str) -> None:
    for method in ("GET", "HEAD"):
        answer = server.get(path, method=method)
        assert (answer.status, answer.headers["location"], answer.body) == (308, location, b"")
    assert told(server, urljoin("/free.csv?_sort=n.desc", "./free.csv?sort=n.desc")) == numbers(ROWS[::-1])


@pytest.mark.parametrize("path", ["/free?_sort=", "/own?_sort=n.desc", "/listed?_sort=3"])
def test_the_former_name_is_unknown_where_it_cannot_become_the_new_one(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 422
    messages = {error["parameter"]: error["message"] for error in answer.json()["errors"]}
    assert messages["_sort"].startswith("unknown parameter (did you mean sort?)")


def test_the_former_name_is_unknown_to_a_post(server: Server) -> None:
    assert server.send("/asked?_sort=n.desc", {}).status == 422


def test_openapi_has_each_order(server: Server) -> None:
    paths = server.get("/openapi.json").json()["paths"]

    def sort_of(path: str) -> dict[str, object]:
        (found,) = (each for each in paths[path]["get"]["parameters"] if each["name"] == "sort")
        schema: dict[str, object] = found["schema"]
        return schema

    ways = [f"{name}.{way}" for name in ("name", "total", "n") for way in ("asc", "desc")]
    for path in ("/declared", "/paged"):
        assert sort_of(path) == {"enum": ways, "default": "name.asc"}
    ways = [f"{name}.{way}" for name in ("n", "name", "total", "weight") for way in ("asc", "desc")]
    for path in ("/free", "/free-pages"):
        assert sort_of(path) == {"enum": ways}


def test_the_tag_differs_with_the_order(server: Server, tmp_path: Path) -> None:
    tags = {server.get(f"/free.csv{query}").headers["etag"] for query in ("", "?sort=n.asc", "?sort=n.desc")}
    assert len(tags) == 3
