"""A page whose rows are quickly there and never counted: what comes after them is whole, or not missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.formats.html_table import read_table
from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over
from tests.web.page_reports import page

ROWS_FOR_EVER = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
    SELECT n FROM numbers
"""


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("endless")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "data.db", "CREATE TABLE t (n INTEGER) STRICT")
    brief = f"/*\ntime_limit: 1\n*/{ROWS_FOR_EVER}"
    with servers_over(folder) as make:
        yield make({"endless": ROWS_FOR_EVER, "brief": brief})


def test_a_reader_who_leaves_while_the_rows_are_counted(endless: Server) -> None:
    after = len(endless.lines())
    with endless.connected() as client:
        endless.send_request(client, "/endless", "1.1", "Accept: text/html")
        sent = b""
        while b"<td" not in sent:
            sent += client.recv(65536)

    assert endless.line(after)["outcome"] == "Cancelled"
    assert "unexpected error in a request" not in endless.log()


def test_a_time_limit_that_ends_while_the_rows_are_counted_leaves_the_page_whole(endless: Server) -> None:
    text = page(endless, "/brief").text

    assert [row[0] for row in read_table(text).texts()] == [str(number) for number in range(1, 101)]
    assert "counting them took too long" in text
    assert text.rstrip().endswith("</html>")
