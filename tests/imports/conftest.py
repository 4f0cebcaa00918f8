"""Empty demo databases, and sheets to be loaded into them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import setup_db
from tests.imports import sheets
from tests.imports.running import PROJECT

DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", PROJECT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    assert setup_db.main(["--dbs", str(folder), "--orders", "0"]) == 0
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    assert setup_db.main(["--dbs", str(folder), "--orders", "37"]) == 0
    return folder


@pytest.fixture
def dbs(empty: Path, tmp_path: Path) -> Path:
    return shutil.copytree(empty, tmp_path / "dbs")


@pytest.fixture
def demo(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "demo")


@pytest.fixture(params=["made", pytest.param("unicorn_inc.csv", marks=pytest.mark.slow)])
def invoice_sheet(request: pytest.FixtureRequest) -> bytes:
    return sheets.invoices() if request.param == "made" else _original(request.param)


@pytest.fixture(params=["made", pytest.param("ecommerce_sample.csv", marks=pytest.mark.slow)])
def shop_sheet(request: pytest.FixtureRequest) -> bytes:
    return sheets.shop_orders() if request.param == "made" else _original(request.param)


def _original(name: str) -> bytes:
    if not (DATA / name).exists():
        pytest.skip(f"needs {name}; AGGREGATOR_TEST_DATA names its folder")
    return (DATA / name).read_bytes()
