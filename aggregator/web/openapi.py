"""The OpenAPI description of all endpoints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from aggregator import __version__
from aggregator.endpoints.access import Actor
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.errors import AggregatorError
from aggregator.formats import ALIASES, HTML, PLAN
from aggregator.formats.json import json_schema
from aggregator.inputs.filetypes import MEDIA_TYPES
from aggregator.json_documents import Document, schemas
from aggregator.read.plan import Plan
from aggregator.sqlfile.header import Header
from aggregator.sqlfile.input_columns import input_schema
from aggregator.sqlfile.parameters import parameter_schema
from aggregator.sqlfile.routing import Route, parameter_of
from aggregator.values.dates import MOVING
from aggregator.web.body import FIELD_TYPES, INPUT_OPTIONS
from aggregator.web.problems import MEDIA_TYPE, Problem
from aggregator.write.preview import Preview
from aggregator.write.request import Summary

_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}

_ACTIONS = {
    *("add", "approve", "archive", "book", "cancel", "check", "close", "copy", "export", "find", "import"),
    *("ingest", "load", "merge", "move", "open", "pay", "query", "receive", "refund", "reject", "remove"),
    *("reset", "restore", "run", "search", "send", "ship", "split", "start", "stop", "sync", "upload"),
}
"""Verbs that end the path of a POST, and say what it does."""

_SAME_FOR_MANY = {"news", "series", "species"}


def operation_names(endpoints: Iterable[tuple[Route, Header, bool]]) -> list[str]:
    """The name of each endpoint, given its route, its header, and whether it writes.

    Of two endpoints with the same name the later gets a number.
    """
    names: list[str] = []
    for route, header, is_write in endpoints:
        name, number = operation_name(route, header, is_write), 1
        unique = name
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names


def operation_name(route: Route, header: Header, is_write: bool) -> str:
    """The operation id of one endpoint, in ASCII: the name of a function in a generated client.

    GET    /orders/                  list_orders
    GET    /orders/{order_id}        get_order
    POST   /orders/import            import_orders
    PUT    /orders/{order_id}/lines  replace_order_lines

    It depends on nothing but its own endpoint, so clients keep their names when a file is added.
    """
    parts = [part for part in route.segments if part]
    literals = [part for part in parts if not parameter_of(part)]
    action = _words(literals[-1]) if route.method == "POST" and literals else []
    if len(parts) > 1 and action and action[0] in _ACTIONS and parts[-1] == literals[-1]:
        others = _nouns(parts[:-1])
        is_first = len(action) == 1 or not "_".join(others).isidentifier()
        return "_".join([*action, *others] if is_first else [*others, *action])
    verb, is_one = _verb(route, header, is_write)
    nouns = _nouns(parts) or ["root"]
    if is_one and route.method == "POST":
        nouns[-1] = _singular(nouns[-1])
    return "_".join([verb, *nouns])


def _verb(route: Route, header: Header, is_write: bool) -> tuple[str, bool]:
    """The verb, and whether it is about one thing."""
    if not is_write:
        is_one = bool(parameter_of(route.segments[-1])) or header.shape.kind in ("record", "nest")
        return ("get" if is_one else "list"), False
    return _VERBS[route.method], not header.input or header.rows_in is not None


def _nouns(parts: Sequence[str]) -> list[str]:
    """The words of a path's names; what stands before a parameter is one of many."""
    nouns: list[str] = []
    for part, following in pairwise([*parts, ""]):
        if parameter_of(part):
            continue
        words = _words(part)
        if parameter_of(following):
            words[-1] = _singular(words[-1])
        nouns += words
    return nouns


def _words(part: str) -> list[str]:
    """The words of a name in small letters of ASCII; other letters by their code points."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", part) if not unicodedata.combining(char))
    codes = re.sub(r"[^\x00-\x7f]", lambda match: f" u{ord(match[0]):x} ", plain)
    return re.findall("[a-z0-9]+", codes.lower()) or ["x"]


def _singular(word: str) -> str:
    if word in _SAME_FOR_MANY or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def with_enum_names(node: Any) -> Any:
    """A part of the description with names for the values of an enum that differ in case or signs only.

    Generators make constants of the values, and stop at two of the same name. `x-enum-varnames` is what
    several of them read.
    """
    if isinstance(node, list):
        return [with_enum_names(each) for each in node]
    if not isinstance(node, dict):
        return node
    named = {key: with_enum_names(value) for key, value in node.items()}
    values = [value for value in named["enum"] if value is not None] if _is_enum(named) else []
    if len({re.sub("[^a-z0-9]", "", str(value).lower()) for value in values}) < len(values):
        named["x-enum-varnames"] = [
            f"value_{n}_{'_'.join(_words(value))}" for n, value in enumerate(values, 1)
        ]
    return named


def _is_enum(schema: dict[str, Any]) -> bool:
    enum = schema.get("enum")
    return isinstance(enum, list) and all(isinstance(value, str | None) for value in enum)


_ENDING_NOTE = "If a value ends in the extension of a format, such as a.csv, add another one: a.csv.json."

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
    "description": "A unique text for each request. A repeat with the same key returns the first response",
    "schema": {"type": "string", "maxLength": 255},
}

_SPREADSHEET = {
    "for": "With format=csv: `excel` for a CSV that opens correctly in Excel",
    "separator": "With for=excel: delimiter, a comma (default), semicolon or tab",
    "decimal": "With for=excel: decimal sign, a point (default) or comma",
}


def parameters(compiled: ReadEndpoint | WriteEndpoint, has_plan: bool) -> Iterator[dict[str, Any]]:
    """The parameters of an endpoint beside those in its body. has_plan: whether `format=plan` is answered."""
    header, route = compiled.header, compiled.endpoint.route
    for name in compiled.params if route.method == "GET" or header.input else route.parameters:
        yield _own(compiled, name)
    if header.input:
        for name, (text, schema) in INPUT_OPTIONS.items():
            if name != "invalid" or not compiled.columns:
                yield _query(name, text, schema) | ({"allowEmptyValue": True} if name == "preview" else {})
    if isinstance(compiled, WriteEndpoint):
        yield _IDEMPOTENCY_KEY
    if compiled.columns:
        yield _format(compiled, has_plan)
        if any(format.name == "csv" for format in compiled.formats):
            yield from (_query(name, text, {"type": "string"}) for name, text in _SPREADSHEET.items())
    if isinstance(compiled, ReadEndpoint) and route.method == "GET" and compiled.paging is None:
        text = "Page number with format=html; a page has 100 rows"
        yield _query("_page", text, {"type": "integer", "minimum": 1})


def request_body(compiled: ReadEndpoint | WriteEndpoint) -> dict[str, Any] | None:
    """The request body; None when there is none, or all that is taken is in the path."""
    header, in_path = compiled.header, compiled.endpoint.route.parameters
    if compiled.endpoint.route.method == "GET":
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


def _own(compiled: ReadEndpoint | WriteEndpoint, name: str) -> dict[str, Any]:
    """A parameter of the endpoint's own."""
    spec, route = compiled.params[name], compiled.endpoint.route
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
        is_required = spec.is_required and compiled.header.rows_in is None
        parameter |= {"required": is_required, "allowEmptyValue": not spec.is_required}
    if spec.example is not None:
        is_json = isinstance(spec.example, int | float | list)
        parameter["example"] = spec.example if is_json else str(spec.example)
    return parameter


def _format(compiled: ReadEndpoint | WriteEndpoint, has_plan: bool) -> dict[str, Any]:
    names = [format.name for format in (*compiled.formats, *compiled.pictures)]
    formats = [*names, *(alias for alias, name in ALIASES.items() if name in names)]
    text = f"Format of the response (default: {names[0]})"
    if compiled.endpoint.route.method == "GET":
        formats.append(HTML.name)
    if has_plan:
        formats.append(PLAN.name)
        text += "; plan shows SQLite's query plan"
    return _query("format", text, {"type": "string", "enum": formats})


_JSON = "application/json"

_INFO = {
    "title": "Aggregator",
    "description": "Each report is one SQL file, available as a page, JSON, NDJSON, CSV or Excel.",
    "version": __version__,
}

_PROBLEMS = {
    "404": "Report not found",
    "406": "This report is not available in that format",
    "422": "Invalid parameters",
    "500": "The report's SQL file or its data has errors",
    "503": "A database cannot be read, or too many reports are running",
    "504": "The report took too long",
    "507": "The server's disk is full",
}

_PROBLEMS_WITH_BODY = _PROBLEMS | {
    "400": "The body cannot be read, or lacks columns",
    "403": "The request comes from a page of another site",
    "404": "The URL or the row in its path does not exist",
    "409": "The write conflicts with existing data, and nothing was written",
    "413": "The body is too large",
    "415": "Unsupported file format",
    "422": "A parameter, a row or the write as a whole is invalid; nothing was written",
    "503": "A database is locked, missing or read-only; nothing was written",
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
        for status, text in {
            "200": "All databases can be read",
            "503": "The databases that cannot be read, and the reasons",
        }.items()
    },
}

_SCHEMAS = schemas(Problem, Summary, Preview, Plan)


def description(
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], actor: Actor, has_plans: bool = True
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all endpoints of the actor that can be run now.

    has_plans: whether `format=plan` is among the formats.
    """
    paths: dict[str, Any] = {}
    works = [report for _, report in registry.all(actor) if not isinstance(report, AggregatorError)]
    names = operation_names(
        (each.endpoint.route, each.header, isinstance(each, WriteEndpoint)) for each in works
    )
    for compiled, name in zip(works, names, strict=True):
        route = compiled.endpoint.route
        operation = _operation(compiled, has_plans and isinstance(compiled, ReadEndpoint))
        paths.setdefault(route.url, {})[route.method.lower()] = {"operationId": name, **operation}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": with_enum_names(paths | {"/health": {"get": _HEALTH}}),
        "components": {"schemas": _SCHEMAS},
    }


def _operation(compiled: ReadEndpoint | WriteEndpoint, has_plan: bool) -> dict[str, Any]:
    header = compiled.header
    operation = {
        "summary": compiled.endpoint.title,
        "description": header.description,
        "tags": header.tags or [compiled.name.rsplit("/", 1)[0] if "/" in compiled.name else "reports"],
        "parameters": list(parameters(compiled, has_plan)),
        "responses": _responses(compiled, has_plan),
    }
    taken = request_body(compiled)
    return operation | ({"requestBody": taken} if taken is not None else {})


def _responses(compiled: ReadEndpoint | WriteEndpoint, has_plan: bool) -> dict[str, Any]:
    """By the status."""
    method, is_write = compiled.endpoint.route.method, isinstance(compiled, WriteEndpoint)
    content = _content(compiled, has_plan)
    done = _or(content, Preview) if compiled.header.input else content
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


def _content(compiled: ReadEndpoint | WriteEndpoint, has_plan: bool) -> dict[str, Any]:
    """The answer when all is well, by its media type."""
    if not compiled.columns:
        return {_JSON: {"schema": _reference(Summary)}}
    content: dict[str, Any] = {}
    for format in (*compiled.formats, *compiled.pictures):
        schema = {"type": "string"} | ({"format": "binary"} if format.compressed else {})
        if format.name == "json":
            schema = json_schema(compiled.shape, compiled.columns)
        content[format.media_type.split(";")[0]] = {"schema": schema}
    if has_plan:
        content = _or(content, Plan)
    if compiled.endpoint.route.method == "GET":
        content["text/html"] = {"schema": {"type": "string"}}
    return content


def _or(content: dict[str, Any], model: type[Document]) -> dict[str, Any]:
    """The content, where a document of the model may come instead of the JSON."""
    usual, other = content.get(_JSON), _reference(model)
    schema = other if usual is None else {"anyOf": [usual["schema"], other]}
    return content | {_JSON: {"schema": schema}}


def _reference(model: type[Document]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
