"""Several server processes over the same folders."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from tests.server import eventually
from tests.sqlite_files import make_database, run_script
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE, counting


def test_two_workers(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server(
        {"items": "SELECT items.name FROM shop_db.items AS items", "long": counting(50_000)}, workers=2
    )

    answers = [server.get("/items") for _ in range(40)]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    eventually(lambda: len({server.get("/items").headers["etag"] for _ in range(20)}) == 1, seconds=3)

    run_script(path, "INSERT INTO items VALUES (4, 'Dibble', 1, NULL)")
    assert {len(server.get("/items").json()) for _ in range(20)} == {4}

    sizes: list[int] = []
    threads = [
        threading.Thread(target=lambda: sizes.append(len(server.get("/long?format=csv").body)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sizes) == 6
    assert len(set(sizes)) == 1

    (server.sql / "new.sql").write_text("SELECT 1 AS one")
    eventually(lambda: {server.get("/new").status for _ in range(20)} == {200}, seconds=2)
    assert server.stop() in (0, -signal.SIGTERM)
