"""The spool keeps the order, whatever the pace of its two ends, and little in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import Cancelled, QueryFailed, SpoolFull
from aggregator.read.run import Spool, SpoolSpace


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 50), max_size=40),
    taken_after=st.lists(st.integers(0, 3), min_size=40, max_size=40),
    memory=st.integers(0, 100),
)
def test_chunks_come_out_as_they_went_in(sizes: list[int], taken_after: list[int], memory: int) -> None:
    chunks = [bytes([number]) * size for number, size in enumerate(sizes)]
    spool = Spool(memory, None)
    reader = spool.items()
    out: list[bytes] = []
    for written, (chunk, wanted) in enumerate(zip(chunks, taken_after, strict=False), start=1):
        spool.write(chunk)
        for _ in range(min(wanted, written - len(out))):
            out.append(next(reader))
    spool.end()
    out += reader
    spool.close()
    assert out == chunks


def test_a_reader_waits_for_a_writer() -> None:
    spool = Spool(10, None)
    out: list[bytes] = []
    reader = threading.Thread(target=lambda: out.extend(spool.items()))
    reader.start()
    for chunk in (b"one", b"two", b"x" * 100, b"three"):
        spool.write(chunk)
    spool.end()
    reader.join(10)
    spool.close()
    assert out == [b"one", b"two", b"x" * 100, b"three"]


def test_what_does_not_fit_into_memory_goes_to_a_file(tmp_path: Path) -> None:
    spool = Spool(1_000, tmp_path)
    before = open_files()
    for _ in range(100):
        spool.write(b"x" * 900)
    assert len(open_files() - before) in (0, 1)
    assert list(tmp_path.iterdir()) == [], "the file has no name that could stay behind"
    spool.end()
    assert sum(map(len, spool.items())) == 90_000
    spool.close()


def open_files() -> set[str]:
    folder = Path("/proc/self/fd")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_the_writers_error_reaches_the_reader() -> None:
    spool = Spool(100, None)
    spool.write(b"begun")
    reader = spool.items()
    assert next(reader) == b"begun"
    spool.end(Cancelled("enough"))
    with pytest.raises(Cancelled, match="enough"):
        next(reader)


def test_a_file_that_cannot_be_written_is_an_error_of_the_run(tmp_path: Path) -> None:
    spool = Spool(10, tmp_path / "missing")
    spool.write(b"x" * 10)
    with pytest.raises(QueryFailed, match="no space"):
        spool.write(b"x" * 10)


def test_a_closed_spool_takes_chunks_and_forgets_them(tmp_path: Path) -> None:
    spool = Spool(10, tmp_path)
    waiting = threading.Thread(target=lambda: list(spool.items()))
    waiting.start()
    spool.close()
    waiting.join(10)
    assert not waiting.is_alive()
    spool.write(b"late")
    assert take(spool) == []


def take(spool: Spool) -> Sequence[bytes]:
    began = time.monotonic()
    chunks = list(spool.items())
    assert time.monotonic() - began < 10
    return chunks


def test_over_the_space_the_slowest_is_broken_off(tmp_path: Path) -> None:
    """Both of its ends get the error, and its file is gone; the others do not notice."""
    space = SpoolSpace(2_500)
    slow, steady, stalled = (Spool(0, tmp_path, space) for _ in range(3))
    readers = [spool.items() for spool in (slow, steady, stalled)]
    files = open_files()
    for number in range(12):
        for spool in (slow, steady, stalled):
            if not (spool is stalled and number > 7):
                spool.write(b"x" * 200)
        next(readers[1])
        if number % 4 == 0:
            next(readers[0])
        if number == 0:
            next(readers[2])
    assert len(open_files()) - len(files) in (0, 1), "only the slow one has a file"
    with pytest.raises(SpoolFull):
        stalled.write(b"more")
    with pytest.raises(SpoolFull):
        next(readers[2])
    for spool, reader, taken in ((slow, readers[0], 3), (steady, readers[1], 12)):
        spool.end()
        assert sum(map(len, reader)) == (12 - taken) * 200
        spool.close()
    stalled.close()
    assert open_files() == files


def test_what_is_taken_makes_room(tmp_path: Path) -> None:
    spool = Spool(0, tmp_path, SpoolSpace(1_000))
    reader = spool.items()
    for _ in range(50):
        spool.write(b"x" * 400)
        spool.write(b"y" * 400)
        assert [next(reader)[:1], next(reader)[:1]] == [b"x", b"y"]
    spool.close()


def test_one_that_is_alone_is_the_slowest(tmp_path: Path) -> None:
    broken: list[SpoolFull] = []
    spool = Spool(0, tmp_path, SpoolSpace(1_000), broken.append)
    for _ in range(3):
        spool.write(b"x" * 400)
    with pytest.raises(SpoolFull) as raised:
        spool.write(b"x" * 400)
    assert broken == [raised.value]
    spool.end(Cancelled("later"))
    with pytest.raises(SpoolFull):
        take(spool)
