"""SQL in which one call of a function may take minutes.

SQLite looks whether it was interrupted between the steps of its machine, never inside a function
(https://sqlite.org/c3ref/interrupt.html). Most functions take time in proportion to the length of their
arguments, which is limited. A few compare each place of one argument with all of another: two values of some
megabytes keep them busy for hours. Only the end of the process ends such a call.
"""

from __future__ import annotations

from collections.abc import Collection

_SEARCHING = {"instr", "replace", "like", "glob", "trim", "ltrim", "rtrim", "unhex", "json_patch"}
"""Functions whose time grows with the product of the lengths of two arguments."""

_MAKING = {"zeroblob", "randomblob", "printf", "format"}
"""Functions that make a long value from a number, which may be a parameter."""

_SHORT_TEXTS = 200


def harmless_texts(functions: Collection[str]) -> float:
    """How many characters the texts among the parameters may have before one call may take minutes.

    functions: those that a statement calls, in small letters. A pattern is mostly made of a parameter, so a
    short one is compared quickly with whatever a table holds. Infinite when no parameter can do harm, -1 when
    a number is enough for it.
    """
    if not _SEARCHING.intersection(functions):
        return float("inf")
    return -1 if _MAKING.intersection(functions) else _SHORT_TEXTS
