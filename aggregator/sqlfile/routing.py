"""From the path of a file in `sql/` to its URL and method.

report/customer-orders.sql       GET    /report/customer-orders
customers/index.sql              GET    /customers/
customers/{customer_id}.sql      GET    /customers/{customer_id}
customers/index.post.sql         POST   /customers/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote, unquote_to_bytes

METHOD_SUFFIXES = {".post": "POST", ".put": "PUT", ".patch": "PATCH", ".delete": "DELETE"}
RESERVED = {"_", "health", "docs", "redoc", "openapi.json", "static-offline-docs"}
"""First segments of URLs that the service answers by itself."""

_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_NO_TEXT = {"Cc", "Cs"}
"""Unicode categories: control characters, and bytes of a name that is not UTF-8."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """A URL and a method.

    segments: the URL's parts after the first slash, decoded, `""` last for a folder's index; a
    parameter keeps its braces.
    """

    method: str
    segments: tuple[str, ...]

    @property
    def url(self) -> str:
        """The percent-encoded URL with its parameters in braces, `/customers/{customer_id}`."""
        parts = (part if parameter_of(part) else quote(part, safe="!$&'()*+,;=:@") for part in self.segments)
        return "/" + "/".join(parts)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's parameters, in order."""
        return tuple(name for segment in self.segments if (name := parameter_of(segment)))


class PathError(ValueError):
    """The path of the file cannot be a URL; the message says why."""


def parameter_of(segment: str) -> str | None:
    """The parameter's name when the segment is one in braces."""
    match = _PARAMETER.fullmatch(segment)
    return match[1] if match else None


def segments_of(raw_path: bytes) -> tuple[str, ...]:
    """The decoded parts of a URL's path, as it stands in the request.

    The path is split before it is decoded, so that an encoded slash belongs to a part and does not end it
    (RFC 3986, section 2.2). Bytes that are not UTF-8 become U+FFFD.
    """
    parts = raw_path.removeprefix(b"/").split(b"/")
    return tuple([unquote_to_bytes(part).decode(errors="replace") for part in parts])


def path_of(segments: Sequence[str]) -> str:
    """The path as people read it: decoded, but for a slash inside a part, which stays `%2F`."""
    return "/" + "/".join([segment.replace("/", "%2F") for segment in segments])


def route_of(path: str) -> Route:
    """The route of a file, given its path inside `sql/` with forward slashes, ending in `.sql`.

    Raises PathError for a name that is not printable text, for braces that hold no name or only part
    of a segment, for a parameter that appears twice, and for a URL of the service's own.
    """
    if any(unicodedata.category(sign) in _NO_TEXT for sign in path):
        raise PathError("the name has control characters, or is not UTF-8")
    *folders, file = unicodedata.normalize("NFC", path).removesuffix(".sql").split("/")
    name, method = file, "GET"
    for suffix, other in METHOD_SUFFIXES.items():
        if file.endswith(suffix):
            name, method = file.removesuffix(suffix), other
    segments = (*folders, "" if name == "index" else name)
    for segment in segments:
        if ("{" in segment or "}" in segment) and not parameter_of(segment):
            raise PathError(
                f"{segment} is not a path parameter; braces hold a lower-case name and fill the whole part"
            )
    route = Route(method, segments)
    if len(set(route.parameters)) < len(route.parameters):
        raise PathError("a path parameter appears twice")
    if segments[0] in RESERVED:
        raise PathError(f"/{segments[0]} is the service's own URL; choose another name")
    return route


@dataclass(slots=True)
class _Node(Generic[T]):
    """A part of a URL: what follows it by name, what follows as a parameter, what answers here."""

    literals: dict[str, _Node[T]] = field(default_factory=dict)
    parameter: _Node[T] | None = None
    answers: dict[str, T] = field(default_factory=dict)


class RouteTree(Generic[T]):
    """Something for each route."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, route: Route, answer: T) -> T:
        """Put it at its place; returns what stands there, which is another thing when it is taken."""
        node = self._root
        for segment in route.segments:
            if parameter_of(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        return node.answers.setdefault(route.method, answer)

    def find(self, segments: Sequence[str]) -> list[dict[str, T]]:
        """What is there for the parts of a URL, by method; the place to prefer comes first."""
        return [node.answers for node in _descend(self._root, segments) if node.answers]

    def names(self, method: str, before: Sequence[str | None], after: Sequence[str]) -> set[str]:
        """The names that answer the method where a value would stand in a path, between these parts.

        before: None stands for any part.
        """
        nodes = [self._root]
        for part in before:
            nodes = [child for node in nodes for child in _children(node, part)]
        found = [(name, child) for node in nodes for name, child in node.literals.items()]
        return {
            name for name, child in found if any(method in each.answers for each in _descend(child, after))
        }


def _children(node: _Node[T], part: str | None) -> Iterator[_Node[T]]:
    if part is None:
        yield from node.literals.values()
    elif part in node.literals:
        yield node.literals[part]
    if node.parameter is not None:
        yield node.parameter


def _descend(node: _Node[T], segments: Sequence[str]) -> Iterator[_Node[T]]:
    if not segments:
        yield node
        return
    first, rest = segments[0], segments[1:]
    name = unicodedata.normalize("NFC", first)
    if name in node.literals:
        yield from _descend(node.literals[name], rest)
    if node.parameter is not None and first:
        yield from _descend(node.parameter, rest)
