"""CSV as people have it: any delimiter and encoding, but quotes that are well-formed."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.formulas import unguarded
from aggregator.inputs.delimiters import check_delimiter, find_delimiter
from aggregator.inputs.encodings import find_encoding
from aggregator.inputs.limits import LONGEST_CELL, MOST_COLUMNS, MOST_IGNORED
from aggregator.inputs.lines import TextLines, TooMuchText, line_ends
from aggregator.inputs.matching import Matcher
from aggregator.inputs.options import Options
from aggregator.inputs.rows import Texts, columns_of, unstorable, whole_row
from aggregator.inputs.table import Batch

if TYPE_CHECKING:
    from _csv import Reader

_ROWS = 500
_BATCH_TEXT = 1_000_000
LONGEST_ROW = 7_000_000
"""Characters of a row that goes over many lines."""

_ZIP = b"PK\x03\x04"


class CsvTable:
    """A CSV file that has been opened; see Table."""

    def __init__(self, file: BinaryIO, matcher: Matcher, options: Options) -> None:
        csv.field_size_limit(LONGEST_CELL)
        file.seek(0)
        if file.read(4) == _ZIP:
            raise UnreadableInput(
                "The file is a zip or a workbook, not CSV; send it with its own media type."
            )
        encoding = find_encoding(file, options.encoding)
        self._lines = TextLines(file, encoding)
        if options.delimiter is not None:
            check_delimiter(options.delimiter)
        self._delimiter = options.delimiter or find_delimiter(self._lines, matcher)
        self._is_careful = False
        self._line = 1
        self._begin(self._line)
        header = self._header()
        self._width = len(header)
        self._positions = matcher.positions(header)
        found = set(self._positions)
        self.names: Sequence[str | None] = [
            None if place is None else header[place] for place in self._positions
        ]
        self.ignored: Sequence[str] = [name for i, name in enumerate(header) if name and i not in found][
            :MOST_IGNORED
        ]
        self.read_as = {"format": "csv", "encoding": encoding, "delimiter": self._delimiter}

    def batches(self) -> Iterator[Batch]:
        while rows := self._next_rows(_ROWS):
            first, self._line = self._line, self._lines_read() + 1
            if self._line - first == len(rows):
                lines: Sequence[int] = range(first, self._line)
            else:
                lines = _lines_of(rows, first)
            yield self._batch(rows, lines)

    def _begin(self, line: int) -> None:
        """Read on from a line on which a row begins."""
        self._line, self._skipped = line, line - 1
        self._reader = self._reader_of(self._lines_from(line), strict=True)

    def _lines_from(self, line: int) -> Iterator[str]:
        self._lines.may_give = None
        lines = iter(self._lines)
        for _ in islice(lines, line - 1):
            pass
        return lines

    def _reader_of(self, lines: Iterator[str], strict: bool) -> Reader:
        return csv.reader(lines, delimiter=self._delimiter, strict=strict)

    def _lines_read(self) -> int:
        return self._skipped + self._reader.line_num

    def _header(self) -> list[str]:
        while rows := self._next_rows(1):
            self._line = self._lines_read() + 1
            if not rows[0]:
                continue
            if len(rows[0]) > MOST_COLUMNS:
                raise TooLarge(f"Line {self._lines_read():,} has more than {MOST_COLUMNS:,} columns.")
            return [unguarded(name) for name in rows[0]]
        raise UnreadableInput("The file is empty.")

    def _next_rows(self, most: int) -> list[list[str]]:
        """Some rows, blank lines being empty ones; no more of them than what is in memory has lines.

        When these cannot be read, or go on and on, they are read again one by one.
        """
        if not self._is_careful:
            self._lines.may_give = self._lines.given + LONGEST_ROW
            waiting = self._lines.lines_given - self._lines_read()
            try:
                return list(islice(self._reader, min(most, max(waiting, 1))))
            except (csv.Error, TooMuchText):
                self._is_careful = True
                self._begin(self._line)
        return self._rows_one_by_one(most)

    def _rows_one_by_one(self, most: int) -> list[list[str]]:
        rows: list[list[str]] = []
        enough = self._lines.given + _BATCH_TEXT
        self._lines.may_give = enough + LONGEST_ROW
        try:
            for row in islice(self._reader, most):
                rows.append(row)
                if self._lines.given > enough:
                    break
        except (csv.Error, TooMuchText) as error:
            raise self._fault(error, self._line + sum(map(_lines_in, rows))) from None
        return rows

    def _fault(self, error: Exception, begins: int) -> UnreadableInput | TooLarge:
        """What is wrong with the row that begins on a line."""
        if isinstance(error, TooMuchText):
            return TooLarge(f"The row on line {begins:,} is longer than {LONGEST_ROW:,} characters.")
        if "field limit" in str(error):
            return TooLarge(
                f"The row on line {begins:,} has a cell of more than {LONGEST_CELL:,} characters. "
                "Is a quote not closed?"
            )
        if "unexpected end" in str(error):
            return UnreadableInput(
                f"The quote that begins on line {self._open_quote(begins):,} is never closed."
            )
        return UnreadableInput(
            f"Line {self._lines_read():,}: after a closing quote comes something other than the "
            "delimiter; a quote inside of a quoted cell is written twice."
        )

    def _open_quote(self, begins: int) -> int:
        """The line on which the last cell of the last row begins; the row begins on a given one."""
        rows = deque(self._reader_of(self._lines_from(begins), strict=False), maxlen=1)
        return begins + sum(map(line_ends, rows[0][:-1]))

    def _batch(self, rows: list[list[str]], lines: Sequence[int]) -> Batch:
        if set(map(len, rows)) == {self._width} and not self._lines.holds_nul:
            return Batch(lines, self._columns(rows))
        good: list[list[str]] = []
        good_lines: list[int] = []
        rejected: list[RejectedRow] = []
        for row, line in zip(rows, lines, strict=True):
            reason = self._reason(row)
            if reason:
                rejected.append(whole_row(line, reason))
            elif row:
                good.append(row)
                good_lines.append(line)
        return Batch(good_lines, self._columns(good), rejected)

    def _columns(self, rows: list[list[str]]) -> list[Texts]:
        """The wanted columns, without the apostrophes of our own CSV for Excel."""
        columns = columns_of(rows, self._positions)
        if not self._lines.holds_apostrophe:
            return columns
        return [[unguarded(text) if text and text[0] == "'" else text for text in each] for each in columns]

    def _reason(self, row: list[str]) -> str | None:
        if row and len(row) != self._width:
            return f"has {_cells(len(row))}, the header has {self._width:,}"
        return unstorable(row) if self._lines.holds_nul else None


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def _lines_in(row: Sequence[str]) -> int:
    return 1 + sum(map(line_ends, row))


def _lines_of(rows: Sequence[Sequence[str]], first: int) -> list[int]:
    lines = []
    for row in rows:
        lines.append(first)
        first += _lines_in(row)
    return lines
