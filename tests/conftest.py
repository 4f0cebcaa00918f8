"""What all tests share."""

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
MARKS = {
    "browser": ["browser"],
    "kills": [
        "engine/test_killed_writes.py",
        "engine/test_pending_writes.py",
        "upgrades/test_broken_off.py",
    ],
    "slow": [
        "engine/test_view.py",
        "formats/excel/test_dates.py",
        "formats/test_chart.py",
        "formats/test_chart_renderer.py",
        "formats/test_random_tables.py",
        "inputs/test_encodings.py",
        "inputs/test_memory.py",
        "read/test_process.py",
        "shop/test_generated_client.py",
        "test_docs.py",
        "test_fuzz.py",
        "test_indexes.py",
        "test_readme.py",
        "test_requirements.py",
        "test_setup_db.py",
        "test_writing_docs.py",
        "tpch",
        "web/test_charts.py",
        "web/test_disconnect.py",
        "web/test_entity_tag.py",
        "web/test_hostile_bodies.py",
        "web/test_limits.py",
        "web/test_live_reload.py",
        "web/test_shutdown.py",
        "web/test_slow_client.py",
        "web/test_watching.py",
        "web/test_workers.py",
        "web/test_writers_do_not_wait.py",
    ],
}
"""What `make test FAST=1` leaves out: files and folders; single tests have these marks as decorators."""

# A busy machine takes its time; what an example costs is no part of any promise.
settings.register_profile("usual", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile("usual")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that is made here stays to the end, so the garbage collector never looks at it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out as a whole is not even imported."""
    expression = config.getoption("markexpr")
    left_out = [
        TESTS / name for mark, names in MARKS.items() if f"not {mark}" in expression for name in names
    ]
    return True if collection_path in left_out else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {TESTS / name: mark for mark, names in MARKS.items() for name in names}
    marks = {
        path: [mark for place, mark in places.items() if path.is_relative_to(place)]
        for path in {item.path for item in items}
    }
    for item in items:
        for mark in marks[item.path]:
            item.add_marker(mark)
