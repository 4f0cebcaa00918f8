"""What a file is taken for before it is loaded: its columns, those that are wanted, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, BinaryIO

from aggregator.catalog.conversion import converter
from aggregator.catalog.day_order import in_order
from aggregator.catalog.input_columns import InputColumn
from aggregator.errors import RejectedRow, UnreadableInput
from aggregator.inputs.beginning import Beginning, read_beginning
from aggregator.inputs.matching import Matcher
from aggregator.inputs.options import Kind, Options
from aggregator.writes.staging import (
    NAMED_ONCE,
    lacks,
    missing_columns,
    other_currencies,
    require_day_order,
    required_columns,
    shortened,
)

MOST_ROWS = 100
USUAL_ROWS = 20

Places = Sequence[int | None]
"""Of each declared column its place in the file; None where it is not there."""


def preview(
    file: BinaryIO, kind: Kind, columns: Mapping[str, InputColumn], options: Options, most_rows: int
) -> dict[str, Any]:
    """The beginning of a file as JSON says it, each cell looked at as a load would; no database is touched.

    columns: as the header declares them. `problems` are reasons to take nothing of the file; those of a row
    are told for each of its cells. Raises UnreadableInput or TooLarge for a file that cannot be read.
    """
    order = options.date_order
    if order is not None:
        require_day_order(columns)
    wanted = {name: column.names for name, column in columns.items()}
    required = required_columns(columns)
    beginning = read_beginning(file, kind, wanted, options, most_rows, required)
    matcher = Matcher(wanted, required)
    inputs = [matcher.column(name) for name in beginning.names]
    places = [inputs.index(column) if column in inputs else None for column in range(len(columns))]
    found = [None if place is None else beginning.names[place] for place in places]
    document: dict[str, Any] = {"read_as": {**beginning.read_as, **({"date_order": order} if order else {})}}
    if beginning.sheets is not None:
        document["sheets"] = beginning.sheets
    if beginning.header_line:
        document["header_line"] = beginning.header_line
    if beginning.notes.skipped:
        document["skipped"] = [{"line": line, "text": text} for line, text in beginning.notes.skipped]
    document["notes"] = beginning.notes.sentences()
    document["columns"] = [
        {"name": name, "input": None if column is None else matcher.wanted[column]}
        for name, column in zip(beginning.names, inputs, strict=True)
    ]
    document["input"] = [
        _declared(name, column) | {"column": there}
        for (name, column), there in zip(columns.items(), found, strict=True)
    ]
    document["problems"] = list(_problems(beginning, matcher, columns, found))
    rows, suspicions = _rows(beginning, in_order(columns, order), places)
    document["problems"] += suspicions if order is None else []
    document["rows"] = rows
    return document


def _declared(name: str, column: InputColumn) -> dict[str, Any]:
    """A column as its header has it."""
    said = column.model_dump(mode="json", by_alias=True, exclude_unset=True)
    always = {"required": column.required, "description": column.description, "from": column.names}
    return {"name": name} | said | always


def _problems(
    beginning: Beginning,
    matcher: Matcher,
    columns: Mapping[str, InputColumn],
    found: Sequence[str | None],
) -> Iterator[str]:
    if beginning.read_as["format"] not in NAMED_ONCE:
        return
    try:
        matcher.positions(beginning.names)
    except UnreadableInput as error:
        yield error.detail
    yield from other_currencies(found, columns)
    missing = missing_columns(found, columns)
    if missing and any(found):
        yield lacks(missing, columns, [name for name in beginning.names if name])


def _rows(
    beginning: Beginning, columns: Mapping[str, InputColumn], places: Places
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows, and what seems to be wrong with whole columns."""
    refused, suspicions = _refused(beginning, columns, places)
    wrong = {(cell.line, cell.column): cell.value for cell in beginning.wrong}
    rows = [
        {
            "line": line,
            "cells": [
                shortened(wrong.get((line, name), text))
                for name, text in zip(beginning.names, texts, strict=True)
            ],
            "problems": [_problem(each) for each in refused.get(line, ())],
        }
        for line, texts in beginning.rows
    ]
    rows += [{"line": row.line, "cells": None, "problems": [_problem(row)]} for row in beginning.rejected]
    return sorted(rows, key=itemgetter("line")), suspicions


def _problem(row: RejectedRow) -> dict[str, Any]:
    return {"column": row.column, "value": row.value, "reason": row.reason}


def _refused(
    beginning: Beginning, columns: Mapping[str, InputColumn], places: Places
) -> tuple[dict[int, list[RejectedRow]], list[str]]:
    """The cells with errors, by line; a column that the file lacks is one problem of the whole file."""
    suspicions: list[str] = []
    format = beginning.read_as["format"]
    lines = [line for line, _ in beginning.rows]
    refused: dict[int, list[RejectedRow]] = {}
    wrong = {(cell.line, cell.column): cell for cell in beginning.wrong}
    for (name, column), place in zip(columns.items(), places, strict=True):
        if place is None and format in NAMED_ONCE:
            continue
        texts = [None if place is None else row[place] for _, row in beginning.rows]
        called = name if place is None else beginning.names[place]
        made = converter(column, has_numbers=format != "csv", has_dates=format == "excel")
        _, found = made.values(texts)
        if made.suspicion is not None:
            suspicions.append(f"{called}: {made.suspicion}")
        for index, reason in found:
            if (lines[index], called) not in wrong:
                cell = RejectedRow(lines[index], called, shortened(texts[index]), reason)
                refused.setdefault(cell.line, []).append(cell)
        for line in lines if wrong else ():
            if (line, called) in wrong:
                refused.setdefault(line, []).append(wrong[line, called])
    return refused, suspicions
