"""A real workbook (ECMA-376), streamed: only the rows that are being written are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from isal import isal_zlib
from stream_zip import ZIP_32, Method, stream_zip

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column
from aggregator.formats.excel.cells import row_sql
from aggregator.formats.excel.lengths import LONGEST_TEXT, refuse_long_texts, text_lengths
from aggregator.formats.excel.marks import MOST_STYLES, ROW_END
from aggregator.formats.excel.sheets import SheetCutter, even_blocks
from aggregator.formats.excel.workbook import WITH_MILLISECONDS, Skeleton, header_text, skeleton, style_of
from aggregator.formats.excel.xml import not_utf8, rows_xml

MOST_COLUMNS = 16_384
_MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
_FILE_MODE = 0o100644
_BLOCK_BYTES = 64 * 1024
_WIDTH_ROWS = 200
_NARROWEST, _WIDEST = 8.0, 60.0
_FIXED_WIDTHS = {"date": 12.0, "datetime": 24.0, "boolean": 9.0}

Member = tuple[str, datetime, int, Method, Iterable[bytes]]


class ExcelWriter:
    """Rows into the sheets of a workbook; the next sheet begins when one is full."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self._columns = columns
        self._name = name
        styles = {style_of(column) for column in columns} - {"General"}
        if any(column.type == "datetime" for column in columns):
            styles.add(WITH_MILLISECONDS)
        self._styles = ["General", *sorted(styles)]
        _refuse_unfit_columns(columns, self._styles)
        numbers = {style: number for number, style in enumerate(self._styles)}
        self.row_sql = row_sql(
            columns, [numbers[style_of(column)] for column in columns], numbers.get(WITH_MILLISECONDS, 0)
        )

    def join(self, rows: Sequence[bytes]) -> bytes:
        if max(map(len, rows)) > LONGEST_TEXT:
            refuse_long_texts(rows, self._columns)
        chunk = ROW_END.join(rows)
        if chunk.count(ROW_END) != len(rows) - 1:
            raise not_utf8()
        return chunk

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        workbook = _Workbook(self._columns, self._styles, self._name, SheetCutter(chunks))
        return iter(stream_zip(workbook.members(), get_compressobj=_fast_deflate))


class _Workbook:
    """One workbook on its way."""

    def __init__(
        self, columns: Sequence[Column], styles: Sequence[str], name: str, cutter: SheetCutter
    ) -> None:
        self._columns = columns
        self._styles = styles
        self._name = name
        self._cutter = cutter
        self._row_counts: list[int] = []
        self._widths: list[float] = []
        self._around = Skeleton(b"", (), {}, {})

    def members(self) -> Iterator[Member]:
        while self._cutter.has_rows() or not self._row_counts:
            sheet = f"xl/worksheets/sheet{len(self._row_counts) + 1}.xml"
            # The compressor's output depends on how its input is cut, and chunks come as time goes.
            yield _member(sheet, even_blocks(self._sheet(), _BLOCK_BYTES))
        for name, content in self._around.parts.items():
            yield _member(name, [content])

    def _sheet(self) -> Iterator[bytes]:
        if not self._widths:
            self._widths = _widths(self._columns, self._cutter.first_rows(_WIDTH_ROWS))
        self._around = self._skeleton([0])
        yield self._around.head
        before = b"<row>"
        for chunk, count in self._cutter.next_sheet():
            xml = rows_xml(chunk, count, self._columns, self._around.style_ids)
            self._cutter.bytes_in_sheet += len(xml)
            yield before + xml
            before = b"</row><row>"
        if before != b"<row>":
            yield b"</row>"
        self._row_counts.append(self._cutter.rows_in_sheet)
        self._around = self._skeleton(self._row_counts)
        yield self._around.tails[-1]

    def _skeleton(self, row_counts: Sequence[int]) -> Skeleton:
        return skeleton(self._columns, self._styles, self._name, self._widths, row_counts)


def _refuse_unfit_columns(columns: Sequence[Column], styles: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise UnfitValue(f"A sheet has {MOST_COLUMNS:,} columns at most; this report has {len(columns):,}.")
    if len(styles) > MOST_STYLES:
        raise UnfitValue(f"A workbook here shows {MOST_STYLES - 1} currencies at most; this report has more.")
    for column in columns:
        if len(header_text(column.name)) > LONGEST_TEXT:
            raise UnfitValue(f"The column {column.name[:40]}… has a longer name than Excel can show.")


def _widths(columns: Sequence[Column], rows: Sequence[bytes]) -> list[float]:
    lengths = [text_lengths(row) for row in rows]
    widths = []
    for index, column in enumerate(columns):
        longest = max((row[index] for row in lengths if index < len(row)), default=0)
        fixed = _FIXED_WIDTHS.get(column.type or "", 0.0)
        content = fixed or longest * 1.1 + (4 if column.type == "money" else 2)
        widths.append(min(max(content, len(column.name) * 1.2 + 4, _NARROWEST), _WIDEST))
    return widths


def _fast_deflate() -> Any:
    return isal_zlib.compressobj(level=1, wbits=-15)


def _member(name: str, content: Iterable[bytes]) -> Member:
    return name, _MADE_AT, _FILE_MODE, ZIP_32, content
