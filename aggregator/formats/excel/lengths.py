"""How long the texts of rows are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column
from aggregator.formats.encoding import valid_text
from aggregator.formats.excel import marks

LONGEST_TEXT = 32_767
"""Characters of a cell, as UTF-16 code units (Excel's specifications and limits)."""

_CELL = re.compile(marks.CELL)


def refuse_long_texts(rows: Sequence[bytes], columns: Sequence[Column]) -> None:
    """Raise UnfitValue when a cell of a row holds more text than Excel can."""
    for row in rows:
        for column, cell in zip(columns, _CELL.finditer(row), strict=False):
            length = utf16_length(valid_text(cell[1]).decode())
            if length > LONGEST_TEXT:
                raise UnfitValue(
                    f"A cell of the column {column.name} has {length:,} characters, and Excel holds "
                    f"{LONGEST_TEXT:,}. Take CSV or JSON, or shorten the text in the SQL with substr()."
                )


def utf16_length(text: str) -> int:
    """How many code units the text takes in UTF-16: an emoji takes two."""
    return len(text.encode("utf-16-le")) // 2


def text_lengths(row: bytes) -> list[int]:
    """How many characters each cell of a row holds, about."""
    return [len(cell[1].decode("utf-8", "replace")) for cell in _CELL.finditer(row)]
