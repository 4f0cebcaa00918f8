"""SQL whose result depends on chance or on the clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aggregator.databases.tokens import Token

_OF_CHANCE_OR_CLOCK = {"random", "randomblob", "current_date", "current_time", "current_timestamp"}
_OF_TIMES = {"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"}
"""https://sqlite.org/lang_datefunc.html: of a given time, or of now."""


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
