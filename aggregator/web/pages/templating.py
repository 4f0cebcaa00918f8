"""Templates as bytes: all that is put into one is escaped, and the URL of a static file holds its version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from aggregator.databases.connection import written
from aggregator.formats.html import habit

HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`\n]+)`")
STATIC = HERE / "static"

SECURITY = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
]
"""What a page may do (https://www.w3.org/TR/CSP3/): nothing from elsewhere, nothing inline."""

PAGE_HEADERS = [("content-type", "text/html; charset=utf-8"), *SECURITY]


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
    habit.amount("1.00", "EUR", habit.DEFAULT)
    habit.moment("2000-01-01T00:00:00Z", habit.DEFAULT)


@cache
def edition() -> str:
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
    environment.filters["count"] = lambda value, locale: habit.number(value, locale, is_grouped=True)
    environment.filters["words"] = words
    environment.filters["prose"] = prose
    environment.filters["written"] = written
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
