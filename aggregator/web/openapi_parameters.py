"""What an endpoint takes, as OpenAPI describes it: its parameters, the service's own, and its body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aggregator.catalog.input_columns import input_schema
from aggregator.catalog.parameters import MOVING, parameter_schema
from aggregator.formats import ALIASES, HTML, PLAN
from aggregator.inputs.kinds import MEDIA_TYPES
from aggregator.reports.report import Report
from aggregator.web.body import FIELD_TYPES
from aggregator.web.rows import INPUT_OPTIONS
from aggregator.writes.write import Write

_ENDING_NOTE = "A value that ends in the ending of a format, such as a.csv, needs one more: a.csv.json."
_FILES = (
    "Rows as JSON, where an object is one row. A file may be sent instead: as it is, with its own media type "
    f"({', '.join(kind for kind in MEDIA_TYPES if kind != 'application/json')}) or as "
    "application/octet-stream, or in a field `file` of multipart/form-data."
)
"""In words, because generators of clients know no bodies of these types, and several types beside a list
make code that fails (openapi-python-client 0.29)."""

_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text that is new for each request; the same key again gets the first answer again",
    "schema": {"type": "string", "maxLength": 255},
}
_SPREADSHEET = {
    "for": "With format=csv: excel, for a CSV that opens with a double click",
    "separator": "With for=excel: a comma (the default), a semicolon or a tab between cells",
    "decimal": "With for=excel: a point (the default) or a comma as decimal sign",
}


def parameters(checked: Report | Write, has_plan: bool) -> Iterator[dict[str, Any]]:
    """The parameters of an endpoint beside those in its body. has_plan: whether `format=plan` is answered."""
    header, route = checked.header, checked.endpoint.route
    for name in checked.params if route.method == "GET" or header.input else route.parameters:
        yield _own(checked, name)
    if header.input:
        for name, (text, schema) in INPUT_OPTIONS.items():
            if name != "invalid" or not checked.columns:
                yield _query(name, text, schema) | ({"allowEmptyValue": True} if name == "preview" else {})
    if isinstance(checked, Write):
        yield _IDEMPOTENCY_KEY
    if checked.columns:
        yield _format(checked, has_plan)
        if any(format.name == "csv" for format in checked.formats):
            yield from (_query(name, text, {"type": "string"}) for name, text in _SPREADSHEET.items())
    if isinstance(checked, Report) and route.method == "GET" and checked.paging is None:
        text = "Which page of 100 rows, with format=html"
        yield _query("_page", text, {"type": "integer", "minimum": 1})


def request_body(checked: Report | Write) -> dict[str, Any] | None:
    """The request body; None when there is none, or all that is taken is in the path."""
    header, in_path = checked.header, checked.endpoint.route.parameters
    if checked.endpoint.route.method == "GET":
        return None
    params = {name: spec for name, spec in header.params.items() if name not in in_path}
    properties = {
        name: parameter_schema(spec) | {"description": spec.description} for name, spec in params.items()
    }
    required = [name for name, spec in params.items() if spec.is_required]
    rows: dict[str, Any] = {"type": "array", "items": input_schema(header.input)}
    if header.rows_in is not None:
        properties[header.rows_in] = rows
        required.append(header.rows_in)
    fields: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        fields["required"] = required
    if header.input:
        schema = rows if header.rows_in is None else fields
        return {"required": True, "description": _FILES, "content": {"application/json": {"schema": schema}}}
    if not properties:
        return None
    return {"required": bool(required), "content": {kind: {"schema": fields} for kind in FIELD_TYPES}}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _own(checked: Report | Write, name: str) -> dict[str, Any]:
    """A parameter of the endpoint's own."""
    spec, route = checked.params[name], checked.endpoint.route
    is_in_path = name in route.parameters
    notes = [spec.description]
    if spec.choices_sql is not None:
        notes.append("One of the values in the data.")
    if spec.default in MOVING:
        notes.append(f"When not given: {spec.default} in {spec.time_zone}.")
    if spec.type == "text" and route.segments[-1] == f"{{{name}}}":
        notes.append(_ENDING_NOTE)
    parameter = _query(name, " ".join(notes).strip(), parameter_schema(spec))
    if is_in_path:
        parameter |= {"in": "path", "required": True}
    else:
        # Where rows have a name in the body, the others may be there as well.
        is_required = spec.is_required and checked.header.rows_in is None
        parameter |= {"required": is_required, "allowEmptyValue": not spec.is_required}
    if spec.example is not None:
        is_json = isinstance(spec.example, int | float | list)
        parameter["example"] = spec.example if is_json else str(spec.example)
    return parameter


def _format(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    names = [format.name for format in (*checked.formats, *checked.pictures)]
    formats = [*names, *(alias for alias, name in ALIASES.items() if name in names)]
    text = f"The format of the answer; {names[0]} when nothing else is said"
    if checked.endpoint.route.method == "GET":
        formats.append(HTML.name)
    if has_plan:
        formats.append(PLAN.name)
        text += "; plan tells how SQLite runs the report"
    return _query("format", text, {"type": "string", "enum": formats})
