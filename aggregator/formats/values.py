"""What each value looks like as text: decided once, for JSON and CSV in SQL, for Excel by the same rules.

SQLite orders every number before every text and every text before every BLOB
(https://sqlite.org/datatype3.html#comparison_expressions), so `< ''` and `< x''` tell the storage
classes apart without calling a function.
"""

from __future__ import annotations

import base64
import math
from dataclasses import replace

from aggregator.errors import UnfitValue
from aggregator.formats.columns import Column, RegisteredFunction, sql_text

LARGEST_FINITE = "1.7976931348623157e308"


def json_value(column: Column, rare_text: str = "plain_text") -> str:
    """The SQL of a column's value as `json_array` and `json_object` take it.

    NULL stays NULL; numbers stay numbers but for infinities, which become the texts `Infinity` and
    `-Infinity`; a BLOB becomes its base64. Money becomes a text with the currency's decimals, a
    boolean `true` or `false`, a `json` column what it holds, also as JSONB. rare_text: the SQL function
    that makes the texts of infinities and BLOBs.
    """
    value, plain = column.sql, _plain(column, rare_text)
    if column.type == "money":
        return money_text(column)
    if column.type == "boolean":
        return f"CASE {bare(value)} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE {plain} END"
    if column.type == "json":
        # json_valid reads up to a NUL character, and would not see what follows.
        is_json = f"{is_text(value)} AND json_valid({value}) AND NOT instr({value}, char(0))"
        return f"CASE WHEN {is_json} OR {_is_json_blob(value)} THEN json({value}) ELSE {plain} END"
    return plain


def with_json_as_text(column: Column) -> Column:
    """The column for a format in which JSON is a text: a BLOB that holds JSON is its text as well."""
    if column.type != "json":
        return column
    if column.storage is not None:
        return replace(column, type=None)
    # Concatenation makes a plain text of what json_array would take as JSON.
    decoded = f"(CASE WHEN {_is_json_blob(column.sql)} THEN json({column.sql}) || '' ELSE {column.sql} END)"
    return replace(column, type=None, sql=decoded)


def _is_json_blob(value: str) -> str:
    """The SQL condition: a BLOB that is JSONB (https://sqlite.org/jsonb.html) or the bytes of JSON text."""
    is_json_text = f"json_valid({value}, 1) AND NOT instr({value}, x'00')"
    return f"(typeof({value}) = 'blob' AND (json_valid({value}, 8) OR ({is_json_text})))"


def _plain(column: Column, rare_text: str) -> str:
    value = column.sql
    if column.storage in ("integer", "text"):
        return value
    return (
        f"CASE WHEN {is_finite_number(value)} THEN {value} "
        f"WHEN {is_text(value)} THEN {value} "
        f"WHEN {value} IS NOT NULL THEN {rare_text}({value}) END"
    )


def bare(value: str) -> str:
    """The SQL of a column's value to compare with.

    Without the column's affinity, which would convert the other side, and without its collation,
    which may be one that only its owner's program knows.
    """
    return f"+{value} COLLATE BINARY"


def is_finite_number(value: str) -> str:
    """The SQL condition: a number, and neither infinity."""
    return f"{bare(value)} <= {LARGEST_FINITE} AND {bare(value)} >= -{LARGEST_FINITE}"


def is_text(value: str) -> str:
    """The SQL condition: a text."""
    return f"{bare(value)} >= '' AND {bare(value)} < x''"


def money_text(column: Column) -> str:
    """The SQL of an integer number of minor units as a decimal text: -5 in USD is `-0.05`.

    Exact for every 64-bit integer. What is not an integer raises UnfitValue when the SQL runs.
    """
    value, unit, digits = column.sql, 10**column.digits, column.digits
    pattern = f"%d.%0{digits}d" if digits else "%d"
    parts = (f"{value} / {unit}", f"{value} % {unit}") if digits else (value,)
    positive = f"format('{pattern}', {', '.join(parts)})"
    negative = f"format('-{pattern}', {', '.join(f'-({part})' for part in parts)})"
    if not digits:
        positive = negative = f"format('%d', {value})"
    integer = f"CASE WHEN {bare(value)} >= 0 THEN {positive} WHEN {bare(value)} < 0 THEN {negative} END"
    if column.storage == "integer":
        return integer
    return (
        f"CASE typeof({value}) WHEN 'integer' THEN {integer} WHEN 'null' THEN NULL "
        f"ELSE refuse_money({value}, {sql_text(column.name)}) END"
    )


def plain_text(value: object) -> object:
    """A BLOB as base64 (RFC 4648, section 4), an infinity as a word, anything else as it is."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _refuse_money(value: object, name: str) -> object:
    kind = {float: "a fraction", str: "a text", bytes: "a BLOB"}.get(type(value), "something else")
    raise UnfitValue(
        f"The column {name} is declared as money, which is a whole number of minor units (cents), "
        f"but holds {kind}. Round it in the SQL, as CAST(round(…) AS INTEGER)."
    )


SQL_FUNCTIONS: dict[str, RegisteredFunction] = {"plain_text": plain_text, "refuse_money": _refuse_money}
"""For BLOBs, infinities, and money that is none."""
