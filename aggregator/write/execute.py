"""One request inside a transaction: its guards and statements in order, and the rows of the last one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from aggregator.endpoints.compiled import WriteEndpoint
from aggregator.endpoints.registry import StaleEndpoint
from aggregator.engine.base import Engine, WriteConnection
from aggregator.engine.model import Statement, StatementFailed, StoredResponse
from aggregator.errors import Cancelled, TooLarge
from aggregator.read.query import bindings
from aggregator.write.idempotency import given_before, keep
from aggregator.write.request import READING, ReceivedRows, WriteBudget, WriteRequest, WriteResult
from aggregator.write.staging import Guards, Staging

_ROWS_AT_ONCE = 500
_MOST_ANSWER_BYTES = 50_000_000
Progress = Callable[[int], None]


def stage(
    connection: WriteConnection, request: WriteRequest, budget: WriteBudget, progress: Progress
) -> ReceivedRows | None:
    """Check the body's rows and put them into the table `input`; no database is touched yet.

    None when the endpoint has no input. Raises RejectedRows when no guard comes first, UnreadableInput,
    TooLarge, and the reason not to go on.
    """
    if request.table is None:
        return None
    columns = request.write.header.input

    def noted(count: int) -> None:
        budget.require()
        progress(count)

    # Guards tell what else is wrong, also with the rows that have a bad cell.
    has_guards = request.write.statements[0].guard is not None
    staging = Staging(request.table, columns, noted, keeps_bad=has_guards and not request.skip_invalid)
    connection.staged.stage(list(columns), staging.rows())
    staging.require_day_order()
    if not request.skip_invalid and not has_guards:
        staging.require_all_good()
    return staging.received()


def execute(connection: WriteConnection, request: WriteRequest, received: ReceivedRows | None) -> WriteResult:
    """Run the statements in the transaction that the connection is in; raises StatementFailed.

    Also what a guard says (RecordNotFound, Conflict, InvalidWrite, RejectedRows), TooLarge for an answer of
    too many rows, and UnrepresentableValue for one that the format cannot show.
    """
    write = request.write
    if write.has_bare_names and not is_as_checked(connection, write):
        # SQLite would take the table of another file, which has got one of that name since.
        raise StaleEndpoint
    values = bindings(request.arguments)
    matched = 0
    guards = Guards(connection, request, received)
    with connection.counted() as counts:
        for statement in write.statements[:-1]:
            if statement.guard is not None:
                guards.ask(statement, statement.guard)
                continue
            guards.require_no_reason()
            matched += connection.run(statement.sql, values)
        guards.require_no_reason()
        last = write.statements[-1].sql
        if write.columns:
            matched += connection.run_and_keep(last, values, len(write.columns))
            rows = _as_text(connection, request)
        else:
            matched, rows = matched + connection.run(last, values), None
    return WriteResult(write, guards.received, counts.tables(), rows, request.is_dry, matched)


def is_as_checked(connection: WriteConnection, write: WriteEndpoint) -> bool:
    """Whether the files are the same, and their tables were not altered; raises DatabaseUnavailable."""
    return connection.schema_state(write.files) == write.checked_against


def _as_text(connection: WriteConnection, request: WriteRequest) -> list[bytes]:
    write = request.write
    writer = request.format.writer(write.columns, write.endpoint.sheet)
    kept = Statement(connection.kept_rows, write.statements[-1].columns, frozenset(), frozenset())
    rows = connection.texts(write.dialect.rows_as_text(kept, writer.row))
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
    """What a write needs besides its request. time_limit: in seconds."""

    engine: Engine
    time_limit: float


def _nobody(count: int) -> None:
    """Progress that nobody looks at."""


def commit_write(
    request: WriteRequest,
    context: WriteContext,
    render: Render,
    progress: Progress = _nobody,
    budget: WriteBudget | None = None,
) -> StoredResponse:
    """Check the rows, run the statements and give the answer; nothing is written when it raises.

    progress: told how many rows were read so far. budget: by which others may end it.
    """
    budget = budget or WriteBudget(request.write.time_limit(context.time_limit))
    with closing(opened(request, context)) as connection, budget.interrupting(connection):
        connection.wanted = budget.wanted
        try:
            if not budget.has_begun:
                budget.begin(READING)
            received = stage(connection, request, budget, progress)
            budget.begin()
            return _in_transaction(connection, request, context, received, render, budget)
        except (StatementFailed, Cancelled) as error:
            raise to_write_failure(error, budget, connection, request.write) from error


def opened(request: WriteRequest, context: WriteContext) -> WriteConnection:
    """A connection to all that a request needs."""
    kept = [context.engine.responses.source()] if request.key is not None else []
    return context.engine.write_connection([*request.write.written, *kept], request.write.only_read)


def to_write_failure(
    failed: StatementFailed | Cancelled,
    budget: WriteBudget,
    connection: WriteConnection,
    write: WriteEndpoint,
) -> Exception:
    """What to raise for SQL that failed; StaleEndpoint when the tables are not those that were checked."""
    if isinstance(failed, Cancelled):
        return budget.ended_by() or failed
    if failed.is_interrupted:
        return budget.ended_by() or failed.error
    if not is_as_checked(connection, write):
        return StaleEndpoint()
    return StaleEndpoint(failed.reason) if failed.is_stale else failed.error


def _in_transaction(
    connection: WriteConnection,
    request: WriteRequest,
    context: WriteContext,
    received: ReceivedRows | None,
    render: Render,
    budget: WriteBudget,
) -> StoredResponse:
    answered: StoredResponse | None = None
    responses = context.engine.responses
    try:
        with context.engine.transaction(connection):
            if request.key is not None:
                answered = given_before(responses, connection, request)
            if answered is None:
                answered = render(request, execute(connection, request, received))
                if request.key is not None:
                    keep(responses, connection, request, answered)
            if request.is_dry:
                connection.require_references()
                raise _TakenBack
            budget.decide()
    except _TakenBack:
        pass
    assert answered is not None
    return answered
