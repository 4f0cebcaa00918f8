"""What the server answers never mixes two moments, while another program writes to the files."""

from __future__ import annotations

import http.client
import json
import threading
import time
from pathlib import Path

import pytest

from tests.engine.test_view import COUNT_IN_EACH_FILE, MODES, counters, never_was
from tests.server import Server
from tests.sqlite_files import program_running
from tests.web.conftest import MakeServer

READERS = 3
SECONDS = 1.5


@pytest.mark.parametrize("modes", [MODES[1], MODES[3]], ids="-".join)
def test_answers_while_a_program_writes(tmp_path: Path, make_server: MakeServer, modes: list[str]) -> None:
    (tmp_path / "dbs").mkdir()
    files = counters(tmp_path / "dbs", modes)
    columns = ", ".join(f"{file.schema}.counter.n AS {file.schema}" for file in files)
    tables = " CROSS JOIN ".join(f"{file.schema}.counter" for file in reversed(files))
    server = make_server({"compare": f"SELECT {columns} FROM {tables}"}, lock_wait=10)
    seen: list[list[int]] = []

    with program_running(COUNT_IN_EACH_FILE, [file.path for file in files]):
        readers = [threading.Thread(target=read, args=(server, seen)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    assert len(seen) > 50
    assert seen[0] != seen[-1]
    assert [numbers for numbers in seen if never_was(numbers)] == []


def read(server: Server, seen: list[list[int]]) -> None:
    connection = http.client.HTTPConnection(server.host, server.port)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        connection.request("GET", "/compare")
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        seen.append(list(json.loads(body)[0].values()))
    connection.close()
