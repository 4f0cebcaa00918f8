"""Servers for the tests: one that all may read from, and new ones for whoever changes something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.reports import DATABASE, REPORTS
from tests.web.writing import WRITES, make_shop, refill_shop

MakeServer = Callable[..., Server]


@contextmanager
def servers_over(folder: Path) -> Iterator[MakeServer]:
    """Makes servers over `dbs` and `sql` of a folder, which may be filled before or after.

    Without reader processes unless a test asks for them: each takes a second to start. `from_scratch`: see
    `Server`.
    """
    made: list[Server] = []

    def make(reports: Mapping[str, str] | None = None, **settings: object) -> Server:
        for name in ("dbs", "sql"):
            (folder / name).mkdir(exist_ok=True)
        for name, sql in (reports or {}).items():
            path = folder / "sql" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sql)
        log = folder / f"log-{len(made)}"
        made.append(Server(folder / "dbs", folder / "sql", log, **{"reader_processes": 0, **settings}))
        return made[-1]

    try:
        yield make
    finally:
        for server in made:
            server.kill()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Makes servers over folders of the test."""
    with servers_over(tmp_path) as make:
        yield make


@contextmanager
def shop_server(folder: Path) -> Iterator[Server]:
    """A server with all of `REPORTS` over `shop.db`."""
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "shop.db", DATABASE)
    with servers_over(folder) as make:
        yield make(REPORTS)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that change nothing and need no setting of their own."""
    with shop_server(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture(scope="session")
def writing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with all of `WRITES`; see `refilled_shop`."""
    folder = tmp_path_factory.mktemp("writing")
    make_shop(folder)
    with servers_over(folder) as make:
        yield make(WRITES)


@pytest.fixture
def refilled_shop(writing_server: Server) -> Server:
    """For tests that change rows and nothing else, and do not look at the log."""
    refill_shop(writing_server.dbs.parent)
    return writing_server
