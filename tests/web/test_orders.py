"""A request that comes again is not taken apart again, and means what it says all the same."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.server import Server, eventually
from tests.web.conftest import servers_over

ECHO = """/*
params:
  name: {type: text, default: nobody}
  at: {type: datetime, default: now}
*/
SELECT :name AS name, :at AS at
"""
UNTIL = """/*
params:
  at: {type: datetime, default: 2030-01-01}
*/
SELECT :at AS at
"""
MOMENTS = """/*
params:
  at: {type: datetime, many: true, default: [now]}
*/
SELECT :at AS at
"""
NUMBER = """/*
params:
  number: {type: integer}
*/
SELECT :number AS number
"""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers_over(tmp_path_factory.mktemp("echo")) as make:
        yield make(
            {
                "echo": ECHO,
                "until": UNTIL,
                "moments": MOMENTS,
                "number/{number}": NUMBER,
                "index": NUMBER.replace("integer}", "integer, default: 0}"),
            }
        )


@pytest.mark.parametrize("path", ["/echo?name=x", "/until?at=now", "/moments", "/moments?at=now&at=now"])
def test_now_moves_on(echo: Server, path: str) -> None:
    first = echo.get(path).json()
    assert echo.get("/until").json() == [{"at": "2030-01-01T00:00:00Z"}]

    eventually(lambda: echo.get(path).json() != first)


@pytest.mark.parametrize("turn", ["first", "again"])
def test_whatever_makes_a_difference(echo: Server, turn: str) -> None:
    for number in (1, 2):
        assert echo.get(f"/number/{number}").json() == [{"number": number}]
    assert echo.get("/number/1.csv").body == b"number\r\n1\r\n"
    assert echo.get("/number/1?format=csv").body == b"number\r\n1\r\n"
    assert echo.get("/number/1", {"Accept": "text/csv"}).body == b"number\r\n1\r\n"
    assert echo.get("/number/1", {"Accept": "application/x-ndjson"}).body == b'{"number":1}\n'
    assert echo.get("/number/1?number=1").status == 422
    assert echo.get("/number/one").status == 422
    assert echo.get("/number/1", method="HEAD").body == b""
    assert echo.get("/?number=3").json() == [{"number": 3}]
    assert echo.get("/").json() == [{"number": 0}]


def test_a_long_one_is_as_good(echo: Server) -> None:
    names = ["x" * 2000, "y" * 2000, "ä" * 900]
    for name in [*names, *names]:
        assert echo.get(f"/echo?name={quote(name)}").json()[0]["name"] == name


def test_very_many(echo: Server) -> None:
    for number in [*range(1100), *range(50)]:
        assert echo.get(f"/number/{number}").json() == [{"number": number}]
