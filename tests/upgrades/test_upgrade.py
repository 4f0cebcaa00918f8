"""Files of version 1 that hold data become files of the newest version, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

import setup_db
from aggregator.databases import writing
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.redo import RedoRecord, is_pending
from aggregator.databases.writing import WriteConnection, transaction
from demo.changes import CHANGES, Changes, UpgradeError
from demo.folder import NAMES, Folder
from demo.upgrade import upgrade
from tests.databases.dying import killed_at
from tests.server import Server, eventually
from tests.sqlite_files import closing, locked, run_script
from tests.upgrades.files import Rows, make_version_1, rows, structure, version

ROOT = Path(__file__).resolve().parent.parent.parent
NEWEST = {name: Changes(CHANGES / name).newest for name in NAMES}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_version_1(tmp_path_factory.mktemp("made") / "dbs")


@pytest.fixture
def dbs(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "dbs")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_db, "_PATIENCE_SECONDS", 0.1)


def run(folder: Path, *options: str) -> int:
    return setup_db.main(["--dbs", str(folder), *options])


def all_rows(folder: Path) -> dict[str, Rows]:
    return {name: rows(folder / f"{name}.db") for name in NAMES}


def require_kept(before: Rows, after: Rows) -> None:
    """Every row is there with every value, of the same class; new columns are NULL, new tables empty."""
    for table, old_rows in before.items():
        assert len(after[table]) == len(old_rows)
        for old, new in zip(old_rows, after[table], strict=True):
            assert [repr(new[column]) for column in old] == [repr(value) for value in old.values()]
            assert {new[column] for column in new.keys() - old.keys()} <= {None}
    assert not any(after[table] for table in after.keys() - before.keys())


def bytes_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


# --- what an upgrade makes -----------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    folder = shutil.copytree(made, tmp_path_factory.mktemp("upgraded") / "dbs")
    assert run(folder, "--upgrade") == 0
    return folder


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


# --- what the owner has added --------------------------------------------------------------------

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


# --- upgrades that end early, and others beside them ---------------------------------------------


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_killed_at_every_operation_a_file_is_old_or_new_and_whole(journal_mode: str, tmp_path: Path) -> None:
    made = make_version_1(tmp_path / "made", journal_mode, ("product",)) / "product.db"
    before = rows(made)
    changes = Changes(CHANGES / "product")
    outcomes = {1: 0, changes.newest: 0}
    operation, died = 0, True
    while died:
        operation += 1
        folder = tmp_path / str(operation)
        path = shutil.copytree(made.parent, folder) / "product.db"
        died = killed_at(operation, lambda path=path: upgrade(path, changes))  # type: ignore[misc]
        found = version(path)
        outcomes[found] += 1
        require_kept(before, rows(path)) if found > 1 else _require_same(before, rows(path))
        assert upgrade(path, changes) == found
        require_kept(before, rows(path))
        shutil.rmtree(folder)
    assert operation > 20
    assert all(outcomes.values())


def _require_same(before: Rows, after: Rows) -> None:
    assert after == before


def test_killed_between_files_the_next_run_goes_on(dbs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = all_rows(dbs)
    operation, died, mixed = 0, True, 0
    while died:
        operation += 60
        died = killed_at(operation, lambda: run(dbs, "--upgrade"))  # type: ignore[arg-type, return-value]
        mixed += len({version(dbs / f"{name}.db") for name in NAMES}) > 1
    assert mixed > 0
    for name in NAMES:
        assert version(dbs / f"{name}.db") == NEWEST[name]
        require_kept(before[name], rows(dbs / f"{name}.db"))


def test_a_mistake_in_a_later_change_takes_back_the_earlier_ones(tmp_path: Path) -> None:
    path = make_version_1(tmp_path / "dbs", names=("order",)) / "order.db"
    before = path.read_bytes()
    folder = shutil.copytree(CHANGES / "order", tmp_path / "changes")
    (folder / "3-mistake.sql").write_text("CREATE TABLE more (a); INSERT INTO orders VALUES (1);")
    with pytest.raises(UpgradeError, match=r"order\.db: 3-mistake\.sql: "):
        upgrade(path, Changes(folder))
    assert path.read_bytes() == before
    (folder / "3-mistake.sql").write_text("CREATE TABLE more (a); INSERT INTO more VALUES (1);")
    assert upgrade(path, Changes(folder)) == 1
    assert version(path) == 3
    assert rows(path)["more"] == [{"row_number": 1, "a": 1}]


@pytest.mark.usefixtures("hurried")
def test_a_locked_file_is_named_and_the_others_are_upgraded(
    dbs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(dbs / "order.db"):
        assert run(dbs, "--upgrade") == 1
    said = capsys.readouterr()
    assert "order.db is locked by another program" in said.err
    assert said.out.count("is now of version") == len(NAMES) - 1
    assert version(dbs / "order.db") == 1
    assert run(dbs, "--upgrade") == 0
    assert version(dbs / "order.db") == NEWEST["order"]


def test_two_upgrades_at_once_change_each_file_once(dbs: Path) -> None:
    before = all_rows(dbs)
    command = [sys.executable, str(ROOT / "setup_db.py"), "--upgrade", "--dbs", str(dbs)]
    with Folder(dbs).locked():
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    for name in NAMES:
        assert said.count(f"{name}.db was of version 1") == 1
        assert said.count(f"{name}.db is already") == 1
        require_kept(before[name], rows(dbs / f"{name}.db"))


@pytest.mark.usefixtures("hurried")
def test_it_does_not_meet_a_run_that_makes_the_files(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = bytes_of(dbs)
    with Folder(dbs).locked():
        assert run(dbs, "--upgrade") == 1
    assert "another run" in capsys.readouterr().err
    assert bytes_of(dbs) == before


# --- a service over the same files ---------------------------------------------------------------


def write_and_die(dbs: Path) -> None:
    """A write over two files that is decided, and in neither of them."""
    files = [DatabaseFile(f"{name}_db", dbs / f"{name}.db") for name in ("customer", "order")]
    connection = WriteConnection(files)
    writing._carry_out = lambda *values: os._exit(0)  # type: ignore[assignment]
    with transaction(connection, dbs):
        connection.execute("UPDATE customer_db.customers SET city = 'Rome'")
        connection.execute("UPDATE order_db.orders SET priority = 'Low'")


def test_what_a_service_that_died_has_decided_is_finished_first(dbs: Path) -> None:
    assert not killed_at(0, lambda: write_and_die(dbs))
    assert is_pending(dbs)
    assert run(dbs, "--upgrade") == 0
    assert not is_pending(dbs)
    assert {row["city"] for row in rows(dbs / "customer.db")["customers"]} == {"Rome"}
    assert {row["priority"] for row in rows(dbs / "order.db")["orders"]} == {"Low"}


@pytest.mark.usefixtures("hurried")
def test_what_cannot_be_finished_stops_it(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not killed_at(0, lambda: write_and_die(dbs))
    with locked(dbs / "order.db"):
        assert run(dbs, "--upgrade") == 1
    assert "order_db" in capsys.readouterr().err
    assert {version(dbs / f"{name}.db") for name in NAMES} == {1}
    assert is_pending(dbs)


@pytest.mark.usefixtures("hurried")
def test_it_keeps_out_of_a_write_over_several_files(dbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = RedoRecord(dbs)
    assert record.try_lock()
    assert run(dbs, "--upgrade") == 1
    record.close()
    assert "being written all the time" in capsys.readouterr().err
    assert {version(dbs / f"{name}.db") for name in NAMES} == {1}
    assert run(dbs, "--upgrade") == 0


def test_a_running_service_goes_on_with_the_new_version(dbs: Path, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "old.sql").write_text("SELECT COUNT(*) AS n FROM customer_db.customers AS customers")
    (tmp_path / "sql" / "new.sql").write_text("SELECT MAX(shop_number) AS n FROM customer_db.customers AS c")
    server = Server(dbs, tmp_path / "sql", tmp_path / "log")
    try:
        known = server.get("/old").json()
        assert server.get("/new").status == 500
        assert run(dbs, "--upgrade") == 0
        assert server.get("/old").json() == known
        assert eventually(lambda: server.get("/new").status == 200)
        assert server.get("/new").json() == [{"n": None}]
    finally:
        server.kill()


# --- who has not heard of it ---------------------------------------------------------------------


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
    command = [sys.executable, str(ROOT / "setup_db.py"), "--outdated", "--dbs", str(dbs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_make_run_says_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nrun:")[1].split("\n\n")[0]
    assert recipe.index("setup_db.py --outdated") < recipe.index("app.py")
