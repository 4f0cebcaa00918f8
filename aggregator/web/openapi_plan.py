"""The OpenAPI description of a report's plan, `?format=plan`."""

from __future__ import annotations

from typing import Any

from aggregator.formats import PLAN

_TEXTS = {"type": "array", "items": {"type": "string"}}
_SECONDS = {"type": "number", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 0}
PLAN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "How SQLite runs the report: what `?format=plan` answers",
    "required": ["report", "parameters", "steps", "warnings", "estimated_seconds", "seconds", "rows", "plan"],
    "properties": {
        "report": {"type": "string"},
        "parameters": {
            "type": "object",
            "description": "As SQL gets them",
            "additionalProperties": {"type": ["string", "number", "null"]},
        },
        "steps": _TEXTS | {"description": "The plan in words; what is in a loop is indented"},
        "warnings": _TEXTS | {"description": "Large tables that are read from end to end"},
        "estimated_seconds": _SECONDS | {"description": "Made from the plan, before it ran; rough"},
        "seconds": _SECONDS | {"description": "What it took just now"},
        "rows": _COUNT,
        "plan": {
            "type": "array",
            "description": "The steps as SQLite gives them, with the writing of the rows",
            "items": {
                "type": "object",
                "required": ["of", "id", "parent", "detail", "kind", "table", "index"],
                "properties": {
                    "of": {"enum": ["rows", "total"], "description": "Of a page, its total has a plan too"},
                    "id": _COUNT,
                    "parent": _COUNT | {"description": "The step that it belongs to, or 0"},
                    "detail": {"type": "string"},
                    "kind": {"type": "string"},
                    "table": {"type": ["string", "null"]},
                    "index": {"type": ["string", "null"]},
                },
            },
        },
    },
}


def with_plan(content: dict[str, Any]) -> dict[str, Any]:
    """The bodies of an answer, by media type, with that of the plan added."""
    plan = {"$ref": "#/components/schemas/Plan"}
    rows = content.get(PLAN.media_type)
    schema = plan if rows is None else {"anyOf": [rows["schema"], plan]}
    return content | {PLAN.media_type: {"schema": schema}}
