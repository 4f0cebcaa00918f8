"""What a write did, or would have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from aggregator.databases.counting import Counts, TableCounts
from aggregator.documents import Count, Document
from aggregator.errors import RejectedRow
from aggregator.writes.write import Write

Notes = Annotated[
    tuple[str, ...],
    Field(description="Remarks about how the file was read, such as rows with missing cells"),
]


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


class Summary(Document):
    """What happened: rows of the table that the SQL writes last, and of every table when there are more"""

    received: Count = 0
    inserted: Count
    updated: Count
    deleted: Count = 0
    unchanged: Count = Field(0, description="Rows of the input that led to none of these")
    rejected: tuple[RejectedRow, ...] = ()
    rejected_count: Count = Field(0, description="When it is more than are listed")
    ignored_columns: tuple[str, ...] = ()
    read_as: dict[str, str] = Field({})
    notes: Notes = ()
    tables: dict[str, Counts] = Field({})
    dry_run: bool = False


def summary(outcome: Outcome) -> Summary:
    """What is answered about an outcome without rows."""
    counts, received = outcome.counted, outcome.received
    members: dict[str, Any] = {"inserted": counts.inserted, "updated": counts.updated}
    if counts.deleted or received is None:
        members["deleted"] = counts.deleted
    if received is not None:
        members |= _of_input(received, counts)
    if len(outcome.counts) > 1:
        members["tables"] = {".".join(table): each for table, each in outcome.counts.items()}
    if outcome.is_dry:
        members["dry_run"] = True
    return Summary(**members)


def _of_input(received: Received, counts: Counts) -> dict[str, Any]:
    good = received.count - received.rejected_count
    members: dict[str, Any] = {
        "received": received.count,
        "unchanged": max(good - counts.inserted - counts.updated - counts.deleted, 0),
        "rejected": received.rejected,
        "read_as": received.read_as,
    }
    if received.rejected_count != len(received.rejected):
        members["rejected_count"] = received.rejected_count
    if received.ignored:
        members["ignored_columns"] = received.ignored
    if received.notes:
        members["notes"] = received.notes
    return members
