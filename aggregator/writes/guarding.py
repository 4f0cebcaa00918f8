"""What the guards of a file find: reasons not to write, or rows of the body that are put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import apsw

from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.minor_units import amount_text
from aggregator.databases.connection import SqlValue, quoted
from aggregator.databases.guards import Guard, GuardKind
from aggregator.databases.inspection import Statement
from aggregator.databases.write_inspection import INPUT_TABLE, LINE_COLUMN
from aggregator.databases.writing import WriteConnection
from aggregator.errors import (
    AggregatorError,
    Conflict,
    ConflictingRows,
    InvalidWrite,
    NothingThere,
    RejectedRow,
    RejectedRows,
    UnfitValue,
)
from aggregator.reports.reading import bindings
from aggregator.writes.outcome import Received
from aggregator.writes.staging import MOST_TOLD, shortened
from aggregator.writes.write import WriteOrder

_MOST_REASONS = 20
_REFUSED = 'temp."the refused"'
_ERRORS: Mapping[GuardKind, type[AggregatorError]] = {
    "missing": NothingThere,
    "conflict": Conflict,
    "invalid": InvalidWrite,
}

Found = tuple[SqlValue, ...]
"""A row that a guard gives."""

Refused = tuple[int, int, str, str]
"""A line, the number of the guard that refuses it, the column (empty for the row), and the reason."""


class Guards:
    """Asks the guards of one order, and collects their reasons not to write.

    received: the rows of the body. When bad lines are skipped, `received` counts those that guards refuse as
    well, and they are no longer in the table `input`. Otherwise every guard sees all lines, also those with a
    bad cell, which is NULL there.
    """

    def __init__(self, connection: WriteConnection, order: WriteOrder, received: Received | None) -> None:
        self.received = received
        self._connection = connection
        self._order = order
        self._reasons: list[tuple[GuardKind, str]] = []
        self._line_guards: list[Guard] = []
        self._first_kind: GuardKind | None = None
        cells = () if received is None or order.skip_invalid else received.rejected
        self._bad_cells = {(row.line, row.column) for row in cells}
        self._bad_lines = {row.line for row in cells}

    def ask(self, statement: Statement, guard: Guard) -> None:
        """Run a guard. Raises apsw.Error as SQLite does, and UnfitValue for a reason that is not UTF-8."""
        if guard.line is not None and not self._line_guards:
            self._make_room()
        try:
            with self._connection.restricted():
                found = self._connection.execute(statement.sql, bindings(self._order.arguments))
            self._collect(guard, found)
        except apsw.SQLError:
            # It may fail because of what another guard has found.
            self.require_no_reason()
            raise
        if guard.line is not None and self._order.skip_invalid:
            self._put_aside()

    def require_no_reason(self) -> None:
        """Raises RejectedRows with lines of the body, else NothingThere, Conflict or InvalidWrite.

        What is missing comes before lines that only guards refuse: they may follow from it.
        """
        if self._line_guards and not self._order.skip_invalid:
            self._put_aside()
        missing = [reason for kind, reason in self._reasons if kind == "missing"]
        if missing and not self._bad_lines:
            raise NothingThere(_sentences(missing))
        reasons = [reason for _, reason in self._reasons]
        received = self.received
        if received is not None and received.rejected_count and not self._order.skip_invalid:
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

    def _collect(self, guard: Guard, found: apsw.Cursor) -> None:
        try:
            if guard.line is None:
                for row in found:
                    if row[0] is not None and not self._note(guard, row[0]):
                        break
            else:
                self._line_guards.append(guard)
                self._connection.executemany(
                    f"INSERT OR IGNORE INTO {_REFUSED} VALUES (?, ?, ?, ?)", self._of_lines(guard, found)
                )
                # Of one guard, a reason against a cell says more than one against its row.
                self._connection.execute(
                    f"DELETE FROM {_REFUSED} WHERE guard = ?1 AND name = '' AND {LINE_COLUMN} IN"
                    f" (SELECT {LINE_COLUMN} FROM {_REFUSED} WHERE guard = ?1 AND name <> '')",
                    (len(self._line_guards),),
                )
        except UnicodeDecodeError:
            raise UnfitValue("A reason not to write is not UTF-8; nothing was written.") from None
        finally:
            # Nothing can be taken back while a statement runs.
            found.close(True)

    def _note(self, guard: Guard, reason: object) -> bool:
        """Remember a reason against the whole write, if there is room; whether there was."""
        has_room = len(self._reasons) <= _MOST_REASONS
        if has_room:
            self._reasons.append((guard.kind, str(reason)))
        return has_room

    def _make_room(self) -> None:
        """The table of the lines that are refused; it cannot be made anew while a guard gives rows."""
        self._connection.execute(f"DROP TABLE IF EXISTS {_REFUSED}")
        self._connection.execute(
            f"CREATE TEMP TABLE {_REFUSED.removeprefix('temp.')} ({LINE_COLUMN} INTEGER, guard INTEGER, name,"
            f" reason, PRIMARY KEY ({LINE_COLUMN}, guard, name)) WITHOUT ROWID"
        )

    def _of_lines(self, guard: Guard, found: Iterator[Found]) -> Iterator[Refused]:
        """What a guard has against lines that are there."""
        assert guard.line is not None
        is_there = f"SELECT 1 FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} = ?"
        for row in found:
            reason, line = row[0], row[guard.line]
            if reason is None:
                continue
            if not isinstance(line, int) or self._connection.execute(is_there, (line,)).fetchone() is None:
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
        connection = self._connection
        sql = f"SELECT * FROM {_REFUSED} ORDER BY 1, 2, 3 LIMIT {MOST_TOLD}"
        rows: list[Refused] = connection.execute(sql).fetchall()  # type: ignore[assignment]
        if not rows:
            return
        self._first_kind = self._line_guards[min(row[1] for row in rows) - 1].kind
        rejected = [self._rejected(line, name, reason) for line, _, name, reason in rows]
        bad = ", ".join(map(str, self._bad_lines))
        count = connection.execute(
            f"SELECT count(DISTINCT {LINE_COLUMN}) FROM {_REFUSED} WHERE {LINE_COLUMN} NOT IN ({bad})"
        ).get
        told = sorted([*self.received.rejected, *rejected], key=lambda row: row.line)[:MOST_TOLD]
        self.received = replace(
            self.received, rejected=told, rejected_count=self.received.rejected_count + count
        )
        if self._order.skip_invalid:
            refused = f"SELECT {LINE_COLUMN} FROM {_REFUSED}"
            connection.execute(f"DELETE FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} IN ({refused})")
            connection.execute(f"DELETE FROM {_REFUSED}")

    def _rejected(self, line: int, name: str, reason: str) -> RejectedRow:
        """A refused line as the answer tells it, with what stands in the column that the guard names."""
        own = self._own_name(name)
        if own is None:
            return RejectedRow(line, name or None, None, reason)
        sql = f"SELECT {quoted(own)} FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} = ?"
        value: SqlValue = self._connection.execute(sql, (line,)).get
        currency = self._columns[own].currency
        if currency is not None and isinstance(value, int):
            value = amount_text(value, currency)
        text = None if value is None else shortened(str(value))
        return RejectedRow(line, self._called(own), text, reason)

    @property
    def _columns(self) -> Mapping[str, InputColumn]:
        return self._order.write.header.input

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
        told.append("And there are more such reasons.")
    return " ".join(told)
