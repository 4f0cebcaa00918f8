"""A sheet of an Excel workbook as a table: rows as they stand in the file, and dates stored as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import chain, dropwhile, islice
from typing import BinaryIO
from xml.etree.ElementTree import Element

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.inputs.column_matching import HeaderTable, Matcher
from aggregator.inputs.table import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Batch,
    Notes,
    Options,
    Texts,
    columns_of,
    number_text,
    shortened,
    unstorable,
    whole_row,
)
from aggregator.inputs.text import SEARCHED, best_row
from aggregator.inputs.workbook import Archive, CellFormat, Sheet, Style, Workbook, text_of, unescaped

_MIDNIGHT = time()
_NO_DAY = 60
"""Excel's 29 February 1900, which did not exist."""

MOST_ROWS = 1_048_576
"""Of a sheet, as in every spreadsheet program."""

MOST_CELLS = 20_000_000
"""Of a sheet, the empty ones included: each takes time, as a row does."""

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?[0-9]{1,7}")
_NOT_CALCULATED = "holds a formula that was never calculated; open the workbook in Excel and save it"
_LONGEST_SHOWN = 200
_TRUE = {"1", "true"}
_CONSTANT = re.compile('"(?:[^"]|"")*"')
_WHOLE_NUMBER = re.compile("-?(0|[1-9][0-9]*)")
_PRECISION = ".15g"
"""Excel shows and compares 15 significant digits; a sum in a cell has noise behind them."""

_ROWS = 500
_BATCH_TEXT = 1_000_000
_MOST_SHEETS_SHOWN = 20


def time_text(number: float, style: Style, epoch: datetime) -> str | None:
    """A day, an instant or a time as ISO 8601, a duration as hours:minutes:seconds; None for what is none.

    A number below one is a time of the day. A day in a format without hours has no midnight.
    """
    if style != "duration" and (number < 0 or (int(number) == _NO_DAY and epoch == WINDOWS_EPOCH)):
        return None
    try:
        value = from_excel(number, epoch, timedelta=style == "duration")
    except (OverflowError, ValueError):
        return None
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, datetime) and style == "date" and value.time() == _MIDNIGHT:
        return value.date().isoformat()
    return value.isoformat() if value is not None else None


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta() else ""
    value = abs(value)
    minutes, seconds = divmod(value.days * 86_400 + value.seconds, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


@dataclass(frozen=True, slots=True)
class WrongCell:
    """A cell without a usable value: what it shows, and why."""

    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number from 1, its cells that are not empty by their indexes from 0, its characters."""

    number: int
    cells: dict[int, str | WrongCell]
    length: int
    is_hidden: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but white space."""
        return all(isinstance(cell, str) and not cell.strip() for cell in self.cells.values())

    @property
    def width(self) -> int:
        """The number of cells up to the last one that is not empty."""
        return max(self.cells) + 1

    @property
    def shown(self) -> str:
        """Its cells in one line."""
        return shortened(" ".join(filter(None, self.texts(self.width))), _LONGEST_SHOWN)

    def texts(self, width: int) -> list[str]:
        """What is shown in each of so many cells."""
        shown = [""] * width
        for index, cell in self.cells.items():
            if index < width:
                shown[index] = cell.shown if isinstance(cell, WrongCell) else cell
        return shown


def rows_of(workbook: Workbook, sheet: Sheet) -> Iterator[Row]:
    """The rows that stand in the file; its own word on how many there are is not believed."""
    number = cells = 0
    for count, element in enumerate(workbook.archive.elements(sheet.part, "row"), start=1):
        if count > MOST_ROWS:
            raise TooLarge(f"The sheet has more than {MOST_ROWS:,} rows.")
        cells += len(element)
        if cells > MOST_CELLS:
            raise TooLarge(
                f"The sheet has more than {MOST_CELLS:,} cells, including empty ones. Delete its empty rows "
                "and columns, or split it."
            )
        number = _row_number(element.get("r"), number)
        yield _row(workbook, element, number)


def _row_number(text: str | None, before: int) -> int:
    number = before + 1
    if text is not None:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    if not 0 < number <= MOST_ROWS:
        raise UnreadableInput(
            f"The workbook is damaged: after row {before:,} comes the row {(text or '')[:20]}."
        )
    return number


def _row(workbook: Workbook, element: Element, number: int) -> Row:
    cell_tag = element.tag.removesuffix("row") + "c"
    cells: dict[int, str | WrongCell] = {}
    index, length = -1, 0
    for cell in element:
        if cell.tag != cell_tag:
            continue
        index = _column_index(cell.get("r"), index)
        try:
            value = _value(workbook, cell)
        except (ValueError, IndexError):
            raise UnreadableInput(f"The workbook is damaged: row {number:,} has an invalid cell.") from None
        if value:
            cells[index] = value
            length += len(value) if isinstance(value, str) else 0
            if length > LONGEST_CELL:
                raise TooLarge(f"Row {number:,} has more than {LONGEST_CELL:,} characters.")
    return Row(number, cells, length, element.get("hidden") in _TRUE)


def _column_index(reference: str | None, before: int) -> int:
    if reference is None:
        return before + 1
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise UnreadableInput(f"The workbook is damaged: it has a cell {reference[:20]}.")
    return column_index_from_string(match[1]) - 1


def _value(workbook: Workbook, cell: Element) -> str | WrongCell | None:
    namespace = cell.tag.removesuffix("c")
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find(namespace + "is")
        return None if inline is None else text_of(inline)
    shown = cell.findtext(namespace + "v")
    if not shown:
        formula = cell.findtext(namespace + "f") if kind == "n" else None
        if formula and _CONSTANT.fullmatch(formula):
            return formula[1:-1].replace('""', '"')
        return WrongCell(f"={formula}"[:40], _NOT_CALCULATED) if formula else None
    if kind == "s":
        return workbook.strings[_index(shown)]
    if kind == "n":
        return _number(workbook, shown.strip(), _index(cell.get("s", "0")))
    if kind == "b":
        return "true" if shown.strip() in _TRUE else "false"
    return WrongCell(shown, "is an error") if kind == "e" else unescaped(shown)


def _number(workbook: Workbook, shown: str, style_id: int) -> str | WrongCell | None:
    if not shown:
        return None
    format = workbook.formats[style_id] if style_id < len(workbook.formats) else CellFormat()
    if format.style != "number":
        text = time_text(float(shown), format.style, workbook.epoch)
        return text or WrongCell(shown[:40], "is formatted as a date, but is not a date")
    if not _WHOLE_NUMBER.fullmatch(shown):
        number = float(shown)
        if number != number or number in {float("inf"), float("-inf")}:
            return WrongCell(shown[:40], "is not a number")
        shown = number_text(f"{number:{_PRECISION}}")
    if format.is_share:
        return f"{number_text(str(Decimal(shown).scaleb(2)))}%"
    if format.digits and _WHOLE_NUMBER.fullmatch(shown):
        shown = shown.zfill(format.digits + shown.startswith("-"))
    return shown


def _index(text: str) -> int:
    index = int(text)
    if index < 0:
        raise ValueError
    return index


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
        notes.add(f"Sheet {_shown(chosen.sheet)} was read. The workbook also has: {listed}.")
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


class SheetTable(HeaderTable):
    """A sheet with a row that holds the names of the columns; see Table."""

    def __init__(self, found: _Found, matcher: Matcher, notes: Notes) -> None:
        header = found.header
        self._rows = found.below
        self._width = header.width
        if self._width > MOST_COLUMNS:
            raise TooLarge(f"Row {header.number:,} has more than {MOST_COLUMNS:,} columns.")
        self._header_cells = header.cells
        skipped = [(row.number, row.shown) for row in found.above]
        super().__init__(header.texts(self._width), header.number, skipped, matcher, notes)
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
        for index, cell in row.cells.items():
            if isinstance(cell, WrongCell):
                if index in self._used:
                    wrong.append(RejectedRow(row.number, self._header[index], cell.shown, cell.reason))
            elif index < self._width:
                texts[index] = cell
            elif cell.strip():
                letter, last = get_column_letter(index + 1), get_column_letter(self._width)
                return whole_row(
                    row.number, f"has a value in column {letter}, and the header ends with column {last}"
                )
        reason = unstorable(texts[index] for index in self._used)
        return whole_row(row.number, reason) if reason else texts
