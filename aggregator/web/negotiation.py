"""Which report and which format a request wants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aggregator.endpoints.registry import EndpointRegistry
from aggregator.errors import InvalidParameter, InvalidParameters, MethodNotAllowed, NotAcceptable, NotFound
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
from aggregator.formats.base import Format
from aggregator.formats.csv import SpreadsheetCsv
from aggregator.sqlfile.catalog import RouteMatch
from aggregator.sqlfile.routing import parameter_of, path_of
from aggregator.values.vocabulary import InvalidValue

_XHTML = "application/xhtml+xml"


"""Only browsers name it in Accept, and they want a page."""


_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")


"""What may be meant as the ending of a format that there is not."""


_DIALECT = {"separator": CSV_SEPARATORS, "decimal": CSV_DECIMALS}


_ALLOWED = {"separator": "must be , or ; or a tab (%09)", "decimal": "must be . or ,"}


@dataclass(frozen=True, slots=True)
class EndpointMatch:
    """An endpoint, its path parameters, and the format that the path's ending names, if any.

    format_name: with a dot, as `.xml`, when there is no such format.
    """

    match: RouteMatch
    format_name: str | None
    suffix: str = ""


def find(registry: EndpointRegistry[Any], method: str, segments: Sequence[str]) -> EndpointMatch:
    """The endpoint of a path, given its decoded parts, with or without a format's ending.

    A file with exactly this name goes first. Then an ending is a format and not part of a path parameter,
    unless the parameter takes only the text with the ending. An unknown ending is part of the parameter
    where the parameter takes it. Raises NoSuchReport or MethodNotAllowed.
    """
    exact: RouteMatch | None = None
    error: NotFound | MethodNotAllowed | None = None
    try:
        exact = registry.find(method, segments)
        if parameter_of(exact.endpoint.route.segments[-1]) is None:
            return EndpointMatch(exact, None)
    except (NotFound, MethodNotAllowed) as found:
        error = found
    suffix = _suffix(segments[-1])
    shorter = _shorter(registry, method, segments, suffix) if suffix else None
    if shorter is not None and exact is not None:
        fits, is_known = _takes_last_part(exact), suffix in SUFFIXES
        if (fits and not is_known) or (fits and not _takes_last_part(shorter)):
            shorter = None
    if shorter is not None:
        return EndpointMatch(shorter, SUFFIXES.get(suffix, suffix), suffix)
    if exact is not None:
        return EndpointMatch(exact, None)
    raise error or NotFound(f"There is no report at {path_of(segments)}.")


def _suffix(name: str) -> str:
    """The ending of a path's last part: of a format, or what may be meant as one."""
    known = next((each for each in SUFFIXES if name.endswith(each)), None)
    suffix = known or "".join(_ENDING.findall(name)[-1:])
    return suffix if len(name) > len(suffix) else ""


def _shorter(
    registry: EndpointRegistry[Any], method: str, segments: Sequence[str], suffix: str
) -> RouteMatch | None:
    """What answers the path without the ending."""
    try:
        return registry.find(method, [*segments[:-1], segments[-1].removesuffix(suffix)])
    except NotFound:
        return None


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


def wanted_formats(query: Mapping[str, Sequence[str]], found: EndpointMatch) -> list[str]:
    """The formats that a URL names. After `.html`, which keeps a value whole, `?format=` names the format."""
    named = [name for name in query.get("format", []) if name]
    in_path = found.format_name
    return [*named, *([in_path] if in_path and not (named and in_path == HTML.name) else [])]


def choose_format(
    available: Sequence[Format],
    wanted: Sequence[str],
    query: Mapping[str, Sequence[str]],
    accept: str,
    only_by_name: Sequence[Format] = (),
) -> Format:
    """The format of the answer: by name, by the Accept header, or the first.

    wanted: the names in the suffix and in `?format=`; query: where `for=excel` makes a CSV for a spreadsheet,
    with a `separator` and a `decimal` sign; only_by_name: formats that no Accept header chooses.
    Raises NotAcceptable or InvalidParameters.
    """
    names = {ALIASES.get(name, name) for name in wanted if name}
    if len(names) > 1:
        raise InvalidParameters(
            [InvalidParameter("format", ", ".join(wanted), "more than one format is asked for")]
        )
    unknown = next((name for name in names if name.startswith(".")), None)
    if unknown is not None:
        endings = ", ".join(format.suffix for format in available)
        message = f"There is no format with the ending {unknown}. Available endings: {endings}."
        raise NotAcceptable(message, [format.name for format in available])
    format = _named([*available, *only_by_name], names.pop()) if names else _accepted(available, accept)
    given = {name: [text for text in query.get(name, ()) if text] for name in ("for", *_DIALECT)}
    if not any(given.values()):
        return format
    return replace(SPREADSHEET_CSV, writer=_dialect(format, given))


def _dialect(format: Format, given: Mapping[str, Sequence[str]]) -> SpreadsheetCsv:
    """Raises InvalidParameters."""
    errors = []
    if {*given["for"]} - {"excel"} or (given["for"] and format.name != "csv"):
        message = "must be excel, together with format=csv, for a CSV that Excel opens well and safely"
        errors.append(InvalidParameter("for", ", ".join(given["for"]), message))
    for name, allowed in _DIALECT.items():
        text = ", ".join(given[name])
        if text and not given["for"]:
            errors.append(InvalidParameter(name, text, "is only for format=csv&for=excel"))
        elif text and text not in allowed:
            errors.append(InvalidParameter(name, text, _ALLOWED[name]))
    separator, decimal = ("".join(given[name]) or default[0] for name, default in _DIALECT.items())
    if separator == decimal and not errors:
        message = "must not be the separator too; use separator=; with it"
        errors.append(InvalidParameter("decimal", decimal, message))
    if errors:
        raise InvalidParameters(errors)
    return SpreadsheetCsv(separator, decimal)


def _named(available: Sequence[Format], name: str) -> Format:
    for format in available:
        if format.name == name:
            return format
    names = [format.name for format in available]
    if name in PICTURES:
        raise NotAcceptable(f"This report has no chart, so there is no {name} of it.", names)
    if name not in (*FORMATS, HTML.name, PLAN.name):
        message = f"must be one of {', '.join([*names, *(a for a, n in ALIASES.items() if n in names)])}"
        raise InvalidParameters([InvalidParameter("format", name, message)])
    raise NotAcceptable(
        f"This report is not available as {name}. Available formats: {', '.join(names)}.", names
    )


def _accepted(available: Sequence[Format], accept: str) -> Format:
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
    raise NotAcceptable(f"None of the types in Accept can be given; this report has {types}.", names)


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


def _quality(format: Format, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The q of the most specific range that the format's type fits (RFC 9110, section 12.5.1).

    Then how specific that range is: of two types with the same q, the named one goes before `*/*`. A page is
    only for those who name it, and so is a picture, which wins no tie: programs often take anything.
    """
    kind = format.media_type.split(";")[0]
    is_for_all = format.name != HTML.name and not format.is_drawn
    wider = (kind.split("/")[0] + "/*", "*/*") if is_for_all else ()
    for specific, wanted in zip((2, 1, 0), (kind, *wider), strict=False):
        for accepted, quality in ranges:
            if accepted == wanted:
                return quality, 0 if format.is_drawn else specific
    return 0.0, 0
