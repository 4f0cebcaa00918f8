"""One server over a small demo for all tests here: each compares the files before and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import setup_db
from tests.desk.books import Desk
from tests.server import PROJECT, Server


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    assert setup_db.main(["--dbs", str(folder / "dbs"), "--orders", "60"]) == 0
    server = Server(folder / "dbs", PROJECT / "sql", folder / "log", reader_processes=0)
    try:
        yield Desk(server)
    finally:
        server.kill()
