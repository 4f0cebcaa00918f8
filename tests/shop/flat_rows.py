"""The same rows out of every format that shows them flat, each read by another program's reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from tests.formats.readers import csv_fields, field_value, read_excel, read_ndjson
from tests.server import Answer

Kind: TypeAlias = Literal["plain", "money", "date", "datetime"]
Row: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[[str], Answer]
"""Gets the answer in the format of this name."""

FLAT_FORMATS = ("ndjson", "csv", "excel")


def assert_flat(ask: Ask, kinds: Mapping[str, Kind], rows: Sequence[Row], status: int = 200) -> None:
    """NDJSON, CSV and Excel have these rows, written as in JSON, under the columns of `kinds`."""
    answers = {name: ask(name) for name in FLAT_FORMATS}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(FLAT_FORMATS, status)
    # The first time a report runs, and later ones, it goes different ways.
    again = {name: ask(name) for name in FLAT_FORMATS}
    different = {name: (again[name].status, again[name].body) for name in FLAT_FORMATS}
    assert {name: said for name, said in different.items() if said != (status, answers[name].body)} == {}
    assert all(list(row) == list(kinds) for row in rows)
    assert read_ndjson(answers["ndjson"].body) == list(rows)
    header, *lines = csv_fields(answers["csv"].body)
    assert header == list(kinds)
    assert [[field_value(field) for field in line] for line in lines] == [list(row.values()) for row in rows]
    heads, *cells = read_excel(answers["excel"].body)
    assert heads == list(kinds)
    assert cells == [[_in_excel(kinds[name], value) for name, value in row.items()] for row in rows]


def kinds(text: str) -> dict[str, Kind]:
    """Columns and what is in them, from `name amount:money day:date`."""
    return {
        name: kind or "plain"  # type: ignore[misc]
        for name, _, kind in (column.partition(":") for column in text.split())
    }


def money(cents: int | None) -> str | None:
    """An amount as the formats write it."""
    return None if cents is None else f"{Decimal(cents) / 100:.2f}"


def _in_excel(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "money":
        return float(value)
    if kind in ("date", "datetime"):
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return value
