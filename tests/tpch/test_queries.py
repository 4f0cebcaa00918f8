"""SQL as people write it: the 22 TPC-H queries, as published, over eight files.

Tables without a schema, comma joins, correlated subqueries. Only the arithmetic of dates is SQLite's. Each
gives what Python's own SQLite gives for the same text on one file with all tables.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.snapshot import SnapshotPool
from aggregator.read.operations import Rows
from aggregator.read.run import Run, Spool
from aggregator.sqlfile.catalog import SqlFolder
from tests.tpch.data import make_tpch

QUERIES = Path(__file__).parent / "queries"
NAMES = sorted(path.stem for path in QUERIES.iterdir())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpch")
    make_tpch(folder)
    shutil.copytree(QUERIES, folder / "sql")
    return folder


@pytest.fixture(scope="module")
def registry(folder: Path) -> EndpointRegistry[ReadEndpoint]:
    return EndpointRegistry(SqlFolder(folder / "sql"), SqliteEngine(folder / "dbs"), 1.0, check_read)


@pytest.fixture(scope="module")
def pool() -> Iterator[SnapshotPool]:
    pool = SnapshotPool(SQL_FUNCTIONS, lock_wait=1)
    yield pool
    pool.close_idle(older_than=0)


def rows_of(report: ReadEndpoint, pool: SnapshotPool) -> list[tuple[Any, ...]]:
    rows = Rows(report, {})
    run = Run(rows, Spool(2**20, None), rows.encode)
    run.execute(pool, started=lambda: None)
    body = run.body if run.body is not None else b"".join(run.output())
    return [tuple(row.values()) for row in json.loads(body)]


def test_they_have_no_fault(registry: EndpointRegistry[ReadEndpoint]) -> None:
    assert len(NAMES) == 22
    assert registry.faults() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_query(
    folder: Path, registry: EndpointRegistry[ReadEndpoint], pool: SnapshotPool, name: str
) -> None:
    connection = sqlite3.connect(folder / "whole.db")
    expected = connection.execute((QUERIES / f"{name}.sql").read_text()).fetchall()
    connection.close()
    assert expected
    assert any(value is not None for row in expected for value in row)
    rows = rows_of(registry.check(registry.catalog(ANYBODY).named(name)), pool)
    # Sums of floating-point numbers depend on the order in which they are added.
    wanted = [
        tuple(pytest.approx(value, rel=1e-9) if isinstance(value, float) else value for value in row)
        for row in expected
    ]
    assert rows == wanted
