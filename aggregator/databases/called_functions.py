"""What the functions that a statement calls tell: whether its result may change, or one call take minutes.

SQLite looks whether it was interrupted between the steps of its machine, never inside a function
(https://sqlite.org/c3ref/interrupt.html). Most functions take time in proportion to the length of their
arguments, which is limited. A few compare each place of one argument with all of another: two values of some
megabytes keep them busy for hours. Only the end of the process ends such a call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from aggregator.databases.tokens import Token

_OF_CHANCE_OR_CLOCK = {"random", "randomblob", "current_date", "current_time", "current_timestamp"}
_OF_TIMES = {"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"}
"""https://sqlite.org/lang_datefunc.html: of a given time, or of now."""

_SEARCHING = {"instr", "replace", "like", "glob", "trim", "ltrim", "rtrim", "unhex", "json_patch"}
"""Functions whose time grows with the product of the lengths of two arguments."""

_MAKING = {"zeroblob", "randomblob"}
"""Functions that make a long value from a number, which may be a parameter."""

_FORMATTING = {"printf", "format"}
"""The same where the format has a `*` or a large width, or is no literal (https://sqlite.org/printf.html)."""

_SHORT_FORMAT = re.compile(r"'(?!.*(?:\*|[0-9]{4}))", re.DOTALL)

_SHORT_TEXTS = 200


def is_volatile(words: Sequence[Token], functions: Collection[str]) -> bool:
    """Whether the result of a statement may change though its files do not.

    functions: those that it calls, in small letters, also by way of views. What a view says of `now`
    is not seen, nor what a parameter does.
    """
    if _OF_CHANCE_OR_CLOCK.intersection(functions):
        return True
    return bool(_OF_TIMES.intersection(functions)) and (
        any(word.text.lower() == "'now'" for word in words) or _calls_without_a_time(words)
    )


def _calls_without_a_time(words: Sequence[Token]) -> bool:
    """As `date()` and `strftime('%Y')`."""
    for word, opening, third, fourth in zip(words, words[1:], words[2:], [*words[3:], None], strict=False):
        if word.name in _OF_TIMES and opening.text == "(":
            if third.text == ")":
                return True
            if word.name == "strftime" and fourth is not None and fourth.text == ")":
                return True
    return False


def harmless_texts(functions: Collection[str], words: Sequence[Token]) -> float:
    """How many characters the texts among the parameters may have before one call may take minutes.

    functions: those that a statement calls, in small letters; words: the statement's. A pattern is mostly
    made of a parameter, so a short one is compared quickly with whatever a table holds. Infinite when no
    parameter can do harm, -1 when a number is enough for it.
    """
    if not _SEARCHING.intersection(functions):
        return float("inf")
    return -1 if _MAKING.intersection(functions) or _has_long_format(words) else _SHORT_TEXTS


def _has_long_format(words: Sequence[Token]) -> bool:
    """Whether a call of printf may make a long text; no parameter reaches those in a view."""
    for word, opening, third, fourth in zip(words, words[1:], words[2:], [*words[3:], None], strict=False):
        if word.name in _FORMATTING and opening.text == "(":
            is_whole = fourth is not None and fourth.text in (",", ")")
            if not is_whole or not _SHORT_FORMAT.match(third.text):
                return True
    return False
