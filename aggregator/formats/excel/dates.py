"""Days and moments as Excel counts them: days since 1899-12-30, in SQL.

Excel counts a 29 February 1900 that never was (ECMA-376 part 1, 18.17.4.1), so what is earlier than
1 March 1900 stays the text that it is.
"""

from __future__ import annotations

from aggregator.formats.columns import Column
from aggregator.formats.times import is_moment
from aggregator.formats.values import bare, is_text

_FIRST_DAY = "'1900-03-01'"
_UNIX_DAY_ZERO = 25_569


def is_day(column: Column) -> str:
    """The SQL condition: a text that is a day of the calendar, `2024-02-29`, and nothing more."""
    value = column.sql
    months = ("0[1-9]", "1[0-2]")
    shape = " OR ".join(f"{value} GLOB '[1-9][0-9][0-9][0-9]-{month}-[0-3][0-9]'" for month in months)
    exists = f"substr({value}, 9) BETWEEN '01' AND '28' OR date({value}) = {bare(value)}"
    return (
        f"{_is_text(column)} AND octet_length({value}) = 10 AND ({shape}) "
        f"AND {bare(value)} >= {_FIRST_DAY} AND ({exists})"
    )


def serial_of_day(value: str) -> str:
    """The SQL of a day's number."""
    return f"(unixepoch({value}) / 86400 + {_UNIX_DAY_ZERO})"


def is_instant(column: Column) -> str:
    """The SQL condition: a text that is a moment in UTC, `2024-02-29 23:59:59` or a `moment_value`."""
    value = column.sql
    return f"{_is_text(column)} AND {is_moment(value)} AND {bare(value)} >= {_FIRST_DAY}"


def serial_of_instant(value: str) -> str:
    """The SQL of a moment's number, to the millisecond; what is behind it is left out."""
    return f"(unixepoch(substr({value}, 1, 23), 'subsec') / 86400.0 + {_UNIX_DAY_ZERO})"


def has_milliseconds(value: str) -> str:
    """The SQL condition: a moment between two seconds."""
    return f"substr({value}, 20, 1) = '.' AND substr({value}, 21, 3) <> '000'"


def _is_text(column: Column) -> str:
    return "true" if column.storage == "text" else is_text(column.sql)
