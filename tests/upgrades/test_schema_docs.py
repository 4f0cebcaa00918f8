"""docs/schema.md and the README's diagrams say what there is."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from demo.changes import CHANGES, Changes
from demo.folder import NAMES
from demo.upgrade import upgrade
from tests.sqlite_files import closing
from tests.upgrades.files import make_version_1

ROOT = CHANGES.parent.parent
PAGE = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
RELATION = re.compile(r"^ {4}(\w+) ([|o]{2})(--|\.\.)o\{ (\w+) : (\w+)$", re.MULTILINE)


def test_the_change_of_the_page_works(tmp_path: Path) -> None:
    match = re.search(r"<!-- file: schema/changes/product/(\S+) -->\n *```sql\n(.*?)\n *```", PAGE, re.DOTALL)
    assert match is not None
    changes = shutil.copytree(CHANGES / "product", tmp_path / "changes")
    (changes / match[1]).write_text(match[2])
    path = make_version_1(tmp_path / "dbs", names=("product",)) / "product.db"
    assert upgrade(path, Changes(changes)) == 1
    with closing(path) as connection:
        connection.execute("UPDATE products SET barcode = '4006381333931' WHERE product_id = 1")
        with pytest.raises(Exception, match="CHECK constraint failed"):
            connection.execute("UPDATE products SET barcode = '40063x' WHERE product_id = 2")


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"schema/[a-z_0-9/-]+\.sql|demo/\w+\.py", PAGE)) - {
        "schema/changes/product/3-barcodes.sql"
    }
    assert len(named) > 3
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_diagram_has_every_table_and_column(name: str) -> None:
    database = sqlite3.connect(":memory:")
    try:
        database.executescript((ROOT / "schema" / f"{name}.sql").read_text(encoding="utf-8"))
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            drawn = README.split(f'    {table}["{name}.db: {table}"] {{\n')[1].split("\n    }\n")[0]
            columns = database.execute("SELECT type, name FROM pragma_table_info(?)", (table,)).fetchall()
            assert [tuple(line.split()[:2]) for line in drawn.splitlines()] == columns
    finally:
        database.close()


def test_the_diagram_has_every_reference() -> None:
    def parent(table: str) -> str:
        return {"category": "categories"}.get(table, f"{table}s")

    expected = set()
    for schema in (ROOT / "schema").glob("*.sql"):
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", schema.read_text(), re.DOTALL):
            # The first column is the table's own number.
            for column, null in re.findall(r"^    (\w+)_id INTEGER( NOT NULL)?(?!.* PRIMARY)", body, re.M):
                within = f"{column}_id INTEGER NOT NULL REFERENCES" in body
                always = bool(null) and table != "ingested_transactions"
                line = "--" if within else ".."
                expected.add((parent(column), "||" if always else "|o", line, table, f"{column}_id"))
    assert {match.groups() for match in RELATION.finditer(README)} == expected
    assert len(expected) > 5
