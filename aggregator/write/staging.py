"""From the body's rows to the table `input`: every cell checked, the bad rows put aside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from aggregator.engine.base import Refused, WriteConnection
from aggregator.engine.model import Guard, GuardKind, SqlValue, Statement, StatementFailed
from aggregator.errors import (
    AggregatorError,
    Conflict,
    ConflictingRows,
    InvalidParameter,
    InvalidParameters,
    InvalidWrite,
    RecordNotFound,
    RejectedRow,
    RejectedRows,
    SwappedDays,
    UnrepresentableValue,
)
from aggregator.inputs.column_matching import with_notes, with_other_names
from aggregator.inputs.filetypes import read_table
from aggregator.inputs.table import Batch, FileType, Options, Table
from aggregator.read.query import bindings
from aggregator.sqlfile.column_converter import ColumnConverter
from aggregator.sqlfile.day_order import has_day_order, in_order
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.values.money import amount_text, foreign_symbol, symbols_of
from aggregator.write.request import ReceivedRows, WriteRequest

MOST_TOLD = 1_000
"""Bad rows that an answer lists."""

_LONGEST_TOLD = 200

Row = tuple[SqlValue, ...]
"""The line, and the value of each declared column."""


def open_table(file: BinaryIO, kind: FileType, columns: Mapping[str, InputColumn], options: Options) -> Table:
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
        message = "is only for columns with a format such as %m/%d/%Y, and this file has none"
        raise InvalidParameters([InvalidParameter("date_order", None, message)])


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
        order = table.read_as.get("date_order")
        self._has_day_order = order is not None
        self._converters = converters(table, in_order(columns, order))
        self._days = [(name, each.days) for name, each in zip(self._names, self._converters, strict=True)]
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

    def received(self) -> ReceivedRows:
        """What there was."""
        swapped = [f"{name}: {days.swapped_dates}" for name, days in self._days if days.swapped_dates]
        return ReceivedRows(
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
        reasons = [f"{name}: {days.suspicion}" for name, days in self._days if days.suspicion]
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
            values, refused = convert(each, name, batch.lines, texts, wrong)
            bad += refused
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


def converters(table: Table, columns: Mapping[str, InputColumn]) -> list[ColumnConverter]:
    """One for each column, for the cells of a kind of file."""
    format = table.read_as["format"]
    return [ColumnConverter(column, format != "csv", format == "excel") for column in columns.values()]


def convert(
    column: ColumnConverter,
    name: str,
    lines: Sequence[int],
    texts: Sequence[str | None],
    wrong: Collection[tuple[int, str | None]],
) -> tuple[Sequence[SqlValue], list[RejectedRow]]:
    """The values of a column's texts, and its bad cells. wrong: line and column of cells to leave out."""
    values, refused = column.values(texts)
    return values, [
        RejectedRow(lines[index], name, shortened(texts[index]), reason)
        for index, reason in refused
        if (lines[index], name) not in wrong
    ]


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
        sign = foreign_symbol(there, [*column.names, name, *symbols_of(column.currency)])
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
    return f"The column {wanted} is missing. The file has these columns: {', '.join(there)}."


def shortened(text: str | None) -> str | None:
    """A value as an answer tells it."""
    return text if text is None or len(text) <= _LONGEST_TOLD else text[:_LONGEST_TOLD] + "…"


_MOST_REASONS = 20

_ERRORS: Mapping[GuardKind, type[AggregatorError]] = {
    "missing": RecordNotFound,
    "conflict": Conflict,
    "invalid": InvalidWrite,
}

GuardFindings = tuple[SqlValue, ...]
"""A row that a guard gives."""


class Guards:
    """Asks the guards of one request, and collects their reasons not to write.

    received: the rows of the body. When bad lines are skipped, `received` counts those that guards refuse as
    well, and they are no longer in the table `input`. Otherwise every guard sees all lines, also those with a
    bad cell, which is NULL there.
    """

    def __init__(
        self, connection: WriteConnection, request: WriteRequest, received: ReceivedRows | None
    ) -> None:
        self.received = received
        self._connection = connection
        self._staged = connection.staged
        self._request = request
        self._reasons: list[tuple[GuardKind, str]] = []
        self._line_guards: list[Guard] = []
        self._first_kind: GuardKind | None = None
        cells = () if received is None or request.skip_invalid else received.rejected
        self._bad_cells = {(row.line, row.column) for row in cells}
        self._bad_lines = {row.line for row in cells}

    def ask(self, statement: Statement, guard: Guard) -> None:
        """Run a guard. Raises StatementFailed, and UnrepresentableValue for a reason that is not UTF-8."""
        if guard.line is not None and not self._line_guards:
            self._staged.begin_refusing()
        try:
            with self._connection.found(statement.sql, bindings(self._request.arguments)) as found:
                self._collect(guard, found)
        except UnicodeDecodeError:
            raise UnrepresentableValue("A reason not to write is not UTF-8; nothing was written.") from None
        except StatementFailed as failure:
            if not failure.is_interrupted:
                # It may fail because of what another guard has found.
                self.require_no_reason()
            raise
        if guard.line is not None and self._request.skip_invalid:
            self._put_aside()

    def require_no_reason(self) -> None:
        """Raises RejectedRows with lines of the body, else RecordNotFound, Conflict or InvalidWrite.

        What is missing comes before lines that only guards refuse: they may follow from it.
        """
        if self._line_guards and not self._request.skip_invalid:
            self._put_aside()
        missing = [reason for kind, reason in self._reasons if kind == "missing"]
        if missing and not self._bad_lines:
            raise RecordNotFound(_sentences(missing))
        reasons = [reason for _, reason in self._reasons]
        received = self.received
        if received is not None and received.rejected_count and not self._request.skip_invalid:
            is_conflict = not self._bad_lines and self._first_kind == "conflict"
            error = ConflictingRows if is_conflict else RejectedRows
            raise error(
                received.count,
                received.rejected_count,
                received.rejected,
                _sentences(reasons),
                received.notes,
            )
        if reasons:
            raise _ERRORS[self._reasons[0][0]](_sentences(reasons))

    def _collect(self, guard: Guard, found: Iterator[GuardFindings]) -> None:
        if guard.line is None:
            for row in found:
                if row[0] is not None and not self._note(guard, row[0]):
                    break
        else:
            self._line_guards.append(guard)
            self._staged.refuse(len(self._line_guards), self._of_lines(guard, found))

    def _note(self, guard: Guard, reason: object) -> bool:
        """Remember a reason against the whole write, if there is room; whether there was."""
        has_room = len(self._reasons) <= _MOST_REASONS
        if has_room:
            self._reasons.append((guard.kind, str(reason)))
        return has_room

    def _of_lines(self, guard: Guard, found: Iterator[GuardFindings]) -> Iterator[Refused]:
        """What a guard has against lines that are there."""
        assert guard.line is not None
        for row in found:
            reason, line = row[0], row[guard.line]
            if reason is None:
                continue
            if not isinstance(line, int) or not self._staged.has_line(line):
                self._note(guard, reason)
                continue
            name = row[guard.column] if guard.column is not None else None
            if line not in self._bad_lines or not self._may_follow(line, name):
                yield line, len(self._line_guards), "" if name is None else str(name), str(reason)

    def _may_follow(self, line: int, name: SqlValue) -> bool:
        """Whether a reason against a line with a bad cell may follow from that cell, which is NULL."""
        return name is None or (line, self._called(name)) in self._bad_cells

    def _put_aside(self) -> None:
        """Count the refused lines as rejected; when they are skipped, take them out of the table `input`."""
        assert self.received is not None
        rows = self._staged.refused(MOST_TOLD)
        if not rows:
            return
        self._first_kind = self._line_guards[min(row[1] for row in rows) - 1].kind
        rejected = [self._rejected(line, name, reason) for line, _, name, reason in rows]
        count = self._staged.count_refused(self._bad_lines)
        told = sorted([*self.received.rejected, *rejected], key=lambda row: row.line)[:MOST_TOLD]
        self.received = replace(
            self.received, rejected=told, rejected_count=self.received.rejected_count + count
        )
        if self._request.skip_invalid:
            self._staged.remove_refused()

    def _rejected(self, line: int, name: str, reason: str) -> RejectedRow:
        """A refused line as the answer tells it, with what stands in the column that the guard names."""
        own = self._own_name(name)
        if own is None:
            return RejectedRow(line, name or None, None, reason)
        value = self._staged.value(line, own)
        currency = self._columns[own].currency
        if currency is not None and isinstance(value, int):
            value = amount_text(value, currency)
        text = None if value is None else shortened(str(value))
        return RejectedRow(line, self._called(own), text, reason)

    @property
    def _columns(self) -> Mapping[str, InputColumn]:
        return self._request.write.header.input

    def _own_name(self, name: SqlValue) -> str | None:
        """The declared column that a guard names, in letters of any case."""
        return next((each for each in self._columns if each.lower() == str(name).lower()), None)

    def _called(self, name: SqlValue) -> str:
        """What the file calls a declared column."""
        assert self.received is not None
        own = self._own_name(name) or str(name)
        return self.received.names.get(own, own)


def _sentences(reasons: list[str]) -> str:
    told = [
        reason if reason.endswith((".", "!", "?")) else f"{reason}." for reason in reasons[:_MOST_REASONS]
    ]
    if len(reasons) > _MOST_REASONS:
        told.append("And more.")
    return " ".join(told)
