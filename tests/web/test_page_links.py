"""Where a page leads: the files that hold its rows, and the pages of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.formats import SUFFIXES
from aggregator.formats.html import link_of
from aggregator.sqlfile.catalog import Catalog, SqlFolder
from aggregator.sqlfile.routing import segments_of
from aggregator.values.columns import Column
from aggregator.web.request import find
from tests.formats.html_table import read_table
from tests.server import Server
from tests.sqlite_files import closing, make_database
from tests.web.conftest import servers_over
from tests.web.page_reports import page, table

NAMES = ["bolt", ".", "nut", "..", "a/b", "", "?#"]
CODES = [
    *("a", "a.csv", "a.csv.html", "b.xlsx", "c.xml", "v1.2", ".csv", ".", "..", "...", " ", " a", "a b", "+"),
    *(
        "a/b",
        "/a",
        "a/",
        "/",
        "//",
        "a%2Fb",
        "%2F",
        "%",
        "\\",
        "?x=1",
        "#a",
        "a;b",
        "é",
        "e\u0301",
        "日本",
        "🙂",
    ),
    *("a/.csv", "{code}", "index", "'\"<&>", "\u2028", "\ufffd"),
]
"""Each of another record; none may lead to that of another one."""

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
    "codes": """/*
columns:
  code: {link: "/code/{code}"}
  n: {link: "/code/{code}/n"}
  by_query: {link: "/thing?name={code}#x"}
*/
SELECT c.code, c.n, 1 AS by_query FROM data_db.c AS c ORDER BY c.n
""",
    "code/{code}": """/*
params: {code: {type: text}}
shape: record
columns: {code: {link: "/code/{code}"}}
*/
SELECT c.n, c.code FROM data_db.c AS c WHERE c.code = :code
""",
    "code/{code}/n": "/*\nparams: {code: {type: text}}\nshape: record\n*/\n"
    "SELECT c.n FROM data_db.c AS c WHERE c.code = :code",
    "campaign": "/*\nparams: {utm_source: {type: text, default: none}, n: {type: integer, default: 1}}\n*/\n"
    "SELECT :utm_source AS utm_source, :n AS n",
    "campaign.post": "/*\nparams: {n: {type: integer, default: 1}}\n*/\nSELECT :n AS n",
    # Names of other reports: a code of this name has no link.
    "code/taken": "SELECT 'another report' AS n",
    "code/{code}/taken/x": "/*\nparams: {code: {type: text}}\n*/\nSELECT :code AS n",
    "taken": """/*
columns: {code: {link: "/code/{code}"}, inner: {link: "/code/{code}/n"}, root: {link: "/{code}"}}
*/
SELECT t.name AS code, 1 AS inner, 2 AS root FROM (SELECT 'taken' AS name UNION ALL SELECT 'docs'
UNION ALL SELECT 'codes') AS t ORDER BY t.name DESC
""",
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
    path = make_database(
        folder / "dbs" / "data.db", f"{sql}; CREATE TABLE c (n INTEGER PRIMARY KEY, code TEXT) STRICT"
    )
    with closing(path) as connection:
        connection.executemany("INSERT INTO c VALUES (?, ?)", enumerate(CODES))
    with servers_over(folder) as make:
        yield make(REPORTS)


@pytest.fixture(scope="module")
def code_catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("codes")
    (folder / "code").mkdir()
    (folder / "code" / "{code}.sql").write_text(REPORTS["code/{code}"])
    return SqlFolder(folder).catalog()


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
    for link in (link for link in links(text) if "sort=" in link):
        assert page(things, urljoin(path, link))


def test_a_link_leads_to_its_own_record(things: Server) -> None:
    rows = table(things, "/codes").body
    for n, ((code, inner, _), text) in enumerate(zip(rows, CODES, strict=True)):
        assert code.href is not None
        there = urljoin("/codes", code.href)
        record = page(things, there)
        (_, number), (_, own) = read_table(record.text).body
        assert (number.text, own.href) == (str(n), code.href.replace("./", "../", 1)), (text, there)
        [file] = [link for link in links(record.text) if "format=json" in link]
        assert things.get(urljoin(there, file)).json() == {"n": n, "code": text}
        assert (inner.href is None) == (text in (".", ".."))
        if inner.href is not None:
            assert things.get(urljoin("/codes", inner.href)).json() == {"n": n}


def test_a_value_in_the_query_of_a_link(things: Server) -> None:
    for (_, _, cell), text in zip(table(things, "/codes").body, CODES, strict=True):
        assert cell.href is not None
        assert parse_qs(urlsplit(cell.href).query) == {"name": [text]}


def test_a_form_leads_to_the_record_of_its_field(things: Server) -> None:
    for n, code in enumerate(CODES):
        opened = "/_/open/code/%7Bcode%7D"
        answer = things.get(f"{opened}?{urlencode({'code': code, 'format': 'json'})}")
        assert answer.status == 303
        assert things.get(urljoin(opened, answer.headers["location"])).json()["n"] == n
    opened = "/_/open/code/%7Bcode%7D/n"
    assert things.get(f"{opened}?code=..").status == 422
    assert things.get(f"{opened}?code=a%2Fb").status == 303


def test_an_empty_value_has_no_link(things: Server) -> None:
    for (cell, _), name in zip(table(things, "/linked").body, NAMES, strict=True):
        assert (cell.href is None) == (name == "")
        if cell.href is not None:
            assert table(things, urljoin("/linked", cell.href)).texts() == [[cell.text]]


ADDED = "_=17&utm_medium=mail&fbclid=x&_gl=1*a"


def test_a_value_that_is_the_name_of_another_report_has_no_link(things: Server) -> None:
    hrefs = {row[0].text: [cell.href for cell in row] for row in table(things, "/taken").body}
    assert hrefs["taken"] == [None, "./code/taken/n", None]
    assert hrefs["docs"] == ["./code/docs", "./code/docs/n", None]
    assert hrefs["codes"] == ["./code/codes", "./code/codes/n", None]
    answer = things.get("/_/open/code/%7Bcode%7D?code=taken")
    assert (answer.status, answer.json()["errors"][0]["parameter"]) == (422, "code")


def test_what_others_add_to_a_link_is_ignored(things: Server) -> None:
    path = f"/campaign?{ADDED}&utm_source=a&n=2"
    assert things.get(path).json() == [{"utm_source": "a", "n": 2}]
    kept = [link for link in links(page(things, path).text) if "campaign?" in link]
    assert kept
    for link in kept:
        query = parse_qs(urlsplit(link).query)
        assert query.items() >= {"utm_source": ["a"], "n": ["2"]}.items()
        assert not query.keys() & parse_qs(ADDED).keys()
    assert things.get(f"/_/sql/campaign?{ADDED}&_plan=1").status == 200


@pytest.mark.parametrize("added", ["utm=1", "UTM_MEDIUM=x", "__=1", "fbclid2=1", "ref=x"])
def test_any_other_name_is_an_error(things: Server, added: str) -> None:
    answer = things.get(f"/campaign?{added}")
    assert answer.status == 422
    assert answer.json()["errors"][0]["parameter"] == added.partition("=")[0]


def test_only_a_get_ignores_names(things: Server) -> None:
    assert things.get("/campaign?n=2", method="POST").status == 200
    assert things.get("/campaign?n=2&_=1", method="POST").status == 422


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


_TEXTS = st.text(min_size=1) | st.builds(str.__add__, st.text(), st.sampled_from(list(SUFFIXES)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_TEXTS)
def test_any_value_comes_back_from_its_link(code_catalog: Catalog, value: str) -> None:
    column = Column("code", "c0", link="/code/{code}")
    link = link_of(column, [column], "../", list(SUFFIXES))([value])
    assert link is not None
    path = urlsplit(urljoin("http://host/a/b", link)).path
    found = find(code_catalog, "GET", segments_of(path.encode("ascii")))  # type: ignore[arg-type]
    assert found.path_parameters == {"code": value}
    assert found.format_name in (None, "html")
