"""The OpenAPI description: each endpoint with what it takes and what it answers."""

from __future__ import annotations

from typing import Any

from aggregator import __version__
from aggregator.documents import Document, schemas
from aggregator.errors import AggregatorError
from aggregator.formats.shapes import json_schema
from aggregator.reports.library import Library
from aggregator.reports.plan import Plan
from aggregator.reports.report import Report
from aggregator.web.openapi_parameters import parameters, request_body
from aggregator.web.operation_names import operation_names, with_enum_names
from aggregator.web.problems import MEDIA_TYPE, Problem
from aggregator.writes.outcome import Summary
from aggregator.writes.preview import Preview
from aggregator.writes.write import Write

_JSON = "application/json"
_INFO = {
    "title": "Aggregator",
    "description": "Each report is one SQL file; each answers as a page, JSON, NDJSON, CSV or Excel.",
    "version": __version__,
}
_PROBLEMS = {
    "404": "There is no such report",
    "406": "This report is not available in that format",
    "422": "Invalid parameters",
    "500": "The report's file or its data has a fault",
    "503": "A database cannot be read, or too many reports are running",
    "504": "The report took too long",
    "507": "The server's disk is full",
}
_PROBLEMS_WITH_BODY = _PROBLEMS | {
    "400": "The body cannot be read, or lacks columns",
    "403": "A page of another site sent it",
    "404": "There is no such URL, or no row that its path names",
    "409": "The write conflicts with existing data, and nothing was written",
    "413": "The body is too large",
    "415": "Unsupported file format",
    "422": "A parameter, a row, or a rule of the database says no; nothing was written",
    "503": "A database is locked, gone or not to be written; nothing was written",
}
_HEALTH = {
    "operationId": "get_health",
    "summary": "Whether every database can be read",
    "tags": ["service"],
    "responses": {
        status: {
            "description": text,
            "content": {
                _JSON: {"schema": {"type": "object", "properties": {"status": {"type": "string"}}}},
            },
        }
        for status, text in {"200": "All can", "503": "Which cannot, and why"}.items()
    },
}
_SCHEMAS = schemas(Problem, Summary, Preview, Plan)


def description(library: Library[Report | Write], has_plans: bool = True) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all reports that can be run now. has_plans: whether `format=plan` is."""
    paths: dict[str, Any] = {}
    works = [report for _, report in library.all() if not isinstance(report, AggregatorError)]
    names = operation_names((each.endpoint.route, each.header, isinstance(each, Write)) for each in works)
    for checked, name in zip(works, names, strict=True):
        route = checked.endpoint.route
        operation = _operation(checked, has_plans and isinstance(checked, Report))
        paths.setdefault(route.url, {})[route.method.lower()] = {"operationId": name, **operation}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": with_enum_names(paths | {"/health": {"get": _HEALTH}}),
        "components": {"schemas": _SCHEMAS},
    }


def _operation(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    header = checked.header
    operation = {
        "summary": checked.endpoint.title,
        "description": header.description,
        "tags": header.tags or [checked.name.rsplit("/", 1)[0] if "/" in checked.name else "reports"],
        "parameters": list(parameters(checked, has_plan)),
        "responses": _responses(checked, has_plan),
    }
    taken = request_body(checked)
    return operation | ({"requestBody": taken} if taken is not None else {})


def _responses(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    """By the status."""
    method, is_write = checked.endpoint.route.method, isinstance(checked, Write)
    content = _content(checked, has_plan)
    done = _or(content, Preview) if checked.header.input else content
    responses = {"200": {"description": "What happened" if is_write else "The rows", "content": done}}
    if is_write and method in ("POST", "PUT"):
        responses["201"] = {"description": "Rows were inserted", "content": content}
    if method == "GET":
        responses["304"] = {"description": "Nothing has changed since the ETag in If-None-Match"}
    problem = {MEDIA_TYPE: {"schema": _reference(Problem)}}
    problems = _PROBLEMS if method == "GET" else _PROBLEMS_WITH_BODY
    return responses | {
        status: {"description": text, "content": problem} for status, text in problems.items()
    }


def _content(checked: Report | Write, has_plan: bool) -> dict[str, Any]:
    """The answer when all is well, by its media type."""
    if not checked.columns:
        return {_JSON: {"schema": _reference(Summary)}}
    content: dict[str, Any] = {}
    for format in (*checked.formats, *checked.pictures):
        schema = {"type": "string"} | ({"format": "binary"} if format.compressed else {})
        if format.name == "json":
            schema = json_schema(checked.shape, checked.columns)
        content[format.media_type.split(";")[0]] = {"schema": schema}
    if has_plan:
        content = _or(content, Plan)
    if checked.endpoint.route.method == "GET":
        content["text/html"] = {"schema": {"type": "string"}}
    return content


def _or(content: dict[str, Any], model: type[Document]) -> dict[str, Any]:
    """The content, where a document of the model may come instead of the JSON."""
    usual, other = content.get(_JSON), _reference(model)
    schema = other if usual is None else {"anyOf": [usual["schema"], other]}
    return content | {_JSON: {"schema": schema}}


def _reference(model: type[Document]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
