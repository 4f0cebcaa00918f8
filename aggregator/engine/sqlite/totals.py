"""The number of rows and the sums of columns: the SQL that asks for them, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from aggregator.engine.model import SqlValue
from aggregator.engine.sqlite.cell_sql import money_text
from aggregator.values.columns import Column

_ROWS = "the rows"

_PARTS = 4
"""What is asked of a column: other values than numbers, integers in two halves, fractions.

A sum of 64-bit integers may need more than 64 bits; that of each half of them does not.
"""


def totals_sql(sql: str, columns: Sequence[Column]) -> str:
    """The SELECT of the number of rows and of the parts of each total; sql: a SELECT with these columns."""
    names = ", ".join(f"c{place}" for place in range(len(columns)))
    parts = ", ".join(["count(*)", *(part for column in _summed(columns) for part in _parts(column))])
    return f'WITH "{_ROWS}"({names}) AS (\n{sql}\n)\nSELECT {parts} FROM "{_ROWS}"'


def read_totals(row: Sequence[SqlValue], columns: Sequence[Column]) -> tuple[int, dict[str, str]]:
    """The number of rows, and each total as text; a column with other values than numbers has none."""
    count, *parts = row
    sums = {}
    for place, column in enumerate(_summed(columns)):
        others, high, low, fractions = parts[place * _PARTS : (place + 1) * _PARTS]
        if others == 0 and (high is not None or fractions is not None):
            sums[column.name] = _total(column, int(high or 0), int(low or 0), fractions)
    return int(str(count)), sums


def _summed(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.is_summed]


def _parts(column: Column) -> Iterator[str]:
    value = column.sql
    if column.type == "money" and column.stored == "major":
        # The sum of what is shown, not of what is stored.
        units = f"CAST(replace({money_text(column, refused='NULL')}, '.', '') AS INTEGER)"
        yield from (f"count({value}) - count({units})", f"sum({units} >> 32)")
        yield from (f"sum({units} & 4294967295)", "NULL")
        return
    if column.storage == "integer":
        yield from ("0", f"sum({value} >> 32)", f"sum({value} & 4294967295)", "NULL")
        return
    integer = f"CASE typeof({value}) WHEN 'integer' THEN {value}"
    yield f"count(*) FILTER (WHERE typeof({value}) IN ('text', 'blob'))"
    yield f"sum({integer} >> 32 END)"
    yield f"sum({integer} & 4294967295 END)"
    yield f"sum(CASE typeof({value}) WHEN 'real' THEN {value} END)"


def _total(column: Column, high: int, low: int, fractions: SqlValue) -> str:
    whole = (high << 32) + low
    if column.type == "money":
        return f"{Decimal(whole).scaleb(-column.digits):f}"
    return str(whole) if fractions is None else f"{whole + float(str(fractions)):.15g}"
