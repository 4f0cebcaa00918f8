"""The SQL of a row as one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregator.engine.sqlite.cell_sql import is_infinite, is_text, json_value, with_json_as_text
from aggregator.engine.sqlite.excel_sql import excel_sql
from aggregator.values.columns import Column, sql_text
from aggregator.values.number_formats import STARTS
from aggregator.values.rows import (
    SEPARATOR,
    CsvRow,
    ExcelRow,
    JsonArray,
    JsonGroup,
    JsonNest,
    JsonObject,
    RowKind,
)

_MOST_MEMBERS = 450
"""SQLite's functions take 1,000 arguments (SQLITE_MAX_FUNCTION_ARG), two for a member."""

_MOST_VALUES = 900
_SEPARATOR = f" || char({SEPARATOR[0]}) || "


def row_sql(row: RowKind) -> str:
    """The SQL expression of a row as one text."""
    match row:
        case JsonObject():
            return _object(row.columns)
        case JsonArray():
            columns = [with_json_as_text(each) if row.json_as_text else each for each in row.columns]
            return _array([json_value(column) for column in columns])
        case CsvRow():
            values = [_csv_value(column, row) for column in row.columns]
            # Readers skip an empty line, and the row would be lost.
            return _array(values if len(values) > 1 else [f"ifnull({values[0]}, '')"])
        case JsonGroup():
            return _key(row.key) + _SEPARATOR + _object(row.rest)
        case JsonNest():
            is_item = " OR ".join(f"{column.sql} IS NOT NULL" for column in row.inside)
            item = f"CASE WHEN {is_item} THEN {_object(row.inside)} ELSE '' END"
            return _SEPARATOR.join((_object(row.before), item, _object(row.after)))
        case ExcelRow():
            return excel_sql(row)


def _object(columns: Sequence[Column]) -> str:
    groups = [columns[i : i + _MOST_MEMBERS] for i in range(0, max(len(columns), 1), _MOST_MEMBERS)]
    objects = [
        f"json_object({', '.join(f'{sql_text(column.name)}, {json_value(column)}' for column in group)})"
        for group in groups
    ]
    if len(objects) == 1:
        return objects[0]
    members = [f"substr({text}, 2, length({text}) - 2)" for text in objects]
    return "'{' || " + " || ',' || ".join(members) + " || '}'"


def _array(values: Sequence[str]) -> str:
    groups = [values[i : i + _MOST_VALUES] for i in range(0, len(values), _MOST_VALUES)]
    arrays = [f"json_array({', '.join(group)})" for group in groups]
    if len(arrays) == 1:
        return arrays[0]
    members = [f"substr({text}, 2, length({text}) - 2)" for text in arrays]
    return "'[' || " + " || ',' || ".join(members) + " || ']'"


def _key(column: Column) -> str:
    """The SQL of a value as a JSON string; a number and NULL as JSON writes them, in quotes."""
    value = json_value(replace(column, type=None) if column.type in ("boolean", "json") else column)
    value = f"(CASE WHEN {is_infinite(column.sql)} THEN plain_text({column.sql}) ELSE {value} END)"
    return (
        f"""CASE WHEN {is_text(value)} THEN json_quote({value}) ELSE '"' || json_quote({value}) || '"' END"""
    )


def _csv_value(column: Column, row: CsvRow) -> str:
    column = with_json_as_text(column)
    if not row.is_guarded:
        return json_value(column)
    value = _guarded_value(column, json_value(column, "guarded_plain_text"))
    is_replaced = column.type == "money" and row.decimal != "."
    return f"replace({value}, '.', '{row.decimal}')" if is_replaced else value


def _guarded_value(column: Column, value: str) -> str:
    """The SQL of a cell's `value`, with an apostrophe before a text that would begin a formula."""
    if column.storage == "integer" or column.type == "money":
        return value
    starts = ", ".join(f"char({ord(start)})" for start in STARTS)
    first = f"substr({column.sql}, 1, 1) IN ('''', {starts})"
    is_risky = f"{first} AND substr(ltrim({column.sql}, ''''), 1, 1) IN ({starts})"
    return (
        f"CASE WHEN {is_text(column.sql)} AND {is_risky} THEN '''' || {column.sql} "
        f"WHEN {is_infinite(column.sql)} THEN guarded_plain_text({column.sql}) ELSE {value} END"
    )
