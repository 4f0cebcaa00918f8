"""CSV as people have it: any delimiter and encoding, but quotes that are well-formed."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.inputs.column_matching import HeaderTable, Matcher
from aggregator.inputs.table import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Batch,
    Notes,
    Options,
    Texts,
    all_filled,
    columns_of,
    is_blank,
    unstorable,
    whole_row,
)
from aggregator.inputs.text import TextLines, TooMuchText, find_encoding, find_header, line_ends
from aggregator.values.number_formats import unguarded

if TYPE_CHECKING:
    from _csv import Reader


_ROWS = 500
_BATCH_TEXT = 1_000_000
LONGEST_ROW = 7_000_000
"""Characters of a row that goes over many lines."""

_WRAPPED = re.compile(r'\s*=(?:"(?P<plain>(?:[^"]|"")*+)"|“(?P<curly>[^“”]*+)”)\s*')


class CsvTable(HeaderTable):
    """A CSV file that has been opened; see Table."""

    def __init__(self, file: BinaryIO, matcher: Matcher, options: Options) -> None:
        csv.field_size_limit(LONGEST_CELL)
        encoding, guess = find_encoding(file, options.encoding)
        self._lines = TextLines(file, encoding, is_guess=guess is not None)
        found = find_header(self._lines, matcher, options)
        self._delimiter = found.delimiter
        self._has_spaces = found.has_spaces
        self._is_careful = False
        self._line = found.line
        self._begin(found.line)
        header, line = self._read_header()
        notes = Notes()
        notes.guess(guess)
        super().__init__(header, line, found.skipped, matcher, notes)
        self._width = len(header)
        self._named = max((count for count, name in enumerate(header, start=1) if name), default=0)
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
        self._lines.max_characters = None
        lines = iter(self._lines)
        for _ in islice(lines, line - 1):
            pass
        return lines

    def _reader_of(self, lines: Iterator[str], strict: bool) -> Reader:
        spaces = self._has_spaces
        return csv.reader(lines, delimiter=self._delimiter, strict=strict, skipinitialspace=spaces)

    def _lines_read(self) -> int:
        return self._skipped + self._reader.line_num

    def _read_header(self) -> tuple[list[str], int]:
        """The names in the first row that is not blank, and its line."""
        while rows := self._next_rows(1):
            line, self._line = self._line, self._lines_read() + 1
            if is_blank(rows[0]):
                continue
            if len(rows[0]) > MOST_COLUMNS:
                raise TooLarge(f"Line {self._lines_read():,} has more than {MOST_COLUMNS:,} columns.")
            self._repeated = rows[0]
            return [_meant(name) or "" for name in rows[0]], line
        raise UnreadableInput("The file is empty.")

    def _next_rows(self, most: int) -> list[list[str]]:
        """Some rows, blank lines being empty ones; no more of them than what is in memory has lines.

        When these cannot be read, or go on and on, they are read again one by one.
        """
        if not self._is_careful:
            self._lines.max_characters = self._lines.characters_read + LONGEST_ROW
            waiting = self._lines.lines_read - self._lines_read()
            try:
                return list(islice(self._reader, min(most, max(waiting, 1))))
            except (csv.Error, TooMuchText):
                self._is_careful = True
                self._begin(self._line)
        return self._rows_one_by_one(most)

    def _rows_one_by_one(self, most: int) -> list[list[str]]:
        rows: list[list[str]] = []
        enough = self._lines.characters_read + _BATCH_TEXT
        self._lines.max_characters = enough + LONGEST_ROW
        try:
            for row in islice(self._reader, most):
                rows.append(row)
                if self._lines.characters_read > enough:
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
        is_even = set(map(len, rows)) == {self._width} == {self._named}
        if is_even and not self._lines.holds_nul and self._repeated not in rows:
            columns = columns_of(rows, self._positions)
            if all_filled(columns):
                return Batch(lines, self._texts(columns))
        good: list[list[str]] = []
        good_lines: list[int] = []
        rejected: list[RejectedRow] = []
        for row, line in zip(rows, lines, strict=True):
            if is_blank(row):
                continue
            if row == self._repeated and self._named > 1:
                self.notes.count("repeated", line)
                continue
            reason = self._reason(row)
            if reason:
                rejected.append(whole_row(line, reason))
            else:
                good.append(row if len(row) == self._width else self._fitted(row, line))
                good_lines.append(line)
        return Batch(good_lines, self._texts(columns_of(good, self._positions)), rejected)

    def _reason(self, row: list[str]) -> str | None:
        if len(row) > self._named and not is_blank(row[self._named :]):
            return f"has {len(row):,} cells, the header has {self._named:,}"
        if self._lines.holds_nul:
            return unstorable(row[index] for index in self._used if index < len(row))
        return None

    def _fitted(self, row: list[str], line: int) -> list[str]:
        """A row as wide as the header."""
        self.notes.count("short" if len(row) < self._named else "trailing", line)
        return [*row[: self._width], *[""] * (self._width - len(row))]

    def _texts(self, columns: list[Texts]) -> list[Texts]:
        if not self._lines.holds_marks:
            return columns
        return [[_meant(text) if text and text[0] in "'= " else text for text in texts] for texts in columns]


def _meant(text: str) -> str | None:
    """The text of a cell that is written as '=x, as in our own CSV for Excel, or as ="0049"."""
    if text[:1] == "'":
        return unguarded(text)
    match = _WRAPPED.fullmatch(text) if "=" in text else None
    if match is None:
        return text
    return (match["curly"] or (match["plain"] or "").replace('""', '"')) or None


def _lines_in(row: Sequence[str]) -> int:
    return 1 + sum(map(line_ends, row))


def _lines_of(rows: Sequence[Sequence[str]], first: int) -> list[int]:
    lines = []
    for row in rows:
        lines.append(first)
        first += _lines_in(row)
    return lines
