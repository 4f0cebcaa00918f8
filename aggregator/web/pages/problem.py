"""An error as a page."""

from __future__ import annotations

from aggregator.errors import AggregatorError
from aggregator.web.pages.place import Place
from aggregator.web.pages.templating import render
from aggregator.web.problems import document


def problem_page(error: AggregatorError, place: Place) -> bytes:
    """What is wrong, and what to do."""
    return render("problem.html", root=place.root, problem=document(error, place.path))
