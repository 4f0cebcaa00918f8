"""Checking and reading endpoints know nothing of SQLite: they work on an engine of Python lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.endpoints.check import check_read
from aggregator.endpoints.registry import EndpointRegistry, StaleEndpoint
from aggregator.engine.model import StatementFailed
from aggregator.errors import QueryFailed
from aggregator.formats import FORMATS
from aggregator.read.operations import Rows, rows_of
from aggregator.read.reader import LocalReader
from aggregator.read.run import Run, Spool
from aggregator.sqlfile.catalog import SqlFolder
from tests.engine.fake import FakeEngine

SQL = """/*
title: Cities
params: {least: {type: integer, default: 0}}
*/
FETCH world.cities WHERE population >= :least;
"""
CITIES = [("Bergen", 291_940), ("Oslo", 717_710), ('"Å"', 7)]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine("world", {"cities": (("name", "population"), CITIES)})


def job(folder: Path, engine: FakeEngine, format: str, **given: str) -> Rows:
    (folder / "cities.sql").write_text(SQL, encoding="utf-8")
    sql = SqlFolder(folder)
    registry = EndpointRegistry(sql, engine, 0, check_read)
    [endpoint] = sql.catalog().endpoints
    return rows_of(registry.check(endpoint), {name: [text] for name, text in given.items()}, FORMATS[format])


def text_of(wanted: Rows, engine: FakeEngine) -> str:
    run = Run(wanted, Spool(2**20, None), wanted.encode)
    run.execute(engine, lambda: None)
    return (b"".join(run.output()) if run.body is None else run.body).decode()


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("json", '[{"name":"Bergen","population":291940},\n{"name":"Oslo","population":717710}]'),
        ("ndjson", '{"name":"Bergen","population":291940}\n{"name":"Oslo","population":717710}\n'),
        ("csv", 'name,population\r\n"Bergen",291940\r\n"Oslo",717710\r\n'),
    ],
)
def test_a_report_over_python_lists(tmp_path: Path, engine: FakeEngine, format: str, expected: str) -> None:
    assert text_of(job(tmp_path, engine, format, least="1000"), engine) == expected
    assert engine.runs == [{"least": 1000}]


def test_a_small_result_is_read_at_once(tmp_path: Path, engine: FakeEngine) -> None:
    chunk = LocalReader(engine).small_result(job(tmp_path, engine, "csv"), [])
    assert chunk is not None
    (text,) = chunk.items
    assert isinstance(text, bytes)
    assert text.decode() == '["Bergen",291940]\n["Oslo",717710]\n["\\"Å\\"",7]'


def test_another_schema_is_stale(tmp_path: Path, engine: FakeEngine) -> None:
    wanted = job(tmp_path, engine, "json")
    engine.schema_state_now = "altered"
    with pytest.raises(StaleEndpoint):
        text_of(wanted, engine)


@pytest.mark.parametrize(("is_stale", "expected"), [(True, StaleEndpoint), (False, QueryFailed)])
def test_what_the_engine_says_of_a_failure(
    tmp_path: Path, engine: FakeEngine, is_stale: bool, expected: type[Exception]
) -> None:
    wanted = job(tmp_path, engine, "json")
    engine.fails_with = StatementFailed(QueryFailed("It failed.", "why"), "why", is_stale=is_stale)
    with pytest.raises(expected):
        text_of(wanted, engine)
