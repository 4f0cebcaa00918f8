"""Whatever changes in the two folders is seen within a second, and harms nothing else."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server import Server, eventually
from tests.sqlite_files import make_database, run_script
from tests.web.conftest import MakeServer
from tests.web.reports import DATABASE

ITEMS = "SELECT items.name FROM shop_db.items AS items ORDER BY items.item_id"


@pytest.fixture
def live(tmp_path: Path, make_server: MakeServer) -> Server:
    """A server that has answered both of its reports."""
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server({"items": ITEMS, "one": "SELECT 1 AS value"})
    assert server.get("/items").status == 200
    assert server.get("/one").status == 200
    return server


def within_a_second(question: Callable[[], bool]) -> None:
    eventually(question, seconds=1.0)


def test_a_new_report(live: Server) -> None:
    assert live.get("/two").status == 404
    (live.sql / "deep" / "deeper").mkdir(parents=True)
    for path in ("two", "deep/deeper/two"):
        (live.sql / f"{path}.sql").write_text("SELECT 2 AS value")
    within_a_second(lambda: live.get("/two").status == live.get("/deep/deeper/two").status == 200)
    assert {"/two", "/deep/deeper/two"} < live.get("/openapi.json").json()["paths"].keys()


def test_a_changed_and_a_removed_report(live: Server) -> None:
    (live.sql / "one.sql").write_text("SELECT 7 AS value")
    within_a_second(lambda: live.get("/one").json() == [{"value": 7}])
    (live.sql / "one.sql").unlink()
    within_a_second(lambda: live.get("/one").status == 404)
    assert live.get("/items").status == 200


def test_a_report_that_is_spoilt_and_mended(live: Server) -> None:
    for spoilt in ("SELEC 1", "/*\nparams: [\n*/ SELECT 1 AS one", "/*\nnonsense: 1\n*/ SELECT 1 AS one", ""):
        (live.sql / "one.sql").write_text(spoilt)
        within_a_second(lambda: live.get("/one").status == 500)
        document = live.get("/one").json()
        assert document["faults"][0]["file"] == "one.sql"
        assert live.get("/items").status == 200
        assert live.get("/health").status == 200
        paths = live.get("/openapi.json").json()["paths"]
        assert "/items" in paths
        assert "/one" not in paths
    (live.sql / "one.sql").write_bytes(b"SELECT '\xff' AS value")
    within_a_second(lambda: "UTF-8" in live.get("/one").text)
    (live.sql / "one.sql").write_text("SELECT 3 AS value")
    within_a_second(lambda: live.get("/one").json() == [{"value": 3}])


def test_a_new_database(live: Server) -> None:
    (live.sql / "more.sql").write_text("SELECT items.name FROM more_db.items AS items")
    within_a_second(lambda: live.get("/more").status == 500)
    make_database(live.dbs / "more.db", DATABASE)
    within_a_second(lambda: live.get("/more").status == 200)


def test_a_replaced_database(live: Server, tmp_path: Path) -> None:
    new = make_database(tmp_path / "new", DATABASE.replace("'Anvil'", "'Awl'"))
    os.replace(new, live.dbs / "shop.db")
    within_a_second(lambda: live.get("/items").json()[0] == {"name": "Awl"})


def test_a_replaced_database_with_other_tables(live: Server, tmp_path: Path) -> None:
    new = make_database(
        tmp_path / "new",
        DATABASE.replace("name TEXT", "name INTEGER")
        .replace("'", "")
        .replace("Anvil", "1")
        .replace("Bellows", "2")
        .replace("Çekiç", "3")
        .replace(" STRICT", ""),
    )
    os.replace(new, live.dbs / "shop.db")
    within_a_second(lambda: live.get("/items").json()[0] == {"name": 1})


def test_a_database_that_is_deleted_and_made_anew(live: Server) -> None:
    """Its inode and its schema version may well be those of the old one."""
    for title in ("label", "caption"):
        (live.dbs / "shop.db").unlink()
        make_database(live.dbs / "shop.db", DATABASE.replace("name", title))
        within_a_second(lambda: live.get("/items").status == 500)
        assert "no such column" in live.get("/items").json()["detail"]
    (live.dbs / "shop.db").unlink()
    make_database(live.dbs / "shop.db", DATABASE)
    within_a_second(lambda: live.get("/items").status == 200)


def test_a_database_that_looks_like_the_one_before(tmp_path: Path, make_server: MakeServer) -> None:
    """Same inode, same schema version, as a file that is deleted and made anew can have; other columns."""
    (tmp_path / "dbs").mkdir()
    path = make_database(tmp_path / "dbs" / "shop.db", DATABASE)
    server = make_server({"items": ITEMS})
    assert "/items" in server.get("/openapi.json").json()["paths"]
    path.write_bytes(make_database(tmp_path / "other", DATABASE.replace("name", "label")).read_bytes())

    document = server.get("/items").json()

    assert document["type"] == "urn:aggregator:problem:broken-report"
    assert "no such column" in document["detail"]


def test_a_removed_database(live: Server) -> None:
    shutil.move(live.dbs / "shop.db", live.dbs / "shop.away")
    within_a_second(lambda: live.get("/items").status == 503)
    time.sleep(1)
    assert "shop_db cannot be read: it is gone" in live.get("/items").json()["detail"]
    assert live.get("/one").status == 200
    assert not (live.dbs / "shop.db").exists()
    shutil.move(live.dbs / "shop.away", live.dbs / "shop.db")
    within_a_second(lambda: live.get("/items").status == 200)


def test_rows_of_another_program(live: Server) -> None:
    run_script(live.dbs / "shop.db", "INSERT INTO items VALUES (4, 'Dibble', 1, NULL)")
    assert len(live.get("/items").json()) == 4


def test_a_column_that_another_program_adds_and_takes_away(live: Server) -> None:
    shop = live.dbs / "shop.db"
    run_script(shop, "ALTER TABLE items ADD COLUMN note TEXT DEFAULT 'new'")
    (live.sql / "notes.sql").write_text("SELECT items.note FROM shop_db.items AS items")
    within_a_second(lambda: live.get("/notes").status == 200)
    run_script(shop, "ALTER TABLE items DROP COLUMN note")
    within_a_second(lambda: live.get("/notes").status == 500)
    assert "no such column" in live.get("/notes").json()["detail"]
    run_script(shop, "ALTER TABLE items ADD COLUMN note TEXT DEFAULT 'newer'")
    within_a_second(lambda: live.get("/notes").status == 200)
    assert live.get("/notes").json()[0] == {"note": "newer"}


def test_a_column_whose_type_changes(live: Server) -> None:
    """What the table guaranteed of the values before holds no more."""
    run_script(
        live.dbs / "shop.db",
        "DROP TABLE items; CREATE TABLE items (item_id, name);"
        "INSERT INTO items VALUES (1, x'00FF'), (2, 1e999)",
    )
    within_a_second(lambda: live.get("/items").status == 200)
    assert live.get("/items").json() == [{"name": "AP8="}, {"name": "Infinity"}]


def test_a_missing_table_that_is_made(live: Server) -> None:
    (live.sql / "things.sql").write_text("SELECT things.name FROM shop_db.things AS things")
    within_a_second(lambda: live.get("/things").status == 500)
    run_script(live.dbs / "shop.db", "CREATE TABLE things (name)")
    within_a_second(lambda: live.get("/things").json() == [])


def test_a_file_that_is_written_slowly(live: Server) -> None:
    """Half of a report is a broken report for a moment, and nothing worse."""
    with (live.sql / "one.sql").open("w") as file:
        for part in ("SELECT ", "5 AS ", "value, ", "6 AS other"):
            file.write(part)
            file.flush()
            time.sleep(0.3)
            assert live.get("/one").status in (200, 500)
            assert live.get("/items").status == 200
    within_a_second(lambda: live.get("/one").json() == [{"value": 5, "other": 6}])


def test_folders_that_are_gone_and_come_back(live: Server) -> None:
    for folder, report, status in ((live.sql, "/one", 404), (live.dbs, "/items", 503)):
        away = folder.with_name("away")
        folder.rename(away)
        within_a_second(lambda report=report, status=status: live.get(report).status == status)
        assert live.get("/health").status == (503 if folder == live.dbs else 200)
        assert not folder.exists()
        away.rename(folder)
        within_a_second(lambda report=report: live.get(report).status == 200)
