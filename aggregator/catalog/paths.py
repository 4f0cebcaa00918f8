"""From the path of a file in `sql/` to its URL and method.

report/customer-orders.sql       GET    /report/customer-orders
customers/index.sql              GET    /customers/
customers/{customer_id}.sql      GET    /customers/{customer_id}
customers/index.post.sql         POST   /customers/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

METHOD_SUFFIXES = {".post": "POST", ".put": "PUT", ".patch": "PATCH", ".delete": "DELETE"}
RESERVED = {"_", "health", "docs", "redoc", "openapi.json", "static-offline-docs"}
"""First segments of URLs that the service answers by itself."""

_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_NO_TEXT = {"Cc", "Cs"}
"""Unicode categories: control characters, and bytes of a name that is not UTF-8."""


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


class PathFault(ValueError):
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

    Raises PathFault for a name that is not printable text, for braces that hold no name or only part
    of a segment, for a parameter that comes twice, and for a URL of the service's own.
    """
    if any(unicodedata.category(sign) in _NO_TEXT for sign in path):
        raise PathFault("the name has control characters, or is not UTF-8")
    *folders, file = unicodedata.normalize("NFC", path).removesuffix(".sql").split("/")
    name, method = file, "GET"
    for suffix, other in METHOD_SUFFIXES.items():
        if file.endswith(suffix):
            name, method = file.removesuffix(suffix), other
    segments = (*folders, "" if name == "index" else name)
    for segment in segments:
        if ("{" in segment or "}" in segment) and not parameter_of(segment):
            raise PathFault(
                f"{segment} is not a path parameter; braces hold a lower-case name and fill the whole part"
            )
    route = Route(method, segments)
    if len(set(route.parameters)) < len(route.parameters):
        raise PathFault("a path parameter comes twice")
    if segments[0] in RESERVED:
        raise PathFault(f"/{segments[0]} is the service's own URL; choose another name")
    return route
