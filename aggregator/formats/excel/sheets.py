"""Where one sheet ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.formats.excel.cells import ROW_END

MOST_ROWS = 1_048_576 - 1
"""Rows of a sheet (Excel's specifications and limits), without the header's."""

MOST_BYTES = 3 * 2**28
"""Bytes of rows before they are XML, so that a sheet stays below ZIP's 4 GiB without ZIP64."""


class SheetCutter:
    """Chunks of rows, cut where a sheet is full.

    rows_in_sheet: how many rows the last sheet was given.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting: bytes | None = None
        self.rows_in_sheet = 0

    def first_chunk(self) -> bytes:
        """The chunk that comes next, which stays where it is; empty when there is none."""
        if self._waiting is None:
            self._waiting = next(self._chunks, None)
        return self._waiting or b""

    def has_rows(self) -> bool:
        """Whether there is anything for another sheet."""
        self.first_chunk()
        return self._waiting is not None

    def next_sheet(self) -> Iterator[bytes]:
        """The chunks of one sheet, of at most 1,048,575 rows."""
        self.rows_in_sheet = 0
        size = 0
        while self.has_rows() and self.rows_in_sheet < MOST_ROWS and size < MOST_BYTES:
            chunk, self._waiting = self._waiting or b"", None
            rows = chunk.count(ROW_END) + 1
            room = MOST_ROWS - self.rows_in_sheet
            if rows > room:
                chunk, self._waiting = _cut(chunk, room)
                rows = room
            self.rows_in_sheet += rows
            size += len(chunk)
            yield chunk


def _cut(chunk: bytes, rows: int) -> tuple[bytes, bytes]:
    parts = chunk.split(ROW_END, rows)
    return ROW_END.join(parts[:-1]), parts[-1]
