"""Every endpoint of the demo, asked whatever its own OpenAPI description allows, and what it does not.

No answer may be a 500, have a status that the description lacks, or be other than its schema says.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import setup_db
from tests.own_reports import copy_own_reports
from tests.server import Server, url
from tests.web.conftest import servers_over

FUZZER = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Server]:
    """A server whose databases nobody else needs: what is asked may change them."""
    assert setup_db.main(["--dbs", str(tmp_path / "dbs"), "--orders", "60"]) == 0
    copy_own_reports(tmp_path / "sql")
    with servers_over(tmp_path) as make:
        yield make()


def fuzz(server: Server, *options: str) -> None:
    command = [FUZZER, "run", url(server, "/openapi.json"), "--checks", ",".join(CHECKS), "--no-color"]
    command += ["--generation-database", "none", "--warnings", "off", *options]
    done = subprocess.run(
        command,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        cwd=server.dbs.parent,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    assert server.get("/health").status == 200


def test_what_each_endpoint_answers(demo: Server) -> None:
    fuzz(demo, "--phases", "examples,fuzzing", "--max-examples", "4", "--seed", "1")


@pytest.mark.torture
def test_what_each_endpoint_answers_to_everything(demo: Server) -> None:
    fuzz(demo, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "100")
