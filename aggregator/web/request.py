"""What a request asks for: its endpoint, its parameters, and the format of the response."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, unquote_to_bytes, urlencode

from starlette.types import Receive, Scope

from aggregator.errors import (
    ForeignOrigin,
    InvalidParameter,
    InvalidParameters,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
)
from aggregator.formats import (
    ALIASES,
    CSV_DECIMALS,
    CSV_SEPARATORS,
    FORMATS,
    HTML,
    PICTURES,
    PLAN,
    SPREADSHEET_CSV,
    SUFFIXES,
)
from aggregator.formats.base import Format, Representation
from aggregator.formats.csv import SpreadsheetCsv
from aggregator.inputs.json_body import Fields
from aggregator.sqlfile.catalog import Catalog, RouteMatch
from aggregator.sqlfile.header import RESERVED_PARAMETERS
from aggregator.sqlfile.routing import parameter_of, path_of, segments_of
from aggregator.values.invalid import InvalidValue
from aggregator.web.pages.templating import PageUrl
from aggregator.web.request_log import LINE_KEY, RequestLine


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
        self.line: RequestLine = scope[LINE_KEY]
        self.actor = self.line.actor
        self._raw_path: bytes = scope["raw_path"]
        self.query_string: bytes = scope["query_string"]
        self._scheme: str = scope.get("scheme", "http")

    def header(self, name: bytes) -> str:
        """A header by its name in small letters; empty without it.

        One that appears twice is a list (RFC 9110, section 5.3).
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
    def accepts_gzip(self) -> bool:
        """Whether gzip is accepted, by its name or as any coding, and not with q=0."""
        accepted = {}
        for part in self.header(b"accept-encoding").lower().split(","):
            coding, _, parameters = part.partition(";")
            accepted[coding.strip()] = not re.fullmatch(r"q=0(\.0*)?", parameters.replace(" ", ""))
        return accepted.get("gzip", accepted.get("*", False))

    @property
    def base(self) -> str:
        """Scheme and host, as the client knows them."""
        return f"{self._scheme}://{self.header(b'host') or 'localhost'}"

    async def disconnected(self) -> None:
        """Wait until the client has gone; the body has been received."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def require_text(self) -> None:
        """Raises NotFound when the path holds bytes that are not UTF-8, percent-encoded."""
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
            raise ForeignOrigin("The request comes from a page of another site; nothing was written.")

    def query(self) -> dict[str, list[str]]:
        """The texts of each name; raises InvalidParameters for bytes that are not UTF-8."""
        try:
            return parse_qs(
                self.query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        except UnicodeDecodeError:
            message = "is not UTF-8, percent-encoded"
        except ValueError:
            message = f"has more than {_MOST_FIELDS:,} fields"
        raise InvalidParameters([InvalidParameter("query string", None, message)])

    def with_query(self, query: Mapping[str, list[str]]) -> str:
        """The way from this URL to the same path with another query string."""
        return f"./{self._raw_path.rpartition(b'/')[2].decode('ascii')}?{urlencode(query, doseq=True)}"

    def page_url(self, format_suffix: str = "", declared: Container[str] = ()) -> PageUrl:
        """The URL of the page, without the suffix of a format. declared: the names of its parameters."""
        try:
            query = self.query()
        except InvalidParameters:
            query = {}
        kept = (name for name in query if name in declared or not is_ignored(name))
        pairs = [(name, text) for name in kept for text in query[name]]
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


def is_ignored(name: str) -> bool:
    """Whether a GET ignores a field of the query string that the report does not declare."""
    return any(fnmatchcase(name, pattern) for pattern in IGNORED)


def merged(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> Fields:
    """The texts of both by name."""
    return {name: [*one.get(name, []), *other.get(name, [])] for name in (*one, *other)}


def given_parameters(
    query: Mapping[str, list[str]], path_parameters: Mapping[str, str], declared: Container[str] | None = None
) -> dict[str, list[str]]:
    """The texts in the URL for the endpoint's own parameters; the path's come before the query's.

    declared: of a GET the names of its parameters; others are left out when they are `is_ignored`.
    """
    given = {
        name: texts
        for name, texts in query.items()
        if name not in RESERVED_PARAMETERS and (declared is None or name in declared or not is_ignored(name))
    }
    for name, text in path_parameters.items():
        given[name] = [text, *given.get(name, [])]
    return given


_XHTML = "application/xhtml+xml"
"""Only browsers name it in Accept, and they want a page."""

_ENDING = re.compile(r"(?<!^)\.[A-Za-z][A-Za-z0-9]{0,9}$")
"""The ending of a format, or of one that does not exist."""

_DIALECT = {"separator": CSV_SEPARATORS, "decimal": CSV_DECIMALS}
_ALLOWED = {"separator": "must be , or ; or a tab (%09)", "decimal": "must be . or ,"}


@dataclass(frozen=True, slots=True)
class EndpointMatch(RouteMatch):
    """An endpoint, its path parameters, and the format that the path's ending names, if any.

    format_name: with a dot, as `.xml`, when there is no such format.
    """

    format_name: str | None = None
    suffix: str = ""


def find(catalog: Catalog, method: str, segments: Sequence[str]) -> EndpointMatch:
    """The endpoint of a path, given its decoded parts, with or without a format's ending.

    A file with exactly this name goes first. Then an ending is a format and not part of a path parameter,
    unless the parameter takes only the text with the ending. An unknown ending is part of the parameter
    where the parameter takes it. Raises NotFound or MethodNotAllowed.
    """
    *folders, last = segments
    exact: RouteMatch | None = None
    error: NotFound | MethodNotAllowed | None = None
    try:
        exact = catalog.find(method, segments)
        if parameter_of(exact.endpoint.route.segments[-1]) is None:
            return EndpointMatch(exact.endpoint, exact.path_parameters)
    except (NotFound, MethodNotAllowed) as raised:
        error = raised
    ending = _ENDING.search(last)
    if ending is not None:
        suffix = ending[0]
        with suppress(NotFound):
            shorter = catalog.find(method, [*folders, last.removesuffix(suffix)])
            if (
                exact is None
                or not _takes_last_part(exact)
                or (suffix in SUFFIXES and _takes_last_part(shorter))
            ):
                format_name = SUFFIXES.get(suffix, suffix)
                return EndpointMatch(shorter.endpoint, shorter.path_parameters, format_name, suffix)
    if exact is not None:
        return EndpointMatch(exact.endpoint, exact.path_parameters)
    raise error or NotFound(f"There is no report at {path_of(segments)}.")


def _takes_last_part(match: RouteMatch) -> bool:
    """Whether the path's last part is a value of its parameter; of what is not known it may be."""
    name = parameter_of(match.endpoint.route.segments[-1])
    source = match.endpoint.source
    if name is None or source is None:
        return True
    try:
        source.header.params[name].parse_one(match.path_parameters[name])
    except InvalidValue:
        return False
    return True


def choose_format(
    available: Sequence[Representation],
    request: Request,
    match: EndpointMatch,
    query: Mapping[str, Sequence[str]],
    only_by_name: Sequence[Representation] = (),
) -> Representation:
    """The format of the response: by name, by the Accept header, or the first.

    The path's suffix and `?format=` are names; after `.html`, which keeps a value whole, only `?format=` is.
    query: the request's, where `for=excel` makes a CSV for a spreadsheet, with a `separator` and a `decimal`
    sign; only_by_name: formats that no Accept header chooses. Raises NotAcceptable or InvalidParameters.
    """
    wanted = [name for name in query.get("format", ()) if name]
    if match.format_name and not (wanted and match.format_name == HTML.name):
        wanted.append(match.format_name)
    names = {ALIASES.get(name, name) for name in wanted}
    if len(names) > 1:
        raise InvalidParameters(
            [InvalidParameter("format", ", ".join(wanted), "more than one format is given")]
        )
    by_name = {format.name: format for format in (*available, *only_by_name)}
    for name in names:
        if name not in by_name:
            raise _unavailable(name, available, list(by_name))
    format = by_name[names.pop()] if names else _accepted(available, request.header(b"accept"))
    given = {name: [text for text in query.get(name, ()) if text] for name in ("for", *_DIALECT)}
    if not any(given.values()):
        return format
    return replace(SPREADSHEET_CSV, writer=_dialect(format, given))


def _unavailable(
    name: str, available: Sequence[Representation], names: Sequence[str]
) -> NotAcceptable | InvalidParameters:
    """The error for a name, or an ending with its dot, that is not among the names."""
    if name.startswith("."):
        endings = ", ".join(format.suffix for format in available)
        message = f"There is no format with the ending {name}. Available endings: {endings}."
        return NotAcceptable(message, [format.name for format in available])
    if name in PICTURES:
        return NotAcceptable(f"This report has no chart, so it is not available as {name}.", names)
    if name not in (*FORMATS, HTML.name, PLAN.name):
        message = f"must be one of {', '.join([*names, *(a for a, n in ALIASES.items() if n in names)])}"
        return InvalidParameters([InvalidParameter("format", name, message)])
    return NotAcceptable(
        f"This report is not available as {name}. Available formats: {', '.join(names)}.", names
    )


def _dialect(format: Representation, given: Mapping[str, Sequence[str]]) -> SpreadsheetCsv:
    """Raises InvalidParameters."""
    errors = []
    if {*given["for"]} - {"excel"} or (given["for"] and format.name != "csv"):
        message = "must be excel, and only together with format=csv"
        errors.append(InvalidParameter("for", ", ".join(given["for"]), message))
    for name, allowed in _DIALECT.items():
        text = ", ".join(given[name])
        if text and not given["for"]:
            errors.append(InvalidParameter(name, text, "is only allowed with format=csv&for=excel"))
        elif text and text not in allowed:
            errors.append(InvalidParameter(name, text, _ALLOWED[name]))
    separator, decimal = ("".join(given[name]) or default[0] for name, default in _DIALECT.items())
    if separator == decimal and not errors:
        message = "must differ from the separator; add separator=;"
        errors.append(InvalidParameter("decimal", decimal, message))
    if errors:
        raise InvalidParameters(errors)
    return SpreadsheetCsv(separator, decimal)


def _accepted(available: Sequence[Representation], accept: str) -> Representation:
    if not accept or accept == "*/*":
        return available[0]
    ranges = [_media_range(part) for part in accept.split(",")]
    if HTML in available and _XHTML in (kind for kind, _ in ranges) and _quality(HTML, ranges)[0] > 0:
        return HTML
    best = max(available, key=lambda format: _quality(format, ranges))
    if _quality(best, ranges)[0] > 0:
        return best
    if any(kind.split("/")[0] == "text" and kind != "text/csv" for kind, quality in ranges if quality):
        # A browser asks for HTML; there is no page for it, so it gets the default.
        return available[0]
    names = [format.name for format in available]
    types = ", ".join(format.media_type.split(";")[0] for format in available)
    raise NotAcceptable(f"None of the types in Accept is available. Available types: {types}.", names)


def _media_range(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return kind, quality


def _quality(format: Representation, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The q of the most specific range that the format's type fits (RFC 9110, section 12.5.1).

    Then how specific that range is: of two types with the same q, the named one goes before `*/*`. A page is
    only for those who name it, and so is a picture, which wins no tie: programs often take anything.
    """
    kind = format.media_type.split(";")[0]
    is_drawn = isinstance(format, Format) and format.is_drawn
    is_for_all = format is not HTML and not is_drawn
    wider = (kind.split("/")[0] + "/*", "*/*") if is_for_all else ()
    for specific, wanted in zip((2, 1, 0), (kind, *wider), strict=False):
        for accepted, quality in ranges:
            if accepted == wanted:
                return quality, 0 if is_drawn else specific
    return 0.0, 0
