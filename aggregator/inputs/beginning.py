"""The beginning of a file with all of its columns, to be looked at before anything is done with it."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from aggregator.errors import RejectedRow
from aggregator.inputs.encodings import find_encoding
from aggregator.inputs.excel import sheet_names
from aggregator.inputs.limits import MOST_COLUMNS
from aggregator.inputs.matching import Matcher
from aggregator.inputs.notes import Notes
from aggregator.inputs.options import Kind, Options
from aggregator.inputs.reading import OPENERS
from aggregator.inputs.rows import Texts
from aggregator.inputs.table import Table

_ENCODING_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Beginning:
    """names: of the file's columns, from the left. rows: the first, each with its line and the text of
    each column; rejected: those of the first that are none; wrong: their cells without a value. read_as: how
    the file was understood.
    header_line: where the names stand, 0 in a file without such a line. notes: remarks about the first rows,
    and what was skipped above the header. sheets: of a workbook, their names.
    """

    names: Sequence[str]
    rows: Sequence[tuple[int, Texts]]
    rejected: Sequence[RejectedRow]
    wrong: Sequence[RejectedRow]
    read_as: Mapping[str, str]
    header_line: int
    notes: Notes
    sheets: Sequence[str] | None = None


def read_beginning(
    file: BinaryIO,
    kind: Kind,
    wanted: Mapping[str, Sequence[str]],
    options: Options,
    most_rows: int,
    required: Collection[str] = (),
) -> Beginning:
    """The first rows of a seekable file, and what it is taken for.

    wanted, required: as for `read_table`. The beginning alone tells the encoding. Raises UnreadableInput or
    TooLarge.
    """
    if kind in ("json", "ndjson"):
        seen = _SeenNames(wanted)
        OPENERS[kind](file, seen, options)
        names = list(seen.names)
        table = OPENERS[kind](file, _ExactNames(dict.fromkeys(names, ())), options)
    else:
        every = _EveryColumn(wanted, required)
        guess = None
        if kind == "csv":
            encoding, guess = _encoding(file, options)
            options = replace(options, encoding=encoding)
        table = OPENERS[kind](file, every, options)
        table.notes.guess(guess)
        names = every.header
    sheets = sheet_names(file) if kind == "excel" else None
    rows, rejected, wrong = _first_rows(table, most_rows)
    # Python has other names for encodings that are said than those that are found.
    said = {"encoding": options.encoding} if options.encoding and kind == "csv" else {}
    read_as = table.read_as | said
    return Beginning(names, rows, rejected, wrong, read_as, table.header_line, table.notes, sheets)


class _EveryColumn(Matcher):
    """Takes every column of a header, each at its place."""

    header: list[str]

    def positions(self, header: Sequence[str], notes: Sequence[str] = ()) -> list[int | None]:
        self.header = list(header)
        return list(range(len(header)))


class _SeenNames(Matcher):
    """Remembers the names that it is asked for."""

    def __init__(self, wanted: Mapping[str, Sequence[str]]) -> None:
        super().__init__(wanted)
        self.names: dict[str, None] = {}

    def column(self, name: str) -> int | None:
        if len(self.names) < MOST_COLUMNS:
            self.names[name] = None
        return super().column(name)


class _ExactNames(Matcher):
    """Knows each column by its very name alone."""

    def __init__(self, wanted: Mapping[str, Sequence[str]]) -> None:
        super().__init__(wanted)
        self._places = {name: place for place, name in enumerate(wanted)}

    def column(self, name: str) -> int | None:
        return self._places.get(name)


def _encoding(file: BinaryIO, options: Options) -> tuple[str, str | None]:
    """The encoding that the first lines are in, so that nobody reads all of the file, and a note."""
    file.seek(0)
    data = file.read(_ENCODING_BYTES)
    if len(data) == _ENCODING_BYTES:
        data = data[: data.rfind(b"\n") + 1] or data
    return find_encoding(io.BytesIO(data), options.encoding)


def _first_rows(
    table: Table, most: int
) -> tuple[list[tuple[int, Texts]], list[RejectedRow], list[RejectedRow]]:
    """The first rows, those that are none, and the cells without a value."""
    rows: list[tuple[int, Texts]] = []
    rejected: list[RejectedRow] = []
    wrong: list[RejectedRow] = []
    for batch in table.batches():
        rows += zip(batch.lines, zip(*batch.columns, strict=True), strict=False)
        rejected += batch.rejected
        wrong += batch.wrong
        if len(rows) + len(rejected) >= most:
            break
    lines = sorted([line for line, _ in rows] + [row.line for row in rejected])
    last = lines[:most][-1] if lines else 0
    rejected, wrong = ([row for row in bad if row.line <= last] for bad in (rejected, wrong))
    return [row for row in rows if row[0] <= last], rejected, wrong
