"""From the fields of a form to the URL of a report that has parameters in its path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from aggregator.catalog.paths import parameter_of
from aggregator.errors import InvalidParameters, ParameterError
from aggregator.formats import SUFFIXES
from aggregator.formats.html import last_part
from aggregator.reports.library import Library


def opened(library: Library[Any], name: str, fields: Sequence[tuple[str, str]]) -> str:
    """The URL, as seen from `/_/open/<name>`, of the report of that name with these fields.

    The default, or else the example, stands for what the path needs and is not given. Raises NoSuchReport,
    and InvalidParameters for a value that no path can hold.
    """
    endpoint = library.named(name)
    params = endpoint.source.header.params if endpoint.source is not None else {}
    given = {field: text for field, text in fields if text}
    segments: list[str] = []
    for segment in endpoint.route.segments:
        parameter = parameter_of(segment)
        if parameter is not None:
            declared = params.get(parameter)
            known = (declared.default, declared.example) if declared is not None else ()
            texts = (str(value) for value in known if value is not None)
            segment = given.pop(parameter, next(texts, "-"))
            if segment in (".", "..") and len(segments) + 1 < len(endpoint.route.segments):
                message = "cannot be . or .. here: a URL has no such folder"
                raise InvalidParameters([ParameterError(parameter, segment, message)])
        segments.append(segment)
    if endpoint.route.method == "GET" and library.find("GET", segments).endpoint is not endpoint:
        values = [text for part, text in zip(endpoint.route.segments, segments, strict=True) if part != text]
        errors = zip(endpoint.route.parameters, values, strict=True)
        message = "is the name of another report in a URL"
        raise InvalidParameters([ParameterError(name, text, message) for name, text in errors])
    *folders, last = segments
    path = "/".join([*(quote(folder, safe="") for folder in folders), last_part(last, SUFFIXES)])
    query = urlencode([(field, text) for field, text in fields if given.get(field)])
    return "../" * (name.count("/") + 2) + path + (f"?{query}" if query else "")
