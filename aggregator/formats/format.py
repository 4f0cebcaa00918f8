"""What a format is: SQL that writes one row as text, and what stands around the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from aggregator.formats.columns import Column


class Writer(Protocol):
    """Writes the rows of one result.

    SQLite writes each row by itself, with `row_sql`; the batches of rows that come back are glued
    by `join` while the databases are read, and turned into the file by `encode` when the client
    takes them. Neither of the two looks at a single cell.
    """

    row_sql: str
    """The SQL expression of one row as one text."""

    def join(self, rows: Sequence[bytes]) -> bytes:
        """A batch of at least one row as one chunk; raises UnfitValue for what cannot be shown."""

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The whole file for the chunks of `join`; what the iterable raises goes through."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write rows, as the formats' registry knows it.

    name: as in `?format=`; suffix: of the URL and of the file, with its dot; compressed: whether
    the file is compressed by itself; disposition: whether a browser shows it (`inline`) or saves it
    (`attachment`); writer: makes a Writer for columns and the result's name. is_drawn: whether it is one
    piece that takes its time after the last row. policy: the Content-Security-Policy of a file that a
    browser may open as a page.
    """

    name: str
    media_type: str
    suffix: str
    writer: Callable[[Sequence[Column], str], Writer]
    compressed: bool = False
    disposition: Literal["inline", "attachment"] = "attachment"
    is_drawn: bool = False
    policy: str | None = None
