"""What every reader gives: the rows of a file, so many at a time, as texts by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from aggregator.errors import RejectedRow
from aggregator.inputs.notes import Notes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows.

    lines: of each row the line of the file on which it begins, from 1; of a sheet its row, of JSON the
    number of the item. columns: for each wanted column, in their order, its text in each row; None where
    it is empty, null, or not in the file. rejected: what is no row, such as a line with too many cells;
    those are not among the others. wrong: cells of the others that have no value, such as #N/A in a sheet;
    they are None in their columns.
    """

    lines: Sequence[int]
    columns: Sequence[Sequence[str | None]]
    rejected: Sequence[RejectedRow] = ()
    wrong: Sequence[RejectedRow] = ()


class Table(Protocol):
    """A file that has been opened and whose columns are known.

    names: for each wanted column, in their order, the name that it has in the file, None when it is not
    there. ignored: the file's other columns. read_as: format, encoding, delimiter, sheet: how the file was
    understood, for the answer. notes: what was read with a remark; complete after the last row.
    header_line: where the names stand, 0 in a file without such a line.
    """

    names: Sequence[str | None]
    ignored: Sequence[str]
    read_as: dict[str, str]
    notes: Notes
    header_line: int

    def batches(self) -> Iterator[Batch]:
        """The rows from the first to the last, once. Raises UnreadableInput or TooLarge."""
