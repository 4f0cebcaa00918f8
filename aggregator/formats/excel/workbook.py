"""The workbook around the rows: openpyxl writes it with one row, and the rows are put in its place."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from aggregator.formats.columns import Column
from aggregator.formats.currency import number_format
from aggregator.formats.excel.lengths import utf16_length
from aggregator.formats.excel.xml import escaped_text

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
        return number_format(column.currency)
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
