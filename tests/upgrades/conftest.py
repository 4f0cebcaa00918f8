"""Databases of version 1 that hold data, and the same upgraded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import setup_db
from tests.upgrades.files import make_version_1
from tests.upgrades.running import run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_version_1(tmp_path_factory.mktemp("made") / "dbs")


@pytest.fixture
def dbs(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "dbs")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_db, "_PATIENCE_SECONDS", 0.1)


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    folder = shutil.copytree(made, tmp_path_factory.mktemp("upgraded") / "dbs")
    assert run(folder, "--upgrade") == 0
    return folder
