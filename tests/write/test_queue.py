"""Small writes that share a transaction: what one does wrong is no other's fault."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry, StaleEndpoint
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.errors import (
    AggregatorError,
    BrokenEndpoint,
    Cancelled,
    Conflict,
    InvalidParameters,
    InvalidWrite,
    TimeLimitExceeded,
)
from aggregator.sqlfile.parameters import read_arguments
from aggregator.write.batch_queue import WriteQueue
from aggregator.write.execute import WriteContext
from aggregator.write.request import WriteBudget, WriteRequest, WriteResult
from tests.server import eventually
from tests.sqlite_files import closing, make_database, run_script
from tests.write.test_check import registry_of

SCHEMA = """
CREATE TABLE owners (owner_id INTEGER PRIMARY KEY);
CREATE TABLE notes (
    note_id INTEGER PRIMARY KEY,
    owner_id INT REFERENCES owners (owner_id) DEFERRABLE INITIALLY DEFERRED,
    n INT CHECK (n < 1000)
);
CREATE TRIGGER strict BEFORE INSERT ON notes WHEN new.n = 13 BEGIN SELECT RAISE(ROLLBACK, 'unlucky'); END;
INSERT INTO owners VALUES (1);
"""
PARAMS = "/* params: {note_id: {type: integer}, owner: {type: integer, default: 1}, n: {type: integer}} */"
FILES = {
    "note.post": f"{PARAMS} INSERT INTO note_db.notes VALUES (:note_id, :owner, :n)",
    "rollback.post": f"{PARAMS} INSERT OR ROLLBACK INTO note_db.notes VALUES (:note_id, :owner, :n)",
    "endless.post": """/* time_limit: 0.2 */
    INSERT INTO note_db.notes (n) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n FROM i)
    SELECT count(*) FROM i""",
    "size.post": """/* params: {note_id: {type: integer}, n: {type: integer}} */
    INSERT INTO note_db.notes (note_id, n) VALUES (:note_id, abs(:n) % 1000)""",
    "bare.post": "INSERT INTO orders (total) SELECT count(*) FROM note_db.notes",
    "order.post": "INSERT INTO shop_db.orders (total) VALUES (1)",
}


@pytest.fixture
def registry(tmp_path: Path) -> EndpointRegistry[ReadEndpoint | WriteEndpoint]:
    registry = registry_of(tmp_path, FILES)
    make_database(tmp_path / "dbs" / "note.db", SCHEMA, "wal")
    return registry


@pytest.fixture
def queue(registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path) -> Iterator[WriteQueue]:
    engine = SqliteEngine(tmp_path / "dbs", lock_wait=2.0)
    queue = WriteQueue(WriteContext(engine, 60.0))
    yield queue
    queue.close()


def counts(order: WriteRequest, outcome: WriteResult) -> StoredResponse:
    return StoredResponse(200, [], str(outcome.counted.inserted).encode())


def submitted(
    queue: WriteQueue,
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint],
    name: str,
    budget: WriteBudget | None = None,
    **given: object,
) -> Future[Any]:
    endpoint = registry.catalog(ANYBODY).find("POST", f"/{name}").endpoint
    write = registry.check(endpoint)
    assert isinstance(write, WriteEndpoint)
    texts = {key: [str(value)] for key, value in given.items()}
    order = WriteRequest(write, read_arguments(write.header.params, texts), write.formats[0])
    return queue.submit(order, counts, budget or WriteBudget(write.time_limit(60)))


def notes(folder: Path) -> list[int]:
    connection = sqlite3.connect(folder / "dbs" / "note.db")
    try:
        return [note_id for (note_id,) in connection.execute("SELECT note_id FROM notes ORDER BY note_id")]
    finally:
        connection.close()


def outcome(future: Future[Any]) -> str | type[AggregatorError]:
    try:
        return str(future.result(20).body.decode())
    except AggregatorError as error:
        return type(error)


@pytest.mark.parametrize(
    ("name", "bad", "expected"),
    [
        ("note", {"note_id": 1, "n": 2}, Conflict),
        ("note", {"note_id": 500, "n": 5000}, InvalidWrite),
        ("note", {"note_id": 500, "n": 2, "owner": 9}, Conflict),
        ("note", {"note_id": 500, "n": 13}, Conflict),
        ("rollback", {"note_id": 1, "n": 2}, Conflict),
        ("size", {"note_id": 500, "n": -(2**63)}, InvalidParameters),
    ],
)
def test_one_bad_order_harms_no_other(
    queue: WriteQueue,
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint],
    tmp_path: Path,
    name: str,
    bad: dict[str, int],
    expected: type[AggregatorError],
) -> None:
    futures = [submitted(queue, registry, "note", note_id=number, n=number) for number in range(1, 12)]
    futures.append(submitted(queue, registry, name, **bad))
    futures += [submitted(queue, registry, "note", note_id=number, n=number) for number in range(14, 40)]
    results = [outcome(future) for future in futures]
    assert results.pop(11) is expected
    assert results == ["1"] * 37
    assert notes(tmp_path) == [*range(1, 12), *range(14, 40)]


def test_a_name_that_another_file_has_got_is_not_written(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    """SQLite would write the first of two tables called orders."""
    assert outcome(submitted(queue, registry, "bare")) == "1"
    run_script(tmp_path / "dbs" / "note.db", "CREATE TABLE orders (order_id, total)")
    with pytest.raises(StaleEndpoint):
        submitted(queue, registry, "bare").result(20)
    endpoint = registry.catalog(ANYBODY).find("POST", "/bare").endpoint
    registry.forget(registry.check(endpoint))
    with pytest.raises(BrokenEndpoint, match="orders is in note_db and in shop_db"):
        registry.check(endpoint)


def test_an_order_that_takes_too_long(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    futures = [
        submitted(queue, registry, "note", note_id=1, n=1),
        submitted(queue, registry, "endless"),
        submitted(queue, registry, "note", note_id=2, n=2),
        submitted(queue, registry, "order"),
    ]
    assert [outcome(future) for future in futures] == ["1", TimeLimitExceeded, "1", "1"]
    assert notes(tmp_path) == [1, 2]


def test_what_waits_is_done_before_the_end(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    futures = [submitted(queue, registry, "note", note_id=number, n=1) for number in range(1, 101)]
    queue.close()
    assert all(future.done() for future in futures)
    assert notes(tmp_path) == [*range(1, 101)]


def test_the_file_keeps_its_version_when_all_is_written(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    """Closing the last connection would move the WAL file's content at some later time."""
    file = SqliteEngine(tmp_path / "dbs").sources()["note_db"]
    assert outcome(submitted(queue, registry, "note", note_id=1, n=1)) == "1"
    eventually(lambda: file.version().wal == (0,), seconds=2)
    before = file.version().stamp
    queue.close()
    assert file.version().stamp == before
    assert not file.path.with_name("note.db-wal").exists()
    assert notes(tmp_path) == [1]


def test_a_reader_keeps_the_wal_file_and_it_is_emptied_afterwards(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    file = SqliteEngine(tmp_path / "dbs").sources()["note_db"]
    with closing(file.path) as reader:
        reader.execute("BEGIN; SELECT * FROM notes").fetchall()
        assert outcome(submitted(queue, registry, "note", note_id=1, n=1)) == "1"
        assert outcome(submitted(queue, registry, "note", note_id=2, n=1)) == "1"
        reader.execute("COMMIT")
    assert outcome(submitted(queue, registry, "note", note_id=3, n=1)) == "1"
    eventually(lambda: file.version().wal == (0,), seconds=2)


def test_who_gives_up_takes_nothing_of_the_others_with_it(
    queue: WriteQueue, registry: EndpointRegistry[ReadEndpoint | WriteEndpoint], tmp_path: Path
) -> None:
    """Before its turn; and after it, while the others of its transaction are still at it."""
    early, late = WriteBudget(60), WriteBudget(60)
    assert early.give_up(Cancelled("The client has disconnected."))
    futures = [
        submitted(queue, registry, "endless"),
        submitted(queue, registry, "note", early, note_id=1, n=1),
        submitted(queue, registry, "note", note_id=2, n=1),
        submitted(queue, registry, "note", late, note_id=3, n=1),
        submitted(queue, registry, "endless"),
    ]
    while not late.has_begun:
        time.sleep(0.001)
    was_in_time = late.give_up(Cancelled("The client has disconnected."))
    expected = [TimeLimitExceeded, Cancelled, "1", Cancelled if was_in_time else "1", TimeLimitExceeded]
    assert [outcome(future) for future in futures] == expected
    assert notes(tmp_path) == ([2] if was_in_time else [2, 3])
    assert not late.give_up(Cancelled("Too late.")) or was_in_time
