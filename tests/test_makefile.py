"""`make run` as often as one likes: the demo is made once, and only where there are no databases."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import MARKS, TESTS

PROJECT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("name", [None, "a.db", "a.sqlite", "x.Sqlite3"])
def test_the_demo_is_made_where_there_is_no_database(tmp_path: Path, name: str | None) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$*" >> calls\n')
    python.chmod(0o755)
    (tmp_path / "venv" / "run.stamp").touch()
    (tmp_path / "dbs").mkdir()
    (tmp_path / "dbs" / ".gitkeep").touch()
    if name is not None:
        (tmp_path / "dbs" / name).touch()

    subprocess.run(["make", "run", "VENV=venv"], cwd=tmp_path, check=True, capture_output=True)

    calls = (tmp_path / "calls").read_text().splitlines()
    assert ("setup_db.py" in calls) == (name is None)
    assert calls[-1].startswith("app.py")


def test_what_the_fast_tests_leave_out_is_there() -> None:
    assert [name for names in MARKS.values() for name in names if not (TESTS / name).exists()] == []
