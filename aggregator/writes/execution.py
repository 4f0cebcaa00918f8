"""One order inside a transaction: guards and statements in order, and the rows that the last one gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

import apsw

from aggregator.databases.inspection import Statement
from aggregator.databases.write_inspection import INPUT_TABLE, input_table
from aggregator.databases.writing import WriteConnection
from aggregator.errors import TooLarge, UnfitValue
from aggregator.reports.reading import StaleReport, bindings
from aggregator.reports.report import state
from aggregator.reports.sql import rows_as_text
from aggregator.writes.effort import Effort
from aggregator.writes.guarding import Guards
from aggregator.writes.outcome import Outcome, Received
from aggregator.writes.staging import Staging
from aggregator.writes.write import Write, WriteOrder

_ROWS_AT_ONCE = 500
_MOST_ANSWER_BYTES = 50_000_000
_ANSWER = '"the rows"'

Progress = Callable[[int], None]


def stage(
    connection: WriteConnection, order: WriteOrder, effort: Effort, progress: Progress
) -> Received | None:
    """Check the body's rows and put them into the table `input`; no database is touched yet.

    None when the endpoint has no input. Raises RejectedRows when no guard comes first, UnreadableInput,
    TooLarge, and the reason not to go on with the effort.
    """
    if order.table is None:
        return None
    columns = order.write.header.input

    def noted(count: int) -> None:
        effort.require()
        progress(count)

    # Guards tell what else is wrong, also with the rows that have a bad cell.
    has_guards = order.write.statements[0].guard is not None
    staging = Staging(order.table, columns, noted, keeps_bad=has_guards and not order.skip_invalid)
    connection.execute(input_table(list(columns)))
    connection.execute("BEGIN")
    places = ", ".join("?" * (len(columns) + 1))
    connection.executemany(f"INSERT INTO temp.{INPUT_TABLE} VALUES ({places})", staging.rows())
    connection.execute("COMMIT")
    staging.require_day_order()
    if not order.skip_invalid and not has_guards:
        staging.require_all_good()
    return staging.received()


def execute(connection: WriteConnection, order: WriteOrder, received: Received | None) -> Outcome:
    """Run the statements in the transaction that the connection is in; raises apsw.Error as SQLite does.

    Also what a guard says (NothingThere, Conflict, InvalidWrite, RejectedRows), TooLarge for an answer of too
    many rows, and UnfitValue for one that the format cannot show.
    """
    write = order.write
    if write.has_bare_names and not is_as_checked(connection, write):
        # SQLite would take the table of another file, which has got one of that name since.
        raise StaleReport
    values = bindings(order.arguments)
    rows = None
    if write.columns:
        _make_room(connection, len(write.columns))
    matched = 0
    guards = Guards(connection, order, received)
    with connection.counted() as counts:
        for statement in write.statements[:-1]:
            if statement.guard is not None:
                guards.ask(statement, statement.guard)
                continue
            guards.require_no_reason()
            before = connection.total_changes()
            with connection.restricted():
                connection.execute(statement.sql, values).fetchall()
            matched += connection.total_changes() - before
        guards.require_no_reason()
        before = connection.total_changes()
        with connection.restricted():
            last = connection.execute(write.statements[-1].sql, values)
            if not write.columns:
                last.fetchall()
        kept = _keep_rows(connection, len(write.columns), last) if write.columns else 0
        matched += connection.total_changes() - before - kept
        if write.columns:
            rows = _as_text(connection, order)
    return Outcome(write, guards.received, counts.tables(), rows, order.is_dry, matched)


def is_as_checked(connection: WriteConnection, write: Write) -> bool:
    """Whether the files are the same, and their tables were not altered; raises DatabaseUnavailable."""
    identities = tuple(file.identity() for file in write.files)
    versions = [connection.schema_version(file) for file in write.files]
    return state(identities, versions) == write.checked_against


def _make_room(connection: WriteConnection, width: int) -> None:
    """The table of the answer's rows; it cannot be made anew while a statement still gives rows."""
    names = ", ".join(f"c{position}" for position in range(width))
    connection.execute(f"DROP TABLE IF EXISTS temp.{_ANSWER}")
    connection.execute(f"CREATE TEMP TABLE {_ANSWER} ({names})")


def _keep_rows(connection: WriteConnection, width: int, rows: apsw.Cursor) -> int:
    """Take all rows that the statement gives; how many there were."""
    try:
        connection.executemany(f"INSERT INTO temp.{_ANSWER} VALUES ({', '.join('?' * width)})", rows)
    except apsw.BindingsError as error:
        # `RETURNING *` of a table that has got or lost a column.
        raise StaleReport from error
    except UnicodeDecodeError:
        raise UnfitValue("A text of the answer's rows is not UTF-8; nothing was written.") from None
    finally:
        # Nothing can be taken back while a statement runs.
        rows.close(True)
    return int(connection.execute(f"SELECT count(*) FROM temp.{_ANSWER}").get)


def _as_text(connection: WriteConnection, order: WriteOrder) -> list[bytes]:
    write = order.write
    writer = order.format.writer(write.columns, write.endpoint.sheet)
    kept = Statement(f"SELECT * FROM temp.{_ANSWER}", write.statements[-1].columns, frozenset(), frozenset())
    rows: Iterator[bytes] = chain.from_iterable(connection.execute(rows_as_text(kept, writer.row_sql)))
    chunks: list[bytes] = []
    size = 0
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        chunks.append(writer.join(batch))
        size += len(chunks[-1])
        if size > _MOST_ANSWER_BYTES:
            raise TooLarge(
                f"The rows of the answer are more than {_MOST_ANSWER_BYTES:,} bytes; nothing was written."
            )
    return chunks
