"""The README's code blocks, run as a newcomer would."""

from __future__ import annotations

import argparse
import re
import shlex
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

from aggregator.settings import add_settings, read_settings
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
    # What `make run` makes: an environment with the packages, named like this.
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    for block in [*blocks("sql"), *blocks("csv")]:
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


def test_every_command_names_a_python_that_has_the_packages() -> None:
    """After `make run` in a plain shell, `python` is another one, or none."""
    text = (PROJECT / "README.md").read_text()
    commands = re.findall(r"(?:^\$ |^ {4}|^|`)((?:python|pip|pytest)\b[^`\n]*)", text, re.MULTILINE)
    assert [each for each in commands if each != "python"] == []


@pytest.mark.parametrize("block", blocks("sh"), ids=lambda block: f"line-{block.line}")
def test_the_server_takes_the_options_of_a_shell_block(block: Example, tmp_path: Path) -> None:
    for line in block.parsed.splitlines():
        words = shlex.split(line)
        if words[0] == "mkdir":
            subprocess.run(words, cwd=tmp_path, check=True)
        elif words[:2] == [".venv/bin/python", "app.py"]:
            parser = argparse.ArgumentParser()
            add_settings(parser)
            settings = read_settings(parser, parser.parse_args(words[2:]))
            # Relative folders are those of the test, or else of a checkout.
            own = {name: tmp_path / getattr(settings, name) for name in ("dbs", "sql")}
            assert all(each.is_dir() for each in own.values()) or settings.dbs == Path("dbs")
        else:
            assert words[:3] in ([".venv/bin/python", "-m", "pip"], ["python3", "-m", "venv"]) or (
                words == [".venv/bin/python", "setup_db.py", "--if-missing"]
            )


def test_the_first_report_is_in_the_readme() -> None:
    assert any(_FILE.search(block.document.text[: block.region.start]) for block in blocks("sql"))
