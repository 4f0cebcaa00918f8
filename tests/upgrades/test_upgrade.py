"""Files of version 1 that hold data become files of the newest version."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from demo.changes import CHANGES, Changes
from demo.folder import NAMES
from demo.upgrade import upgrade
from tests.commands import run_text
from tests.sqlite_files import closing, run_script
from tests.upgrades.files import make_version_1, structure, version
from tests.upgrades.running import NEWEST, all_rows, bytes_of, require_kept, run

ROOT = Path(__file__).resolve().parent.parent.parent


# --- what an upgrade makes --------------------------------------------------------------------------


@pytest.mark.parametrize("journal_mode", ["wal", "delete", "truncate", "persist"])
def test_files_of_version_1_keep_their_rows_and_look_like_new_ones(
    journal_mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = make_version_1(tmp_path / "old", journal_mode)
    before = all_rows(old)
    assert run(old, "--upgrade") == 0
    after = all_rows(old)
    assert run(tmp_path / "new", "--orders", "12") == 0
    said = capsys.readouterr().out.splitlines()
    for name in NAMES:
        require_kept(before[name], after[name])
        assert structure(old / f"{name}.db") == structure(tmp_path / "new" / f"{name}.db")
        assert f"{name}.db was of version 1, is now of version {NEWEST[name]}" in said
        # Only a WAL file says its mode itself.
        is_wal = (old / f"{name}.db").read_bytes()[18:20] == b"\x02\x02"
        assert is_wal == (journal_mode == "wal")


def test_the_planner_knows_the_new_tables_and_indexes(upgraded: Path) -> None:
    for name in NAMES:
        with closing(upgraded / f"{name}.db") as connection:
            listed = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2"
            known = connection.execute(listed).fetchall()
            connection.execute("ANALYZE")
            assert known == connection.execute(listed).fetchall() != []


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("customer", "UPDATE customers SET customer_name = NULL"),
        ("customer", "UPDATE customers SET shop_number = 7"),
        ("customer", "UPDATE customers SET gender = ''"),
        ("customer", "UPDATE customers SET pincode = '12'"),
        ("product", "UPDATE products SET product_name = 'Lamp'"),
        ("product", "UPDATE products SET category_id = 99"),
        ("product", "UPDATE products SET stock = -1"),
        ("order", "UPDATE orders SET source = 'elsewhere'"),
        ("order", "UPDATE orders SET aging_days = -0.5"),
        ("order_line", "UPDATE order_lines SET quantity = NULL"),
        ("order_line", "UPDATE order_lines SET line_number = order_line_id, order_id = 1, product_id = 1"),
        ("order_line", "UPDATE order_lines SET shipping_cost_cents = 1.5"),
        ("invoice", "UPDATE invoices SET terms = 'Net 30 days'"),
        ("invoice", "UPDATE invoices SET contact_email = 'nobody'"),
        ("invoice", "UPDATE invoices SET currency = 'INR'"),
        ("transaction", "UPDATE transactions SET payment_method_id = 99"),
        (
            "transaction",
            "INSERT INTO ingested_transactions VALUES (1, 1, 'x', -5, '9876543210', "
            "'2024-01-02T03:04:05Z', '141001', 'Punjab')",
        ),
    ],
)
def test_the_newest_version_refuses(name: str, statement: str, upgraded: Path) -> None:
    with closing(upgraded / f"{name}.db") as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(apsw.ConstraintError):
            connection.execute(statement)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("customer", "UPDATE customers SET city = NULL, state = NULL, pincode = NULL"),
        ("product", "UPDATE products SET stock = NULL"),
        ("order_line", "UPDATE order_lines SET quantity = NULL, line_total_cents = NULL"),
        ("invoice", "UPDATE invoices SET order_id = NULL, currency = 'CAD', terms = 'Net 60'"),
    ],
)
def test_the_newest_version_takes_what_version_1_refused(
    name: str, statement: str, dbs: Path, upgraded: Path, tmp_path: Path
) -> None:
    with pytest.raises(apsw.ConstraintError):
        run_script(dbs / f"{name}.db", statement)
    run_script(shutil.copy(upgraded / f"{name}.db", tmp_path), statement)


def test_a_second_run_changes_no_byte(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(dbs, "--upgrade") == 0
    before = bytes_of(dbs)
    capsys.readouterr()
    assert run(dbs, "--upgrade") == 0
    assert bytes_of(dbs) == before
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{name}.db is already of version {NEWEST[name]}" for name in NAMES]


def test_only_the_files_that_are_there(dbs: Path) -> None:
    for name in NAMES[1:]:
        (dbs / f"{name}.db").unlink()
    (dbs / "mine.db").write_bytes(b"none of the demo's")
    assert run(dbs, "--upgrade") == 0
    assert version(dbs / f"{NAMES[0]}.db") == NEWEST[NAMES[0]]
    assert {path.name for path in dbs.iterdir()} == {f"{NAMES[0]}.db", "mine.db"}


def test_a_reader_keeps_its_instant_meanwhile(dbs: Path) -> None:
    with closing(dbs / "customer.db") as reader:
        reader.execute("BEGIN")
        columns = len(reader.execute("SELECT * FROM customers").fetchone())
        assert run(dbs, "--upgrade") == 0
        assert len(reader.execute("SELECT * FROM customers").fetchone()) == columns
        reader.execute("COMMIT")
        assert len(reader.execute("SELECT * FROM customers").fetchone()) == columns + 3


# --- who has not heard of it ------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--if-missing"], 0), (["--outdated"], 0)])
def test_other_runs_say_how_old_files_are_upgraded(
    options: list[str], status: int, dbs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(dbs / "order.db", Changes(CHANGES / "order"))
    before = bytes_of(dbs)
    assert run(dbs, *options) == status
    said = capsys.readouterr().err
    assert (
        "customer.db, product.db, order_line.db, invoice.db, transaction.db are of an older version" in said
    )
    assert f"python setup_db.py --upgrade --dbs {dbs}" in said
    assert bytes_of(dbs) == before


def test_they_are_silent_about_files_of_others(upgraded: Path, tmp_path: Path) -> None:
    dbs = shutil.copytree(upgraded, tmp_path / "dbs")
    for name in ("customer", "product", "invoice"):
        (dbs / f"{name}.db").unlink()
    (dbs / "customer.db").write_bytes(b"mine")
    (dbs / "product.db").mkdir()
    run_script(dbs / "invoice.db", "CREATE TABLE bills (a); PRAGMA user_version = 1")
    done = run_text([ROOT / "setup_db.py", "--outdated", "--dbs", dbs])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_make_run_says_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nrun:")[1].split("\n\n")[0]
    assert recipe.index("setup_db.py --outdated") < recipe.index("app.py")
