"""Which report and which format a request wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.catalog.folder import Match
from aggregator.catalog.paths import parameter_of
from aggregator.errors import (
    InvalidParameters,
    MethodNotAllowed,
    NoSuchReport,
    NotAcceptable,
    ParameterError,
)
from aggregator.formats import ALIASES, FORMATS, HTML, PICTURES, PLAN, SPREADSHEET_CSV, Format
from aggregator.reports.library import Library

_SUFFIXES = {format.suffix: format.name for format in (*FORMATS.values(), HTML, *PICTURES.values())} | {
    f".{alias}": name for alias, name in ALIASES.items()
}


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint, its path parameters, and the format that the path's suffix named, if any."""

    match: Match
    format_name: str | None
    suffix: str = ""


def find(library: Library[Any], method: str, path: str) -> Found:
    """The endpoint of a path, with or without a format's suffix.

    A file that is named exactly so goes first; then a suffix is a format and not part of a path
    parameter. Raises NoSuchReport or MethodNotAllowed.
    """
    exact: Match | None = None
    error: NoSuchReport | MethodNotAllowed | None = None
    try:
        exact = library.find(method, path)
        if parameter_of(exact.endpoint.route.segments[-1]) is None:
            return Found(exact, None)
    except (NoSuchReport, MethodNotAllowed) as found:
        error = found
    for suffix, name in _SUFFIXES.items():
        if path.endswith(suffix) and not path.endswith("/" + suffix):
            try:
                return Found(library.find(method, path.removesuffix(suffix)), name, suffix)
            except NoSuchReport:
                break
    if exact is not None:
        return Found(exact, None)
    raise error or NoSuchReport(f"There is no report at {path}.")


def choose_format(
    available: Sequence[Format],
    wanted: Sequence[str],
    purpose: Sequence[str],
    accept: str,
    only_by_name: Sequence[Format] = (),
) -> Format:
    """The format of the answer: by name, by the Accept header, or the first.

    wanted: the names in the suffix and in `?format=`; purpose: those of `for`, where `excel` makes a
    CSV for a spreadsheet; only_by_name: formats that no Accept header chooses.
    Raises NotAcceptable or InvalidParameters.
    """
    names = {ALIASES.get(name, name) for name in wanted if name}
    if len(names) > 1:
        raise InvalidParameters(
            [ParameterError("format", ", ".join(wanted), "more than one format is asked for")]
        )
    format = _named([*available, *only_by_name], names.pop()) if names else _accepted(available, accept)
    purposes = {text for text in purpose if text}
    if not purposes:
        return format
    if purposes == {"excel"} and format.name == "csv":
        return SPREADSHEET_CSV
    message = "goes with format=csv and is `excel`, for a CSV that Excel opens well and safely"
    raise InvalidParameters([ParameterError("for", ", ".join(purpose), message)])


def _named(available: Sequence[Format], name: str) -> Format:
    for format in available:
        if format.name == name:
            return format
    names = [format.name for format in available]
    if name in PICTURES:
        raise NotAcceptable(f"This report has no chart, so there is no {name} of it.", names)
    if name not in (*FORMATS, HTML.name, PLAN.name):
        message = f"must be one of {', '.join([*names, *(a for a, n in ALIASES.items() if n in names)])}"
        raise InvalidParameters([ParameterError("format", name, message)])
    raise NotAcceptable(f"This report is to be had as {', '.join(names)}, not as {name}.", names)


def _accepted(available: Sequence[Format], accept: str) -> Format:
    if not accept or accept == "*/*":
        return available[0]
    ranges = [_media_range(part) for part in accept.split(",")]
    best = max(available, key=lambda format: _quality(format, ranges))
    if _quality(best, ranges) > 0:
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


def _quality(format: Format, ranges: Sequence[tuple[str, float]]) -> float:
    """The q of the most specific range that the format's type fits (RFC 9110, section 12.5.1).

    A page, or a picture, is for those who ask for one: programs often take anything.
    """
    kind = format.media_type.split(";")[0]
    is_for_all = format.name != HTML.name and not format.is_drawn
    for wanted in (kind, kind.split("/")[0] + "/*", "*/*") if is_for_all else (kind,):
        for accepted, quality in ranges:
            if accepted == wanted:
                return quality
    return 0.0
