"""What the owner has added to a file stays, or the file is refused and stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.changes import CHANGES, Changes, UpgradeError
from demo.folder import NAMES
from demo.upgrade import upgrade
from tests.sqlite_files import closing, run_script
from tests.upgrades.files import rows
from tests.upgrades.running import bytes_of, require_kept, run

ROOT = Path(__file__).resolve().parent.parent.parent


OWN = """
CREATE TABLE notes (note TEXT, product_id INTEGER REFERENCES products (product_id));
INSERT INTO notes VALUES ('mine', 1);
CREATE VIEW cheap AS SELECT products.product_id FROM products AS products WHERE unit_price_cents < 100;
CREATE INDEX notes_by_product ON notes (product_id);
"""


def test_tables_and_views_of_the_owner_stay(dbs: Path) -> None:
    path = dbs / "product.db"
    run_script(path, OWN)
    before = rows(path)
    with closing(path) as connection:
        cheap = connection.execute("SELECT * FROM cheap ORDER BY 1").fetchall()
    assert upgrade(path, Changes(CHANGES / "product")) == 1
    require_kept(before, rows(path))
    with closing(path) as connection:
        assert connection.execute("SELECT * FROM cheap ORDER BY 1").fetchall() == cheap
        assert connection.execute("PRAGMA index_list(notes)").fetchall() != []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("CREATE INDEX by_price ON products (unit_price_cents)", "index by_price would be lost"),
        (
            "CREATE TRIGGER t AFTER DELETE ON products BEGIN DELETE FROM categories; END",
            "trigger t would be lost",
        ),
        ("ALTER TABLE products ADD COLUMN mine TEXT", "table products is not as version 1"),
        ("DROP INDEX products_by_category", "no index products_by_category"),
        ("DROP TABLE products", "no table products"),
        ("UPDATE products SET product_name = 'Lamp'", "2-products-from-sheets.sql: UNIQUE constraint failed"),
        ("PRAGMA user_version = 0", "no database of the demo"),
        ("PRAGMA user_version = -3", "no database of the demo"),
        ("PRAGMA user_version = 99", "version 99, but the newest known here is 2"),
        ("UPDATE products SET category_id = 99 WHERE product_id = 3", "row 3 of products"),
    ],
)
def test_a_file_that_does_not_go_with_the_change_stays_as_it_is(
    script: str, reason: str, dbs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = dbs / "product.db"
    run_script(path, script)
    before = bytes_of(dbs)["product.db"]
    assert run(dbs, "--upgrade") == 1
    said = capsys.readouterr()
    assert said.err.startswith("setup_db.py: product.db")
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert bytes_of(dbs)["product.db"] == before
    assert said.out.count("is now of version") == len(NAMES) - 1


def test_a_damaged_file_stays_as_it_is(dbs: Path) -> None:
    path = dbs / "transaction.db"
    run_script(path, "PRAGMA ignore_check_constraints = 1; UPDATE transactions SET amount_cents = 0")
    before = path.read_bytes()
    with pytest.raises(UpgradeError, match=r"transaction\.db: damaged: CHECK constraint failed"):
        upgrade(path, Changes(CHANGES / "transaction"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"mine", b"SQLite format 3\0" + bytes(4000)])
def test_what_is_no_database_is_named(content: bytes, dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dbs / "order.db").write_bytes(content)
    assert run(dbs, "--upgrade") == 1
    assert capsys.readouterr().err.startswith("setup_db.py: order.db")
    assert (dbs / "order.db").read_bytes() == content


def test_without_any_demo_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--upgrade") == 1
    assert "no demo database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
