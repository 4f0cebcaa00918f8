"""The first page: every URL of `sql/` by folder, and every database of `dbs/`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from urllib.parse import quote

from babel.dates import format_timedelta

from aggregator.endpoints.access import Actor
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry, missing_databases
from aggregator.engine.base import Dialect
from aggregator.engine.model import Overview
from aggregator.engine.sqlite.schema import Overviews
from aggregator.errors import AggregatorError
from aggregator.formats import localize
from aggregator.sqlfile.catalog import Endpoint
from aggregator.web.pages.templating import PageUrl, render

_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One endpoint. url: of its page; searched: what a search looks through, in small letters."""

    file: str
    method: str
    path: str
    title: str
    description: str
    url: str
    has_chart: bool
    fault: str
    searched: str


def home_page(
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint],
    actor: Actor,
    overviews: Overviews,
    url: PageUrl,
    locale: str,
) -> bytes:
    """The page; it may wait for a database."""
    troubles = [(each, registry.trouble(each)) for each in registry.catalog(actor).endpoints]
    entries = sorted((_entry(endpoint, error, url) for endpoint, error in troubles), key=_place)
    lack = missing_databases(troubles)
    lacking_files = {endpoint.file for endpoint in lack.endpoints} if lack is not None else set()
    usable = [entry for entry in entries if entry.file not in lacking_files]
    databases = overviews.of(registry.visible_databases(actor))
    return render(
        "home.html",
        root=url.root,
        locale=locale,
        folders=[(folder, list(group)) for folder, group in groupby(usable, _folder)],
        count=len(entries),
        lack=str(lack) if lack is not None else "",
        lacking=[entry for entry in entries if entry.file in lacking_files],
        databases=databases,
        first_sql="" if usable else _first_sql(registry.databases.dialect, databases),
        faults=[str(fault) for fault in registry.databases.faults()],
        size=lambda size: _size(size, locale),
        age=lambda moment: _age(moment, locale),
    )


def _entry(endpoint: Endpoint, error: AggregatorError | None, url: PageUrl) -> Entry:
    route, header = endpoint.route, endpoint.source.header if endpoint.source is not None else None
    description = header.description if header is not None else ""
    texts = [endpoint.title, route.url, description, *(header.tags if header is not None else ())]
    return Entry(
        file=endpoint.file,
        method=route.method,
        path=route.url,
        title=endpoint.title,
        description=description.split("\n\n")[0],
        url=url.root + _way_to(endpoint),
        has_chart=header is not None and header.chart is not None,
        fault=error.detail if error is not None else "",
        searched=" ".join(texts).lower(),
    )


def _first_sql(dialect: Dialect, databases: Sequence[Overview]) -> str:
    """A report to begin with: all rows of the first table that there is."""
    tables = ((database.schema, table) for database in databases for table, _ in database.tables)
    return dialect.example(*next(tables, ()))


def _way_to(endpoint: Endpoint) -> str:
    route = endpoint.route
    if route.method != "GET":
        return "_/send/" + quote(endpoint.name)
    return "_/open/" + quote(endpoint.name) if route.parameters else route.url.removeprefix("/")


def _place(entry: Entry) -> tuple[bool, str, bool, str, str]:
    """Folders by name; in each what only reads comes first."""
    folder = _folder(entry)
    return folder == "", folder, entry.method != "GET", entry.path, entry.method


def _folder(entry: Entry) -> str:
    return entry.path.split("/")[1] if entry.path.count("/") > 1 else ""


def _size(size: int, locale: str) -> str:
    for least, unit in _UNITS:
        if size >= least:
            return f"{localize.number(round(size / least, 1), locale)} {unit}"
    return f"{size} bytes"


def _age(moment: float, locale: str) -> str:
    ago = timedelta(seconds=min(moment - time.time(), 0))
    return format_timedelta(ago, add_direction=True, locale=locale)
