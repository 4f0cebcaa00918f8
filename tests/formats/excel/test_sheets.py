"""A sheet that is full is followed by another."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from aggregator.formats import FORMATS
from aggregator.formats import excel as sheets
from aggregator.formats.excel import SheetCutter, even_blocks
from aggregator.values.columns import Column
from aggregator.values.rows import ROW_END
from tests.formats.readers import workbook
from tests.formats.service import Service

COUNTED = """
WITH RECURSIVE counted AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM counted WHERE n < {rows})
SELECT n, n % 7 AS weekday FROM counted
"""


def rows_of_sheets(service: Service, rows: int) -> list[list[Any]]:
    file = service.read(COUNTED.format(rows=rows), "excel", name="counted")
    book = workbook(file)
    for number, found in enumerate(book.worksheets, start=1):
        assert found.title == ("counted" if number == 1 else f"counted ({number})")
        assert found.freeze_panes == "A2"
        assert found.auto_filter.ref == f"A1:B{found.max_row}"
        assert found["A1"].font.bold
        assert found.column_dimensions["A"].width == book.worksheets[0].column_dimensions["A"].width
        assert not found.sheet_view.tabSelected or number == 1
    sheets_found = [list(found.iter_rows(values_only=True)) for found in book.worksheets]
    assert all(found[0] == ("n", "weekday") for found in sheets_found)
    return [found[1:] for found in sheets_found]


@pytest.mark.parametrize("rows", [1, 9, 10, 11, 20, 21, 35])
def test_the_rows_go_on_in_the_next_sheet(
    service: Service, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 10)
    found = rows_of_sheets(service, rows)
    assert [row for part in found for row in part] == [(n, n % 7) for n in range(1, rows + 1)]
    assert [len(part) for part in found] == [10] * (rows // 10) + [rows % 10] * (rows % 10 > 0)


def test_a_sheet_of_too_many_bytes_is_full_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """ZIP without ZIP64, which not every program reads, has room for 4 GiB."""
    monkeypatch.setattr(sheets, "MOST_BYTES", 200_000)
    found = rows_of_sheets(service, 12_000)
    assert len(found) > 1
    assert [row for part in found for row in part] == [(n, n % 7) for n in range(1, 12_001)]


def test_bytes_are_counted_as_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 100_000)
    writer = FORMATS["excel"].writer([Column("a", "c0", storage="text")], "report")
    chunk = writer.join([b"\xf5\xf6"] * 2_000)
    file = b"".join(writer.encode([chunk] * 10))
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        sizes = [info.file_size for info in package.infolist() if "worksheets" in info.filename]
    assert len(sizes) == 10
    assert max(sizes) < 200_000


@pytest.mark.torture
def test_a_really_full_sheet(service: Service) -> None:
    rows = 1_200_000
    file = service.read(COUNTED.format(rows=rows), "excel", name="counted")
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    assert book.sheet_names == ["counted", "counted (2)"]
    assert book.get_sheet_by_name("counted").height == 1_048_576
    expected = iter(range(1, rows + 1))
    for title in book.sheet_names:
        found = book.get_sheet_by_name(title).iter_rows()
        assert next(found) == ["n", "weekday"]
        for row in found:
            n = next(expected)
            assert row == [n, n % 7]
    assert next(expected, None) is None


def chunks(*sizes: int) -> Iterator[bytes]:
    number = 0
    for size in sizes:
        yield ROW_END.join(b"%d" % n for n in range(number, number + size))
        number += size


def test_a_sheet_has_1048576_rows_with_its_header() -> None:
    cutter = SheetCutter(chunks(1_000_000, 200_000))
    cutter.first_rows(1)
    rows = []
    while cutter.has_rows():
        for _ in cutter.next_sheet():
            pass
        rows.append(cutter.rows_in_sheet)
    assert rows == [1_048_575, 151_425]


def test_looking_at_the_first_rows_takes_none_away() -> None:
    for count, expected in ((0, 0), (1, 1), (5, 5), (6, 6), (7, 6), (100, 6)):
        cutter = SheetCutter(chunks(1, 2, 3))
        assert cutter.first_rows(count) == [b"%d" % n for n in range(expected)]
        assert ROW_END.join(chunk for chunk, _ in cutter.next_sheet()) == b"".join(chunks(6))
        assert cutter.rows_in_sheet == 6
        assert not cutter.has_rows()
    assert SheetCutter(iter(())).first_rows(5) == []


def test_even_blocks() -> None:
    whole = bytes(range(256)) * 4
    for size in (1, 7, 100, 1_024, 5_000):
        for cut in (1, 3, 100, 1_024):
            blocks = list(even_blocks((whole[n : n + cut] for n in range(0, 1_024, cut)), size))
            assert b"".join(blocks) == whole
            assert {len(block) for block in blocks[:-1]} <= {size}
            assert 0 < len(blocks[-1]) <= size
    assert list(even_blocks([], 5)) == list(even_blocks([b""], 5)) == []
