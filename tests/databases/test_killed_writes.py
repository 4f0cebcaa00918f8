"""All or nothing over several files, though the process is killed at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import PROJECT

MODES = [
    ["wal", "wal", "wal"],
    ["delete", "delete", "delete"],
    ["wal", "delete", "truncate"],
    ["persist", "wal", "wal"],
]


def killed_everywhere(folder: Path, modes: list[str], *options: str) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.databases.killing", str(folder), *modes, *options]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_killed_at_every_operation(tmp_path: Path, modes: list[str]) -> None:
    found = killed_everywhere(tmp_path, modes)
    assert found["operations"] > 30
    assert found["absent"] > 5
    assert found["whole"] > 5
    assert found["absent"] + found["whole"] == found["operations"] + 1


@pytest.mark.torture
@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_killed_again_while_it_is_finished(tmp_path: Path, modes: list[str]) -> None:
    found = killed_everywhere(tmp_path, modes, "--recovery")
    assert found["kills of the recovery"] > 100
