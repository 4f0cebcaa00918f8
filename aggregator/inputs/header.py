"""The line of a text file that names the columns, and what stands between its cells.

Banks, shops and programs write a title, an address or a balance above the header, and Excel reads a first
line `sep=;` as the delimiter.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.limits import MOST_COLUMNS, shortened
from aggregator.inputs.lines import TextLines, TooMuchText
from aggregator.inputs.matching import Matcher
from aggregator.inputs.options import Options

SEARCHED = 30
"""Lines in which the header is looked for."""

CANDIDATES = (",", ";", "\t", "|")
_HEADER_TEXT = 4_000_000
_LONGEST_SHOWN = 200
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n\x00])\1*"?\s*', re.IGNORECASE)
_BLANK = re.compile(r'[\s,;|"]*')


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """line: from 1; skipped: number and text of the lines above it that are not blank.

    has_spaces: whether spaces stand between a delimiter and a quote, as in `1, "a, b"`.
    """

    line: int
    delimiter: str
    has_spaces: bool
    skipped: Sequence[tuple[int, str]]


def check_delimiter(delimiter: str) -> None:
    """Raises UnreadableInput for what cannot be a delimiter."""
    if len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise UnreadableInput("The delimiter is one character, such as , or ; or a tab.")


def find_header(lines: TextLines, matcher: Matcher, options: Options) -> HeaderLine:
    """The line with the most wanted columns among the first, and the delimiter that makes most of them.

    A line below the first needs two of them, or all that are required: a title may hold one by chance.
    Raises UnreadableInput for a said line that is blank or not there, and for a delimiter that is none.
    """
    if options.delimiter is not None:
        check_delimiter(options.delimiter)
    begins = options.header_line or 1
    window = _window(lines, begins)
    separator = _SEPARATOR_LINE.fullmatch(window[0]) if window and begins == 1 else None
    delimiter = options.delimiter or (separator[1] if separator else None)
    delimiters = CANDIDATES if delimiter is None else (delimiter,)
    filled = [at for at, text in enumerate(window) if not (_BLANK.fullmatch(text) or (separator and not at))]
    if options.header_line is not None:
        if not filled or filled[0] != 0:
            raise UnreadableInput(f"Line {begins:,} cannot be the header: it is blank, or not in the file.")
        filled = filled[:1]

    spaced = {each: _has_spaces(window, each) for each in delimiters}

    def cells(at: int) -> Iterator[tuple[str, list[str]]]:
        return ((each, _row(window, at, each, spaced[each])) for each in delimiters)

    places = [each for each in filled if each < SEARCHED] or filled[:1] or [1 if separator else 0]
    at, delimiter = _best(matcher, places, cells)
    skipped = [(begins + each, _shown(window[each])) for each in filled if each < at]
    return HeaderLine(begins + at, delimiter, spaced[delimiter], skipped)


def best_row(matcher: Matcher, rows: Sequence[Sequence[str]]) -> int:
    """The place of the row that is the header: the first with the most wanted columns.

    A row below the first needs two of them, or all that are required.
    """
    place, _ = _best(matcher, range(len(rows)), lambda at: iter([("", rows[at])]))
    return place


def _best(
    matcher: Matcher, places: Sequence[int], cells: Callable[[int], Iterator[tuple[str, Sequence[str]]]]
) -> tuple[int, str]:
    """The place of the header and the delimiter that makes it one.

    cells: of a place, what each delimiter makes of its line.
    """
    most, chosen = -1, (places[0], "")
    for at in places:
        found, _, delimiter = max(
            ((matcher.found(names[:MOST_COLUMNS]), len(names), each) for each, names in cells(at)),
            key=lambda fit: (len(fit[0]), fit[1]),
        )
        if len(found) > most and (at == places[0] or matcher.is_header(found)):
            most, chosen = len(found), (at, delimiter)
            if matcher.is_complete(found):
                break
    return chosen


def _window(lines: TextLines, begins: int) -> list[str]:
    """The lines in which the header may begin, and as many more, in which it may end."""
    lines.may_give = None if begins > 1 else _HEADER_TEXT
    window: list[str] = []
    try:
        window.extend(islice(lines, begins - 1, begins - 1 + 2 * SEARCHED))
    except TooMuchText:
        pass
    except (TooLarge, UnreadableInput):
        # A fault in a later line is reported when that line is read.
        if not window:
            raise
    return window


def _has_spaces(window: Sequence[str], delimiter: str) -> bool:
    sign = re.escape(delimiter)
    quoted = re.compile(rf'{sign} +"(?:[^"]|"")*+" *(?:{sign}|[\r\n]|$)')
    return delimiter != " " and any(map(quoted.search, window))


def _row(window: Sequence[str], at: int, delimiter: str, has_spaces: bool) -> list[str]:
    rows = csv.reader(window[at:], delimiter=delimiter, strict=True, skipinitialspace=has_spaces)
    try:
        return next(rows, [])
    except csv.Error:
        return []


def _shown(line: str) -> str:
    return shortened(line.strip(), _LONGEST_SHOWN)
