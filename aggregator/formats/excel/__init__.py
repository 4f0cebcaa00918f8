"""A real workbook (ECMA-376), streamed: only the row that is being written is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from isal import isal_zlib
from stream_zip import ZIP_32, Method, stream_zip

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column
from aggregator.formats.excel.cells import (
    LONGEST_TEXT,
    ROW_END,
    refuse_long_texts,
    row_sql,
    rows_xml,
    text_lengths,
)
from aggregator.formats.excel.sheets import SheetCutter
from aggregator.formats.excel.workbook import Skeleton, skeleton, style_of

MOST_COLUMNS = 16_384
_MADE_AT = datetime(2000, 1, 1)
_FILE_MODE = 0o100644
_WIDTH_ROWS = 200
_NARROWEST, _WIDEST = 8.0, 60.0
_FIXED_WIDTHS = {"date": 12.0, "datetime": 20.0, "boolean": 9.0}

Member = tuple[str, datetime, int, Method, Iterable[bytes]]


class ExcelWriter:
    """Rows into the sheets of a workbook; the next sheet begins when one is full."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        if len(columns) > MOST_COLUMNS:
            raise UnfitValue(
                f"A sheet has {MOST_COLUMNS:,} columns at most; this report has {len(columns):,}."
            )
        self._columns = columns
        self._name = name
        self._styles = sorted({style_of(column) for column in columns} | {"General"})
        self.row_sql = row_sql(columns, [self._styles.index(style_of(column)) for column in columns])

    def join(self, rows: Sequence[bytes]) -> bytes:
        if max(map(len, rows)) > LONGEST_TEXT:
            for row in rows:
                refuse_long_texts(row, self._columns)
        return ROW_END.join(rows)

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return iter(stream_zip(self._members(SheetCutter(chunks)), get_compressobj=_fast_deflate))

    def _members(self, cutter: SheetCutter) -> Iterator[Member]:
        widths = self._widths(cutter.first_chunk())
        first = self._skeleton(widths, [0])
        row_counts: list[int] = []
        while cutter.has_rows() or not row_counts:
            sheet = f"xl/worksheets/sheet{len(row_counts) + 1}.xml"
            yield _member(sheet, self._sheet(cutter, first, widths, row_counts))
        last = self._skeleton(widths, row_counts)
        for name, content in last.parts.items():
            yield _member(name, [content])

    def _sheet(
        self, cutter: SheetCutter, first: Skeleton, widths: Sequence[float], row_counts: list[int]
    ) -> Iterator[bytes]:
        yield first.head
        before = b"<row>"
        for chunk in cutter.next_sheet():
            yield before + rows_xml(chunk, len(self._columns), first.style_ids)
            before = b"</row><row>"
        if before != b"<row>":
            yield b"</row>"
        row_counts.append(cutter.rows_in_sheet)
        yield self._skeleton(widths, row_counts).tails[-1]

    def _skeleton(self, widths: Sequence[float], row_counts: Sequence[int]) -> Skeleton:
        return skeleton(self._columns, self._styles, self._name, widths, row_counts)

    def _widths(self, chunk: bytes) -> list[float]:
        lengths = [text_lengths(row) for row in chunk.split(ROW_END)[:_WIDTH_ROWS]] if chunk else []
        widths = []
        for index, column in enumerate(self._columns):
            longest = max((row[index] for row in lengths if index < len(row)), default=0)
            fixed = _FIXED_WIDTHS.get(column.type or "", 0.0)
            content = fixed or longest * 1.1 + (4 if column.type == "money" else 2)
            widths.append(min(max(content, len(column.name) * 1.2 + 4, _NARROWEST), _WIDEST))
        return widths


def _fast_deflate() -> Any:
    return isal_zlib.compressobj(level=1, wbits=-15)


def _member(name: str, content: Iterable[bytes]) -> Member:
    return name, _MADE_AT, _FILE_MODE, ZIP_32, content
