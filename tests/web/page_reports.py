"""What the tests of pages ask for: many rows that are equal in a column, and all that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.formats.html_table import Table, read_table
from tests.server import Answer, Server
from tests.sqlite_files import closing, make_database
from tests.web.conftest import servers_over
from tests.web.reports import NEVER_ENDING, counting

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
ROWS = 250
Row = tuple[int, str | None, int | None, float | None]


def rows_with_ties() -> list[Row]:
    """Few values, so that many rows are equal in a column; some are NULL, some differ in case only."""
    draws = Random(5)
    names = ("anvil", "Anvil", "bellows", "Çekiç", "çekiç", "", None, "10", "9")
    counts = (0, 1, 1, 2**62, -(2**62), None)
    weights = (0.1, 0.5, -2.0, None)
    return [
        (number, *(each[int(draws.random() * len(each))] for each in (names, counts, weights)))  # type: ignore[misc]
        for number in range(ROWS)
    ]


_COLUMNS = "SELECT t.n, t.name, t.much, t.weight FROM data_db.t AS t"
_PAGED = """/*
params:
  limit: {type: integer, default: 40, min: 1, max: 300}
  offset: {type: integer, default: 0, min: 0}
shape: page
*/
"""

REPORTS = {
    "ties": f"{_COLUMNS} ORDER BY t.n",
    "backwards": f"{_COLUMNS} ORDER BY t.n DESC",
    "paged": f"{_PAGED}{_COLUMNS} ORDER BY t.n LIMIT :limit OFFSET :offset",
    "never": NEVER_ENDING,
    "late": counting(60_000, "abs(CASE WHEN n = 50000 THEN -9223372036854775808 ELSE n END)"),
    "amount": "/*\ncolumns: {price: {type: money}}\n*/\nSELECT 0.5 AS price",
    "fault": "SELEC 1",
    "only": "/*\nformats: [json]\n*/\nSELECT 1 AS one",
    "thing/{n}": f"/*\nshape: record\nparams: {{n: {{type: integer}}}}\n*/\n{_COLUMNS} WHERE t.n = :n",
    "write.post": "/*\nparams: {n: {type: integer, max: 0}}\n*/\nDELETE FROM data_db.t WHERE n = :n",
}


@contextmanager
def page_server(folder: Path) -> Iterator[Server]:
    """A server with all of `REPORTS`; its indexes tempt SQLite to give equal rows in another order."""
    (folder / "dbs").mkdir()
    path = make_database(
        folder / "dbs" / "data.db",
        "CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT, much INTEGER, weight REAL) STRICT;"
        "CREATE INDEX by_name ON t (name COLLATE NOCASE); CREATE INDEX by_much ON t (much, name)",
    )
    with closing(path) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows_with_ties())
    with servers_over(folder) as make:
        yield make(REPORTS, time_limit=1)


def page(server: Server, path: str, status: int = 200, **headers: str) -> Answer:
    """The answer as a browser gets it; every element in it is closed."""
    answer = server.get(path, {**BROWSER, **{name.replace("_", "-"): text for name, text in headers.items()}})
    assert answer.status == status, answer.text[-500:]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    read_table(answer.text)
    return answer


def table(server: Server, path: str, **headers: str) -> Table:
    return read_table(page(server, path, **headers).text)
