"""One request, taken apart: what the URL and the headers say, as texts by name."""

from __future__ import annotations

from collections.abc import Container, Mapping
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.types import Receive, Scope

from aggregator.catalog.header import RESERVED_PARAMETERS
from aggregator.catalog.paths import path_of, segments_of
from aggregator.errors import ForeignOrigin, InvalidParameters, NoSuchReport, ParameterError
from aggregator.inputs.fields import Fields
from aggregator.web.access_log import request_line
from aggregator.web.hosts import same_origin

_MOST_FIELDS = 10_000

IGNORED = (
    *("_", "utm_*", "fbclid", "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "twclid"),
    *("ttclid", "igsh", "igshid", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "srsltid", "_ga", "_gl"),
    *("_hsenc", "_hsmi"),
)
"""What others add to links: scripts against caches, and mails, advertisements and social networks."""


class Request:
    """method: GET for a HEAD, which differs in nothing but `is_head`. segments: the path's decoded parts."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.is_head: bool = scope["method"] == "HEAD"
        self.method: str = "GET" if self.is_head else scope["method"]
        self.segments = segments_of(scope["raw_path"])
        self.counts_bytes: bool = scope["http_version"] == "1.0"
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.receive = receive
        self.line = request_line(scope)
        self._raw_path: bytes = scope["raw_path"]
        self.query_string: bytes = scope["query_string"]
        self._scheme: str = scope.get("scheme", "http")

    def header(self, name: bytes) -> str:
        """A header by its name in small letters; empty without it.

        One that comes twice is a list (RFC 9110, section 5.3).
        """
        return ", ".join([value.decode("latin-1") for key, value in self._headers if key == name])

    @property
    def path(self) -> str:
        """The path as people read it."""
        return path_of(self.segments)

    @property
    def accepts_html(self) -> bool:
        """Whether somebody with a browser asks."""
        return "text/html" in self.header(b"accept")

    @property
    def base(self) -> str:
        """Scheme and host, as the client knows them."""
        return f"{self._scheme}://{self.header(b'host') or 'localhost'}"

    def require_text(self) -> None:
        """Raises NoSuchReport when the path holds bytes that are not UTF-8, percent-encoded."""
        if "\ufffd" in self.path:
            try:
                unquote_to_bytes(self._raw_path).decode()
            except UnicodeDecodeError:
                raise NoSuchReport("The path of the URL is not UTF-8, percent-encoded.") from None

    def require_own_origin(self) -> None:
        """Raises ForeignOrigin for a request that another site's page made a browser send.

        There is no login, so the address alone would let any page write
        (https://developer.mozilla.org/docs/Web/Security/Attacks/CSRF). Behind a proxy that ends TLS, the
        scheme of `Origin` may differ from the service's own; browsers that use TLS send Sec-Fetch-Site.
        """
        origin, site = self.header(b"origin"), self.header(b"sec-fetch-site")
        is_foreign = origin != "" and not same_origin(origin, self._scheme, self.header(b"host"))
        if site in ("cross-site", "same-site") or (is_foreign and site != "same-origin"):
            raise ForeignOrigin("The request comes from a page of another site, and nothing was written.")

    def query(self) -> dict[str, list[str]]:
        """The texts of each name; raises InvalidParameters for bytes that are not UTF-8."""
        try:
            pairs = parse_qsl(
                self.query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        except UnicodeDecodeError:
            raise _unreadable("is not UTF-8, percent-encoded") from None
        except ValueError:
            raise _unreadable(f"has more than {_MOST_FIELDS:,} fields") from None
        query: dict[str, list[str]] = {}
        for name, text in pairs:
            query.setdefault(name, []).append(text)
        return query

    def other_slash(self) -> tuple[tuple[str, ...], str]:
        """The path with a slash at its end, or without when it has one: its parts, and the way to it.

        The way is relative, so that a proxy may put the service under any path.
        """
        if self.segments[-1] == "":
            path, url = self.segments[:-1], b"../" + self._raw_path.removesuffix(b"/").rpartition(b"/")[2]
        else:
            path, url = (*self.segments, ""), b"./" + self._raw_path.rpartition(b"/")[2] + b"/"
        if self.query_string:
            url += b"?" + self.query_string
        return path, url.decode("ascii")


def is_ignored(name: str, declared: Container[str]) -> bool:
    """Whether a GET leaves a field of the query string aside: one of `IGNORED`, unless it is declared."""
    return name not in declared and any(fnmatchcase(name, pattern) for pattern in IGNORED)


def merged(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> Fields:
    """What two parts of a request give together."""
    return {name: [*one.get(name, []), *other.get(name, [])] for name in (*one, *other)}


def given_parameters(
    query: Mapping[str, list[str]], path_parameters: Mapping[str, str], declared: Container[str] | None = None
) -> dict[str, list[str]]:
    """What the URL gives for the report's own parameters; the path's go before the query's.

    declared: of a GET the names of its parameters; other names that `is_ignored` knows are left out.
    """
    given = {name: texts for name, texts in query.items() if name not in RESERVED_PARAMETERS}
    if declared is not None:
        given = {name: texts for name, texts in given.items() if not is_ignored(name, declared)}
    for name, text in path_parameters.items():
        given[name] = [text, *given.get(name, [])]
    return given


def _unreadable(message: str) -> InvalidParameters:
    return InvalidParameters([ParameterError("query string", None, message)])
