"""A write over several files is in all of them or in none, at whichever operation its process is killed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from aggregator.engine.sqlite import transaction as writing
from aggregator.engine.sqlite.commit_journal import RECORD_NAME, RedoRecord, is_pending, recover
from aggregator.engine.sqlite.files import DatabaseFile
from tests.engine.dying import killed_at, states, three_files, write

MIXED = ["wal", "delete", "truncate"]
"""Both ways of SQLite in one write; `make torture` tries the other mixtures."""
MODES = [
    MIXED,
    ["wal", "wal", "wal"],
    ["delete", "delete", "delete"],
    ["persist", "wal", "wal"],
    ["truncate", "persist", "delete"],
]


def kill_everywhere(files: Sequence[DatabaseFile], stride: int, value: int = 0) -> None:
    """Kill a write at each so-many-th operation, and look what became of it."""
    folder = files[0].path.parent
    outcomes = {"absent": 0, "whole": 0}
    operation = 0
    died = True
    while died:
        operation, value = operation + stride, value + 1
        before = states(files)
        died = killed_at(operation, lambda value=value: write(files, value))  # type: ignore[misc]
        recover(folder, patience=5)
        after = states(files)
        assert len(set(after)) == 1, f"torn when killed at operation {operation}: {after}"
        outcomes["absent" if after == before else "whole"] += 1
        if died and operation % 10 == 0:
            value += 1
            write(files, value)
            assert states(files) != after
    print(f"{operation} operations; {outcomes}")
    assert outcomes["absent"] > 0
    assert outcomes["whole"] > 1


def test_killed_at_every_operation(tmp_path: Path) -> None:
    kill_everywhere(three_files(tmp_path, MIXED), stride=1)


@pytest.mark.torture
@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_killed_at_every_operation_again_and_again(tmp_path: Path, modes: list[str]) -> None:
    files = three_files(tmp_path, modes)
    for round_ in range(20):
        kill_everywhere(files, stride=1, value=round_ * 1_000)


def write_and_die_decided(files: Sequence[DatabaseFile], value: int) -> None:
    """The record is on the disk, and the first file is committed or not."""

    died = killed_at(0, lambda: _dead_when_decided(files, value))
    assert not died
    assert is_pending(files[0].path.parent)


def _dead_when_decided(files: Sequence[DatabaseFile], value: int) -> None:

    writing._execute_commit = lambda *values: os._exit(0)  # type: ignore[assignment]
    write(files, value)


def kill_recovery_everywhere(files: Sequence[DatabaseFile], stride: int) -> None:
    folder = files[0].path.parent
    record = folder / RECORD_NAME
    value = operation = 0
    died = True
    while died:
        operation, value = operation + stride, value + 1
        write_and_die_decided(files, value)
        died = killed_at(operation, lambda: recover(folder, 5))
        recover(folder, patience=5)
        after = states(files)
        assert len(set(after)) == 1, f"torn when killed at operation {operation}: {after}"
        assert after[0][3] == value, "a decided write was lost"
        assert record.stat().st_size == 0
    print(f"{operation} operations of the recovery")


def test_recovery_is_killed_at_many_operations(tmp_path: Path) -> None:
    kill_recovery_everywhere(three_files(tmp_path, MIXED), stride=2)


@pytest.mark.torture
@pytest.mark.parametrize("modes", MODES, ids="-".join)
def test_recovery_is_killed_at_every_operation(tmp_path: Path, modes: list[str]) -> None:
    kill_recovery_everywhere(three_files(tmp_path, modes), stride=1)


def test_without_recovery_the_kills_tear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: these tests see it when what was decided is not finished."""
    monkeypatch.setattr(RedoRecord, "read", lambda self: iter(()))
    files = three_files(tmp_path, MIXED)
    with pytest.raises(AssertionError, match="torn"):
        kill_everywhere(files, stride=1)
