"""What a write did, or would have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.databases.counting import Counts, TableCounts
from aggregator.databases.inspection import TableName
from aggregator.errors import RejectedRow
from aggregator.writes.write import Write


@dataclass(frozen=True, slots=True)
class Received:
    """The rows of a body, after each was looked at.

    count: all of them; rejected: what is wrong with the first bad rows, cell by cell; rejected_count: how
    many rows are bad.
    read_as: how the file was understood; ignored: its columns that are not declared; names: what the file
    calls the declared ones; notes: what was read with a remark.
    """

    count: int = 0
    rejected_count: int = 0
    rejected: Sequence[RejectedRow] = ()
    read_as: dict[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """received: None when the endpoint has no input. rows: those of the last statement, as chunks of
    text in the order's format, None when it gives none. matched: rows that the statements and their
    triggers changed, also those that they left as they were."""

    write: Write
    received: Received | None
    counts: TableCounts
    rows: Sequence[bytes] | None
    is_dry: bool
    matched: int

    @property
    def counted(self) -> Counts:
        """The counts of the table that the answer is about."""
        return self.counts.get(self.write.counted, Counts()) if self.write.counted else Counts()


def summary(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON says it.

    `inserted`, `updated` and `deleted` are rows of the table that the last statement writes; `unchanged`
    are the rows of the input that led to none of these; `tables` has every table when there are more.
    """
    counts = outcome.counted
    document: dict[str, Any] = {}
    if outcome.received is not None:
        document["received"] = outcome.received.count
    document |= {"inserted": counts.inserted, "updated": counts.updated}
    if counts.deleted or outcome.received is None:
        document["deleted"] = counts.deleted
    if outcome.received is not None:
        document |= _of_input(outcome.received, counts)
    if len(outcome.counts) > 1:
        document["tables"] = {_name(table): _of_table(each) for table, each in outcome.counts.items()}
    if outcome.is_dry:
        document["dry_run"] = True
    return document


def rejected_row(row: RejectedRow) -> dict[str, Any]:
    """A bad row as JSON says it."""
    return {"line": row.line, "column": row.column, "value": row.value, "reason": row.reason}


def _of_input(received: Received, counts: Counts) -> dict[str, Any]:
    good = received.count - received.rejected_count
    document: dict[str, Any] = {
        "unchanged": max(good - counts.inserted - counts.updated - counts.deleted, 0),
        "rejected": [rejected_row(row) for row in received.rejected],
    }
    if received.rejected_count != len(received.rejected):
        document["rejected_count"] = received.rejected_count
    if received.ignored:
        document["ignored_columns"] = list(received.ignored)
    document["read_as"] = received.read_as
    if received.notes:
        document["notes"] = list(received.notes)
    return document


def _of_table(counts: Counts) -> dict[str, int]:
    return {"inserted": counts.inserted, "updated": counts.updated, "deleted": counts.deleted}


def _name(table: TableName) -> str:
    return ".".join(table)
