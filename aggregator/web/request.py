"""The names under which clients may use the service.

A page of another site can point its own name at this machine (DNS rebinding), and a browser then takes it
for a page of the service. Its requests still carry that name in `Host`, so a name that is not known is
refused. An IP address in `Host` is safe: the page is then from that very address.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Container, Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from starlette.types import Receive, Scope

from aggregator.errors import ForeignOrigin, InvalidParameter, InvalidParameters, MisdirectedRequest, NotFound
from aggregator.inputs.json_body import Fields
from aggregator.sqlfile.header import RESERVED_PARAMETERS
from aggregator.sqlfile.routing import path_of, segments_of
from aggregator.web.access_log import request_line
from aggregator.web.pages.templating import PageUrl

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]*)?")


_LOOPBACK = ("127.0.0.1", "::1", "localhost")


_MOST_REMEMBERED = 1_000


_LONGEST_SHOWN = 100


class AllowedHosts:
    """The names that are allowed in `Host`, besides every IP address, `localhost` and its subdomains.

    bound: the address that the service listens on. Unless that is a loopback one, the machine's own name is
    allowed too. listed: further names; `*.example.com` stands for all subdomains, `*` for every name.
    """

    def __init__(self, bound: str, listed: Sequence[str] = ()) -> None:
        own = [] if bound in _LOOPBACK else [socket.gethostname()]
        names = [name.lower().rstrip(".") for name in ("localhost", "*.localhost", bound, *own, *listed)]
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._remembered: set[str] = set()

    def require(self, host: str) -> None:
        """Raises MisdirectedRequest for the `Host` of another service; an empty one is of no browser."""
        if host in self._remembered:
            return
        if not self._is_allowed(host):
            shown = host if len(host) <= _LONGEST_SHOWN else host[:_LONGEST_SHOWN] + "…"
            raise MisdirectedRequest(
                f'This service does not answer requests for the host "{shown}". Use localhost or the '
                "IP address, or start the service with this name in --allowed-hosts."
            )
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered.add(host)

    def _is_allowed(self, host: str) -> bool:
        if host == "" or "*" in self._names:
            return True
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].lower().rstrip(".")
        return name in self._names or name.endswith(self._suffixes) or _is_ip_address(name)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def same_origin(origin: str, scheme: str, host: str) -> bool:
    """Whether an `Origin` is that of the service itself, which the client calls by this scheme and host.

    Either may name the scheme's default port (RFC 6454, section 6.2).
    """
    default_port = ":443" if scheme == "https" else ":80"
    own = f"{scheme}://{host}".lower().removesuffix(default_port)
    return origin.lower().removesuffix(default_port) == own


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
        self.scope = scope
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
        try:
            unquote_to_bytes(self._raw_path).decode()
        except UnicodeDecodeError:
            raise NotFound("The path of the URL is not UTF-8, percent-encoded.") from None

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

    def with_query(self, query: Mapping[str, list[str]]) -> str:
        """The way from this URL to the same path with another query string."""
        return f"./{self._raw_path.rpartition(b'/')[2].decode('ascii')}?{urlencode(query, doseq=True)}"

    def page_url(self, format_suffix: str = "", declared: Container[str] = ()) -> PageUrl:
        """The URL of the page, without the suffix of a format. declared: the names of its parameters."""
        try:
            query = self.query()
        except InvalidParameters:
            query = {}
        pairs = [
            (name, text) for name, texts in query.items() if not is_ignored(name, declared) for text in texts
        ]
        *folders, last = self.segments
        return PageUrl((*folders, last.removesuffix(format_suffix)), tuple(pairs))

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
    return InvalidParameters([InvalidParameter("query string", None, message)])
