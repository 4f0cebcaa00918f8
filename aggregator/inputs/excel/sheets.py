"""The rows of a sheet, with what their cells show as texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from openpyxl.utils import column_index_from_string

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.excel.times import time_text
from aggregator.inputs.excel.workbook import CellFormat, Sheet, Workbook, text_of, unescaped
from aggregator.inputs.limits import LONGEST_CELL, shortened
from aggregator.inputs.numbers import number_text

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


@dataclass(frozen=True, slots=True)
class WrongCell:
    """A cell without a usable value: what it shows, and why."""

    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number from 1, its cells that are not empty by their places from 0, its characters."""

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
        for place, cell in self.cells.items():
            if place < width:
                shown[place] = cell.shown if isinstance(cell, WrongCell) else cell
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


def _row_number(given: str | None, before: int) -> int:
    number = before + 1
    if given is not None:
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0
    if not 0 < number <= MOST_ROWS:
        raise UnreadableInput(
            f"The workbook is damaged: after row {before:,} comes the row {(given or '')[:20]}."
        )
    return number


def _row(workbook: Workbook, element: Element, number: int) -> Row:
    cell_tag = element.tag.removesuffix("row") + "c"
    cells: dict[int, str | WrongCell] = {}
    place, length = -1, 0
    for cell in element:
        if cell.tag != cell_tag:
            continue
        place = _place(cell.get("r"), place)
        try:
            value = _value(workbook, cell)
        except (ValueError, IndexError):
            raise UnreadableInput(
                f"The workbook is damaged: row {number:,} has a cell without sense."
            ) from None
        if value:
            cells[place] = value
            length += len(value) if isinstance(value, str) else 0
            if length > LONGEST_CELL:
                raise TooLarge(f"Row {number:,} has more than {LONGEST_CELL:,} characters.")
    return Row(number, cells, length, element.get("hidden") in _TRUE)


def _place(reference: str | None, before: int) -> int:
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
