"""The SQL of a row of a sheet: its values with marks between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aggregator.engine.sqlite.cell_sql import (
    bare,
    date_value,
    is_finite_number,
    is_text,
    is_timestamp,
    money_text,
    timestamp_value,
    with_json_as_text,
)
from aggregator.values.columns import Column
from aggregator.values.rows import (
    AS_TEXT,
    BOOLEAN,
    NULL,
    NUMBER_END,
    TEXT,
    TEXT_END,
    ExcelRow,
    number_mark,
)


def _sql(mark: bytes) -> str:
    """A mark as SQL."""
    return f"CAST(x'{mark.hex()}' AS TEXT)"


_FIRST_DAY = "'1900-03-01'"
_UNIX_DAY_ZERO = 25_569


def _is_date_text(column: Column) -> str:
    """The SQL condition: a text that is a day of the calendar, `2024-02-29`, and nothing more."""
    value = column.sql
    months = ("0[1-9]", "1[0-2]")
    shape = " OR ".join(f"{value} GLOB '[1-9][0-9][0-9][0-9]-{month}-[0-3][0-9]'" for month in months)
    exists = f"substr({value}, 9) BETWEEN '01' AND '28' OR date({value}) = {bare(value)}"
    return (
        f"{_is_text(column)} AND octet_length({value}) = 10 AND ({shape}) "
        f"AND {bare(value)} >= {_FIRST_DAY} AND ({exists})"
    )


def _serial_of_date(value: str) -> str:
    """The SQL of a day's number."""
    return f"(unixepoch({value}) / 86400 + {_UNIX_DAY_ZERO})"


def _is_timestamp_text(column: Column) -> str:
    """The SQL condition: a text that is a moment in UTC, `2024-02-29 23:59:59` or a `moment_value`."""
    value = column.sql
    return f"{_is_text(column)} AND {is_timestamp(value)} AND {bare(value)} >= {_FIRST_DAY}"


def _serial_of_timestamp(value: str) -> str:
    """The SQL of a moment's number, to the millisecond; what is behind it is left out."""
    return f"(unixepoch(substr({value}, 1, 23), 'subsec') / 86400.0 + {_UNIX_DAY_ZERO})"


def _has_milliseconds(value: str) -> str:
    """The SQL condition: a moment between two seconds."""
    return f"substr({value}, 20, 1) = '.' AND substr({value}, 21, 3) <> '000'"


def _is_text(column: Column) -> str:
    return "true" if column.storage == "text" else is_text(column.sql)


_MOST_DIGITS = 999_999_999_999_999
"""Excel keeps 15 digits of a number; a longer integer is written as text."""

_MOST_PARTS = 900
_NUMBER_END = _sql(NUMBER_END)
_GENERAL = _sql(number_mark(0))


def excel_sql(row: ExcelRow) -> str:
    """The SQL of an ExcelRow."""
    parts = [
        part
        for column, style in zip(row.columns, row.styles, strict=True)
        for part in _cell(column, style, row.of_milliseconds)
    ]
    groups = [parts[i : i + _MOST_PARTS] for i in range(0, len(parts), _MOST_PARTS)]
    return " || ".join(f"concat({', '.join(group)})" for group in groups)


def _cell(column: Column, style: int, of_milliseconds: int) -> list[str]:
    column = with_json_as_text(column)
    value = column.sql
    number = _sql(number_mark(style))
    if column.type == "money":
        return [number, _short(column, money_text(column)), _NUMBER_END]
    if column.type == "date":
        return [_day(column, number)]
    if column.type == "datetime":
        return [_instant(column, number, _sql(number_mark(of_milliseconds)))]
    if column.type == "boolean":
        true_or_false = f"{_sql(BOOLEAN)} || CAST({value} AS INTEGER) || {_NUMBER_END}"
        return [f"CASE WHEN {bare(value)} IN (0, 1) THEN {true_or_false} ELSE {_any(column, number)} END"]
    if column.storage == "text":
        begun = f"{_sql(TEXT)} || {value}"
        return [f"ifnull({begun}, {_sql(BOOLEAN)})", _sql(TEXT_END)]
    if column.storage == "integer":
        return [number, _short(column, value), _NUMBER_END]
    return [_any(column, number)]


def _is_short(value: str) -> str:
    return f"{bare(value)} BETWEEN -{_MOST_DIGITS} AND {_MOST_DIGITS}"


def _short(column: Column, shown: str) -> str:
    """Inside of a number's marks: the number, or marked as NULL or as too long for a number."""
    value = column.sql
    is_short = _is_short(value)
    if column.type == "money" and column.stored == "major":
        most = (_MOST_DIGITS + 1) // 10**column.digits
        is_short = f"CAST({value} AS REAL) BETWEEN -{most} AND {most}"
    elif column.storage != "integer":
        is_short = f"typeof({value}) = 'integer' AND {is_short}"
    return (
        f"CASE WHEN {is_short} THEN {shown} WHEN {value} IS NULL THEN {_sql(NULL)} "
        f"ELSE {_sql(AS_TEXT)} || {shown} END"
    )


def _any(column: Column, number: str) -> str:
    """A cell whose value may be of every storage class."""
    value = column.sql
    text = f"{_sql(TEXT)} || {{}} || {_sql(TEXT_END)}"
    is_long_real = f"typeof({value}) = 'real' AND {is_finite_number(value)}"
    return (
        f"CASE WHEN {is_text(value)} THEN {text.format(value)} "
        f"WHEN {_is_short(value)} OR {is_long_real} THEN {number} || {value} || {_NUMBER_END} "
        f"WHEN {value} IS NULL THEN {number} || {_sql(NULL + NUMBER_END)} "
        f"ELSE {text.format(f'plain_text({value})')} END"
    )


def _day(column: Column, number: str) -> str:
    """A number among days stays one; in their style it would be another day."""

    def day(of: Column) -> str:
        return f"{number} || {_serial_of_date(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, date_value(column.sql), _is_date_text, day)
    has_time = f"{is_text(column.sql)} AND octet_length({column.sql}) > 10"
    return (
        f"CASE WHEN {_is_date_text(column)} THEN {day(column)} WHEN {has_time} THEN {rare} "
        f"ELSE {_any(column, _GENERAL)} END"
    )


def _instant(column: Column, number: str, with_milliseconds: str) -> str:
    def instant(of: Column) -> str:
        style = f"CASE WHEN {_has_milliseconds(of.sql)} THEN {with_milliseconds} ELSE {number} END"
        return f"{style} || {_serial_of_timestamp(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, timestamp_value(column.sql), _is_timestamp_text, instant)
    day = f"{number} || {_serial_of_date(column.sql)} || {_NUMBER_END}"
    return (
        f"CASE WHEN {_is_timestamp_text(column)} THEN {instant(column)} "
        f"WHEN {_is_date_text(column)} THEN {day} "
        f"WHEN {is_text(column.sql)} THEN {rare} ELSE {_any(column, _GENERAL)} END"
    )


def _read_first(
    column: Column, read: str, is_one: Callable[[Column], str], cell: Callable[[Column], str]
) -> str:
    """The cell of a text that is read before it is looked at: a text of that kind once more, or none."""
    found = replace(column, sql="found", storage="text")
    other = found if column.is_declared else column
    return (
        f"(SELECT CASE WHEN {is_one(found)} THEN {cell(found)} ELSE {_any(other, _GENERAL)} END "
        f"FROM (SELECT {read} AS found))"
    )
