"""Where one sheet ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.formats.excel.marks import ROW_END

MOST_ROWS = 1_048_576 - 1
"""Rows of a sheet (Excel's specifications and limits), without the header's."""

MOST_BYTES = 3 * 2**30
"""Bytes of a sheet's XML, so that it stays below ZIP's 4 GiB without ZIP64."""


class SheetCutter:
    """Chunks of rows, cut where a sheet is full.

    rows_in_sheet: how many rows the last sheet was given. bytes_in_sheet: how many bytes of XML they
    became; whoever writes them counts.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting: bytes | None = None
        self.rows_in_sheet = 0
        self.bytes_in_sheet = 0

    def first_rows(self, count: int) -> list[bytes]:
        """The rows that come next, `count` of them if there are so many; they stay where they are."""
        parts: list[bytes] = []
        found = 0
        while found < count and self.has_rows():
            part, self._waiting = self._waiting or b"", None
            parts.append(part)
            found += part.count(ROW_END) + 1
        if not parts:
            return []
        self._waiting = ROW_END.join(parts)
        return self._waiting.split(ROW_END, count)[:count]

    def has_rows(self) -> bool:
        """Whether there is anything for another sheet."""
        if self._waiting is None:
            self._waiting = next(self._chunks, None)
        return self._waiting is not None

    def next_sheet(self) -> Iterator[tuple[bytes, int]]:
        """The chunks of one sheet, of at most 1,048,575 rows, and how many rows each has."""
        self.rows_in_sheet = self.bytes_in_sheet = 0
        while self.rows_in_sheet < MOST_ROWS and self.bytes_in_sheet < MOST_BYTES and self.has_rows():
            chunk, self._waiting = self._waiting or b"", None
            rows = chunk.count(ROW_END) + 1
            room = MOST_ROWS - self.rows_in_sheet
            if rows > room:
                chunk, self._waiting = _cut(chunk, room)
                rows = room
            self.rows_in_sheet += rows
            yield chunk, rows


def even_blocks(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of one size, the last one smaller."""
    waiting: list[bytes] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length < size:
            continue
        whole = b"".join(waiting)
        end = length - length % size
        yield from (whole[start : start + size] for start in range(0, end, size))
        waiting, length = [whole[end:]], length - end
    if length:
        yield b"".join(waiting)


def _cut(chunk: bytes, rows: int) -> tuple[bytes, bytes]:
    parts = chunk.split(ROW_END, rows)
    return ROW_END.join(parts[:-1]), parts[-1]
