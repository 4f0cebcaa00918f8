"""An object with rows in one of its members, over HTTP and from the command line."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from aggregator.cli.main import main
from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over

ORDER = """/*
params:
  customer: {type: text, max: 20}
  tags: {type: text, many: true, default: []}
input:
  item: {type: text, required: true, from: Article}
  price: {type: number, required: true, min: 0}
rows_in: lines
*/
SELECT 'An order has lines.' AS invalid WHERE NOT EXISTS (SELECT 1 FROM input);

INSERT INTO shop_db.lines (customer, tags, line, item, price)
SELECT :customer, :tags, input.line, input.item, input.price FROM input ORDER BY input.line
RETURNING lines.customer, lines.tags, lines.line, lines.item, lines.price;
"""
TABLE = "CREATE TABLE lines (customer TEXT, tags TEXT, line INT, item TEXT, price REAL) STRICT"
LINES = [{"item": "Tea", "price": 1.5}, {"Article": "Cup", "price": "2"}]
WANTED = [("Ada", '["a", "b"]', 1, "Tea", 1.5), ("Ada", '["a", "b"]', 2, "Cup", 2.0)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("object")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", TABLE, "wal")
    with servers_over(folder) as make:
        yield make({"orders.post": ORDER})


@pytest.fixture(autouse=True)
def nothing_there(shop: Server) -> None:
    with sqlite3.connect(shop.dbs / "shop.db") as connection:
        connection.execute("DELETE FROM lines")
    connection.close()


def stored(shop: Server) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(shop.dbs / "shop.db")
    try:
        found = connection.execute("SELECT customer, tags, line, item, price FROM lines ORDER BY rowid")
        return [(who, json.dumps(json.loads(tags)), *rest) for who, tags, *rest in found]
    finally:
        connection.close()


def test_an_object(shop: Server) -> None:
    answer = shop.send("/orders", {"customer": "Ada", "lines": LINES, "tags": ["a", "b"]})
    assert answer.status == 201
    assert [row["item"] for row in answer.json()] == ["Tea", "Cup"]
    assert stored(shop) == WANTED


def test_rows_alone_and_parameters_in_the_query(shop: Server) -> None:
    assert shop.send("/orders?customer=Ada&tags=a&tags=b", LINES).status == 201
    assert stored(shop) == WANTED
    sheet = "Article,price\nTea,1.5\nCup,2\n"
    assert shop.send("/orders?customer=Ada&tags=a&tags=b", sheet).status == 201
    assert [row[3:] for row in stored(shop)[2:]] == [("Tea", 1.5), ("Cup", 2.0)]


def test_a_workbook(shop: Server) -> None:
    book = openpyxl.Workbook()
    for row in (("item", "price"), ("Tea", 1.5), ("Cup", 2)):
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    assert shop.send("/orders?customer=Ada&tags=a&tags=b", file.getvalue()).status == 201
    assert [row[3:] for row in stored(shop)] == [("Tea", 1.5), ("Cup", 2.0)]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"customer": "Ada"}, 422, "lines: is required (a list of objects)"),
        ({"customer": "Ada", "lines": []}, 422, "An order has lines."),
        ({"customer": "Ada", "lines": "Tea"}, 422, "lines: must be a list of objects"),
        ({"lines": LINES}, 422, "customer: is required"),
        ({"customer": "Ada", "lines": LINES, "city": "Rome"}, 422, "city: unknown parameter"),
        ({"customer": "Ada" * 9, "lines": LINES}, 422, "customer: must"),
        ({"customer": "Ada", "lines": [*LINES, 7]}, 422, "1 of 3 rows has errors"),
        ({"customer": "Ada", "lines": LINES * 30_000}, 413, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_refused(shop: Server, body: Any, status: int, told: str) -> None:
    answer = shop.send("/orders", body)
    assert (answer.status, answer.json()["detail"][: len(told)]) in (
        (status, told),
        (status, f"The body is {told}"[: len(told)]),
    )
    assert stored(shop) == []


def test_a_bad_item_is_told_by_its_number(shop: Server) -> None:
    body = {"customer": "Ada", "lines": [LINES[0], {"item": "Cup", "price": -1}]}
    (row,) = shop.send("/orders", body).json()["rejected"]
    assert (row["line"], row["column"], row["value"]) == (2, "price", "-1")
    assert stored(shop) == []


def test_the_command(shop: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps({"customer": "Ada", "lines": LINES, "tags": ["b"]}))
    folders = ["--dbs", str(shop.dbs), "--sql", str(shop.sql)]
    assert main(["load", "orders", str(file), "tags=a", *folders]) == 0
    assert json.loads(capsys.readouterr().out)["inserted"] == 2
    assert stored(shop) == WANTED


def test_the_description(shop: Server) -> None:
    operation = shop.get("/openapi.json").json()["paths"]["/orders"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert sorted(schema["properties"]) == ["customer", "lines", "tags"]
    assert sorted(schema["required"]) == ["customer", "lines"]
    assert schema["properties"]["lines"]["items"]["required"] == ["item", "price"]
    assert not any(parameter.get("required") for parameter in operation["parameters"])
