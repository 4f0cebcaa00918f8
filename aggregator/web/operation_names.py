"""The operation ids of the OpenAPI description: names of functions, such as `list_orders`.

GET    /orders/                  list_orders
GET    /orders/{order_id}        get_order
POST   /orders/import            import_orders
PUT    /orders/{order_id}/lines  replace_order_lines

A name depends on nothing but its own endpoint, so clients keep their names when a file is added. Only of two
endpoints with the same name the later gets a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from aggregator.catalog.header import Header
from aggregator.catalog.paths import Route, parameter_of

_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_ACTIONS = {
    *("add", "approve", "archive", "book", "cancel", "check", "close", "copy", "export", "find", "import"),
    *("ingest", "load", "merge", "move", "open", "pay", "query", "receive", "refund", "reject", "remove"),
    *("reset", "restore", "run", "search", "send", "ship", "split", "start", "stop", "sync", "upload"),
}
"""Verbs that end the path of a POST, and say what it does."""

_SAME_FOR_MANY = {"news", "series", "species"}


def operation_names(endpoints: Iterable[tuple[Route, Header, bool]]) -> list[str]:
    """The name of each endpoint, all different: its route, its header, and whether it writes."""
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
    """The name of one endpoint, in ASCII."""
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
