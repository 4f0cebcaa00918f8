"""What the sender may say of a file, and the kinds of files that are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["csv", "json", "ndjson", "excel"]
MOST_HEADER_LINE = 10_000


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be understood; None stands for: find it.

    delimiter: one character between the cells of a line. encoding: the name of a text encoding.
    sheet: the name of a workbook's sheet. header_line: the line, or a sheet's row, with the names of the
    columns, from 1. date_order: whether the day or the month comes first; as the endpoint says when None.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_line: int | None = None
    date_order: Literal["dmy", "mdy"] | None = None
