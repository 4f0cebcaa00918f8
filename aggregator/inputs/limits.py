"""How much of a file is taken at most: what one row may hold, so that memory stays flat."""

from __future__ import annotations

LONGEST_LINE = 1_000_000
"""Characters of a line of text, its end not counted."""

LONGEST_CELL = 1_000_000
"""Characters of a cell."""

LONGEST_ITEM = 1_000_000
"""Characters of one object of a JSON array."""

MOST_COLUMNS = 2_000

MOST_IGNORED = 100
"""Names of unknown columns that are kept for the answer."""

DEEPEST_JSON = 100
"""Levels of arrays and objects in each other."""


def shortened(text: str, most: int = 40) -> str:
    """A text from a file as it is shown in a message."""
    return text if len(text) <= most else text[: most - 1] + "…"
