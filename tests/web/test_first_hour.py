"""A database of one's own beside the demo's SQL: one line says what is missing, and the first page helps."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.own_reports import copy_own_reports, own_reports
from tests.server import Server, eventually
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over
from tests.web.page_reports import page

_ITEMS = """
CREATE TABLE "stock items" (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
INSERT INTO "stock items" (label) VALUES ('Chair'), ('Desk');
"""


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("newcomer")
    copy_own_reports(folder / "sql")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "my-inventory.db", _ITEMS)
    with servers_over(folder) as make:
        yield make()


def first_page(server: Server) -> str:
    return html.unescape(page(server, "/").text)


def test_the_demo_without_its_databases_is_one_line_of_the_log_and_one_group_of_the_first_page(
    newcomer: Server,
) -> None:
    count = len(own_reports())
    group = f"{count} reports need databases that are missing: customer_db, "
    eventually(lambda: group in newcomer.log())
    assert newcomer.log().count("WARNING") == 1

    text = first_page(newcomer)
    assert text.count(group) == 1
    assert text.count('class="badge bad"') == 0
    # With the quotes that it needs in SQL.
    assert '>"my-inventory_db"</h3>' in text


def test_the_first_page_shows_sql_to_begin_with_and_then_the_reports_of_ones_own(newcomer: Server) -> None:
    eventually(lambda: "databases that are missing" in newcomer.log())
    sql = re.search(r"Write your first report.*?<pre[^>]*>(.*?)</pre>", first_page(newcomer), re.DOTALL)
    assert sql is not None
    (newcomer.sql / "report" / "first.sql").write_text(sql[1])

    eventually(lambda: newcomer.get("/report/first.json").status == 200)
    with closing(sqlite3.connect(newcomer.dbs / "my-inventory.db")) as connection:
        rows = connection.execute('SELECT id, label FROM "stock items"').fetchall()
    assert newcomer.get("/report/first.json").json() == [{"id": id, "label": label} for id, label in rows]

    text = first_page(newcomer)
    assert "Write your first report" not in text
    assert text.index('href="./report/first"') < text.index("databases that are missing")


def test_the_page_of_a_fault_leads_to_its_line_of_the_sql(newcomer: Server) -> None:
    (newcomer.sql / "own.sql").write_text(
        'SELECT label\nFROM "my-inventory_db"."stock items"\nWHERE id = :id'
    )
    eventually(lambda: newcomer.get("/own").status == 500)

    answer = page(newcomer, "/own", 500)

    assert "begin the file with <code>/* params: {id: {type: integer}} */</code>" in answer.text
    link = re.search(r'href="(\./_/sql/own)#(L3)"', answer.text)
    assert link is not None
    source = page(newcomer, link[1].removeprefix("."))
    assert f'id="{link[2]}"' in source.text


def test_a_page_of_missing_databases_names_them_all(newcomer: Server) -> None:
    answer = page(newcomer, "/orders/", 500)

    assert "The report&#39;s databases are missing" in answer.text
    assert "there are no databases customer_db, order_db and order_line_db" in answer.text
