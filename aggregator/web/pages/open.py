"""From the fields of a form to the URL of a report that has parameters in its path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from aggregator.catalog.paths import parameter_of
from aggregator.reports.library import Library


def opened(library: Library[Any], name: str, fields: Sequence[tuple[str, str]]) -> str:
    """The URL, as seen from `/_/open/<name>`, of the report of that name with these fields.

    The example stands for what the path needs and is not given. Raises NoSuchReport.
    """
    endpoint = library.named(name)
    params = endpoint.source.header.params if endpoint.source is not None else {}
    given = {field: text for field, text in fields if text}
    segments = []
    for segment in endpoint.route.segments:
        parameter = parameter_of(segment)
        if parameter is not None:
            example = params[parameter].example if parameter in params else None
            segment = given.pop(parameter, "-" if example is None else str(example))
        segments.append(quote(segment, safe=""))
    query = urlencode([(field, text) for field, text in fields if given.get(field)])
    return "../" * (name.count("/") + 2) + "/".join(segments) + (f"?{query}" if query else "")
