"""One order inside a transaction: guards and statements in order, and the rows that the last one gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import apsw

from aggregator.endpoints.model import WriteEndpoint, schema_state
from aggregator.engine.sqlite.connection import LONGEST_VALUE, can_prepare
from aggregator.engine.sqlite.prepare import INPUT_TABLE, Statement, input_table
from aggregator.engine.sqlite.runtime_errors import refusal
from aggregator.engine.sqlite.transaction import WriteConnection, transaction
from aggregator.errors import Cancelled, InvalidWrite, QueryFailed, TooLarge, UnrepresentableValue
from aggregator.formats import SQL_FUNCTIONS
from aggregator.read.query import rows_as_text
from aggregator.read.reader import StaleEndpoint, bindings
from aggregator.write.idempotency import IdempotencyStore, StoredResponse
from aggregator.write.request import READING, ReceivedRows, WriteBudget, WriteRequest, WriteResult
from aggregator.write.staging import Guards, Staging

_ROWS_AT_ONCE = 500


_MOST_ANSWER_BYTES = 50_000_000


_ANSWER = '"the rows"'


StagedRows = Callable[[int], None]


def stage(
    connection: WriteConnection, order: WriteRequest, budget: WriteBudget, progress: StagedRows
) -> ReceivedRows | None:
    """Check the body's rows and put them into the table `input`; no database is touched yet.

    None when the endpoint has no input. Raises RejectedRows when no guard comes first, UnreadableInput,
    TooLarge, and the reason not to go on with the effort.
    """
    if order.table is None:
        return None
    columns = order.write.header.input

    def noted(count: int) -> None:
        budget.require()
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


def execute(connection: WriteConnection, order: WriteRequest, received: ReceivedRows | None) -> WriteResult:
    """Run the statements in the transaction that the connection is in; raises apsw.Error as SQLite does.

    Also what a guard says (NothingThere, Conflict, InvalidWrite, RejectedRows), TooLarge for an answer of too
    many rows, and UnfitValue for one that the format cannot show.
    """
    write = order.write
    if write.has_bare_names and not is_as_checked(connection, write):
        # SQLite would take the table of another file, which has got one of that name since.
        raise StaleEndpoint
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
    return WriteResult(write, guards.received, counts.tables(), rows, order.is_dry, matched)


def is_as_checked(connection: WriteConnection, write: WriteEndpoint) -> bool:
    """Whether the files are the same, and their tables were not altered; raises DatabaseUnavailable."""
    identities = tuple(file.identity() for file in write.files)
    versions = [connection.schema_version(file) for file in write.files]
    return schema_state(identities, versions) == write.checked_against


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
        raise StaleEndpoint from error
    except UnicodeDecodeError:
        raise UnrepresentableValue("A text of the answer's rows is not UTF-8; nothing was written.") from None
    finally:
        # Nothing can be taken back while a statement runs.
        rows.close(True)
    return int(connection.execute(f"SELECT count(*) FROM temp.{_ANSWER}").get)


def _as_text(connection: WriteConnection, order: WriteRequest) -> list[bytes]:
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


Render = Callable[[WriteRequest, WriteResult], StoredResponse]


"""Makes the answer of an outcome; what it raises takes the write back."""


class _TakenBack(Exception):
    """Ends a transaction that is not to be kept."""


@dataclass(frozen=True, slots=True)
class WriteContext:
    """Where writes are carried out.

    folder: of the databases; lock_wait, time_limit: in seconds; longest_value: see WriteConnection.
    """

    folder: Path
    lock_wait: float
    time_limit: float
    answers: IdempotencyStore
    longest_value: int = LONGEST_VALUE


def _nobody(count: int) -> None:
    """Progress that nobody looks at."""


def commit_write(
    order: WriteRequest,
    place: WriteContext,
    render: Render,
    progress: StagedRows = _nobody,
    budget: WriteBudget | None = None,
) -> StoredResponse:
    """Check the rows, run the statements and give the answer; nothing is written when it raises.

    progress: told how many rows were read so far. effort: by which others may end it.
    """
    budget = budget or WriteBudget(order.write.time_limit(place.time_limit))
    answers = place.answers if order.key is not None else None
    with closing(opened(order, place, answers)) as connection, budget.interrupting(connection):
        connection.wanted = budget.wanted
        try:
            if not budget.has_begun:
                budget.begin(READING)
            received = stage(connection, order, budget, progress)
            budget.begin()
            return _in_transaction(connection, order, place, received, render, answers, budget)
        except (apsw.Error, Cancelled) as error:
            meant = connection.to_write_error(error)
            raise failure(error, budget, connection, order) if meant is error else meant from error


def opened(
    order: WriteRequest, place: WriteContext, answers: IdempotencyStore | None = None
) -> WriteConnection:
    """A connection to all that an order needs."""
    written = [*order.write.written, *([answers.file()] if answers is not None else [])]
    return WriteConnection(
        written,
        order.write.only_read,
        place.lock_wait,
        functions=SQL_FUNCTIONS,
        longest_value=place.longest_value,
    )


def failure(
    error: apsw.Error | Cancelled,
    budget: WriteBudget,
    connection: WriteConnection,
    order: WriteRequest | None = None,
) -> Exception:
    """What to say of SQL that failed; StaleReport when the tables are not those that were checked.

    order: the one whose SQL it was, None when it was that of no order.
    """
    if isinstance(error, apsw.InterruptError | Cancelled) and (reason := budget.ended_by()):
        return reason
    if isinstance(error, Cancelled):
        return error
    if isinstance(error, apsw.SQLError) and order is not None:
        refused = _reason(error, connection, order)
        if refused is not None:
            return refused
    return QueryFailed(
        "The SQL failed while it ran, and nothing was written; the service's log says why.",
        f"{type(error).__name__}: {error}",
    )


def _reason(error: apsw.SQLError, connection: WriteConnection, order: WriteRequest) -> Exception | None:
    """Changed tables, or a value that SQLite refuses."""
    write, message = order.write, str(error)
    if not is_as_checked(connection, write):
        return StaleEndpoint()
    with connection.restricted():
        if not all(can_prepare(connection, statement.sql) for statement in write.statements):
            return StaleEndpoint(message)
    sql = ";\n".join(statement.sql for statement in write.statements)
    refused = refusal(error, sql, bindings(order.arguments))
    if refused is not None:
        return refused
    if order.table is not None:
        return InvalidWrite(f"SQLite refuses a value: {message}; nothing was written.")
    return None


def _in_transaction(
    connection: WriteConnection,
    order: WriteRequest,
    place: WriteContext,
    received: ReceivedRows | None,
    render: Render,
    answers: IdempotencyStore | None,
    budget: WriteBudget,
) -> StoredResponse:
    answered: StoredResponse | None = None
    try:
        with transaction(connection, place.folder):
            if answers is not None:
                answered = answers.given_before(connection, order)
            if answered is None:
                answered = render(order, execute(connection, order, received))
                if answers is not None:
                    answers.keep(connection, order, answered)
            if order.is_dry:
                connection.require_references()
                raise _TakenBack
            budget.decide()
    except _TakenBack:
        pass
    assert answered is not None
    return answered
