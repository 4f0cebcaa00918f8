"""The OpenAPI description of endpoints with a body: what they take, and what they answer."""

from __future__ import annotations

from typing import Any

from aggregator.catalog.day_order import DAY_ORDERS
from aggregator.catalog.header import Header
from aggregator.catalog.input_columns import input_schema
from aggregator.catalog.parameters import parameter_schema
from aggregator.inputs.header import SEARCHED
from aggregator.inputs.kinds import MEDIA_TYPES
from aggregator.inputs.options import MOST_HEADER_LINE
from aggregator.web.body import FIELD_TYPES
from aggregator.writes.preview import MOST_ROWS, USUAL_ROWS

_FILES = (
    "Rows as JSON, where an object is one row. A file may be sent instead: as it is, with its own media type "
    f"({', '.join(kind for kind in MEDIA_TYPES if kind != 'application/json')}) or as "
    "application/octet-stream, or in a field `file` of multipart/form-data."
)
"""In words, because generators of clients know no bodies of these types, and several types beside a list
make code that fails (openapi-python-client 0.29)."""

PROBLEMS = {
    "400": "The body cannot be read, or lacks columns",
    "403": "A page of another site sent it",
    "404": "There is no such URL, or no row that its path names",
    "409": "The write conflicts with existing data, and nothing was written",
    "413": "The body is too large",
    "415": "Unsupported file format",
    "422": "A parameter, a row, or a rule of the database says no; nothing was written",
    "503": "A database is locked, gone or not to be written; nothing was written",
    "507": "The server's disk is full",
}
"""What can go wrong besides what can go wrong with a report."""

INPUT_OPTIONS: list[dict[str, Any]] = [
    {
        "name": "invalid",
        "in": "query",
        "description": "When there are bad rows: write nothing, or skip them and write the others",
        "schema": {"type": "string", "enum": ["reject", "skip"], "default": "reject"},
    },
    {
        "name": "dry_run",
        "in": "query",
        "description": "Do all of it, say what would change, and write nothing",
        "schema": {"type": "boolean", "default": False},
    },
    {
        "name": "preview",
        "in": "query",
        "description": f"Write nothing, and show how the file is understood and so many of its first rows; "
        f"{USUAL_ROWS} when it is empty. Its beginning is enough, and no parameters are needed",
        "allowEmptyValue": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    },
    *(
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in {
            "delimiter": "What stands between the cells of a CSV file; found when not given",
            "encoding": "Of a CSV file, such as cp1252; found when not given",
            "sheet": "Of a workbook; the first visible one with the columns when not given",
        }.items()
    ),
    {
        "name": "header_line",
        "in": "query",
        "description": f"The line, or the row of a sheet, with the names of the columns; found in the first "
        f"{SEARCHED} when not given",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_HEADER_LINE},
    },
    {
        "name": "date_order",
        "in": "query",
        "description": "Whether the day or the month comes first in dates such as 05/12/2024; as the format "
        "of the column says when not given",
        "schema": {"type": "string", "enum": list(DAY_ORDERS)},
    },
]
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text that is new for each request; the same key again gets the first answer again",
    "schema": {"type": "string", "maxLength": 255},
}


def rows_body(header: Header, in_path: tuple[str, ...]) -> dict[str, Any]:
    """The request body of an endpoint that takes rows."""
    rows: dict[str, Any] = {"type": "array", "items": input_schema(header.input)}
    schema = rows if header.rows_in is None else _object(header, in_path, {header.rows_in: rows})
    return {"required": True, "description": _FILES, "content": {"application/json": {"schema": schema}}}


def fields_body(header: Header, in_path: tuple[str, ...]) -> dict[str, Any] | None:
    """The request body of an endpoint that takes parameters; None when all of them are in the path."""
    schema = _object(header, in_path, {})
    if not schema["properties"]:
        return None
    content = {kind: {"schema": schema} for kind in FIELD_TYPES}
    return {"required": "required" in schema, "content": content}


def _object(header: Header, in_path: tuple[str, ...], others: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object: the parameters that are not in the path, and others, which it must have."""
    params = {name: spec for name, spec in header.params.items() if name not in in_path}
    properties = {
        name: parameter_schema(spec) | {"description": spec.description} for name, spec in params.items()
    }
    required = [*(name for name, spec in params.items() if spec.is_required), *others]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties | others,
        "additionalProperties": False,
    }
    return schema | ({"required": required} if required else {})
