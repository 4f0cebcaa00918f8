"""The library keeps what a check found, and no longer than it holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.files import RESCAN_SECONDS
from aggregator.errors import AggregatorError, BrokenEndpoint
from aggregator.sqlfile.catalog import SqlFolder
from tests.server import eventually
from tests.sqlite_files import make_database, run_script


def test_a_database_that_comes_counts_at_once_though_its_lack_was_found_a_moment_ago(tmp_path: Path) -> None:
    """Waiting for the folder and then for the failure to grow old would be longer than a second."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "dbs").mkdir()
    (tmp_path / "sql" / "items.sql").write_text("SELECT items.name FROM shop_db.items AS items")
    databases = SqliteEngine(tmp_path / "dbs")
    registry: EndpointRegistry[ReadEndpoint] = EndpointRegistry(
        SqlFolder(tmp_path / "sql"), databases, 0, check_read
    )
    endpoint = registry.catalog(ANYBODY).find("GET", "/items").endpoint
    made = make_database(tmp_path / "made", "CREATE TABLE items (name)")

    assert databases.sources() == {}
    time.sleep(RESCAN_SECONDS / 2)
    with pytest.raises(AggregatorError):
        registry.check(endpoint)
    made.rename(tmp_path / "dbs" / "shop.db")
    eventually(databases.sources)

    assert registry.check(endpoint).columns[0].name == "name"


def test_a_table_that_another_file_gets_makes_its_bare_name_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "items.sql").write_text("SELECT name FROM items")
    make_database(tmp_path / "shop.db", "CREATE TABLE items (name)")
    other = make_database(tmp_path / "other.db", "CREATE TABLE notes (name)")
    registry: EndpointRegistry[ReadEndpoint] = EndpointRegistry(
        SqlFolder(tmp_path / "sql"), SqliteEngine(tmp_path), 0, check_read
    )
    endpoint = registry.catalog(ANYBODY).find("GET", "/items").endpoint
    report = registry.check(endpoint)
    assert [file.schema for file in report.files] == ["shop_db"]

    run_script(other, "CREATE TABLE items (name)")
    assert registry.compiled(endpoint) is report
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3)
    assert registry.compiled(endpoint) is None
    with pytest.raises(BrokenEndpoint, match="items is in other_db and in shop_db"):
        registry.check(endpoint)
