"""Shapes over HTTP: what JSON looks like, what is 404, and that nothing is cut off in other formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over

DATABASE = """
    CREATE TABLE cities (city_id INTEGER PRIMARY KEY, name TEXT, state TEXT) STRICT;
    INSERT INTO cities VALUES
        (1, 'Pune', 'Maharashtra'), (2, 'Surat', 'Gujarat'), (3, 'Nagpur', 'Maharashtra');
    CREATE TABLE people (person_id INTEGER PRIMARY KEY, city_id INTEGER, name TEXT) STRICT;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
    INSERT INTO people SELECT n, 1 + n % 2, 'person ' || n FROM numbers;
"""
REPORTS = {
    "people/index": """/*
        shape: page
        params:
          city: {type: text, required: false}
          sort: {type: choice, choices: [id.asc, id.desc], default: id.asc}
          limit: {type: integer, default: 50, min: 1, max: 200}
          offset: {type: integer, default: 0, min: 0}
        */
        WITH places AS (SELECT cities.city_id, cities.name FROM shop_db.cities AS cities ORDER BY cities.name)
        SELECT people.person_id, people.name, places.name AS city
        FROM shop_db.people AS people INNER JOIN places ON people.city_id = places.city_id
        WHERE :city IS NULL OR places.name = :city
        ORDER BY CASE WHEN :sort = 'id.desc' THEN people.person_id END DESC, people.person_id
        LIMIT :limit OFFSET :offset; -- the end""",
    "people/{person_id}": """/*
        shape: record
        params: {person_id: {type: integer}}
        */
        SELECT people.person_id, people.name FROM shop_db.people AS people
        WHERE people.person_id = :person_id""",
    "cities/{city_id}": """/*
        shape: {nest: {people: [person_id, person]}}
        params: {city_id: {type: integer}}
        */
        SELECT cities.name, people.person_id, people.name AS person, cities.state
        FROM shop_db.cities AS cities LEFT JOIN shop_db.people AS people ON cities.city_id = people.city_id
        WHERE cities.city_id = :city_id ORDER BY people.person_id""",
    "states": """/*
        shape: {group: state}
        */
        SELECT cities.state, cities.city_id, cities.name FROM shop_db.cities AS cities
        ORDER BY cities.state, cities.city_id""",
    "asked.post": """/*
        shape: record
        params: {city_id: {type: integer}}
        */
        SELECT cities.name FROM shop_db.cities AS cities WHERE cities.city_id = :city_id""",
    "cities/index.post": """/*
        shape: record
        params: {name: {type: text}}
        */
        INSERT INTO shop_db.cities AS cities (name, state) VALUES (:name, 'Goa')
        RETURNING cities.city_id, cities.name""",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", DATABASE)
    with servers_over(folder) as make:
        yield make(REPORTS)


def person(n: int) -> dict[str, object]:
    return {"person_id": n, "name": f"person {n}", "city": "Surat" if n % 2 else "Pune"}


@pytest.mark.parametrize("again", [False, True], ids=["first", "quick"])
def test_a_page(shop: Server, again: bool) -> None:
    document = shop.get("/people/?limit=3&offset=4").json()
    assert document == {"items": [person(5), person(6), person(7)], "total": 5000, "limit": 3, "offset": 4}
    document = shop.get("/people/?city=Pune&sort=id.desc").json()
    assert document["items"] == [person(n) for n in range(5000, 4900, -2)]
    assert (document["total"], document["limit"], document["offset"]) == (2500, 50, 0)
    assert shop.get("/people/?offset=6000").json() == {
        "items": [],
        "total": 5000,
        "limit": 50,
        "offset": 6000,
    }
    assert shop.get("/people/?city=Rome").json()["total"] == 0


def test_all_pages_together_are_all_rows(shop: Server) -> None:
    found = [
        item
        for offset in range(0, 5000, 200)
        for item in shop.get(f"/people/?limit=200&offset={offset}").json()["items"]
    ]
    assert found == [person(n) for n in range(1, 5001)]


def test_other_formats_have_all_rows_unless_a_limit_is_given(shop: Server) -> None:
    rows = list(csv.DictReader(io.StringIO(shop.get("/people/?format=csv").text)))
    assert [int(row["person_id"]) for row in rows] == list(range(1, 5001))
    assert shop.get("/people/?format=csv&limit=2&offset=1").text.count("\r\n") == 3
    assert shop.get("/people/?format=csv&offset=4998").text.count("\r\n") == 3
    lines = shop.get("/people/?format=ndjson&city=Pune").text.splitlines()
    assert [json.loads(line)["person_id"] for line in lines] == list(range(2, 5001, 2))


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "offset=-1", "sort=name.asc", "limit=x"])
def test_what_a_page_refuses(shop: Server, query: str) -> None:
    answer = shop.get(f"/people/?{query}")
    assert (answer.status, answer.json()["errors"][0]["parameter"]) == (422, query.split("=")[0])


@pytest.mark.parametrize("again", [False, True], ids=["first", "quick"])
def test_a_record_and_none(shop: Server, again: bool) -> None:
    assert shop.get("/people/7").json() == {"person_id": 7, "name": "person 7"}
    for path in ("/people/9999", "/people/9999.csv", "/people/9999?format=xlsx", "/cities/9"):
        answer = shop.get(path)
        assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
        assert "9" in answer.json()["detail"]
        assert "etag" not in answer.headers
    assert shop.get("/people/7.csv").text == 'person_id,name\r\n7,"person 7"\r\n'
    assert shop.get("/people/7", method="HEAD").status == 200
    assert shop.get("/people/9999", method="HEAD").status == 404


def test_a_list_inside(shop: Server) -> None:
    assert shop.get("/cities/3").json() == {"name": "Nagpur", "people": [], "state": "Maharashtra"}
    found = shop.get("/cities/1").json()
    assert list(found) == ["name", "people", "state"]
    assert found["people"] == [{"person_id": n, "person": f"person {n}"} for n in range(2, 5001, 2)]
    assert shop.get("/cities/3.csv").text == 'name,person_id,person,state\r\n"Nagpur",,,"Maharashtra"\r\n'


def test_groups(shop: Server) -> None:
    assert shop.get("/states").json()["Maharashtra"] == [
        {"city_id": 1, "name": "Pune"},
        {"city_id": 3, "name": "Nagpur"},
    ]
    assert shop.get("/states.csv").text.startswith("state,city_id,name\r\n")


def test_with_a_body(shop: Server) -> None:
    answer = shop.send("/asked", {"city_id": 2})
    assert answer.json() == {"name": "Surat"}
    assert shop.send("/asked", {"city_id": 99}).status == 404
    made = shop.send("/cities/", {"name": "Panaji"})
    assert (made.status, made.json()["name"]) == (201, "Panaji")


def test_the_description(shop: Server) -> None:
    document = shop.get("/openapi.json").json()
    validate(document)

    def schema(path: str) -> dict[str, object]:
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        rows, plan = content["application/json"]["schema"]["anyOf"]
        assert plan == {"$ref": "#/components/schemas/Plan"}
        return rows

    assert list(schema("/people/")["properties"]) == ["items", "total", "limit", "offset"]
    assert list(schema("/people/{person_id}")["properties"]) == ["person_id", "name"]
    assert schema("/cities/{city_id}")["required"] == ["name", "state", "people"]
    assert list(schema("/states")["additionalProperties"]["items"]["properties"]) == ["city_id", "name"]
