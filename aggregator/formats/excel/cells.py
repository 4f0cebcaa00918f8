"""Cells of a worksheet as SQLite writes them: the values with marks between them.

What XML has to escape is escaped later and in bulk, so SQLite need not look for it in each value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from aggregator.formats.columns import Column
from aggregator.formats.excel import dates, marks
from aggregator.formats.times import day_value, moment_value
from aggregator.formats.values import bare, is_finite_number, is_text, money_text, with_json_as_text

MOST_DIGITS = 999_999_999_999_999
"""Excel keeps 15 digits of a number; a longer integer is written as text."""

_MOST_PARTS = 900
_NUMBER_END = marks.sql(marks.NUMBER_END)
_GENERAL = marks.sql(marks.of_number(0))


def row_sql(columns: Sequence[Column], styles: Sequence[int], of_milliseconds: int = 0) -> str:
    """The SQL of a row; styles gives each column the number of its style, 0 is the general one.

    of_milliseconds: the style of a moment between two seconds.
    """
    parts = [
        part
        for column, style in zip(columns, styles, strict=True)
        for part in _cell(column, style, of_milliseconds)
    ]
    groups = [parts[i : i + _MOST_PARTS] for i in range(0, len(parts), _MOST_PARTS)]
    return " || ".join(f"concat({', '.join(group)})" for group in groups)


def _cell(column: Column, style: int, of_milliseconds: int) -> list[str]:
    column = with_json_as_text(column)
    value = column.sql
    number = marks.sql(marks.of_number(style))
    if column.type == "money":
        return [number, _short(column, money_text(column)), _NUMBER_END]
    if column.type == "date":
        return [_day(column, number)]
    if column.type == "datetime":
        return [_instant(column, number, marks.sql(marks.of_number(of_milliseconds)))]
    if column.type == "boolean":
        true_or_false = f"{marks.sql(marks.BOOLEAN)} || CAST({value} AS INTEGER) || {_NUMBER_END}"
        return [f"CASE WHEN {bare(value)} IN (0, 1) THEN {true_or_false} ELSE {_any(column, number)} END"]
    if column.storage == "text":
        begun = f"{marks.sql(marks.TEXT)} || {value}"
        return [f"ifnull({begun}, {marks.sql(marks.BOOLEAN)})", marks.sql(marks.TEXT_END)]
    if column.storage == "integer":
        return [number, _short(column, value), _NUMBER_END]
    return [_any(column, number)]


def _is_short(value: str) -> str:
    return f"{bare(value)} BETWEEN -{MOST_DIGITS} AND {MOST_DIGITS}"


def _short(column: Column, shown: str) -> str:
    """Inside of a number's marks: the number, or marked as NULL or as too long for a number."""
    value = column.sql
    is_short = _is_short(value)
    if column.type == "money" and column.stored == "major":
        most = (MOST_DIGITS + 1) // 10**column.digits
        is_short = f"CAST({value} AS REAL) BETWEEN -{most} AND {most}"
    elif column.storage != "integer":
        is_short = f"typeof({value}) = 'integer' AND {is_short}"
    return (
        f"CASE WHEN {is_short} THEN {shown} WHEN {value} IS NULL THEN {marks.sql(marks.NULL)} "
        f"ELSE {marks.sql(marks.AS_TEXT)} || {shown} END"
    )


def _any(column: Column, number: str) -> str:
    """A cell whose value may be of every storage class."""
    value = column.sql
    text = f"{marks.sql(marks.TEXT)} || {{}} || {marks.sql(marks.TEXT_END)}"
    is_long_real = f"typeof({value}) = 'real' AND {is_finite_number(value)}"
    return (
        f"CASE WHEN {is_text(value)} THEN {text.format(value)} "
        f"WHEN {_is_short(value)} OR {is_long_real} THEN {number} || {value} || {_NUMBER_END} "
        f"WHEN {value} IS NULL THEN {number} || {marks.sql(marks.NULL + marks.NUMBER_END)} "
        f"ELSE {text.format(f'plain_text({value})')} END"
    )


def _day(column: Column, number: str) -> str:
    """A number among days stays one; in their style it would be another day."""

    def day(of: Column) -> str:
        return f"{number} || {dates.serial_of_day(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, day_value(column.sql), dates.is_day, day)
    has_time = f"{is_text(column.sql)} AND octet_length({column.sql}) > 10"
    return (
        f"CASE WHEN {dates.is_day(column)} THEN {day(column)} WHEN {has_time} THEN {rare} "
        f"ELSE {_any(column, _GENERAL)} END"
    )


def _instant(column: Column, number: str, with_milliseconds: str) -> str:
    def instant(of: Column) -> str:
        style = f"CASE WHEN {dates.has_milliseconds(of.sql)} THEN {with_milliseconds} ELSE {number} END"
        return f"{style} || {dates.serial_of_instant(of.sql)} || {_NUMBER_END}"

    rare = _read_first(column, moment_value(column.sql), dates.is_instant, instant)
    day = f"{number} || {dates.serial_of_day(column.sql)} || {_NUMBER_END}"
    return (
        f"CASE WHEN {dates.is_instant(column)} THEN {instant(column)} WHEN {dates.is_day(column)} THEN {day} "
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
