"""The tag changes with all that an answer is made of and with nothing else; a 304 runs no query."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.web.response import ETag
from tests.server import Server, eventually
from tests.sqlite_files import closing, make_database, program_running, run_script
from tests.web.conftest import MakeServer, servers_over
from tests.web.reports import DATABASE, NEVER_ENDING

ITEMS = "SELECT items.name FROM shop_db.items AS items"


def tag_of(server: Server, path: str, method: str = "GET", **headers: str) -> str:
    """The tag when it is one that stays: what has just been written has another each time."""

    def settled() -> str | None:
        first, second = (server.get(path, headers, method).headers["etag"] for _ in range(2))
        return first if first == second else None

    return eventually(settled, seconds=4)


@pytest.fixture(scope="module", params=["delete", "wal"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "dbs").mkdir()
    for name in ("shop", "other"):
        make_database(folder / "dbs" / f"{name}.db", DATABASE, request.param)
    both = "SELECT a.name FROM shop_db.items AS a INNER JOIN other_db.items AS b ON a.name = b.name"
    with servers_over(folder) as make:
        yield make({"items": ITEMS, "both": both})


def test_it_changes_with_a_database_that_is_read_and_with_no_other(shop: Server) -> None:
    items, both = tag_of(shop, "/items"), tag_of(shop, "/both")
    assert items != both

    run_script(shop.dbs / "other.db", "UPDATE items SET price_cents = 1")
    assert tag_of(shop, "/items") == items
    assert tag_of(shop, "/both") != both

    run_script(shop.dbs / "shop.db", "UPDATE items SET price_cents = 1")
    assert tag_of(shop, "/items") != items


def test_every_write_changes_it_at_once(shop: Server) -> None:
    seen = {shop.get("/items").headers["etag"]}
    with closing(shop.dbs / "shop.db") as writer:
        for number in range(20):
            writer.execute(f"UPDATE items SET price_cents = {number}")
            tag = shop.get("/items").headers["etag"]
            assert tag not in seen
            seen.add(tag)


def test_an_old_tag_never_brings_304_for_new_rows(shop: Server) -> None:
    with closing(shop.dbs / "shop.db") as writer:
        for number in range(30):
            tag = shop.get("/items").headers["etag"]
            writer.execute("UPDATE items SET name = ? WHERE item_id = 1", (f"name {number}",))
            answer = shop.get("/items", {"If-None-Match": tag})
            assert answer.status == 200
            assert f"name {number}" in answer.text


def test_it_changes_with_a_replaced_database(shop: Server, tmp_path: Path) -> None:
    before = tag_of(shop, "/items")
    new = make_database(tmp_path / "new", DATABASE)
    # What belongs to the old file would be taken for the new one's, by every program.
    (shop.dbs / "shop.db-wal").unlink(missing_ok=True)
    (shop.dbs / "shop.db-shm").unlink(missing_ok=True)
    os.replace(new, shop.dbs / "shop.db")
    assert tag_of(shop, "/items") != before


OPEN_AND_CLOSE = """
import apsw, sys
while True:
    connection = apsw.Connection(sys.argv[1])
    connection.execute("SELECT * FROM items").fetchall()
    connection.close()
    print("read", flush=True)
"""


def test_two_seconds_after_a_write_it_stays_in_every_process(tmp_path: Path, make_server: MakeServer) -> None:
    """Whoever opens, reads and closes the file changes nothing, nor does a server that comes or goes."""
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE, "wal")
    first = make_server({"items": ITEMS, "write.post": "UPDATE shop_db.items SET price_cents = 1"})
    second = make_server()
    with closing(path) as owner, program_running(OPEN_AND_CLOSE, [path]):
        owner.set_busy_timeout(10_000)
        for write in (
            lambda: owner.execute("UPDATE items SET price_cents = 2"),
            lambda: first.send("/write"),
        ):
            write()
            time.sleep(2)
            tags = {server.get("/items").headers["etag"] for server in (first, second) for _ in range(20)}
            assert len(tags) == 1
    first.stop()
    assert {second.get("/items").headers["etag"], make_server().get("/items").headers["etag"]} == tags


WRITE_NOW_AND_THEN = """
import apsw, random, sys, time
print("begun", flush=True)
for n in range(1, sys.maxsize):
    connection = apsw.Connection(sys.argv[1])
    connection.set_busy_timeout(10_000)
    connection.execute("UPDATE items SET price_cents = ?", (n,))
    if n % 3 == 0:
        connection.execute(f"PRAGMA wal_checkpoint({random.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")
    if n % 2 == 0:
        connection.close()
    time.sleep(random.choice([0, 0.01, 0.06, 1.0, 1.06, 1.2]))
"""


@pytest.mark.torture
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_two_contents_never_have_the_same_tag(tmp_path: Path, make_server: MakeServer, mode: str) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE, mode)
    server = make_server({"prices": "SELECT items.price_cents FROM shop_db.items AS items"})
    bodies: dict[str, bytes] = {}
    end = time.monotonic() + 60
    with program_running(WRITE_NOW_AND_THEN, [path]):
        while time.monotonic() < end:
            answer = server.get("/prices")
            assert bodies.setdefault(answer.headers["etag"], answer.body) == answer.body
    assert len(set(bodies.values())) > 50


def test_it_changes_with_the_sql(shop: Server) -> None:
    before = tag_of(shop, "/items")
    (shop.sql / "items.sql").write_text(ITEMS + " ORDER BY items.name")
    eventually(lambda: tag_of(shop, "/items") != before, seconds=1.5)
    (shop.sql / "items.sql").write_text(ITEMS)
    eventually(lambda: tag_of(shop, "/items") == before, seconds=1.5)


def test_it_changes_with_parameters_and_format_and_coding(server: Server) -> None:
    paths = [
        "/named",
        "/named?label=a",
        "/named?label=b",
        "/named?labels=a",
        "/named?labels=a&labels=b",
        "/named?labels=ab",
        "/named?format=csv",
        "/named?format=csv&for=excel",
        "/named?format=csv&for=excel&separator=;",
        "/named?format=csv&for=excel&separator=;&decimal=,",
        "/named?format=ndjson",
        "/named?format=excel",
    ]
    tags = [server.get(path).headers["etag"] for path in paths]
    tags.append(server.get("/named", {"Accept-Encoding": "gzip"}).headers["etag"])

    assert len(set(tags)) == len(tags)


def test_it_is_the_same_for_the_same_answer(server: Server) -> None:
    assert server.get("/named?label=none").headers["etag"] == server.get("/named").headers["etag"]
    assert server.get("/named.csv").headers["etag"] == server.get("/named?format=csv").headers["etag"]
    assert (
        server.get("/named", {"Accept": "text/csv"}).headers["etag"]
        == server.get("/named?format=csv").headers["etag"]
    )


def test_head_has_it_too(server: Server) -> None:
    for path in ("/items", "/items?format=csv", "/long?format=excel"):
        assert tag_of(server, path, "HEAD") == tag_of(server, path)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "form", ["{tag}", "W/{tag}", '"other", {tag}', '{tag}, "other"', "*", ' "a" , W/{tag} ']
)
def test_304(server: Server, form: str, method: str) -> None:
    tag = tag_of(server, "/items")

    answer = server.get("/items", {"If-None-Match": form.format(tag=tag)}, method)

    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == tag
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["cache-control"] == "no-cache"
    assert "content-length" not in answer.headers
    line = server.line(report="items", status=304)
    assert (line["rows"], line["bytes"]) == (0, 0)


@pytest.mark.parametrize("form", ['"other"', "", "W/", "{bare}", '"{bare}x"', "**"])
def test_no_304_for_another_tag(server: Server, form: str) -> None:
    bare = tag_of(server, "/items").strip('"')

    assert server.get("/items", {"If-None-Match": form.format(bare=bare)}).status == 200


def test_tags_in_two_headers(server: Server) -> None:
    tag = tag_of(server, "/items")
    with server.connected() as client:
        server.send_request(client, "/items", "1.1", 'If-None-Match: "other"', f"If-None-Match: {tag}")
        assert client.recv(100).startswith(b"HTTP/1.1 304")


def test_a_304_runs_no_query(make_server: MakeServer) -> None:
    """The query would never end."""
    server = make_server({"heavy": NEVER_ENDING}, time_limit=0.8)
    tag = tag_of(server, "/heavy", "HEAD")
    began = time.monotonic()

    assert server.get("/heavy", {"If-None-Match": tag}).status == 304
    assert server.get("/heavy", {"If-None-Match": tag}, "HEAD").status == 304
    assert time.monotonic() - began < 0.5
    assert server.get("/heavy", {"If-None-Match": '"other"'}).status == 504


def test_a_304_needs_no_place_and_no_lock(tmp_path: Path, make_server: MakeServer) -> None:
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server({"items": ITEMS, "heavy": NEVER_ENDING}, max_reports=1, queue_wait=0.1)
    tag = tag_of(server, "/items")
    with server.connected() as first, closing(path) as owner:
        server.send_request(first, "/heavy")
        owner.execute("BEGIN EXCLUSIVE")
        time.sleep(0.3)
        assert server.get("/items", {"If-None-Match": tag}).status == 304


def test_a_wrong_request_is_no_304(server: Server) -> None:
    assert server.get("/item/abc", {"If-None-Match": "*"}).status == 422
    assert server.get("/nothing", {"If-None-Match": "*"}).status == 404
    assert server.get("/broken/table", {"If-None-Match": "*"}).status == 500


def test_weak_comparison() -> None:
    tag = ETag("a", is_stable=True)
    assert tag.matches('W/"a"')
    assert tag.matches('"b", "a"')
    assert tag.matches(" * ")
    assert not tag.matches("")
    assert not tag.matches("a")


@pytest.mark.parametrize(
    ("sql", "is_lasting"),
    [
        ("SELECT random() AS n", False),
        ("SELECT CURRENT_TIMESTAMP AS n", False),
        ("SELECT strftime('%s', 'now') AS n", False),
        ("SELECT date('NOW', '+1 day') AS n", False),
        ("SELECT datetime() AS n", False),
        ("SELECT strftime('%Y') AS n", False),
        ("SELECT date('2024-02-29', '+1 day') AS n", True),
        ("SELECT strftime('%Y', items.name) AS n, 'now' || '!' AS m FROM shop_db.items AS items", False),
        ("SELECT strftime('%Y', items.name) AS n FROM shop_db.items AS items", True),
        ("SELECT 'now' AS n", True),
        ("SELECT items.name AS date FROM shop_db.items AS items", True),
    ],
)
def test_what_depends_on_the_clock_or_on_chance_has_no_lasting_tag(
    shop: Server, sql: str, is_lasting: bool
) -> None:
    path = f"/volatile-{len(list(shop.sql.iterdir()))}"
    (shop.sql / f"{path[1:]}.sql").write_text(sql)
    eventually(lambda: shop.get(path).status == 200)
    eventually(lambda: settled(shop, "/items"))
    assert settled(shop, path) == is_lasting


def settled(server: Server, path: str) -> bool:
    first, second = (server.get(path).headers["etag"] for _ in range(2))
    return first == second
