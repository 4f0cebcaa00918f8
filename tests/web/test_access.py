"""What an actor may not use does not exist for it: every answer is as if the file were not there."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.endpoints.access import ANYBODY, Actor
from aggregator.engine.base import Source
from aggregator.settings import Settings
from aggregator.sqlfile.catalog import Endpoint
from aggregator.web.app import create_app
from aggregator.web.request_log import ACTOR_KEY
from tests.sqlite_files import closing, make_database

HTML = {"accept": "text/html"}
ROWS = "/*\ninput: {name: {type: text}}\n*/\n"
SHARED = {
    "items": "/*\ntitle: Items\ncolumns: {name: {link: '/secret/{name}'}}\n*/\n"
    "SELECT i.name FROM shop_db.items AS i ORDER BY i.name",
    "items.post": f"{ROWS}INSERT INTO shop_db.items (name) SELECT name FROM input",
}
HIDDEN = {
    "secret/pay": "/*\nparams: {n: {type: integer, default: 1}}\n*/\n"
    "SELECT p.name FROM pay_db.salaries AS p LIMIT :n",
    "secret/{who}": "/*\nparams: {who: {type: text}}\n*/\n"
    "SELECT :who AS who, p.name FROM pay_db.salaries AS p",
    "secret/index": "SELECT count(*) AS n FROM pay_db.salaries AS p",
    "secret/pay.post": f"{ROWS}INSERT INTO pay_db.salaries (name) SELECT name FROM input",
    "secret/raise.put": "/*\nparams: {name: {type: text}}\n*/\nUPDATE pay_db.salaries SET name = :name",
    "items.delete": "/*\nparams: {name: {type: text}}\n*/\nDELETE FROM pay_db.salaries WHERE name = :name",
}
REQUESTS = [
    ("GET", "/", HTML),
    ("GET", "/_/", HTML),
    ("GET", "/openapi.json", {}),
    ("GET", "/items", HTML),
    ("GET", "/items.csv", {}),
    ("GET", "/secret/pay", {}),
    ("HEAD", "/secret/pay.csv", {}),
    ("GET", "/secret/pay", HTML),
    ("GET", "/secret/pay.csv", {}),
    ("GET", "/secret/pay.csv", {"if-none-match": "*"}),
    ("GET", "/secret/pay.xlsx", {}),
    ("GET", "/secret/pay?format=plan", {}),
    ("GET", "/secret/pay?_sort=name.asc", {}),
    ("GET", "/secret/pay?n=x", {}),
    ("GET", "/secret/pay/", {}),
    ("GET", "/secret/someone", {}),
    ("GET", "/secret/", {}),
    ("GET", "/secret", {}),
    ("GET", "/secret/raise", HTML),
    ("PUT", "/secret/raise", {}),
    ("OPTIONS", "/secret/raise", {}),
    ("OPTIONS", "/secret/pay", {}),
    ("OPTIONS", "/items", {}),
    ("PATCH", "/items", {}),
    ("DELETE", "/items", {}),
    ("POST", "/secret/pay", {"content-type": "text/csv"}),
    ("POST", "/secret/pay?preview=1", {"content-type": "text/csv"}),
    ("GET", "/_/send/secret/pay.post", HTML),
    ("GET", "/_/send/items.delete", HTML),
    ("GET", "/_/send/items.post", HTML),
    ("GET", "/_/template/secret/pay.post.csv", {}),
    ("GET", "/_/open/secret/pay?n=1", {}),
    ("GET", "/_/open/secret/%7Bwho%7D?who=pay", {}),
    ("GET", "/_/sql/secret/pay", HTML),
    ("GET", "/_/sql/secret/pay?_plan=1", HTML),
    ("GET", "/_/sql/items.delete", HTML),
    ("GET", "/_/sql/items", HTML),
]


class Roles:
    """Only the boss may use `HIDDEN` and see its database."""

    def may_use(self, actor: Actor, endpoint: Endpoint) -> bool:
        return "boss" in actor.roles or endpoint.name not in HIDDEN

    def may_see(self, actor: Actor, database: Source) -> bool:
        return "boss" in actor.roles or database.schema != "pay_db"


BOSS = Actor("ann", frozenset({"boss"}))
CLERK = Actor("bob")


def known(app: ASGIApp, actor: Actor) -> ASGIApp:
    """The application as one that has found out who asks calls it."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, ACTOR_KEY: actor}, receive, send)

    return call


def make_app(folder: Path, files: Mapping[str, str], databases: Mapping[str, str]) -> ASGIApp:
    for name, table in databases.items():
        (folder / "dbs").mkdir(parents=True, exist_ok=True)
        path = make_database(folder / "dbs" / f"{name}.db", f"CREATE TABLE {table} (name TEXT)")
        with closing(path) as connection:
            connection.execute(f"INSERT INTO {table} VALUES ('first')")
    for name, sql in files.items():
        path = folder / "sql" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql)
    settings = Settings(dbs=folder / "dbs", sql=folder / "sql", reader_processes=0)
    return create_app(settings, Roles())


def answers(app: ASGIApp, actor: Actor) -> list[tuple[object, ...]]:
    """All that the requests are answered with, but what differs each time."""

    async def ask() -> list[tuple[object, ...]]:
        transport = httpx.ASGITransport(known(app, actor))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [
                comparable(await client.request(method, url, headers=headers, content=content_of(method)))
                for method, url, headers in REQUESTS
            ]

    return asyncio.run(ask())


def content_of(method: str) -> str | None:
    return "name\nnew\n" if method == "POST" else None


def comparable(answer: httpx.Response) -> tuple[object, ...]:
    """Versions of files make the tag, the clock the time that a page says."""
    headers = {name: text for name, text in answer.headers.items() if name not in ("etag", "content-length")}
    text = re.sub(r"(less than )?[0-9.]+ (ms|s)\b|datetime=\"[^\"]*\"|>[^<>]* ago<", "…", answer.text)
    return answer.request.method, str(answer.request.url), answer.status_code, headers, text


@dataclass(frozen=True)
class Services:
    """The same service, once over all files and once over those that are not hidden."""

    whole: ASGIApp
    shared: ASGIApp


@pytest.fixture
def services(tmp_path: Path) -> Services:
    shop, pay = {"shop": "items"}, {"pay": "salaries"}
    whole = make_app(tmp_path / "whole", SHARED | HIDDEN, shop | pay)
    return Services(whole, make_app(tmp_path / "shared", SHARED, shop))


@pytest.mark.parametrize("actor", [ANYBODY, CLERK], ids=lambda actor: actor.name)
def test_what_an_actor_may_not_use_does_not_exist(services: Services, actor: Actor) -> None:
    for found, expected in zip(answers(services.whole, actor), answers(services.shared, actor), strict=True):
        assert found == expected
        assert "salaries" not in str(found[-1])


def test_it_exists_for_those_who_may_use_it(services: Services) -> None:
    found, without = answers(services.whole, BOSS), answers(services.shared, BOSS)
    same = [each[:2] for each, other in zip(found, without, strict=True) if each == other]
    assert [url for _, url in same if "secret" in str(url) or "delete" in str(url)] == []
    assert [each[:3] for each in found if each[2] in (404, 500)] == []


def test_two_actors_do_not_share_a_key_of_repeated_requests(services: Services, tmp_path: Path) -> None:
    def send(actor: Actor) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(known(services.whole, actor))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                headers = {"content-type": "text/csv", "idempotency-key": "k"}
                return await client.post("/items", headers=headers, content="name\nnew\n")

        return asyncio.run(ask())

    assert send(CLERK).status_code == send(CLERK).status_code == 201
    assert send(BOSS).status_code == send(ANYBODY).status_code == 422
    with closing(tmp_path / "whole" / "dbs" / "shop.db") as connection:
        assert connection.execute("SELECT count(*) FROM items WHERE name = 'new'").fetchone() == (1,)


@pytest.mark.parametrize("actor", [ANYBODY, CLERK], ids=lambda actor: actor.name)
def test_no_shared_cache_keeps_what_one_actor_gets(services: Services, actor: Actor) -> None:
    found = {each[3].get("cache-control", "") for each in answers(services.whole, actor)}  # type: ignore[attr-defined]
    kept = {text for text in found if "public" not in text}
    assert len(kept) > 1
    assert all(text.startswith("private") == (actor == CLERK) for text in kept)


@pytest.mark.parametrize(("actor", "name"), [(ANYBODY, None), (CLERK, "bob")])
def test_the_log_names_the_actor(
    services: Services,
    actor: Actor,
    name: str | None,
    caplog: pytest.LogCaptureFixture,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with caplog.at_level("INFO", "aggregator.requests"):
        answers(services.shared, actor)
    lines = [json.loads(line) for line in capfdbinary.readouterr().err.splitlines() if line[:1] == b"{"]
    assert len(lines) == len(REQUESTS)
    assert {line.get("actor") for line in lines} == {name}
