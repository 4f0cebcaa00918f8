"""What the guards of a file find: reasons not to write, or rows of the body that are put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

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
_REFUSED = '"the refused"'
_ERRORS: Mapping[GuardKind, type[AggregatorError]] = {
    "missing": NothingThere,
    "conflict": Conflict,
    "invalid": InvalidWrite,
}

Found = tuple[SqlValue, ...]
"""A row that a guard gives."""


def ask(
    connection: WriteConnection,
    order: WriteOrder,
    statement: Statement,
    guard: Guard,
    received: Received | None,
) -> Received | None:
    """Run a guard; what was received, without the lines that it refuses when these are to be skipped.

    Such lines are no longer in the table `input`. Raises NothingThere, Conflict or InvalidWrite with the
    reasons, or RejectedRows with the lines, and apsw.Error as SQLite does.
    """
    if guard.line is not None:
        _make_room(connection)
    with connection.restricted():
        found = connection.execute(statement.sql, bindings(order.arguments))
    try:
        if guard.line is None or received is None:
            _require_no_reason(guard, found)
            return received
        connection.executemany(
            f"INSERT OR IGNORE INTO temp.{_REFUSED} VALUES (?, ?, ?)", _of_lines(connection, guard, found)
        )
    except UnicodeDecodeError:
        raise UnfitValue("A reason not to write is not UTF-8; nothing was written.") from None
    finally:
        # Nothing can be taken back while a statement runs.
        found.close(True)
    left = _put_aside(connection, order, received)
    if left.rejected_count and not order.skip_invalid:
        kind = ConflictingRows if guard.kind == "conflict" else RejectedRows
        raise kind(left.count, left.rejected_count, left.rejected)
    return left


def _make_room(connection: WriteConnection) -> None:
    """The table of the lines that are refused; it cannot be made anew while a guard gives rows."""
    connection.execute(f"DROP TABLE IF EXISTS temp.{_REFUSED}")
    connection.execute(f"CREATE TEMP TABLE {_REFUSED} ({LINE_COLUMN} INTEGER PRIMARY KEY, reason, name)")


def _require_no_reason(guard: Guard, found: Iterator[Found]) -> None:
    reasons = [str(row[0]) for row in islice((row for row in found if row[0] is not None), _MOST_REASONS + 1)]
    if reasons:
        raise _refusal(guard, reasons)


def _put_aside(connection: WriteConnection, order: WriteOrder, received: Received) -> Received:
    count = int(connection.execute(f"SELECT count(*) FROM temp.{_REFUSED}").get)
    if not count:
        return received
    rejected = [
        _rejected(connection, received, order.write.header.input, row)
        for row in connection.execute(
            f"SELECT {LINE_COLUMN}, reason, name FROM temp.{_REFUSED} ORDER BY 1 LIMIT {MOST_TOLD}"
        ).fetchall()
    ]
    connection.execute(
        f"DELETE FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} IN (SELECT {LINE_COLUMN} FROM temp.{_REFUSED})"
    )
    told = sorted([*received.rejected, *rejected], key=lambda row: row.line)[:MOST_TOLD]
    return replace(received, rejected=told, rejected_count=received.rejected_count + count)


def _refusal(guard: Guard, reasons: Sequence[str]) -> AggregatorError:
    told = [
        reason if reason.endswith((".", "!", "?")) else f"{reason}." for reason in reasons[:_MOST_REASONS]
    ]
    if len(reasons) > _MOST_REASONS:
        told.append("And there are more such reasons.")
    return _ERRORS[guard.kind](" ".join(told))


def _of_lines(
    connection: WriteConnection, guard: Guard, found: Iterator[Found]
) -> Iterator[tuple[int, str, str | None]]:
    """Line, reason and column of each row that a guard gives."""
    assert guard.line is not None
    is_there = f"SELECT 1 FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} = ?"
    for row in found:
        reason, line = row[0], row[guard.line]
        if reason is None:
            continue
        if not isinstance(line, int) or connection.execute(is_there, (line,)).fetchone() is None:
            raise _refusal(guard, [str(reason)])
        name = row[guard.column] if guard.column is not None else None
        yield line, str(reason), None if name is None else str(name)


def _rejected(
    connection: WriteConnection, received: Received, columns: Mapping[str, InputColumn], refused: Found
) -> RejectedRow:
    """A refused line as the answer tells it, with what stands in the column that the guard names."""
    line, reason, name = refused
    assert isinstance(line, int)
    own = next((each for each in columns if each.lower() == str(name).lower()), None)
    if own is None:
        return RejectedRow(line, None if name is None else str(name), None, str(reason))
    sql = f"SELECT {quoted(own)} FROM temp.{INPUT_TABLE} WHERE {LINE_COLUMN} = ?"
    value: SqlValue = connection.execute(sql, (line,)).get
    currency = columns[own].currency
    if currency is not None and isinstance(value, int):
        value = amount_text(value, currency)
    text = None if value is None else shortened(str(value))
    return RejectedRow(line, received.names.get(own, own), text, str(reason))
