"""A file is complete, or whoever takes it sees that it is not."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest

from tests.server import Server, eventually, url
from tests.web.conftest import MakeServer
from tests.web.reports import BROKEN_ROW, REPORTS, counting

FORMATS = ["json", "ndjson", "csv", "excel"]
CODINGS = ["identity", "gzip"]
LATE = ["broken/late", "broken/money"]
CURL_PARTIAL_FILE = 18


@pytest.mark.parametrize("report", LATE)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("format", FORMATS)
def test_an_error_in_a_later_row_breaks_the_download(
    server: Server, report: str, format: str, coding: str
) -> None:
    with pytest.raises(http.client.IncompleteRead) as broken:
        server.get(f"/{report}?format={format}", {"Accept-Encoding": coding})

    assert_not_whole(broken.value.partial, format, coding)
    line = server.line(report=report, format=format, status=200)
    assert line["outcome"] in ("QueryFailed", "UnrepresentableValue")
    assert BROKEN_ROW - 10_000 < line["rows"] < BROKEN_ROW


def assert_not_whole(body: bytes, format: str, coding: str) -> None:
    """What came does not pass for a whole file, and nothing but data is in it."""
    if coding == "gzip" and format != "excel":
        unzip = zlib.decompressobj(31)
        body = unzip.decompress(body)
        assert not unzip.eof
    for leak in (b"overflow", b"Traceback", b"rror", b"WITH RECURSIVE"):
        assert leak not in body
    if format == "json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    if format == "excel":
        with pytest.raises(zipfile.BadZipFile):
            openpyxl.load_workbook(io.BytesIO(body))


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("format", FORMATS)
def test_curl_exits_with_an_error(server: Server, format: str) -> None:
    command = ["curl", "--silent", "--output", "/dev/null", url(server, f"/broken/late?format={format}")]

    assert subprocess.run(command).returncode == CURL_PARTIAL_FILE
    assert subprocess.run([*command, "--compressed"]).returncode == CURL_PARTIAL_FILE
    # In HTTP/1.0 the end of the connection is the end of the file, so it must not begin.
    assert subprocess.run([*command, "--http1.0", "--fail"]).returncode == 22


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("format", FORMATS)
def test_http_1_0_gets_an_error_instead_of_a_file(server: Server, format: str, coding: str) -> None:
    head, body = over_http_1_0(server, f"/broken/late?format={format}", coding)

    assert b" 500 " in head.splitlines()[0]
    assert b"content-encoding" not in head
    assert json.loads(body)["status"] == 500


@pytest.mark.parametrize("coding", CODINGS)
def test_http_1_0_gets_the_length_of_a_whole_file(server: Server, coding: str) -> None:
    head, body = over_http_1_0(server, "/long?format=csv", coding)

    assert b" 200 " in head.splitlines()[0]
    assert f"content-length: {len(body)}".encode() in head
    if coding == "gzip":
        body = zlib.decompress(body, 31)
    assert body.count(b"\r\n") == 20_001


def over_http_1_0(server: Server, path: str, coding: str) -> tuple[bytes, bytes]:
    with server.connected() as client:
        server.send_request(client, path, "1.0", f"Accept-Encoding: {coding}")
        with client.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")
    return head, body


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_the_same_in_a_reader_process(make_server: MakeServer) -> None:
    """Errors in the data are no reason to start another process; its death is an error like others."""
    reports = {name: sql for name, sql in REPORTS.items() if name.startswith("broken/")}
    server = make_server(reports, reader_processes=1, heavy_seconds=0)
    [reader] = server.processes()[1:]
    for report in LATE:
        for format in FORMATS:
            with pytest.raises(http.client.IncompleteRead) as broken:
                server.get(f"/{report}?format={format}")
            assert_not_whole(broken.value.partial, format, "identity")
    assert server.get("/broken/first").json()["type"] == "urn:aggregator:problem:query-failed"
    assert server.get("/broken/first-money").json()["type"] == "urn:aggregator:problem:unfit-value"
    assert server.processes()[1:] == [reader]

    (server.sql / "long.sql").write_text(counting(100_000_000))
    eventually(lambda: server.get("/long", method="HEAD").status == 200)
    with server.connected() as client:
        server.send_request(client, "/long?format=json")
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.read(1_000)
        os.kill(reader, signal.SIGKILL)
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    assert "exit status -9" in server.line(report="long", outcome="QueryFailed")["cause"]
    eventually(lambda: len(server.processes()) == 2)


@pytest.mark.parametrize("report", ["broken/first", "broken/first-money"])
@pytest.mark.parametrize("format", FORMATS)
def test_an_error_in_the_first_row_is_a_problem_document(server: Server, report: str, format: str) -> None:
    answer = server.get(f"/{report}?format={format}")

    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_whole_file_is_whole(server: Server, format: str, coding: str) -> None:
    """The same paths as above, so that what they see is the error and not the way."""
    answer = server.get(f"/long?format={format}", {"Accept-Encoding": coding})

    body = answer.body
    if answer.headers["content-encoding"] == "gzip":
        body = zlib.decompress(body, 31)
    match format:
        case "json":
            count = len(json.loads(body))
        case "ndjson":
            count = len(body.splitlines())
        case "csv":
            count = len(body.splitlines()) - 1
        case _:
            with zipfile.ZipFile(io.BytesIO(body)) as parts:
                assert parts.testzip() is None
                count = len(re.findall(rb"<row[ >]", parts.read("xl/worksheets/sheet1.xml"))) - 1
    assert count == 20_000
