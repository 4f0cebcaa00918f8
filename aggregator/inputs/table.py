"""What each reader of a file returns: a Table of Batches; the limits of one row; the notes about a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal, Protocol

from aggregator.errors import RejectedRow

LONGEST_LINE = 1_000_000
"""Characters of a line of text, its end not counted."""

LONGEST_CELL = 1_000_000
"""Characters of a cell."""

LONGEST_ITEM = 1_000_000
"""Characters of one object of a JSON array."""

MOST_COLUMNS = 2_000
MOST_IGNORED = 100
"""Names of unknown columns that are kept for the answer."""

DEEPEST_JSON = 100
"""Levels of arrays and objects in each other."""

FileType = Literal["csv", "json", "ndjson", "excel"]
MOST_HEADER_LINE = 10_000
RowRemark = Literal["short", "trailing", "repeated", "hidden"]

_OF_ROWS: dict[RowRemark, tuple[str, str, str]] = {
    "short": ("has", "have", "fewer cells than the header. The missing cells are empty."),
    "trailing": ("ends", "end", "with more or fewer delimiters than the header. No value is affected."),
    "repeated": ("repeats", "repeat", "the header. Such rows are skipped."),
    "hidden": ("is", "are", "hidden or filtered in the workbook. Hidden rows are read like all others."),
}

_MOST_ZEROS = 30
Texts = Sequence[str | None]


def shortened(text: str, most: int = 40) -> str:
    """A text from a file as it is shown in a message."""
    return text if len(text) <= most else text[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be understood; None stands for: find it.

    delimiter: one character between the cells of a line. encoding: the name of a text encoding.
    sheet: the name of a workbook's sheet. header_line: the line, or a sheet's row, with the names of the
    columns, from 1. date_order: whether the day or the month comes first; as the endpoint says when None.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_line: int | None = None
    date_order: Literal["dmy", "mdy"] | None = None


class Notes:
    """The remarks about one file. unit: what a row's number counts, `line` or `row`.

    skipped: number and text of what stands above the header and is not blank.
    """

    def __init__(self, unit: Literal["line", "row"] = "line") -> None:
        self._unit = unit
        self._sentences: list[str] = []
        self._rows: dict[RowRemark, list[int]] = {}
        self.skipped: Sequence[tuple[int, str]] = ()

    def add(self, sentence: str) -> None:
        """Add a sentence about the file as a whole."""
        self._sentences.append(sentence)

    def guess(self, sentence: str | None) -> None:
        """Add, before all others, what was guessed about the encoding, if it was."""
        if sentence is not None:
            self._sentences.insert(0, sentence)

    def skip(self, header: int, skipped: Sequence[tuple[int, str]]) -> None:
        """Remember what stands above the header, and note that it was skipped."""
        self.skipped = skipped
        if skipped:
            lines = f"{self._unit} above it was" if len(skipped) == 1 else f"{self._unit}s above it were"
            self.add(f"The header is on {self._unit} {header:,}; {len(skipped):,} {lines} skipped.")

    def count(self, remark: RowRemark, line: int) -> None:
        """One more row with a remark."""
        counted = self._rows.setdefault(remark, [0, line])
        counted[0] += 1

    def sentences(self) -> list[str]:
        """All of them; complete when the rows were read to their end."""
        return [*self._sentences, *(self._of_rows(remark, *self._rows[remark]) for remark in self._rows)]

    def _of_rows(self, remark: RowRemark, count: int, first: int) -> str:
        one, many, rest = _OF_ROWS[remark]
        if count == 1:
            return f"1 row ({self._unit} {first:,}) {one} {rest}"
        return f"{count:,} rows (the first on {self._unit} {first:,}) {many} {rest}"


def number_text(number: str) -> str:
    """A number of JSON or Python, without an exponent where that is short: 1.50 is 1.5, 1e3 is 1000."""
    if "e" in number or "E" in number:
        try:
            decimal = Decimal(number)
        except InvalidOperation:
            return number
        if abs(decimal.adjusted()) > _MOST_ZEROS:
            return number
        number = format(decimal, "f")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return "0" if number == "-0" else number


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows.

    lines: of each row the line of the file on which it begins, from 1; of a sheet its row, of JSON the
    number of the item. columns: for each wanted column, in their order, its text in each row; None where
    it is empty, null, or not in the file. rejected: what is no row, such as a line with too many cells;
    those are not among the others. wrong: cells of the others that have no value, such as #N/A in a sheet;
    they are None in their columns.
    """

    lines: Sequence[int]
    columns: Sequence[Sequence[str | None]]
    rejected: Sequence[RejectedRow] = ()
    wrong: Sequence[RejectedRow] = ()


class Table(Protocol):
    """A file that has been opened and whose columns are known.

    names: for each wanted column, in their order, the name that it has in the file, None when it is not
    there. ignored: the file's other columns. read_as: format, encoding, delimiter, sheet: how the file was
    understood, for the answer. notes: what was read with a remark; complete after the last row.
    header_line: where the names stand, 0 in a file without such a line.
    """

    names: Sequence[str | None]
    ignored: Sequence[str]
    read_as: dict[str, str]
    notes: Notes
    header_line: int

    def batches(self) -> Iterator[Batch]:
        """The rows from the first to the last, once. Raises UnreadableInput or TooLarge."""


def columns_of(
    rows: Sequence[Sequence[str | None]], positions: Sequence[int | None]
) -> list[Sequence[str | None]]:
    """Each wanted column of rows that have all the same width; what is empty is None."""
    empty: Texts = (None,) * len(rows)
    columns = list(zip(*rows, strict=False))
    return [empty if index is None or not rows else _emptied(columns[index]) for index in positions]


def _emptied(texts: tuple[str | None, ...]) -> Texts:
    return texts if all(texts) else [text or None for text in texts]


def unstorable(texts: Iterable[str | None]) -> str | None:
    """Why a text cannot be kept, if there is one that cannot: a NUL character or half of a character."""
    for text in texts:
        if text is None:
            continue
        if "\x00" in text:
            return "holds a NUL character"
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return "holds half of a character"
    return None


def all_filled(columns: Iterable[Texts]) -> bool:
    """Whether no row can be blank, because one of the columns has a text in each."""
    return any(None not in texts and all(map(str.strip, texts)) for texts in columns)  # type: ignore[arg-type]


def is_blank(row: Iterable[str | None]) -> bool:
    """Whether a row holds nothing but white space."""
    return not "".join(filter(None, row)).strip()


def whole_row(line: int, reason: str) -> RejectedRow:
    """A row that is rejected as a whole."""
    return RejectedRow(line, None, None, reason)
