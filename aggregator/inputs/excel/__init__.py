"""Workbooks (ECMA-376, .xlsx): one sheet as a table, read row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from typing import BinaryIO

from openpyxl.utils import get_column_letter

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.inputs.excel.archive import Archive
from aggregator.inputs.excel.sheets import Row, WrongCell, rows_of
from aggregator.inputs.excel.workbook import Sheet, Workbook
from aggregator.inputs.header import SEARCHED, best_row
from aggregator.inputs.limits import MOST_COLUMNS, MOST_IGNORED, shortened
from aggregator.inputs.matching import Matcher
from aggregator.inputs.notes import Notes
from aggregator.inputs.options import Options
from aggregator.inputs.rows import Texts, columns_of, unstorable, whole_row
from aggregator.inputs.table import Batch

_ROWS = 500
_BATCH_TEXT = 1_000_000
_MOST_SHEETS_SHOWN = 20


def open_excel(file: BinaryIO, matcher: Matcher, options: Options) -> SheetTable:
    """The wanted sheet of a workbook, or the first visible one that has the columns.

    Where none has all that are required it is the one with the most. Raises UnreadableInput or TooLarge.
    """
    workbook = Workbook(Archive(file))
    chosen: _Found | None = None
    for sheet in _candidates(workbook, options.sheet):
        found = _look(workbook, sheet, matcher, options.header_line)
        if found is None:
            continue
        if matcher.is_complete(found.columns):
            chosen = found
            break
        if chosen is None or len(found.columns) > len(chosen.columns):
            chosen = found
    if chosen is None:
        raise UnreadableInput(_nothing_found(options))
    notes = Notes("row")
    others = [each for each in workbook.sheets if each is not chosen.sheet]
    if others and options.sheet is None:
        listed = ", ".join(map(_shown, others[:_MOST_SHEETS_SHOWN]))
        notes.say(f"Sheet {_shown(chosen.sheet)} was read. The workbook also has: {listed}.")
    return SheetTable(chosen, matcher, notes)


def sheet_names(file: BinaryIO) -> list[str]:
    """The names of a workbook's sheets. Raises UnreadableInput or TooLarge."""
    return [sheet.name for sheet in Workbook(Archive(file)).sheets]


def _candidates(workbook: Workbook, name: str | None) -> Sequence[Sheet]:
    if name is None:
        visible = [sheet for sheet in workbook.sheets if not sheet.is_hidden]
        return visible or workbook.sheets
    for key in (str, str.casefold):
        found = [sheet for sheet in workbook.sheets if key(sheet.name) == key(name)]
        if found:
            return found
    names = ", ".join(map(_shown, workbook.sheets[:_MOST_SHEETS_SHOWN]))
    raise UnreadableInput(f'The workbook has no sheet "{shortened(name)}"; it has: {names}.')


def _shown(sheet: Sheet) -> str:
    return f'"{shortened(sheet.name)}"' + (" (hidden)" if sheet.is_hidden else "")


def _nothing_found(options: Options) -> str:
    where = f'The sheet "{shortened(options.sheet)}"' if options.sheet else "The workbook"
    if options.header_line is None:
        return f"{where} is empty."
    return f"{where} has nothing in row {options.header_line:,}, so that row cannot be the header."


@dataclass(frozen=True, slots=True)
class _Found:
    """A sheet with its header. columns: the wanted ones that are in it; above: the rows above it."""

    sheet: Sheet
    header: Row
    columns: set[int]
    above: Sequence[Row]
    below: Iterator[Row]


def _look(workbook: Workbook, sheet: Sheet, matcher: Matcher, header_line: int | None) -> _Found | None:
    """The header of a sheet; None for a sheet without one."""
    rows: Iterator[Row] = (row for row in rows_of(workbook, sheet) if not row.is_blank)
    if header_line is not None:
        rows = dropwhile(lambda row: row.number < header_line, rows)
    first = list(islice(rows, SEARCHED if header_line is None else 1))
    if not first or header_line not in (None, first[0].number):
        return None
    names = [row.texts(min(row.width, MOST_COLUMNS)) for row in first]
    at = best_row(matcher, names)
    below = chain(first[at + 1 :], rows)
    return _Found(sheet, first[at], matcher.found(names[at]), first[:at], below)


class SheetTable:
    """A sheet with a row that holds the names of the columns; see Table."""

    def __init__(self, found: _Found, matcher: Matcher, notes: Notes) -> None:
        header = found.header
        self._rows = found.below
        self._width = header.width
        if self._width > MOST_COLUMNS:
            raise TooLarge(f"Row {header.number:,} has more than {MOST_COLUMNS:,} columns.")
        self.header_line = header.number
        self.notes = notes
        notes.skip(header.number, [(row.number, row.shown) for row in found.above])
        self._header = header.texts(self._width)
        self._header_cells = header.cells
        self._positions = matcher.positions(self._header, notes.sentences())
        self._wanted = {place for place in self._positions if place is not None}
        self.names: Sequence[str | None] = [
            None if place is None else self._header[place] for place in self._positions
        ]
        self.ignored: Sequence[str] = [
            name for place, name in enumerate(self._header) if name and place not in self._wanted
        ][:MOST_IGNORED]
        self.read_as = {"format": "excel", "sheet": found.sheet.name}

    def batches(self) -> Iterator[Batch]:
        """The rows below the header, without the empty ones."""
        while True:
            good: list[Texts] = []
            lines: list[int] = []
            rejected: list[RejectedRow] = []
            wrong: list[RejectedRow] = []
            length = 0
            for row in self._rows:
                if row.cells == self._header_cells and len(row.cells) > 1:
                    self.notes.count("repeated", row.number)
                    continue
                if row.is_hidden:
                    self.notes.count("hidden", row.number)
                texts = self._texts(row, wrong)
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
            yield Batch(lines, columns_of(good, self._positions), rejected, wrong)

    def _texts(self, row: Row, wrong: list[RejectedRow]) -> Texts | RejectedRow:
        """The text of each cell, or why it is no row. Cells without a value are added to `wrong`."""
        texts: list[str | None] = [None] * self._width
        for place, cell in row.cells.items():
            if isinstance(cell, WrongCell):
                if place in self._wanted:
                    wrong.append(RejectedRow(row.number, self._header[place], cell.shown, cell.reason))
            elif place < self._width:
                texts[place] = cell
            elif cell.strip():
                letter, last = get_column_letter(place + 1), get_column_letter(self._width)
                return whole_row(
                    row.number, f"has a value in column {letter}, and the header ends with column {last}"
                )
        reason = unstorable(texts[place] for place in self._wanted)
        return whole_row(row.number, reason) if reason else texts
