"""The workbook around the rows: openpyxl writes it with one row, and the rows are put in its place."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from isal import isal_zlib
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from stream_zip import ZIP_32, Method, stream_zip

from aggregator.errors import UnrepresentableValue
from aggregator.formats.excel_rows import (
    LONGEST_TEXT,
    escaped_text,
    not_utf8,
    refuse_long_texts,
    rows_xml,
    text_lengths,
    utf16_length,
)
from aggregator.values.columns import Column
from aggregator.values.money import currency_format
from aggregator.values.rows import MOST_STYLES, ROW_END, ExcelRow

_FIXED_TIME = b"2000-01-01T00:00:00Z"
"""The same request gives the same bytes, so the workbook does not say when it was made."""

_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_SAMPLE_ROW = re.compile(rb'<row r="2".*?</row>', re.DOTALL)
_SAMPLE_STYLE = re.compile(rb'<c r="[A-Z]+2"(?: s="(\d+)")?')
_FORBIDDEN_IN_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_RESERVED_TITLE = "history"
_LONGEST_TITLE = 31

WITH_MILLISECONDS = "yyyy-mm-dd hh:mm:ss.000"
"""Of a moment between two seconds, which Excel would round to the next one."""

_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "percent": "0.00%"}


def style_of(column: Column) -> str:
    """The number format of a column's cells (ECMA-376 part 1, 18.8.31)."""
    if column.type == "money":
        return currency_format(column.currency)
    return _FORMATS.get(column.type or "", "General")


def sheet_title(name: str, number: int) -> str:
    """The title of the number-th sheet: at most 31 characters, and none that Excel forbids."""
    title = _FORBIDDEN_IN_TITLE.sub("-", name)
    ending = f" ({number})" if number > 1 else ""
    while utf16_length(title + ending) > _LONGEST_TITLE:
        title = title[:-1]
    title = title.strip("'") or "Sheet"
    return f"{title}-" if title.lower() == _RESERVED_TITLE and not ending else title + ending


def header_text(name: str) -> str:
    """A column's name as openpyxl has to be given it."""
    return escaped_text(name)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What stands around the rows of each sheet, and the files beside the sheets.

    head: a sheet's XML up to and with the header row; tails: for each sheet what follows the rows;
    parts: the other files of the package by name; style_ids: for each style its cell style.
    """

    head: bytes
    tails: tuple[bytes, ...]
    parts: dict[str, bytes]
    style_ids: dict[int, int]


def skeleton(
    columns: Sequence[Column],
    styles: Sequence[str],
    title: str,
    widths: Sequence[float],
    row_counts: Sequence[int],
) -> Skeleton:
    """A workbook with one sheet for each of the row counts, written by openpyxl and taken apart."""
    workbook = Workbook(write_only=True)
    for number, count in enumerate(row_counts, start=1):
        _add_sheet(workbook, sheet_title(title, number), columns, styles, widths, count)
    buffer = io.BytesIO()
    workbook.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        files = {name: package.read(name) for name in package.namelist()}
    sheets = [files.pop(f"xl/worksheets/sheet{n}.xml") for n in range(1, len(row_counts) + 1)]
    files["docProps/core.xml"] = _TIMES.sub(rb"\g<1>" + _FIXED_TIME, files["docProps/core.xml"])
    sample = _SAMPLE_ROW.search(sheets[0])
    ids = _SAMPLE_STYLE.findall(sample[0]) if sample else []
    halves = [_SAMPLE_ROW.split(_DIMENSION.sub(b"", sheet), maxsplit=1) for sheet in sheets]
    return Skeleton(
        head=halves[0][0],
        tails=tuple(half[1] for half in halves),
        parts=files,
        style_ids={number: int(ids[number] or 0) for number in range(len(styles))},
    )


def _add_sheet(
    workbook: Workbook,
    title: str,
    columns: Sequence[Column],
    styles: Sequence[str],
    widths: Sequence[float],
    row_count: int,
) -> None:
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{row_count + 1}"
    header = []
    for column in columns:
        cell = WriteOnlyCell(sheet, header_text(column.name))
        cell.data_type = "s"
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="top")
        header.append(cell)
    sheet.append(header)
    samples = []
    for number_format_ in styles:
        sample = WriteOnlyCell(sheet, 1)
        sample.number_format = number_format_
        samples.append(sample)
    sheet.append(samples)


MOST_ROWS = 1_048_576 - 1
"""Rows of a sheet (Excel's specifications and limits), without the header's."""

MOST_BYTES = 3 * 2**30
"""Bytes of a sheet's XML, so that it stays below ZIP's 4 GiB without ZIP64."""


class SheetCutter:
    """Chunks of rows, cut where a sheet is full.

    rows_in_sheet: how many rows the last sheet was given. bytes_in_sheet: how many bytes of XML they
    became; whoever writes them counts.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting: bytes | None = None
        self.rows_in_sheet = 0
        self.bytes_in_sheet = 0

    def first_rows(self, count: int) -> list[bytes]:
        """The rows that come next, `count` of them if there are so many; they stay where they are."""
        parts: list[bytes] = []
        found = 0
        while found < count and self.has_rows():
            part, self._waiting = self._waiting or b"", None
            parts.append(part)
            found += part.count(ROW_END) + 1
        if not parts:
            return []
        self._waiting = ROW_END.join(parts)
        return self._waiting.split(ROW_END, count)[:count]

    def has_rows(self) -> bool:
        """Whether there is anything for another sheet."""
        if self._waiting is None:
            self._waiting = next(self._chunks, None)
        return self._waiting is not None

    def next_sheet(self) -> Iterator[tuple[bytes, int]]:
        """The chunks of one sheet, of at most 1,048,575 rows, and how many rows each has."""
        self.rows_in_sheet = self.bytes_in_sheet = 0
        while self.rows_in_sheet < MOST_ROWS and self.bytes_in_sheet < MOST_BYTES and self.has_rows():
            chunk, self._waiting = self._waiting or b"", None
            rows = chunk.count(ROW_END) + 1
            room = MOST_ROWS - self.rows_in_sheet
            if rows > room:
                chunk, self._waiting = _cut(chunk, room)
                rows = room
            self.rows_in_sheet += rows
            yield chunk, rows


def even_blocks(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of one size, the last one smaller."""
    waiting: list[bytes] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length < size:
            continue
        whole = b"".join(waiting)
        end = length - length % size
        yield from (whole[start : start + size] for start in range(0, end, size))
        waiting, length = [whole[end:]], length - end
    if length:
        yield b"".join(waiting)


def _cut(chunk: bytes, rows: int) -> tuple[bytes, bytes]:
    parts = chunk.split(ROW_END, rows)
    return ROW_END.join(parts[:-1]), parts[-1]


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
        self.row = ExcelRow(
            tuple(columns),
            tuple(numbers[style_of(column)] for column in columns),
            numbers.get(WITH_MILLISECONDS, 0),
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
        raise UnrepresentableValue(
            f"A sheet has {MOST_COLUMNS:,} columns at most; this report has {len(columns):,}."
        )
    if len(styles) > MOST_STYLES:
        raise UnrepresentableValue(
            f"A workbook here shows {MOST_STYLES - 1} currencies at most; this report has more."
        )
    for column in columns:
        if len(header_text(column.name)) > LONGEST_TEXT:
            raise UnrepresentableValue(
                f"The column {column.name[:40]}… has a longer name than Excel can show."
            )


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
