"""The SQL of one value as a format shows it, and the functions for values that SQL cannot show.

Days and moments that are written as usual are read by SQLite, all others by the rule itself. GLOB and
SQLite's date functions read up to a NUL character, so lengths are compared as well.
"""

from __future__ import annotations

import base64
import math
import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from aggregator.engine.sqlite.connection import SqlFunction
from aggregator.errors import UnrepresentableValue
from aggregator.values.columns import Column, StoredAs, sql_text
from aggregator.values.dates import date_of, read_timestamp, utc_text
from aggregator.values.number_formats import guarded

_DATE = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
_TIME = "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
_SHORTEST, _LONGEST = len("2024-02-29 0:00"), 40


def date_value(value: str) -> str:
    """The SQL of a text that means a day as that day, `2024-02-29`; any other text stays.

    value: the SQL of a text.
    """
    is_midnight = f"octet_length({value}) = 19 AND {value} GLOB '{_DATE}[ T]00:00:00' AND {_exists(value)}"
    return (
        f"CASE WHEN {is_midnight} THEN substr({value}, 1, 10) "
        f"WHEN {_may_have_time(value)} THEN day_text({value}) ELSE {value} END"
    )


def timestamp_value(value: str) -> str:
    """The SQL of a text that means a moment as that moment in UTC, `2024-02-29T15:30:00Z`.

    Any other text stays. A fraction of a second is kept. value: the SQL of a text.
    """
    is_usual = f"octet_length({value}) = 19 AND {value} GLOB '{_DATE}[ T]{_TIME}' AND {_exists(value)}"
    is_day = f"octet_length({value}) = 10 AND {value} GLOB '{_DATE}' AND {_exists(value)}"
    return (
        f"CASE WHEN {value} GLOB '{_DATE}T{_TIME}Z' THEN {value} "
        f"WHEN {is_usual} THEN substr({value}, 1, 10) || 'T' || substr({value}, 12) || 'Z' "
        f"WHEN {is_day} THEN {value} || 'T00:00:00Z' "
        f"WHEN {_may_have_time(value)} THEN moment_text({value}) ELSE {value} END"
    )


def is_timestamp(value: str) -> str:
    """The SQL condition: a moment as `moment_value` gives it, or with a space or without Z where it is UTC.

    value: the SQL of a text.
    """
    endings = {19: "", 20: "Z", 24: f".{3 * '[0-9]'}Z", 27: f".{6 * '[0-9]'}Z"}
    whens = (f"WHEN {length} THEN {value} GLOB '{_DATE}[ T]{_TIME}{end}'" for length, end in endings.items())
    return f"CASE octet_length({value}) {' '.join(whens)} END AND {_exists(value)}"


def _exists(value: str) -> str:
    """The SQL condition: the day of a text of that shape exists, and so does its hour, if it has one."""
    day = f"substr({value}, 1, 10)"
    of_month = f"substr({value}, 9, 2) BETWEEN '01' AND '28' OR date({day}) = {day}"
    return (
        f"substr({value}, 6, 2) BETWEEN '01' AND '12' AND ({of_month}) AND substr({value}, 12, 2) < '24' "
        f"AND +{value} COLLATE BINARY >= '0001'"
    )


def _may_have_time(value: str) -> str:
    """The SQL condition: a text that a function of Python can be given, and that it may know."""
    return (
        f"{value} GLOB '{_DATE}[ Tt]*' AND octet_length({value}) BETWEEN {_SHORTEST} AND {_LONGEST} "
        f"AND octet_length({value}) = length({value}) AND {value} NOT GLOB '*[^ -~]*'"
    )


def _date_text(text: str) -> str:
    return date_of(text) or text


def _timestamp_text(text: str) -> str:
    moment = read_timestamp(text)
    return text if moment is None else utc_text(moment)


LARGEST_FINITE = "1.7976931348623157e308"

LARGEST_UNITS = 2**63 - 1
"""The largest amount, in minor units."""

_EXACT_DIGITS = 15
"""Every decimal number of so many digits comes back from a 64-bit floating-point number."""

_NUDGE = "1.0000000000000002"
"""1 + 2^-52: more than the error of such a number, and less than the step to the next one."""

_AMOUNT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)
_LONGEST_AMOUNT = 60
_TIMES = {"date": date_value, "datetime": timestamp_value}


def json_value(column: Column, rare_text: str = "plain_text") -> str:
    """The SQL of a column's value as `json_array` and `json_object` take it.

    NULL and numbers stay as they are, and `valid_json` makes the texts `Infinity` and `-Infinity` of
    infinities; a BLOB becomes its base64. Money becomes a text with the currency's decimals, a
    boolean `true` or `false`, a text in a column that is declared as `date` or `datetime` the day, or the
    moment in UTC, that it means, a `json` column what it holds, also as JSONB. rare_text: the SQL function
    that makes the texts of BLOBs.
    """
    value, plain = column.sql, _plain(column, rare_text)
    if column.type == "money":
        return money_text(column)
    if column.type == "boolean":
        return f"CASE {bare(value)} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE {plain} END"
    if column.type in _TIMES and column.is_declared:
        is_longer = f"octet_length({value}) > 10 AND {is_text(value)}"
        may_differ = is_longer if column.type == "date" else is_text(value)
        return f"CASE WHEN {may_differ} THEN {_TIMES[column.type](value)} ELSE {plain} END"
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
    # One comparison for most values: three of them took a fifth of a large download's time.
    return f"CASE WHEN {bare(value)} >= x'' THEN {rare_text}({value}) ELSE {value} END"


def bare(value: str) -> str:
    """The SQL of a column's value to compare with.

    Without the column's affinity, which would convert the other side, and without its collation,
    which may be one that only its owner's program knows.
    """
    return f"+{value} COLLATE BINARY"


def is_finite_number(value: str) -> str:
    """The SQL condition: a number, and neither infinity."""
    return f"{bare(value)} <= {LARGEST_FINITE} AND {bare(value)} >= -{LARGEST_FINITE}"


def is_infinite(value: str) -> str:
    """The SQL condition: an infinity."""
    return f"{bare(value)} IN (9e999, -9e999)"


def is_text(value: str) -> str:
    """The SQL condition: a text."""
    return f"{bare(value)} >= '' AND {bare(value)} < x''"


def money_text(column: Column, refused: str | None = None) -> str:
    """The SQL of an amount as a decimal text with the currency's decimals: -5 cents are `-0.05`.

    refused: the SQL of the value in place of what is no amount; without it, the SQL raises
    UnrepresentableValue when it runs. Exact for every 64-bit integer of minor units, and for every
    floating-point number that stands for a decimal number of 15 digits.
    """
    value = column.sql
    # As a BLOB: a text may not be UTF-8.
    given = f"CASE typeof({value}) WHEN 'text' THEN CAST({value} AS BLOB) ELSE {value} END"
    refused = refused or f"refuse_money({given}, typeof({value}), {sql_text(column.name)}, '{column.stored}')"
    if column.stored == "minor":
        if column.storage == "integer":
            return _minor_integer(column)
        cases = {"integer": _minor_integer(column)}
    else:
        cases = {
            "integer": _limited(column, _major_integer(column), refused),
            "real": _limited(column, _major_real(column), refused),
            "text": _major_text(column, refused),
        }
    whens = " ".join(f"WHEN '{storage}' THEN {sql}" for storage, sql in cases.items())
    return f"CASE typeof({value}) {whens} WHEN 'null' THEN NULL ELSE {refused} END"


def _minor_integer(column: Column) -> str:
    value, unit, digits = column.sql, 10**column.digits, column.digits
    pattern = f"%d.%0{digits}d" if digits else "%d"
    parts = (f"{value} / {unit}", f"{value} % {unit}") if digits else (value,)
    positive = f"format('{pattern}', {', '.join(parts)})"
    negative = f"format('-{pattern}', {', '.join(f'-({part})' for part in parts)})"
    if not digits:
        positive = negative = f"format('%d', {value})"
    return f"CASE WHEN {bare(value)} >= 0 THEN {positive} WHEN {bare(value)} < 0 THEN {negative} END"


def _major_integer(column: Column) -> str:
    decimals = f".{'0' * column.digits}" if column.digits else ""
    return f"format('%d{decimals}', {column.sql})"


def _major_real(column: Column) -> str:
    """Rounded half away from zero as the decimal number that was meant: 1.005 is stored as a little less."""
    value, digits = column.sql, column.digits
    exact = 10 ** (_EXACT_DIGITS - digits)
    nudged = f"CASE WHEN {bare(value)} BETWEEN -{exact} AND {exact} THEN {value} * {_NUDGE} ELSE {value} END"
    zero = f"{0:.{digits}f}"
    return f"ifnull(nullif(format('%.{digits}f', {nudged}), '-{zero}'), '{zero}')"


def _major_text(column: Column, refused: str) -> str:
    """A text that is just as it is shown stays; any other is read by a function."""
    value, digits = column.sql, column.digits
    decimals, signs = ("." + "[0-9]" * digits, "0-9.") if digits else ("", "0-9")
    point = f" AND instr({value}, '.') = octet_length({value}) - {digits}" if digits else ""
    is_plain = (
        f"({value} GLOB '[1-9]*{decimals}' OR {value} GLOB '0{decimals}') "
        f"AND {value} NOT GLOB '*[^{signs}]*' AND octet_length({value}) <= {_EXACT_DIGITS} "
        f"AND octet_length({value}) = length({value}){point}"
    )
    may_be_amount = f"{value} NOT GLOB '*[^-+.0-9 ]*' AND octet_length({value}) = length({value})"
    return (
        f"CASE WHEN {is_plain} THEN {value} "
        f"WHEN {may_be_amount} THEN ifnull(amount_of_text({value}, {digits}), {refused}) ELSE {refused} END"
    )


def _limited(column: Column, sql: str, refused: str) -> str:
    largest = LARGEST_UNITS // 10**column.digits
    return f"CASE WHEN {bare(column.sql)} BETWEEN -{largest} AND {largest} THEN {sql} ELSE {refused} END"


def plain_text(value: object) -> object:
    """A BLOB as base64 (RFC 4648, section 4), an infinity as a word, anything else as it is."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def amount_of_text(text: str, digits: int) -> str | None:
    """The amount that a text such as `1.985` means, with so many decimals; None when it means none."""
    plain = text.strip()
    if len(plain) > _LONGEST_AMOUNT or not _AMOUNT.fullmatch(plain):
        return None
    with localcontext(prec=2 * _LONGEST_AMOUNT):
        amount = Decimal(plain).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        if abs(amount.scaleb(digits)) > LARGEST_UNITS:
            return None
        return f"{amount if amount else abs(amount):f}"


_KINDS = {"integer": "too large a number", "real": "a number with a fraction", "blob": "a BLOB"}


def _refuse_money(value: object, storage: str, name: str, stored: StoredAs) -> object:
    kind = _KINDS.get(storage, "a text")
    if stored == "minor":
        raise UnrepresentableValue(
            f"The column {name} has the type money, stored in minor units: 198 is 1.98. It holds {kind}. "
            "If it holds amounts such as 1.98, add `stored: major` to its entry in the header's columns."
        )
    if storage == "real":
        kind = "infinity" if isinstance(value, float) and math.isinf(value) else "too large a number"
    elif storage == "text" and isinstance(value, bytes):
        kind = f"the text {value[:40].decode(errors='replace')!r}"
    raise UnrepresentableValue(
        f"The column {name} has the type money, stored as amounts such as 1.98. It holds {kind}. "
        "Convert it in the SQL, or exclude it: NULL is allowed."
    )


def _guarded_plain_text(value: object) -> object:
    text = plain_text(value)
    return guarded(text) if isinstance(text, str) else text


SQL_FUNCTIONS: dict[str, SqlFunction] = {
    "day_text": _date_text,
    "moment_text": _timestamp_text,
    "plain_text": plain_text,
    "guarded_plain_text": _guarded_plain_text,
    "refuse_money": _refuse_money,
    "amount_of_text": amount_of_text,
}
"""What this SQL calls for the rare values; each connection that runs it needs them."""
