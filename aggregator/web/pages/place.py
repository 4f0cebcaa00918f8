"""Where a page is: the way to `/`, and its URL with a few things changed."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.types import Scope

from aggregator.catalog.folder import Match
from aggregator.catalog.paths import path_of, segments_of
from aggregator.errors import InvalidParameters
from aggregator.formats import SUFFIXES
from aggregator.formats.html import last_part
from aggregator.web.request import Request, is_ignored


@dataclass(frozen=True, slots=True)
class Place:
    """A page's URL, from which all its links are made, so that a proxy may put them under any path.

    segments: the decoded parts of its path, the last without the ending of a format; query: the names and
    texts of the query string, in order.
    """

    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The path as people read it."""
        return path_of(self.segments)

    @property
    def root(self) -> str:
        """The way to `/`: `../` for `/report/x`."""
        return "../" * (len(self.segments) - 1) or "./"

    @property
    def own(self) -> str:
        """The way from the page to its own path, without a format's suffix."""
        return last_part(self.segments[-1], SUFFIXES) or "./"

    def url(self, **changes: str | None) -> str:
        """The page with other values in its query string; None takes a name out of it."""
        kept = [(name, text) for name, text in self.query if name not in changes and text != ""]
        added = [(name, text) for name, text in changes.items() if text is not None]
        query = urlencode([*kept, *added])
        return f"{self.own}?{query}" if query else self.own

    def absolute(self, base: str, **changes: str | None) -> str:
        """The same for other programs; base: scheme and host."""
        changed = self.url(**changes)
        folders = "".join([quote(each, safe="") + "/" for each in self.segments[:-1]])
        return f"{base}/{folders}{changed.removeprefix('./')}"


def place_at(scope: Scope) -> Place:
    """The place of a request for one of the service's own pages, without its query string."""
    return Place(segments_of(scope["raw_path"]))


def way_to_send(match: Match, place: Place) -> str:
    """The URL of the page that sends something to an endpoint; what its path says is filled in."""
    query = f"?{urlencode(match.path_parameters)}" if match.path_parameters else ""
    return f"{place.root}_/send/{quote(match.endpoint.name)}{query}"


def place_of(request: Request, format_suffix: str = "", declared: Container[str] = ()) -> Place:
    """The place of a request whose path ends in the suffix. declared: the names of its parameters."""
    try:
        query = request.query()
    except InvalidParameters:
        query = {}
    kept = {name: texts for name, texts in query.items() if not is_ignored(name, declared)}
    pairs = [(name, text) for name, texts in kept.items() for text in texts]
    *folders, last = request.segments
    return Place((*folders, last.removesuffix(format_suffix)), tuple(pairs))


def page_url(root: str, kind: str, name: str, given: Mapping[str, Sequence[str]]) -> str:
    """The URL of a page that the service has of each endpoint: `sql` for `/_/sql/<name>`.

    root: the way to `/`; given: the texts of the report's parameters.
    """
    query = urlencode({name: texts for name, texts in given.items() if any(texts)}, doseq=True)
    return f"{root}_/{kind}/{quote(name)}" + (f"?{query}" if query else "")
