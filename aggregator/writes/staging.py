"""From the body's rows to the table `input`: every cell checked, the bad rows put aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from aggregator.catalog.conversion import converter
from aggregator.catalog.day_order import has_day_order, in_order
from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.minor_units import foreign_sign, signs_of
from aggregator.databases.connection import SqlValue
from aggregator.errors import InvalidParameters, ParameterError, RejectedRow, RejectedRows, SwappedDays
from aggregator.inputs.matching import with_notes, with_other_names
from aggregator.inputs.options import Kind, Options
from aggregator.inputs.reading import read_table
from aggregator.inputs.table import Batch, Table
from aggregator.writes.outcome import Received

MOST_TOLD = 1_000
"""Bad rows that an answer lists."""

_LONGEST_TOLD = 200

Row = tuple[SqlValue, ...]
"""The line, and the value of each declared column."""


def open_table(file: BinaryIO, kind: Kind, columns: Mapping[str, InputColumn], options: Options) -> Table:
    """The rows of a file as a table of the columns that a header declares.

    Raises UnreadableInput or TooLarge.
    """
    wanted = {name: column.names for name, column in columns.items()}
    table = read_table(file, kind, wanted, options, required_columns(columns))
    if options.date_order is not None:
        require_day_order(columns)
        table.read_as["date_order"] = options.date_order
    return table


def require_day_order(columns: Mapping[str, InputColumn]) -> None:
    """Raise InvalidParameters when no column has days whose order of day and month could be said."""
    if not has_day_order(columns):
        message = "is for columns with a format such as %m/%d/%Y, and there is none here"
        raise InvalidParameters([ParameterError("date_order", None, message)])


def required_columns(columns: Mapping[str, InputColumn]) -> list[str]:
    """The names of those that a file must have."""
    return [name for name, column in columns.items() if column.required]


class Staging:
    """The checked rows of a table. columns: as the header declares them.

    progress: told of the rows so far. keeps_bad: whether `rows` has the bad rows that are told, with NULL for
    their bad cells. Read `rows` to their end, and `received` is complete.
    """

    def __init__(
        self,
        table: Table,
        columns: Mapping[str, InputColumn],
        progress: Callable[[int], None] = lambda count: None,
        keeps_bad: bool = False,
    ) -> None:
        self._table = table
        self._names = [found or own for found, own in zip(table.names, columns, strict=True)]
        self._own_names = tuple(columns)
        format = table.read_as.get("format")
        order = table.read_as.get("date_order")
        self._has_day_order = order is not None
        read = in_order(columns, order).values()
        self._converters = [converter(column, format != "csv", format == "excel") for column in read]
        self._progress = progress
        self._keeps_bad = keeps_bad
        self._count = 0
        self._rejected: list[RejectedRow] = []
        self._rejected_count = 0
        _require_columns(table, columns)
        _require_currencies(table, columns)

    def rows(self) -> Iterator[Row]:
        """The good rows. Raises UnreadableInput or TooLarge, as the table does."""
        for batch in self._table.batches():
            self._count += len(batch.lines) + len(batch.rejected)
            bad = list(batch.rejected)
            values = self._converted(batch, bad)
            left_out = {row.line for row in bad[len(batch.rejected) :]} - self._reject(bad)
            rows = zip(batch.lines, *values, strict=True)
            yield from (row for row in rows if row[0] not in left_out) if left_out else rows
            self._progress(self._count)

    def received(self) -> Received:
        """What there was."""
        pairs = zip(self._names, self._converters, strict=True)
        swapped = [f"{name}: {each.swapped_dates}" for name, each in pairs if each.swapped_dates is not None]
        return Received(
            self._count,
            self._rejected_count,
            self._rejected,
            self._table.read_as,
            self._table.ignored,
            dict(zip(self._own_names, self._names, strict=True)),
            [*self._table.notes.sentences(), *swapped],
        )

    def require_day_order(self) -> None:
        """Raises SwappedDays when day and month seem to be swapped, unless the sender said their order."""
        if self._has_day_order:
            return
        pairs = zip(self._names, self._converters, strict=True)
        reasons = [f"{name}: {each.suspicion}" for name, each in pairs if each.suspicion is not None]
        if reasons:
            notes = self._table.notes.sentences()
            raise SwappedDays(self._count, self._rejected_count, self._rejected, " ".join(reasons), notes)

    def require_all_good(self) -> None:
        """Raises RejectedRows when there are bad rows."""
        if self._rejected_count:
            notes = self._table.notes.sentences()
            raise RejectedRows(self._count, self._rejected_count, self._rejected, notes=notes)

    def _converted(self, batch: Batch, bad: list[RejectedRow]) -> list[Sequence[SqlValue]]:
        """The values column by column; every bad cell is added to `bad`."""
        columns: list[Sequence[SqlValue]] = []
        wrong = {(row.line, row.column) for row in batch.wrong}
        bad += batch.wrong
        for name, each, texts in zip(self._names, self._converters, batch.columns, strict=True):
            values, refused = each.values(texts)
            bad += [
                RejectedRow(batch.lines[index], name, shortened(texts[index]), reason)
                for index, reason in refused
                if (batch.lines[index], name) not in wrong
            ]
            columns.append(values)
        return columns

    def _reject(self, bad: list[RejectedRow]) -> set[int]:
        """Count bad rows and remember the first; the lines that are to be kept all the same."""
        if not bad:
            return set()
        self._rejected_count += len({row.line for row in bad})
        room = max(MOST_TOLD - len(self._rejected), 0)
        told = sorted(bad, key=lambda row: row.line)[:room]
        self._rejected += told
        return {row.line for row in told} if self._keeps_bad else set()


def _require_columns(table: Table, columns: Mapping[str, InputColumn]) -> None:
    missing = missing_columns(table.names, columns)
    if missing and table.read_as.get("format") in NAMED_ONCE:
        there = [*(name for name in table.names if name), *table.ignored]
        raise with_notes(lacks(missing, columns, there), table.notes.sentences())


def _require_currencies(table: Table, columns: Mapping[str, InputColumn]) -> None:
    others = list(other_currencies(table.names, columns))
    if others:
        raise with_notes(" ".join(others), table.notes.sentences())


def other_currencies(found: Sequence[str | None], columns: Mapping[str, InputColumn]) -> Iterator[str]:
    """Sentences for columns of a file whose names have another currency's sign, as `Price €` for USD has.

    found: as for `missing_columns`. A sign in a name that the header lists is meant.
    """
    for there, (name, column) in zip(found, columns.items(), strict=True):
        if there is None or column.currency is None:
            continue
        sign = foreign_sign(there, [*column.names, name, *signs_of(column.currency)])
        if sign is not None:
            yield f'The column "{there}" is in {sign}, and {name} is in {column.currency}.'


NAMED_ONCE = ("csv", "excel")
"""Kinds of files that name their columns before all rows."""


def missing_columns(found: Sequence[str | None], columns: Mapping[str, InputColumn]) -> list[str]:
    """The required columns that are not in a file. found: what it calls each column, None without it."""
    pairs = zip(found, columns.items(), strict=True)
    return [name for there, (name, column) in pairs if there is None and column.required]


def lacks(missing: Sequence[str], columns: Mapping[str, InputColumn], there: Sequence[str]) -> str:
    """The sentence for missing columns. there: the names of the file's columns."""
    wanted = ", ".join(with_other_names(name, columns[name].names) for name in missing)
    return f"The file lacks the column {wanted}; it has {', '.join(there)}."


def shortened(text: str | None) -> str | None:
    """A value as an answer tells it."""
    return text if text is None or len(text) <= _LONGEST_TOLD else text[:_LONGEST_TOLD] + "…"
