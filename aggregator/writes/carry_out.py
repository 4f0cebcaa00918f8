"""Carrying out orders: in one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from aggregator.databases.connection import LONGEST_VALUE
from aggregator.databases.query import prepares
from aggregator.databases.refused_values import refusal
from aggregator.databases.writing import WriteConnection, transaction
from aggregator.errors import Cancelled, InvalidWrite, QueryFailed
from aggregator.formats import SQL_FUNCTIONS
from aggregator.reports.reading import StaleReport, bindings
from aggregator.writes.answers import Answered, Answers
from aggregator.writes.effort import READING, Effort
from aggregator.writes.execution import Progress, execute, is_as_checked, stage
from aggregator.writes.outcome import Outcome, Received
from aggregator.writes.write import WriteOrder

Render = Callable[[WriteOrder, Outcome], Answered]
"""Makes the answer of an outcome; what it raises takes the write back."""


class _TakenBack(Exception):
    """Ends a transaction that is not to be kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where writes are carried out.

    folder: of the databases; lock_wait, time_limit: in seconds; longest_value: see WriteConnection.
    """

    folder: Path
    lock_wait: float
    time_limit: float
    answers: Answers
    longest_value: int = LONGEST_VALUE


def _nobody(count: int) -> None:
    """Progress that nobody looks at."""


def carry_out(
    order: WriteOrder,
    place: Place,
    render: Render,
    progress: Progress = _nobody,
    effort: Effort | None = None,
) -> Answered:
    """Check the rows, run the statements and give the answer; nothing is written when it raises.

    progress: told how many rows were read so far. effort: by which others may end it.
    """
    effort = effort or Effort(order.write.time_limit(place.time_limit))
    answers = place.answers if order.key is not None else None
    with closing(opened(order, place, answers)) as connection, effort.interrupting(connection):
        connection.wanted = effort.wanted
        try:
            if not effort.has_begun:
                effort.begin(READING)
            received = stage(connection, order, effort, progress)
            effort.begin()
            return _in_transaction(connection, order, place, received, render, answers, effort)
        except (apsw.Error, Cancelled) as error:
            meant = connection.explained(error)
            raise failure(error, effort, connection, order) if meant is error else meant from error


def opened(order: WriteOrder, place: Place, answers: Answers | None = None) -> WriteConnection:
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
    effort: Effort,
    connection: WriteConnection,
    order: WriteOrder | None = None,
) -> Exception:
    """What to say of SQL that failed; StaleReport when the tables are not those that were checked.

    order: the one whose SQL it was, None when it was that of no order.
    """
    if isinstance(error, apsw.InterruptError | Cancelled) and (reason := effort.ended_by()):
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


def _reason(error: apsw.SQLError, connection: WriteConnection, order: WriteOrder) -> Exception | None:
    """Changed tables, or a value that SQLite refuses."""
    write, message = order.write, str(error)
    if not is_as_checked(connection, write):
        return StaleReport()
    with connection.restricted():
        if not all(prepares(connection, statement.sql) for statement in write.statements):
            return StaleReport(message)
    sql = ";\n".join(statement.sql for statement in write.statements)
    refused = refusal(error, sql, bindings(order.arguments))
    if refused is not None:
        return refused
    if order.table is not None:
        return InvalidWrite(f"SQLite refuses a value: {message}; nothing was written.")
    return None


def _in_transaction(
    connection: WriteConnection,
    order: WriteOrder,
    place: Place,
    received: Received | None,
    render: Render,
    answers: Answers | None,
    effort: Effort,
) -> Answered:
    answered: Answered | None = None
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
            effort.decide()
    except _TakenBack:
        pass
    assert answered is not None
    return answered
