"""What stands between the cells of a line."""

from __future__ import annotations

import csv

from aggregator.errors import UnreadableInput
from aggregator.inputs.lines import TextLines, TooMuchText
from aggregator.inputs.matching import Matcher

CANDIDATES = (",", ";", "\t", "|")
_HEADER_TEXT = 4_000_000


def check_delimiter(delimiter: str) -> None:
    """Raises UnreadableInput for what cannot be a delimiter."""
    if len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise UnreadableInput("The delimiter is one character, such as , or ; or a tab.")


def find_delimiter(lines: TextLines, matcher: Matcher) -> str:
    """The candidate that makes the most wanted columns of the header, then the most cells of it."""
    return max(CANDIDATES, key=lambda delimiter: _fit(lines, matcher, delimiter))


def _fit(lines: TextLines, matcher: Matcher, delimiter: str) -> tuple[int, int]:
    lines.may_give = _HEADER_TEXT
    try:
        header: list[str] = next(filter(None, csv.reader(lines, delimiter=delimiter, strict=True)), [])
    except (csv.Error, TooMuchText):
        return 0, 0
    return len({matcher.column(name) for name in header} - {None}), len(header)
