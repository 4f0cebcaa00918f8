"""docs/indexes.md has all indexes, and what it is made from is found out well."""

import re
from pathlib import Path

import apsw
import pytest

import setup_db
from aggregator.engine.sqlite.connection import quoted_name
from bench import index_page
from bench.index_use import Folders, Index, explained, indexes, used_by_writes, uses
from bench.indexes import SQL_FOLDER, main

PROJECT = Path(__file__).parent.parent
PAGE = index_page.PAGE.read_text(encoding="utf-8")
SCHEMA = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "schema").glob("*.sql")))
NAMED = re.findall(r"^CREATE (?:UNIQUE )?INDEX (\w+)", SCHEMA, re.MULTILINE)


@pytest.fixture(scope="module")
def dbs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbs")
    assert setup_db.main(["--dbs", str(folder), "--orders", "300"]) == 0
    return folder


def named(dbs: Path, name: str) -> Index:
    [index] = [index for index in indexes(dbs) if index.name == name]
    return index


@pytest.mark.parametrize("name", NAMED)
def test_every_index_has_its_section(name: str) -> None:
    section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]

    assert re.search(rf"```sql\nCREATE (UNIQUE )?INDEX {name} ON ", section)
    assert "\n| with it | without it |\n" in section or "\nNo report uses it.\n" in section


def test_no_section_is_of_an_index_that_is_gone() -> None:
    assert set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)) == set(NAMED)
    assert len(NAMED) > 5


def test_all_indexes_are_found(dbs: Path) -> None:
    found = indexes(dbs)

    assert {index.name for index in found if index.sql is not None} == set(NAMED)
    by_hand = 0
    for path in dbs.glob("*.db"):
        connection = apsw.Connection(str(path))
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            by_hand += len(connection.execute(f"PRAGMA index_list({quoted_name(table)})").fetchall())
        connection.close()
    assert len(found) == by_hand
    assert named(dbs, "products_by_category").parent == "categories"


def test_what_uses_an_index_is_found(dbs: Path) -> None:
    folders = Folders(SQL_FOLDER, dbs)
    [question] = [each for each in folders.questions() if each.report.name == "report/customer-orders"][:1]
    assert uses(explained(question), named(dbs, "orders_by_customer"))
    assert not uses(explained(question), named(dbs, "orders_by_date"))

    [load] = [each for each in folders.writes() if each.name == "shop/import.post"]
    used = used_by_writes(load, indexes(dbs))
    assert named(dbs, "customers_by_shop_number") in used  # by ON CONFLICT, and by the joins
    assert named(dbs, "order_lines_by_product") in used
    assert named(dbs, "invoices_by_due_date") not in used


def test_on_conflict_is_a_use(dbs: Path, tmp_path: Path) -> None:
    (tmp_path / "new.post.sql").write_text(
        "/*\nparams:\n  name: {type: text}\n*/\n"
        "INSERT INTO product_db.categories (category_name) VALUES (:name)\n"
        "ON CONFLICT (category_name) DO NOTHING"
    )
    [write] = Folders(tmp_path, dbs).writes()

    assert [index.columns for index in used_by_writes(write, indexes(dbs))] == [("category_name",)]


def test_the_page_is_made_from_what_is_there(dbs: Path, tmp_path: Path) -> None:
    sql = tmp_path / "sql" / "of-day.sql"
    sql.parent.mkdir()
    sql.write_text(
        "/*\nparams:\n  day: {type: date, example: 2024-01-01}\n*/\n"
        "SELECT orders.status FROM order_db.orders AS orders WHERE orders.order_date = :day"
    )
    page = tmp_path / "indexes.md"
    folders = ["--data", str(dbs), "--sql", str(sql.parent)]

    assert main([*folders, "--page", str(page), "--rounds", "1"]) == 0

    section = page.read_text().split("\n## orders_by_date\n")[1].split("\n## ")[0]
    assert "`GET /of-day` with `day` 2024-01-01" in section
    assert "| SEARCH orders USING INDEX orders_by_date (order_date=?) " in section
    assert "| SCAN orders |" in section
    assert page.read_text().count("No report uses it.") == len(NAMED) - 1
