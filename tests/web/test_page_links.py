"""Where a page leads: the files that hold its rows, and the pages of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over
from tests.web.page_reports import page, table

NAMES = ["bolt", ".", "nut", "..", "a/b", "", "?#"]
REPORTS = {
    "first": """/*
params:
  limit: {type: integer, default: 2, min: 1}
  offset: {type: integer}
chart: {type: bar, x: name, y: n}
*/
SELECT t.name, t.n + :offset AS n FROM data_db.t AS t ORDER BY t.n LIMIT :limit
""",
    "linked": """/*
columns:
  n: {link: "/thing/{name}"}
*/
SELECT t.n, t.name FROM data_db.t AS t ORDER BY t.n
""",
    "thing/{name}": "/*\nparams: {name: {type: text}}\n*/\n"
    "SELECT t.n FROM data_db.t AS t WHERE t.name = :name",
    "choice": """/*
params:
  name:
    type: choice
    choices_sql: SELECT NULL AS name UNION ALL SELECT t.name FROM data_db.t AS t
    default: bolt
*/
SELECT :name AS name
""",
}


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("links")
    (folder / "dbs").mkdir()
    values = ", ".join(f"({n}, '{name}')" for n, name in enumerate(NAMES, 1))
    sql = f"CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT) STRICT; INSERT INTO t VALUES {values}"
    make_database(folder / "dbs" / "data.db", sql)
    with servers_over(folder) as make:
        yield make(REPORTS)


def links(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', text)]


def test_the_files_of_a_page_have_its_rows_where_limit_and_offset_are_the_report_s_own(
    things: Server,
) -> None:
    path = "/first?limit=5&offset=10"
    text = page(things, path).text
    expected = [{"name": name, "n": n + 10} for n, name in enumerate(NAMES[:5], 1)]

    files = [link for link in links(text) if "format=" in link]
    assert {parse_qs(urlsplit(link).query)["format"][0] for link in files} == {
        "csv",
        "excel",
        "json",
        "svg",
        "png",
    }
    for link in files:
        assert parse_qs(urlsplit(link).query).items() >= {"limit": ["5"], "offset": ["10"]}.items()
    [json] = [link for link in files if "format=json" in link]
    assert things.get(urljoin(path, json)).json() == expected
    assert "limit=5&amp;offset=10&amp;format=csv" in text.partition('id="curl"')[2]
    for link in (link for link in links(text) if "_sort=" in link):
        assert page(things, urljoin(path, link))


def test_a_value_that_no_url_can_hold_is_no_link(things: Server) -> None:
    for (cell, _), name in zip(table(things, "/linked").body, NAMES, strict=True):
        if name in ("", ".", "..", "a/b"):
            assert cell.href is None
        else:
            assert cell.href is not None
            assert table(things, urljoin("/linked", cell.href)).texts() == [[cell.text]]


def test_null_is_no_choice(things: Server) -> None:
    text = page(things, "/choice").text

    assert "None" not in text
    assert 'value="nut"' in text
    assert "None" not in things.get("/choice?name=other").text


def test_the_first_page_is_kept_by_nobody_else(things: Server) -> None:
    for path in ("/", "/_/"):
        headers = page(things, path).headers
        assert headers["cache-control"] == "no-cache"
        assert "Accept-Language" in headers["vary"]
