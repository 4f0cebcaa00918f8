"""Workbooks (ECMA-376, .xlsx): one sheet as a table, read row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.inputs.excel.archive import Archive
from aggregator.inputs.excel.sheets import Row, WrongCell, rows_of
from aggregator.inputs.excel.workbook import Sheet, Workbook
from aggregator.inputs.limits import MOST_COLUMNS, MOST_IGNORED, shortened
from aggregator.inputs.matching import Matcher
from aggregator.inputs.options import Options
from aggregator.inputs.rows import Texts, columns_of, unstorable, whole_row
from aggregator.inputs.table import Batch

_ROWS = 500
_BATCH_TEXT = 1_000_000


def open_excel(file: BinaryIO, matcher: Matcher, options: Options) -> SheetTable:
    """The wanted sheet of a workbook, or the first with cells. Raises UnreadableInput or TooLarge."""
    workbook = Workbook(Archive(file))
    for sheet in _candidates(workbook, options.sheet):
        rows = (row for row in rows_of(workbook, sheet) if row.cells)
        header = next(rows, None)
        if header:
            return SheetTable(sheet, header, rows, matcher)
    raise UnreadableInput(
        f"The sheet {options.sheet} is empty." if options.sheet else "The workbook is empty."
    )


def sheet_names(file: BinaryIO) -> list[str]:
    """The names of a workbook's sheets. Raises UnreadableInput or TooLarge."""
    return [sheet.name for sheet in Workbook(Archive(file)).sheets]


def _candidates(workbook: Workbook, name: str | None) -> Sequence[Sheet]:
    if name is None:
        return workbook.sheets
    for key in (str, str.casefold):
        found = [sheet for sheet in workbook.sheets if key(sheet.name) == key(name)]
        if found:
            return found
    names = ", ".join(shortened(sheet.name) for sheet in workbook.sheets[:20])
    raise UnreadableInput(f"The workbook has no sheet {shortened(name)}; it has: {names}.")


class SheetTable:
    """A sheet whose first row that is not empty holds the names of the columns; see Table."""

    def __init__(self, sheet: Sheet, header: Row, rows: Iterator[Row], matcher: Matcher) -> None:
        self._rows = rows
        self._width = max(header.cells) + 1
        if self._width > MOST_COLUMNS:
            raise TooLarge(f"Row {header.number:,} has more than {MOST_COLUMNS:,} columns.")
        self._header = ["" for _ in range(self._width)]
        for place, cell in header.cells.items():
            self._header[place] = cell.shown if isinstance(cell, WrongCell) else cell
        self._positions = matcher.positions(self._header)
        found = set(self._positions)
        self.names: Sequence[str | None] = [
            None if place is None else self._header[place] for place in self._positions
        ]
        self.ignored: Sequence[str] = [
            name for i, name in enumerate(self._header) if name and i not in found
        ][:MOST_IGNORED]
        self.read_as = {"format": "excel", "sheet": sheet.name}

    def batches(self) -> Iterator[Batch]:
        """The rows below the header, without the empty ones."""
        while True:
            good: list[Texts] = []
            lines: list[int] = []
            rejected: list[RejectedRow] = []
            length = 0
            for row in self._rows:
                texts = self._texts(row)
                if isinstance(texts, RejectedRow):
                    rejected.append(texts)
                else:
                    good.append(texts)
                    lines.append(row.number)
                length += row.length
                if len(good) + len(rejected) >= _ROWS or length > _BATCH_TEXT:
                    break
            if not good and not rejected:
                return
            yield Batch(lines, columns_of(good, self._positions), rejected)

    def _texts(self, row: Row) -> Texts | RejectedRow:
        texts: list[str | None] = [None] * self._width
        for place, cell in row.cells.items():
            if place >= self._width:
                return whole_row(
                    row.number, f"has a value in its cell {place + 1:,}, the header has {self._width:,} cells"
                )
            if isinstance(cell, WrongCell):
                return RejectedRow(row.number, self._header[place] or None, cell.shown, cell.reason)
            texts[place] = cell
        reason = unstorable(texts)
        return whole_row(row.number, reason) if reason else texts
