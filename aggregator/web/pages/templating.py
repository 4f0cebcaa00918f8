"""Templates as bytes: all that is put into one is escaped, and the URL of a static file holds its version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from aggregator.engine.sqlite.connection import literal
from aggregator.formats import SUFFIXES, localize
from aggregator.formats.html import last_part
from aggregator.sqlfile.catalog import RouteMatch
from aggregator.sqlfile.routing import path_of

HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`\n]+)`")
STATIC = HERE / "static"

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
"""What a page may do (https://www.w3.org/TR/CSP3/): nothing from elsewhere, nothing inline."""

PAGE_HEADERS = {"content-type": "text/html; charset=utf-8", **SECURITY}


def render(template: str, **names: Any) -> bytes:
    """A page. root: among the names, the way to `/`."""
    return _environment().get_template(template).render(names).encode()


def stream(template: str, rows: Iterator[str], **names: Any) -> Iterator[bytes]:
    """A page that is sent while its rows come: each piece ends with the next of `rows`, which are HTML."""
    waiting: list[str] = []
    is_next = False

    def noted() -> Iterator[Markup]:
        nonlocal is_next
        for piece in rows:
            is_next = True
            yield Markup(piece)

    for piece in _environment().get_template(template).generate(names | {"rows": noted()}):
        waiting.append(piece)
        if is_next:
            yield "".join(waiting).encode()
            waiting, is_next = [], False
    yield "".join(waiting).encode()


def warm() -> None:
    """Make all templates ready, so that the first reader does not wait for it."""
    environment = _environment()
    for template in environment.list_templates(["html"]):
        environment.get_template(template)
    localize.amount("1.00", "EUR", localize.DEFAULT)
    localize.timestamp_text("2000-01-01T00:00:00Z", localize.DEFAULT)


@cache
def build_id() -> str:
    """Stands for all templates and static files."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted([*(HERE / "templates").iterdir(), *STATIC.iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def version_of(file: str) -> str:
    """Stands for what is in a static file now."""
    return hashlib.blake2b((STATIC / file).read_bytes(), digest_size=6).hexdigest()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = lambda root, file: f"{root}_/static/{file}?v={version_of(file)}"
    environment.filters["count"] = lambda value, locale: localize.number(value, locale, is_grouped=True)
    environment.filters["words"] = words
    environment.filters["prose"] = prose
    environment.filters["written"] = literal
    return environment


def prose(text: str) -> Markup:
    """A text of a header, escaped; what stands between backticks is code, as in Markdown."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def words(name: str) -> str:
    """A name as words: `customer_id` is `Customer id`; `q` is what people search for."""
    if name == "q":
        return "Search"
    text = name.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:] if text else name


@dataclass(frozen=True, slots=True)
class PageUrl:
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


def send_page_path(match: RouteMatch, url: PageUrl) -> str:
    """The URL of the page that sends something to an endpoint; what its path says is filled in."""
    query = f"?{urlencode(match.path_parameters)}" if match.path_parameters else ""
    return f"{url.root}_/send/{quote(match.endpoint.name)}{query}"


def page_url(root: str, kind: str, name: str, given: Mapping[str, Sequence[str]]) -> str:
    """The URL of a page that the service has of each endpoint: `sql` for `/_/sql/<name>`.

    root: the way to `/`; given: the texts of the report's parameters.
    """
    query = urlencode({name: texts for name, texts in given.items() if any(texts)}, doseq=True)
    return f"{root}_/{kind}/{quote(name)}" + (f"?{query}" if query else "")
