"""The OpenAPI description of a preview, `?preview=N`."""

from __future__ import annotations

from typing import Any

from aggregator.writes.preview import MOST_ROWS, USUAL_ROWS

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
PREVIEW_OPTION: dict[str, Any] = {
    "name": "preview",
    "in": "query",
    "description": f"Write nothing, and show how the file is understood and so many of its first rows; "
    f"{USUAL_ROWS} when it is empty. Its beginning is enough, and no parameters are needed",
    "allowEmptyValue": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
}
_INPUT = {
    "type": "object",
    "description": "A column as the endpoint's header has it; `column` is the file's, null when it lacks it",
    "required": ["name", "type", "required", "description", "from", "column"],
    "properties": {
        "name": _TEXT,
        "type": _TEXT,
        "required": {"type": "boolean"},
        "from": {"type": "array", "items": _TEXT, "description": "Other names that it is found by"},
        "column": _TEXT_OR_NULL,
    }
    | {name: {} for name in ("default", "min", "max", "choices", "example")}
    | {
        "description": _TEXT,
        "format": {"type": "array", "items": _TEXT},
        "empty": {"type": "array", "items": _TEXT},
        "credit": {"type": "string", "enum": ["minus", "plus"]},
        **dict.fromkeys(("currency", "pattern", "message", "time_zone"), _TEXT),
    },
}
_ROW = {
    "type": "object",
    "required": ["line", "cells", "problems"],
    "properties": {
        "line": {"type": "integer", "description": "Of the file, from 1; of JSON the number of the item"},
        "cells": {
            "type": ["array", "null"],
            "items": _TEXT_OR_NULL,
            "description": "By the file's columns, null where empty; long ones are cut short. "
            "Null when it is no row at all",
        },
        "problems": {
            "type": "array",
            "description": "The row's errors, cell by cell",
            "items": {
                "type": "object",
                "required": ["column", "value", "reason"],
                "properties": {"column": _TEXT_OR_NULL, "value": _TEXT_OR_NULL, "reason": _TEXT},
            },
        },
    },
}
PREVIEW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What a file is taken for: what `?preview` answers",
    "required": ["read_as", "notes", "columns", "input", "problems", "rows"],
    "properties": {
        "read_as": {"type": "object", "additionalProperties": _TEXT},
        "sheets": {"type": "array", "items": _TEXT, "description": "Of a workbook"},
        "header_line": {
            "type": "integer",
            "minimum": 1,
            "description": "The line, or the row of a sheet, with the names of the columns",
        },
        "skipped": {
            "type": "array",
            "description": "The lines above the header that are not blank",
            "items": {
                "type": "object",
                "required": ["line", "text"],
                "properties": {"line": {"type": "integer"}, "text": _TEXT},
            },
        },
        "notes": {
            "type": "array",
            "items": _TEXT,
            "description": "Remarks about how the file was read, such as rows with missing cells",
        },
        "columns": {
            "type": "array",
            "description": "The file's columns, each with the one of `input` that it is taken for",
            "items": {
                "type": "object",
                "required": ["name", "input"],
                "properties": {"name": _TEXT, "input": _TEXT_OR_NULL},
            },
        },
        "input": {"type": "array", "items": _INPUT},
        "problems": {
            "type": "array",
            "items": _TEXT,
            "description": "Why nothing of the file can be taken, such as a required column that it lacks",
        },
        "rows": {"type": "array", "items": _ROW},
    },
}


def with_preview(content: dict[str, Any]) -> dict[str, Any]:
    """The bodies of an answer, by media type, with that of a preview added."""
    preview = {"$ref": "#/components/schemas/Preview"}
    usual = content.get("application/json")
    schema = preview if usual is None else {"anyOf": [usual["schema"], preview]}
    return content | {"application/json": {"schema": schema}}
