"""Errors as pages: the right status, what is wrong, and nothing that is nobody's business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.formats.html_table import read_table
from tests.server import Server
from tests.sqlite_files import locked, make_database
from tests.web.conftest import MakeServer
from tests.web.page_reports import page, page_server


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with page_server(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "Report not found"),
        ("/thing/999", 404, "Not found"),
        ("/thing/abc", 422, "Invalid parameters"),
        ("/_/nowhere", 404, "Report not found"),
        ("/only?format=csv", 406, "This report is not available in that format"),
        ("/fault", 500, "The report&#39;s SQL file has errors"),
        ("/amount", 500, "A value cannot be shown in this format or column type"),
        ("/never", 504, "The report took too long"),
        ("/late?_page=500", 500, "The report failed"),
    ],
)
def test_errors_are_pages(ties: Server, path: str, status: int, title: str) -> None:
    answer = page(ties, path, status)

    assert title in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "etag" not in answer.headers
    for secret in (str(ties.dbs.parent), "Traceback", "apsw", "site-packages"):
        assert secret not in answer.text


def test_each_fault_of_a_file_is_told_once(ties: Server) -> None:
    assert page(ties, "/fault", 500).text.count("syntax error") == 1


def test_a_page_before_a_bad_row_is_whole(ties: Server) -> None:
    """Its rows are fine; their number is not known."""
    answer = page(ties, "/late")

    assert len(read_table(answer.text).body) == 100
    assert read_table(answer.text).foot == []
    assert "_page=2" in answer.text


def test_a_database_that_is_locked_or_gone(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "data.db", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)")
    server = make_server({"t": "SELECT t.n FROM data_db.t AS t"}, lock_wait=0.1)
    page(server, "/t")
    with locked(path):
        assert "A database cannot be read" in page(server, "/t", 503).text
    path.unlink()
    assert "it is gone" in page(server, "/t", 503).text
