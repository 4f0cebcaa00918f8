"""An error as a page."""

from __future__ import annotations

from aggregator.errors import AggregatorError, BrokenReport
from aggregator.web.pages.place import Place, page_url
from aggregator.web.pages.templating import render
from aggregator.web.problems import document


def problem_page(error: AggregatorError, place: Place, shows_sql: bool) -> bytes:
    """What is wrong, and what to do. shows_sql: whether a file with faults has a page with its SQL."""
    files = {fault.file for fault in error.faults} if isinstance(error, BrokenReport) and shows_sql else ()
    return render(
        "problem.html",
        root=place.root,
        problem=document(error, place.path),
        sources={file: page_url(place.root, "sql", file.removesuffix(".sql"), {}) for file in files},
    )
