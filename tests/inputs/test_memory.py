"""Large files in little memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from aggregator.inputs.filetypes import read_table
from aggregator.inputs.table import FileType, Options
from tests.inputs.tables import wanted
from tests.inputs.workbooks import with_sheet

FILE_BYTES = {"csv": 25_000_000, "json": 8_000_000, "ndjson": 8_000_000}
MOST_MEMORY = {"csv": 15_000_000, "json": 4_000_000, "ndjson": 4_000_000, "excel": 3_000_000}


def _csv() -> Iterator[bytes]:
    yield b"a,b\n"
    while True:
        yield b'some text,"quoted, text"\n' * 1_000


def _csv_of_long_rows() -> Iterator[bytes]:
    yield b"a,b\n"
    while True:
        yield (b"some text" * 30 + b',"' + b"quoted, text" * 30 + b'"\n') * 100


def _wide_csv() -> Iterator[bytes]:
    yield b"a,b\n"
    while True:
        yield b'"' + (b"long line" * 50 + b"\n") * 1_100 + b'",1\n'


def _json() -> Iterator[bytes]:
    yield b"["
    while True:
        yield json.dumps({"a": "some text", "b": 1.5}).encode() + b","


def _ndjson() -> Iterator[bytes]:
    while True:
        yield b'{"a": "some text", "b": [1, 2]}\n' * 1_000


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [
        ("csv", _csv_of_long_rows),
        ("csv", _wide_csv),
        pytest.param("csv", _csv, marks=pytest.mark.torture),
        pytest.param("json", _json, marks=pytest.mark.torture),
        pytest.param("ndjson", _ndjson, marks=pytest.mark.torture),
    ],
)
def test_memory_is_flat(kind: FileType, pieces: Callable[[], Iterator[bytes]], tmp_path: Path) -> None:
    path = tmp_path / "large"
    size = 0
    with path.open("wb") as file:
        for piece in pieces():
            size += file.write(piece)
            if size > FILE_BYTES[kind]:
                break
        file.write(b'{"a": 1}]' if kind == "json" else b"")
    with path.open("rb") as file:
        rows, peak = _read(file, kind)
    assert rows >= 50
    assert peak < MOST_MEMORY[kind]


def test_memory_is_flat_in_a_sheet_of_empty_elements(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    row = '<row><c t="str"><v>some text</v></c><c><v>1.5</v></c></row>' + "<x/>" * 10
    path.write_bytes(with_sheet('<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row>' + row * 4_000))
    with path.open("rb") as file:
        rows, peak = _read(file, "excel")
    assert rows == 4_000
    assert peak < MOST_MEMORY["excel"]


def _read(file: BinaryIO, kind: FileType) -> tuple[int, int]:
    tracemalloc.start()
    try:
        table = read_table(file, kind, wanted("a", "b"), Options())
        rows = sum(len(batch.lines) for batch in table.batches())
        return rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
