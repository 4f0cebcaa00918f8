"""The record decides when all of it is on the disk, and not before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.engine.sqlite import commit_journal as redo
from aggregator.engine.sqlite.commit_journal import RECORD_NAME, Changes, RedoRecord, is_pending


def giving(*pieces: bytes) -> Changes:
    def give_to(put: Callable[[bytes | memoryview], None]) -> None:
        for piece in pieces:
            put(piece)

    return give_to


CHANGES = {"a.db": giving(b"one", b"two" * 50_000), "b.db": giving(), "größe.db": giving(b"x")}


def contents(record: RedoRecord, most: int = 1_000) -> dict[str, bytes]:
    found = {}
    for name, changeset in record.read():
        found[name] = b"".join(iter(lambda changeset=changeset: changeset(most), b""))  # type: ignore[misc]
    return found


def test_what_was_written_is_read(tmp_path: Path) -> None:
    record = RedoRecord(tmp_path)
    record.write(CHANGES)
    again = RedoRecord(tmp_path)

    assert contents(again) == {"a.db": b"one" + b"two" * 50_000, "b.db": b"", "größe.db": b"x"}
    assert [name for name, _ in again.read()] == list(CHANGES)
    assert is_pending(tmp_path)
    record.clear()
    assert contents(again) == {}
    assert not is_pending(tmp_path)
    record.close()
    again.close()


def test_half_a_record_decides_nothing(tmp_path: Path) -> None:
    record = RedoRecord(tmp_path)
    record.write({"a.db": giving(b"changes of a"), "b.db": giving(b"changes of b")})
    path = tmp_path / RECORD_NAME
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert contents(record) == {}
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert contents(record) == {}
    path.write_bytes(whole)
    assert len(contents(record)) == 2
    record.close()


def test_changes_that_cannot_be_written_down_decide_nothing(tmp_path: Path) -> None:
    def give_up(put: Callable[[bytes | memoryview], None]) -> None:
        put(b"x" * 1_000_000)
        raise MemoryError

    record = RedoRecord(tmp_path)
    with pytest.raises(MemoryError):
        record.write({"a.db": give_up})
    assert not is_pending(tmp_path)
    record.close()


def test_a_record_that_cannot_be_synced_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = RedoRecord(tmp_path)

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(redo.os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        record.write(CHANGES)
    assert not is_pending(tmp_path)
    record.close()


def test_only_one_has_it(tmp_path: Path) -> None:
    first, second = RedoRecord(tmp_path), RedoRecord(tmp_path)
    assert first.try_lock()
    began = time.monotonic()
    assert not second.lock(patience=0.1)
    assert time.monotonic() - began >= 0.1
    assert not second.lock(patience=10, wanted=lambda: False)
    first.close()
    assert second.lock(patience=0)
    second.close()


def test_without_a_record_nothing_is_pending(tmp_path: Path) -> None:
    assert not is_pending(tmp_path)
    RedoRecord(tmp_path).close()
    assert not is_pending(tmp_path)
    assert os.listdir(tmp_path) == [RECORD_NAME]
