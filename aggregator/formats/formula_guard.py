"""The SQL that guards the start of a cell in a CSV for spreadsheets; see `aggregator.formulas`."""

from __future__ import annotations

from aggregator.formats.columns import Column, RegisteredFunction
from aggregator.formats.values import is_text, plain_text
from aggregator.formulas import STARTS, guarded


def guarded_value(column: Column, value: str) -> str:
    """The SQL of a column's `value` in a CSV cell, guarded at its start; numbers stay as they are."""
    if column.storage == "integer" or column.type == "money":
        return value
    starts = ", ".join(f"char({ord(start)})" for start in STARTS)
    first = f"substr({column.sql}, 1, 1) IN ('''', {starts})"
    is_risky = f"{first} AND substr(ltrim({column.sql}, ''''), 1, 1) IN ({starts})"
    return f"CASE WHEN {is_text(column.sql)} AND {is_risky} THEN '''' || {column.sql} ELSE {value} END"


def _guarded_plain_text(value: object) -> object:
    text = plain_text(value)
    return guarded(text) if isinstance(text, str) else text


SQL_FUNCTIONS: dict[str, RegisteredFunction] = {"guarded_plain_text": _guarded_plain_text}
