"""The examples of docs/writing.md, one after another, as a reader would try them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import setup_db
from aggregator.web.problems import STATUS
from tests.commands import run_text
from tests.own_reports import copy_own_reports

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "writing.md").read_text(encoding="utf-8")
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n\$ \.venv/bin/python (.*?)\n(.*?)```", re.DOTALL)


def test_the_examples(tmp_path: Path) -> None:
    assert setup_db.main(["--dbs", str(tmp_path / "dbs")]) == 0
    copy_own_reports(tmp_path / "sql")
    for name, text in FILE.findall(PAGE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    commands = CONSOLE.findall(PAGE)
    assert len(commands) >= 2
    for command, expected in commands:
        done = run_text(shlex.split(command), cwd=tmp_path)
        assert done.stdout + done.stderr == expected


def test_every_status_is_told() -> None:
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    of_reports = {405, 406, 500}
    assert told == {200, 201} | {status for status, _ in STATUS.values()} - of_reports


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (PROJECT / "docs" / link).exists()
