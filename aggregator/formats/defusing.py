"""CSV cells that a spreadsheet would run as a formula, and the apostrophe that keeps it from that.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

from aggregator.formats.columns import Column, RegisteredFunction
from aggregator.formats.values import is_text, plain_text

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def defused_text(text: str) -> str:
    """The text, after an apostrophe if it looks like a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def defused_value(column: Column, value: str) -> str:
    """The SQL of a column's `value` in a CSV cell, defused; numbers stay as they are."""
    if column.storage == "integer" or column.type == "money":
        return value
    starts = ", ".join(f"char({ord(start)})" for start in _FORMULA_STARTS)
    risky = f"{is_text(column.sql)} AND substr({column.sql}, 1, 1) IN ({starts})"
    return f"CASE WHEN {risky} THEN '''' || {column.sql} ELSE {value} END"


def _defused_plain_text(value: object) -> object:
    text = plain_text(value)
    return defused_text(text) if isinstance(text, str) else text


SQL_FUNCTIONS: dict[str, RegisteredFunction] = {"defused_plain_text": _defused_plain_text}
