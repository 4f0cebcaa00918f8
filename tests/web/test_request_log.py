"""One line of JSON for each request, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server import Server, eventually
from tests.web.conftest import MakeServer, shop_server

ALWAYS = {"time", "method", "parameters", "status", "outcome", "rows", "bytes", "ms"}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to which nobody else talks."""
    with shop_server(tmp_path_factory.mktemp("quiet")) as running:
        yield running


def lines_of(server: Server, *paths: str) -> list[dict[str, Any]]:
    """The new lines after requests for these paths: one for each."""
    before = len(server.lines())
    for path in paths:
        server.get(path)
    eventually(lambda: len(server.lines()) >= before + len(paths))
    new = server.lines()[before:]
    assert len(new) == len(paths)
    return new


def test_a_complete_answer(quiet: Server) -> None:
    answer = quiet.get("/item/2?format=csv")

    line = quiet.line(report="item/{item_id}")
    assert line.keys() == ALWAYS | {"report", "format"}
    assert line["report"] == "item/{item_id}"
    assert line["parameters"] == ["item_id"]
    assert line["format"] == "csv"
    assert (line["method"], line["status"], line["outcome"]) == ("GET", 200, "complete")
    assert (line["rows"], line["bytes"]) == (1, len(answer.body))
    assert 0 < line["ms"] < 5000


def test_rows_and_bytes_of_a_download(quiet: Server) -> None:
    plain = quiet.get("/long?format=csv")
    line = quiet.line(report="long")
    assert (line["rows"], line["bytes"]) == (20_000, len(plain.body))

    packed = quiet.get("/long?format=ndjson", {"Accept-Encoding": "gzip"})
    line = quiet.line(format="ndjson")
    assert (line["rows"], line["bytes"]) == (20_000, len(packed.body))


@pytest.mark.parametrize(
    ("path", "status", "outcome", "has_cause"),
    [
        ("/nothing", 404, "NotFound", False),
        ("/items?format=pdf", 422, "InvalidParameters", False),
        ("/chosen?kind=medium", 422, "InvalidParameters", False),
        ("/chosen?kind=big&many=1&format=excel", 406, "NotAcceptable", False),
        ("/broken/syntax", 500, "BrokenEndpoint", True),
        ("/broken/first", 500, "QueryFailed", True),
        ("/broken/first-money", 500, "UnrepresentableValue", False),
        ("/folder", 308, "complete", False),
        ("/health", 200, "complete", False),
        ("/docs", 200, "complete", False),
    ],
)
def test_every_request_has_one(quiet: Server, path: str, status: int, outcome: str, has_cause: bool) -> None:
    [line] = lines_of(quiet, path)

    assert line.keys() >= ALWAYS
    assert (line["status"], line["outcome"]) == (status, outcome)
    assert ("cause" in line) == has_cause
    assert "report" in line or line["path"] == path


def test_names_of_parameters_and_never_their_values(quiet: Server) -> None:
    lines = lines_of(
        quiet, "/named?label=secret-1&labels=secret-2", "/chosen?kind=secret-3&many=4", "/item/secret-5"
    )

    assert [line["parameters"] for line in lines] == [["label", "labels"], ["kind", "many"], ["item_id"]]
    assert "secret-" not in quiet.log()


def test_the_cause_of_a_failure_is_in_the_log_alone(quiet: Server) -> None:
    answer = quiet.get("/broken/first")

    assert "overflow" in quiet.line(report="broken/first")["cause"]
    assert "overflow" not in answer.text


def test_each_line_is_json(quiet: Server) -> None:
    lines_of(quiet, *["/items"] * 20)
    assert all(line.startswith(("{", "INFO: ", "WARNING: ")) for line in quiet.log().splitlines())


def test_warnings_of_broken_files_are_logged_at_the_start(make_server: MakeServer) -> None:
    server = make_server({"bad": "SELEC 1"})
    eventually(lambda: "bad.sql:1:" in server.log())
