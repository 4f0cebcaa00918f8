"""Pages over HTTP: their rows in the reader's order, page by page, with the values that JSON has."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.formats.html_table import Table, read_table
from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import MakeServer
from tests.web.page_reports import BROWSER, Row, page, page_server, rows_with_ties, table


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with page_server(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_with_ties()


def shown(row: Row) -> list[str]:
    texts = (f"{value:g}" if isinstance(value, float) else str(value) for value in row)
    return ["–" if text == "None" else text for text in texts]


def plain(found: Table) -> list[list[str]]:
    """The texts without the marks between thousands."""
    return [[text.replace(",", "") for text in row] for row in found.texts()]


def in_order(rows: list[Row], place: int, way: str) -> list[Row]:
    """A to Z without regard to case, what is not there last; equal rows as they were."""

    def key(row: Row) -> Any:
        value = row[place]
        return re.sub("[A-Z]", lambda match: match[0].lower(), value) if isinstance(value, str) else value

    there = [row for row in rows if row[place] is not None]
    nothing = [row for row in rows if row[place] is None]
    return [*sorted(there, key=key, reverse=way == "desc"), *nothing]


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("report", ["ties", "backwards"])
def test_sorted_pages_have_each_row_once_in_the_order_of_the_file(
    ties: Server, rows: list[Row], report: str, place: int, way: str
) -> None:
    of_file = rows if report == "ties" else rows[::-1]
    name = ("n", "name", "much", "weight")[place]
    expected = in_order(of_file, place, way)
    seen = []
    for number in (1, 2, 3):
        seen += plain(table(ties, f"/{report}?sort={name}.{way}&_page={number}"))

    assert seen == [shown(row) for row in expected]
    whole = ties.get(f"/{report}.json?sort={name}.{way}").json()
    assert [list(row.values()) for row in whole] == [list(row) for row in expected]


def test_amounts_that_are_stored_as_texts_are_sorted_as_numbers(make_server: MakeServer) -> None:
    header = "/*\ncolumns: {p: {type: money, stored: major}}\n*/\n"
    values = "VALUES ('9.50'), ('10.00'), (1.5), (NULL), ('-3')"
    server = make_server({"amounts": f"{header}SELECT column1 AS p FROM ({values})"})
    rising = ["-3.00", "1.50", "9.50", "10.00"]
    for way, expected in (("asc", rising), ("desc", rising[::-1])):
        rows = server.get(f"/amounts.json?sort=p.{way}").json()
        assert [row["p"] for row in rows] == [*expected, None]


def test_every_page_has_the_totals_of_all_rows(ties: Server, rows: list[Row]) -> None:
    for number in (1, 2, 3, 4):
        foot = table(ties, f"/ties?_page={number}").foot
        total = sum(row[2] or 0 for row in rows)
        weight = sum(row[3] or 0 for row in rows)
        assert [cell.text.replace(",", "") for cell in foot[0][2:]] == [str(total), f"{weight:.15g}"]


def test_the_ways_to_the_other_pages(ties: Server) -> None:
    def ways(path: str) -> list[str]:
        text = page(ties, path).text
        return [unescape(href) for href in re.findall(r'rel="(?:prev|next)" href="([^"]*)"', text)]

    assert ways("/ties") == ["ties?_page=2"]
    assert ways("/ties?sort=n.desc&_page=2") == ["ties?sort=n.desc", "ties?sort=n.desc&_page=3"]
    assert ways("/ties.html?_page=3") == ["ties?_page=2"]
    assert ways("/paged") == ["paged?offset=40"]
    assert ways("/paged?limit=100&offset=200") == ["paged?limit=100&offset=100"]
    assert ways("/paged?limit=300") == []


@pytest.mark.parametrize(
    ("language", "separator", "decimal"),
    [
        ("en-US,en", ",", "."),
        ("de", ";", ","),
        ("pt-BR,en;q=0.5", ";", ","),
        ("de-CH", ";", "."),
        ("", ",", "."),
    ],
)
def test_the_csv_of_a_page_suits_the_reader_s_language(
    ties: Server, rows: list[Row], language: str, separator: str, decimal: str
) -> None:
    text = ties.get("/ties", {**BROWSER, "Accept-Language": language}).text
    (way,) = {unescape(href) for href in re.findall(r'href="([^"]*for=excel[^"]*)"', text)}
    file = ties.get(f"/{way}").body.decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(file, newline=""), delimiter=separator))
    weights = ["" if row[3] is None else str(row[3]).replace(".", decimal) for row in rows]
    assert [row[3] for row in read[1:]] == weights


def test_a_page_after_the_last(ties: Server) -> None:
    answer = page(ties, "/ties?_page=9")

    assert read_table(answer.text).body == []
    assert "No rows on this page" in answer.text
    assert "250 rows in total" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "sort=n",
        "sort=n.up",
        "sort=nothing.asc",
        "sort=n.asc&sort=name.asc",
        "sort=1.asc",
        "_page=0",
        "_page=-1",
        "_page=x",
        "_page=1&_page=2",
        "_page=9999999999999",
        "unknown=1",
        "format=csv&for=word",
    ],
)
def test_what_does_not_fit(ties: Server, query: str) -> None:
    text = page(ties, f"/ties?{query}", 422).text
    assert 'role="alert"' in text
    assert "highlighted fields" not in text, "there are none"


def test_only_pages_have_numbers(ties: Server) -> None:
    for format in ("json", "csv", "excel", "ndjson"):
        assert ties.get(f"/ties.{format if format != 'excel' else 'xlsx'}?_page=2").status == 422
    page(ties, "/paged?_page=2", 422)


def test_values_agree_with_json(tmp_path: Path, make_server: MakeServer) -> None:
    """Value for value, as a page in English shows what JSON says."""
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "data.db", "CREATE TABLE t (n INTEGER)")
    server = make_server({"kinds": KINDS})
    answer = server.get("/kinds.json")
    assert answer.status == 200, answer.text
    (told,) = answer.json()
    (cells,) = table(server, "/kinds").body

    assert dict(zip(told, (cell.text for cell in cells), strict=True)) == {
        name: SHOWN[name](value) if name in SHOWN else str(value) for name, value in told.items()
    }
    assert [cell.label for cell in cells[:2]] == ["no value", "empty text"]


KINDS = """/*
columns:
  money: {type: money, currency: USD}
  day: {type: date}
  moment: {type: datetime}
  share: {type: percent}
  is_so: {type: boolean}
  parts: {type: json}
*/
SELECT
    NULL AS absent,
    '' AS empty,
    9223372036854775807 AS largest_id,
    -9223372036854775807 - 1 AS least_id,
    9e999 AS infinite,
    x'00ff' AS bytes,
    CAST(x'41e9' AS TEXT) AS wrong,
    -123456 AS money,
    '2024-02-29' AS day,
    '2024-02-29T15:30:00Z' AS moment,
    0.25 AS share,
    1 AS is_so,
    '{"a": [1, null]}' AS parts
"""

SHOWN = {
    "absent": lambda value: "–" if value is None else "?",
    "money": lambda value: f"-${float(value[1:]):,.2f}",
    "day": lambda value: "Feb 29, 2024" if value == "2024-02-29" else "?",
    "moment": lambda value: "Feb 29, 2024, 3:30\u202fPM" if value == "2024-02-29T15:30:00Z" else "?",
    "share": lambda value: f"{value:.0%}",
    "is_so": lambda value: "yes" if value is True else "?",
    "parts": lambda value: '{"a":[1,null]}' if value == {"a": [1, None]} else "?",
}
"""What differs from the text of the value in JSON."""


def test_json_in_groups_is_not_sorted_by_the_reader(make_server: MakeServer) -> None:
    sql = "SELECT 'b' AS g, 1 AS n UNION ALL SELECT 'a', 2 UNION ALL SELECT 'b', 3 ORDER BY g"
    server = make_server({"grouped": f"/*\nshape: {{group: g}}\n*/\n{sql}"})

    text = page(server, "/grouped?sort=n.desc").text
    assert [row[1] for row in table(server, "/grouped?sort=n.desc").texts()] == ["3", "2", "1"]
    assert 'href="grouped?sort=n.desc&amp;for=excel&amp;format=csv"' in text
    assert 'href="grouped?format=json"' in text
    assert server.get("/grouped?sort=n.desc&format=json").status == 422
    assert server.get("/grouped?format=json").json() == {"a": [{"n": 2}], "b": [{"n": 1}, {"n": 3}]}
