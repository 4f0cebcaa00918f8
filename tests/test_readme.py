"""The README's code blocks, run as a newcomer would."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser

from tests.own_reports import copy_own_reports

PROJECT = Path(__file__).parent.parent
ADDRESS = "127.0.0.1:8050"
_FILE = re.compile(r"<!-- file: (\S+) -->\s*\Z")


def blocks(language: str) -> list[Example]:
    """The README's code blocks of one language, in order."""
    parser = CodeBlockParser(language, evaluator=lambda example: None)
    return list(Document.parse(str(PROJECT / "README.md"), parser).examples())


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout with demo databases and the README's files, served at `.address`'s address."""
    folder = tmp_path_factory.mktemp("newcomer")
    for name in ("aggregator", "demo", "schema"):
        shutil.copytree(PROJECT / name, folder / name)
    copy_own_reports(folder / "sql")
    for name in ("app.py", "setup_db.py"):
        shutil.copyfile(PROJECT / name, folder / name)
    subprocess.run([sys.executable, "setup_db.py"], cwd=folder, check=True, capture_output=True)
    for block in blocks("sql"):
        match = _FILE.search(block.document.text[: block.region.start])
        if match:
            (folder / match[1]).write_text(block.parsed)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / ".address").write_text(address)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "app.py", "--port", address.rpartition(":")[2]]
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_served(address, server)
        yield folder
    finally:
        server.terminate()
        server.wait()


def _wait_until_served(address: str, server: subprocess.Popen[bytes]) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            assert server.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not listen"
            time.sleep(0.05)


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: f"line-{block.line}")
def test_console_block(block: Example, newcomer: Path) -> None:
    command, _, expected = block.parsed.removeprefix("$ ").partition("\n")
    if command.startswith("curl") and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = command.replace(ADDRESS, (newcomer / ".address").read_text())
    command = re.sub(r"\Apython ", f"{sys.executable} ", command)

    done = subprocess.run(
        command,
        shell=True,
        cwd=newcomer,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    assert expected.strip() in done.stdout


def test_the_first_report_is_in_the_readme() -> None:
    assert any(_FILE.search(block.document.text[: block.region.start]) for block in blocks("sql"))
