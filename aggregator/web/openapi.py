"""The OpenAPI description: each report with its own parameters and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator import __version__
from aggregator.catalog.parameters import MOVING, Parameter, parameter_schema
from aggregator.catalog.shape import ShapeSpec
from aggregator.documents import Document, schemas
from aggregator.errors import AggregatorError
from aggregator.formats import ALIASES, HTML, PLAN, Column
from aggregator.reports.library import Library
from aggregator.reports.plan import Plan
from aggregator.reports.report import Report
from aggregator.web.openapi_bodies import (
    IDEMPOTENCY_KEY,
    INPUT_OPTIONS,
    PROBLEMS,
    fields_body,
    rows_body,
)
from aggregator.web.operation_names import operation_names, with_enum_names
from aggregator.web.problems import MEDIA_TYPE, Problem
from aggregator.writes.outcome import Summary
from aggregator.writes.preview import Preview
from aggregator.writes.write import Write

_ENDING_NOTE = "A value that ends in the ending of a format, such as a.csv, needs one more: a.csv.json."
_TITLE = "Aggregator"
_DESCRIPTION = "Each report is one SQL file; each answers as a page, JSON, NDJSON, CSV or Excel."
_PROBLEMS = {
    "404": "There is no such report",
    "406": "This report is not available in that format",
    "422": "Invalid parameters",
    "500": "The report's file or its data has a fault",
    "503": "A database cannot be read, or too many reports are running",
    "504": "The report took too long",
    "507": "The server's disk is full",
}
_SCHEMAS = schemas(Problem, Summary, Preview, Plan)
_COLUMN_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "percent": {"type": ["number", "null"], "description": "A share; 0.25 is 25 per cent"},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "month": {"type": ["string", "null"], "pattern": "^[0-9]{4}-[0-9]{2}$"},
    "money": {"type": ["string", "null"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "json": {},
}
_STORAGE_SCHEMAS: dict[str, dict[str, Any]] = {
    "integer": {"type": ["integer", "null"]},
    "real": {"type": ["number", "string", "null"], "description": "Infinity and -Infinity are texts"},
    "text": {"type": ["string", "null"]},
}


def description(library: Library[Report | Write], has_plans: bool = True) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all reports that can be run now. has_plans: whether `format=plan` is."""
    paths: dict[str, Any] = {}
    works = [report for _, report in library.all() if not isinstance(report, AggregatorError)]
    names = operation_names((each.endpoint.route, each.header, isinstance(each, Write)) for each in works)
    for report, name in zip(works, names, strict=True):
        route = report.endpoint.route
        described = _operation if route.method == "GET" else _operation_with_body
        operation = described(report, has_plans and isinstance(report, Report))
        paths.setdefault(route.url, {})[route.method.lower()] = {"operationId": name, **operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "description": _DESCRIPTION, "version": __version__},
        "paths": with_enum_names(paths | {"/health": {"get": _health()}}),
        "components": {"schemas": _SCHEMAS},
    }


def _operation(report: Report | Write, has_plan: bool) -> dict[str, Any]:
    responses = {
        "200": {"description": "The rows", "content": _rows(report, has_plan)},
        "304": {"description": "Nothing has changed since the ETag in If-None-Match"},
    }
    return _described(report) | {
        "parameters": [
            *_parameters(report, report.header.params),
            _format_parameter(report, has_plan),
            *_spreadsheet_parameters(report),
            *_page_parameters(report),
        ],
        "responses": responses | _problems(_PROBLEMS),
    }


def _operation_with_body(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    header, path = checked.header, checked.endpoint.route.parameters
    is_write = isinstance(checked, Write)
    parameters = _parameters(checked, header.params if header.input else path)
    if header.rows_in is not None:
        # They may be in the body as well.
        parameters = [each | {"required": each["in"] == "path"} for each in parameters]
    if header.input:
        parameters += [each for each in INPUT_OPTIONS if each["name"] != "invalid" or not checked.columns]
    if is_write:
        parameters.append(IDEMPOTENCY_KEY)
    if checked.columns:
        parameters += [_format_parameter(checked, has_plan), *_spreadsheet_parameters(checked)]
    content = _rows(checked, has_plan) if checked.columns else {"application/json": {"schema": _ref(Summary)}}
    done = _with(content, Preview) if header.input else content
    responses = {"200": {"description": "What happened" if is_write else "The rows", "content": done}}
    if is_write and checked.endpoint.route.method in ("POST", "PUT"):
        responses["201"] = {"description": "Rows were inserted", "content": content}
    operation = _described(checked) | {
        "parameters": parameters,
        "responses": responses | _problems(_PROBLEMS | PROBLEMS),
    }
    body = rows_body(header, path) if header.input else fields_body(header, path)
    return operation | ({"requestBody": body} if body is not None else {})


def _ref(model: type[Document]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _with(content: dict[str, Any], model: type[Document]) -> dict[str, Any]:
    """The bodies of an answer, by media type, with a document that may come instead."""
    usual = content.get("application/json")
    schema = _ref(model) if usual is None else {"anyOf": [usual["schema"], _ref(model)]}
    return content | {"application/json": {"schema": schema}}


def _described(checked: Report | Write) -> dict[str, Any]:
    folder = checked.name.rsplit("/", 1)[0] if "/" in checked.name else "reports"
    return {
        "summary": checked.endpoint.title,
        "description": checked.header.description,
        "tags": checked.header.tags or [folder],
    }


def _problems(statuses: Mapping[str, str]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": _ref(Problem)}}
    return {status: {"description": text, "content": content} for status, text in statuses.items()}


def _rows(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    content = {
        format.media_type.split(";")[0]: {"schema": _body_schema(format.name, checked)}
        for format in (*checked.formats, *checked.pictures)
    }
    if not isinstance(checked, Report):
        return content
    page = {"text/html": {"schema": {"type": "string"}}} if checked.endpoint.route.method == "GET" else {}
    return (_with(content, Plan) if has_plan else content) | page


def _parameters(checked: Report | Write, names: Iterable[str]) -> list[dict[str, Any]]:
    path, params = checked.endpoint.route.parameters, checked.header.params
    described = [_parameter(name, params[name], name in path) for name in names]
    for each in described:
        if (
            params[each["name"]].type == "text"
            and checked.endpoint.route.segments[-1] == f"{{{each['name']}}}"
        ):
            each["description"] = f"{each['description']} {_ENDING_NOTE}".strip()
    return described


def _format_parameter(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    names = [format.name for format in (*checked.formats, *checked.pictures)]
    formats = [*names, *(alias for alias, name in ALIASES.items() if name in names)]
    description = f"The format of the answer; {names[0]} when nothing else is said"
    if isinstance(checked, Report) and checked.endpoint.route.method == "GET":
        formats.append(HTML.name)
    if has_plan:
        formats.append(PLAN.name)
        description += "; plan tells how SQLite runs the report"
    return {
        "name": "format",
        "in": "query",
        "description": description,
        "schema": {"type": "string", "enum": formats},
    }


def _spreadsheet_parameters(checked: Report | Write) -> list[dict[str, Any]]:
    """How a CSV is written for Excel, of what is available as CSV."""
    if all(format.name != "csv" for format in checked.formats):
        return []
    texts = {
        "for": "With format=csv: excel, for a CSV that opens with a double click",
        "separator": "With for=excel: a comma (the default), a semicolon or a tab between cells",
        "decimal": "With for=excel: a point (the default) or a comma as decimal sign",
    }
    return [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in texts.items()
    ]


def _page_parameters(report: Report | Write) -> list[dict[str, Any]]:
    """What every report takes: the reader's order and, of one without pages of its own, the page."""
    ways = [f"{column.name}.{way}" for column in report.columns for way in ("asc", "desc")]
    # The title makes another name than that of a parameter `sort` for those who generate a class of it.
    sorting: dict[str, Any] = {"title": "Row order", "type": "string", "enum": ways}
    taken = [("_sort", "Sort by a column, in every format", sorting)]
    if isinstance(report, Report) and report.paging is None:
        taken.append(("_page", "Which page of 100 rows, with format=html", {"type": "integer", "minimum": 1}))
    return [
        {"name": name, "in": "query", "description": text, "schema": schema} for name, text, schema in taken
    ]


def _parameter(name: str, spec: Parameter, is_in_path: bool) -> dict[str, Any]:
    description = spec.description
    if spec.choices_sql is not None:
        description = f"{description} One of the values in the data.".strip()
    if spec.default in MOVING:
        description = f"{description} When not given: {spec.default} in {spec.time_zone}.".strip()
    parameter: dict[str, Any] = {
        "name": name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path or spec.is_required,
        "description": description,
        "schema": parameter_schema(spec),
    }
    if not is_in_path:
        parameter["allowEmptyValue"] = not spec.is_required
    if spec.example is not None:
        parameter["example"] = (
            spec.example if isinstance(spec.example, int | float | list) else str(spec.example)
        )
    return parameter


def _body_schema(format: str, checked: Report | Write) -> dict[str, Any]:
    if format == "json":
        return _shape_schema(checked.header.shape, checked.columns)
    if format in ("excel", "png"):
        return {"type": "string", "format": "binary"}
    return {"type": "string"}


def _shape_schema(shape: ShapeSpec, columns: Sequence[Column]) -> dict[str, Any]:
    if shape.kind == "record":
        return _object(columns)
    if shape.kind == "group":
        rows = {"type": "array", "items": _object([each for each in columns if each.name != shape.column])}
        return {"type": "object", "additionalProperties": rows}
    if shape.kind == "nest":
        inside = [column for column in columns if column.name in shape.members]
        record = _object([column for column in columns if column.name not in shape.members])
        record["required"].append(shape.column)
        record["properties"][shape.column] = {"type": "array", "items": _object(inside)}
        return record
    rows = {"type": "array", "items": _object(columns)}
    if shape.kind == "page":
        counts = {name: {"type": "integer", "minimum": 0} for name in ("total", "limit", "offset")}
        return {"type": "object", "required": ["items", *counts], "properties": {"items": rows, **counts}}
    return rows


def _object(columns: Sequence[Column]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [column.name for column in columns],
        "properties": {column.name: _column_schema(column) for column in columns},
    }


def _column_schema(column: Column) -> dict[str, Any]:
    if column.type is not None and column.is_declared:
        return _COLUMN_SCHEMAS[column.type]
    return _STORAGE_SCHEMAS.get(column.storage or "", {})


def _health() -> dict[str, Any]:
    state = {"type": "object", "properties": {"status": {"type": "string"}}}
    content = {"application/json": {"schema": state}}
    return {
        "operationId": "get_health",
        "summary": "Whether every database can be read",
        "tags": ["service"],
        "responses": {
            "200": {"description": "All can", "content": content},
            "503": {"description": "Which cannot, and why", "content": content},
        },
    }
