"""The demo databases: the same rows everywhere, consistent, and made whole or not at all."""

import hashlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, TypeAlias

import apsw
import pytest

import setup_db
from demo.build import build
from demo.folder import NAMES, BuildError, Folder
from tests.commands import run_text

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "setup_db.py"
FILES = {f"{name}.db" for name in NAMES}
FIRST, LAST = "2022-01-01", "2025-12-31"
# More orders than a run can make before a test has found and killed it.
ENDLESS = "2000000"
# What Python 3.11, 3.12 and 3.13 agree on. It changes only when the generator does.
ROWS_OF_37_ORDERS = "ca1ea45d42bc5f59eabb045c7f21f9cf9d580e2919960015a248944be1b3cb66"

Row: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, list[Row]]


def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_text([SCRIPT, *arguments], **options)


def run_from_scratch(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def opened(path: Path) -> apsw.Connection:
    """Open a file that nobody writes; unlike `mode=ro`, this leaves no log beside it."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return apsw.Connection(f"file:{path}?immutable=1", flags=flags)


def read(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = opened(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def load(directory: Path) -> Tables:
    tables: Tables = {}
    for file in sorted(FILES):
        connection = opened(directory / file)
        listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
        for table in (str(row[0]) for row in connection.execute(listed).fetchall()):
            names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1")
            tables[table] = [dict(zip(names, row, strict=True)) for row in rows]
        connection.close()
    return tables


def digest(tables: Tables) -> str:
    text = repr([(table, [list(row.items()) for row in tables[table]]) for table in sorted(tables)])
    return hashlib.sha256(text.encode()).hexdigest()


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Make each size of demo once for all tests that only read it."""
    directories: dict[int, Path] = {}

    def make(orders: int) -> Path:
        if orders not in directories:
            directories[orders] = tmp_path_factory.mktemp(f"orders-{orders}-") / "dbs"
            arguments = ["--dbs", str(directories[orders]), "--orders", str(orders)]
            assert setup_db.main(arguments) == 0
        return directories[orders]

    return make


@pytest.fixture(params=[0, 1, 37, 1000])
def demo(request: pytest.FixtureRequest, made: Callable[[int], Path]) -> Path:
    return made(request.param)


# --- the rows ------------------------------------------------------------------------------------


def test_the_same_number_of_orders_gives_the_same_rows(made: Callable[[int], Path], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata", "LC_ALL": "C"}
    assert run_from_scratch("--dbs", tmp_path, "--orders", "1000", env=environment).returncode == 0
    assert digest(load(tmp_path)) == digest(load(made(1000)))


def test_the_rows_are_those_of_every_other_machine(made: Callable[[int], Path]) -> None:
    assert digest(load(made(37))) == ROWS_OF_37_ORDERS


def test_another_number_of_orders_gives_other_rows(made: Callable[[int], Path]) -> None:
    assert len({digest(load(made(orders))) for orders in (0, 1, 37, 1000)}) == 4


def test_numbers_of_rows(made: Callable[[int], Path]) -> None:
    def counts(orders: int) -> dict[str, int]:
        return {table: len(rows) for table, rows in load(made(orders)).items()}

    assert set(counts(0).values()) == {0}
    few, many = counts(1), counts(1000)
    assert (few["customers"], few["products"], few["orders"]) == (36, 40, 1)
    assert (many["customers"], many["products"], many["orders"]) == (142, 100, 1000)
    assert 2900 < many["order_lines"] < 3100 + 100


def test_every_reference_across_files_is_met(demo: Path) -> None:
    tables = load(demo)
    keys = {
        "customer_id": {row["customer_id"] for row in tables["customers"]},
        "product_id": {row["product_id"] for row in tables["products"]},
        "order_id": {row["order_id"] for row in tables["orders"]},
        "invoice_id": {row["invoice_id"] for row in tables["invoices"]} | {None},
    }
    for table in ("orders", "order_lines", "invoices", "transactions"):
        for row in tables[table]:
            for column in keys.keys() & row.keys():
                assert row[column] in keys[column], (table, row)


def test_lines_are_numbered_and_add_up(demo: Path) -> None:
    tables = load(demo)
    prices = {row["product_id"]: row["unit_price_cents"] for row in tables["products"]}
    numbers = defaultdict(list)
    for line in tables["order_lines"]:
        numbers[line["order_id"]].append(line["line_number"])
        assert line["discount"] in (0, 0.05, 0.1, 0.2, 0.3)
        price = Decimal(line["unit_price_cents"])
        exact = line["quantity"] * price * (1 - Decimal(str(line["discount"])))
        assert line["line_total_cents"] == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        assert abs(price / prices[line["product_id"]] - 1) <= Decimal("0.06")
    assert set(numbers) == {order["order_id"] for order in tables["orders"]}
    for ordered in numbers.values():
        assert ordered == list(range(1, len(ordered) + 1))
        assert 1 <= len(ordered) <= 5


def test_an_order_does_not_name_a_product_twice(demo: Path) -> None:
    named = Counter((line["order_id"], line["product_id"]) for line in load(demo)["order_lines"])
    assert set(named.values()) <= {1}


def test_each_order_that_was_not_cancelled_has_one_invoice_over_its_lines(demo: Path) -> None:
    tables = load(demo)
    sums: Counter[int] = Counter()
    for line in tables["order_lines"]:
        sums[line["order_id"]] += line["line_total_cents"]
    invoiced = {row["order_id"]: row for row in tables["invoices"]}
    assert len(invoiced) == len(tables["invoices"])
    for order in tables["orders"]:
        invoice = invoiced.pop(order["order_id"], None)
        assert (invoice is None) == (order["status"] == "cancelled")
        if invoice is None:
            continue
        assert invoice["customer_id"] == order["customer_id"]
        assert invoice["bill_total_cents"] == sums[order["order_id"]]
        assert invoice["invoice_date"] >= order["order_date"]
        assert order["status"] != "paid" or invoice["status"] == "Closed"
        assert order["status"] != "open" or invoice["status"] == "Open"
    assert not invoiced


def test_payments_of_an_invoice_are_what_was_applied(demo: Path) -> None:
    tables = load(demo)
    paid = defaultdict(list)
    for row in tables["transactions"]:
        paid[row["invoice_id"]].append(row)
    refunds = paid.pop(None, [])
    assert all(refund["amount_cents"] < 0 for refund in refunds)
    for invoice in tables["invoices"]:
        payments = paid.pop(invoice["invoice_id"], [])
        assert len(payments) <= 2
        assert sum(payment["amount_cents"] for payment in payments) == invoice["applied_cents"]
        for payment in payments:
            assert payment["amount_cents"] > 0
            assert payment["customer_id"] == invoice["customer_id"]
            assert payment["transaction_at"] > invoice["invoice_date"]
        closed = invoice["applied_cents"] == invoice["bill_total_cents"]
        assert invoice["status"] == ("Closed" if closed else "Open")
    assert not paid


def test_time_runs_forward_within_the_four_years(demo: Path) -> None:
    tables = load(demo)
    for table, column in (("orders", "ordered_at"), ("transactions", "transaction_at")):
        moments = [row[column] for row in tables[table]]
        assert moments == sorted(moments)
    arrived = {row["customer_id"]: row["created_at"] for row in tables["customers"]}
    for order in tables["orders"]:
        assert order["ordered_at"] >= arrived[order["customer_id"]]
        assert order["order_date"] == order["ordered_at"][:10]
    for rows in tables.values():
        for row in rows:
            for column, value in row.items():
                if column.endswith(("_at", "_date")) and value and column != "due_date":
                    assert FIRST <= value[:10] <= LAST
                    assert time.strptime(value[:10], "%Y-%m-%d")


def test_an_invoice_is_due_after_its_terms(demo: Path) -> None:
    day = 86_400
    currencies = defaultdict(set)
    for invoice in load(demo)["invoices"]:
        currencies[invoice["customer_id"]].add(invoice["currency"])
        if invoice["due_date"] is not None:
            due, issued = (
                time.mktime(time.strptime(invoice[column] + " 12", "%Y-%m-%d %H"))
                for column in ("due_date", "invoice_date")
            )
            assert invoice["terms"] == f"Net {round((due - issued) / day)}"
    assert all(len(used) == 1 for used in currencies.values())


def test_shares_are_plausible(made: Callable[[int], Path]) -> None:
    tables = load(made(1000))
    invoices = tables["invoices"]
    closed = sum(invoice["status"] == "Closed" for invoice in invoices)
    untouched = sum(invoice["applied_cents"] == 0 for invoice in invoices)
    assert 0.75 < closed / len(invoices) < 0.85
    assert 0 < untouched < len(invoices) - closed
    assert 0 < sum(invoice["due_date"] is None for invoice in invoices) < 0.03 * len(invoices)
    refunds = sum(row["invoice_id"] is None for row in tables["transactions"])
    assert 0.002 < refunds / len(tables["transactions"]) < 0.02
    for column in ("email", "phone"):
        missing = sum(customer[column] is None for customer in tables["customers"])
        assert 0 < missing < 0.15 * len(tables["customers"])


@pytest.mark.parametrize("orders", [100, 1000])
def test_customer_1_has_orders_and_some_buy_much(made: Callable[[int], Path], orders: int) -> None:
    bought = Counter(order["customer_id"] for order in load(made(orders))["orders"])
    assert bought[1] == 7
    assert max(bought.values()) > 2 * orders / len(bought)


def test_names_try_what_a_careless_format_breaks(made: Callable[[int], Path]) -> None:
    tables = load(made(1))
    text = "".join(row["customer_name"] for row in tables["customers"])
    assert all(sign in text for sign in ("ë", "Ł", "李", "'", "&", ",", '"'))
    assert unicodedata.is_normalized("NFC", text)
    emails = [row["email"] for row in tables["customers"] if row["email"]]
    assert all(email.isascii() and len(email.split("@")) == 2 for email in emails)
    products = [row["product_name"] for row in load(made(1000))["products"]]
    assert len(set(products)) == len(products)


# --- the files -----------------------------------------------------------------------------------


def test_files_are_sound_and_ready_to_serve(demo: Path) -> None:
    assert names_in(demo) == FILES
    for file in sorted(FILES):
        path = demo / file
        assert read(path, "PRAGMA integrity_check") == [("ok",)]
        assert read(path, "PRAGMA foreign_key_check") == []
        said = (ROOT / "schema" / f"{path.stem}.sql").read_text(encoding="utf-8")
        assert read(path, "PRAGMA user_version") == [(int(re.findall(r"user_version = (\d+);", said)[0]),)]
        # The two bytes of the file header that say WAL; the pragma of an immutable file does not.
        assert path.read_bytes()[18:20] == b"\x02\x02"
        assert {row[4:] for row in read(path, "PRAGMA table_list") if "sqlite_" not in row[1]} == {(0, 1)}


def test_the_planner_knows_the_files(made: Callable[[int], Path]) -> None:
    orders = made(1000) / "order.db"
    indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY 1"
    known = "SELECT idx FROM sqlite_stat1 ORDER BY 1"
    assert (
        read(orders, indexes)
        == read(orders, known)
        == [
            ("orders_by_customer",),
            ("orders_by_date",),
            ("orders_of_shop",),
        ]
    )


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("order.db", "UPDATE orders SET order_date = '1/2/2024'"),
        ("order.db", "UPDATE orders SET ordered_at = '2024-01-02 03:04:05'"),
        ("order.db", "UPDATE orders SET order_date = '2021-01-01'"),
        ("order.db", "UPDATE orders SET status = 'lost'"),
        ("order_line.db", "UPDATE order_lines SET quantity = 0"),
        ("order_line.db", "UPDATE order_lines SET unit_price_cents = 1.5"),
        ("order_line.db", "UPDATE order_lines SET discount = 5"),
        ("order_line.db", "UPDATE order_lines SET line_number = 1, order_id = 1"),
        ("order_line.db", "UPDATE order_lines SET line_number = order_line_id, order_id = 1, product_id = 1"),
        ("order_line.db", "UPDATE order_lines SET quantity = NULL"),
        ("order_line.db", "UPDATE order_lines SET line_total_cents = NULL"),
        ("order.db", "UPDATE orders SET source = 'elsewhere'"),
        (
            "order.db",
            "UPDATE orders SET source = 'shop', customer_id = 1, order_date = '2024-01-02', "
            "ordered_at = '2024-01-02T03:04:05Z'",
        ),
        ("invoice.db", "UPDATE invoices SET currency = 'INR'"),
        ("invoice.db", "UPDATE invoices SET applied_cents = bill_total_cents + 1"),
        ("invoice.db", "UPDATE invoices SET status = 'Closed'"),
        ("invoice.db", "UPDATE invoices SET terms = 'Net 30 days'"),
        ("invoice.db", "UPDATE invoices SET contact_email = 'nobody'"),
        ("customer.db", "UPDATE customers SET pincode = '12'"),
        ("customer.db", "UPDATE customers SET customer_name = NULL"),
        ("customer.db", "UPDATE customers SET shop_number = 7"),
        ("product.db", "UPDATE products SET category_id = 99"),
        ("product.db", "UPDATE products SET product_name = 'Lamp'"),
        ("transaction.db", "UPDATE transactions SET payment_method_id = 99"),
    ],
)
def test_the_schema_refuses(made: Callable[[int], Path], file: str, statement: str) -> None:
    connection = apsw.Connection(str(made(37) / file))
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(apsw.ConstraintError):
            connection.execute(statement)
    finally:
        connection.close()


def stamps(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in directory.iterdir()
    }


def test_existing_files_are_not_touched(tmp_path: Path) -> None:
    run("--dbs", tmp_path, "--orders", "5")
    before = stamps(tmp_path)
    refused = run("--dbs", tmp_path, "--orders", "6")
    assert refused.returncode == 1
    assert all(name in refused.stderr for name in [*FILES, "--force"])
    assert stamps(tmp_path) == before


def test_one_existing_file_is_enough_to_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "invoice.db").write_text("mine")
    for option in ([], ["--if-missing"]):
        refused = run("--dbs", tmp_path, *option)
        assert refused.returncode == 1
        assert "invoice.db exists" in refused.stderr
        assert "order.db" not in refused.stderr
        assert names_in(tmp_path) == {"invoice.db"}
    assert (tmp_path / "invoice.db").read_text() == "mine"


def test_if_missing_makes_what_is_missing_and_is_silent_else(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "dbs"
    assert run("--dbs", directory, "--orders", "5", "--if-missing").returncode == 0
    before = stamps(directory)
    again = run("--dbs", directory, "--orders", "6", "--if-missing")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert stamps(directory) == before


def test_force_replaces_files_that_a_server_has_open(tmp_path: Path) -> None:
    run("--dbs", tmp_path, "--orders", "5")
    server = apsw.Connection(str(tmp_path / "order.db"))
    server.execute("UPDATE orders SET priority = 'Critical'")
    assert (tmp_path / "order.db-wal").stat().st_size > 0
    assert (tmp_path / "order.db-shm").exists()
    assert run("--dbs", tmp_path, "--orders", "37", "--force").returncode == 0
    assert names_in(tmp_path) == FILES
    assert server.execute("SELECT COUNT(*), MIN(priority) FROM orders").get == (5, "Critical")
    server.execute("UPDATE orders SET priority = 'Low'")
    server.close()
    assert len(read(tmp_path / "order.db", "SELECT 1 FROM orders")) == 37
    assert read(tmp_path / "order.db", "PRAGMA integrity_check") == [("ok",)]


def test_a_stray_log_does_not_meet_a_new_database(tmp_path: Path) -> None:
    for companion in ("-wal", "-shm", "-journal"):
        (tmp_path / f"order.db{companion}").write_bytes(b"of a database that is gone")
    assert run("--dbs", tmp_path, "--orders", "5").returncode == 0
    assert names_in(tmp_path) == FILES


@pytest.mark.parametrize("existing", [True, False])
def test_a_failing_rename_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    if existing:
        run("--dbs", tmp_path, "--orders", "5")
        (tmp_path / "order.db-wal").write_bytes(b"the newest rows")
    before = stamps(tmp_path)
    rename = os.replace

    def failing(source: str | Path, target: str | Path) -> None:
        if str(target).endswith("order_line.db") and str(source).endswith(".building"):
            raise PermissionError(1, "Operation not permitted", str(target))
        rename(source, target)

    monkeypatch.setattr("os.replace", failing)
    assert setup_db.main(["--dbs", str(tmp_path), "--orders", "6", "--force"]) == 1
    assert stamps(tmp_path) == before


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    def appear(_: int) -> None:
        (tmp_path / "order.db").write_text("mine")

    with pytest.raises(BuildError, match=r"order\.db exists"):
        build(Folder(tmp_path), 5, force=False, progress=appear)
    assert names_in(tmp_path) == {"order.db"}
    assert (tmp_path / "order.db").read_text() == "mine"


# --- runs that end early -------------------------------------------------------------------------


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a run that is in the middle of writing."""
    command = [sys.executable, str(SCRIPT), "--dbs", str(tmp_path), "--orders", ENDLESS]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / ".transaction.db.building").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process
        process.kill()


@pytest.mark.kills
def test_a_killed_run_leaves_no_final_file_and_the_next_one_cleans_up(
    tmp_path: Path, endless: subprocess.Popen[str]
) -> None:
    endless.kill()
    endless.wait()
    left = names_in(tmp_path)
    assert left
    assert not any(name.endswith((".db", ".sqlite")) for name in left)
    assert run("--dbs", tmp_path, "--orders", "5").returncode == 0
    assert names_in(tmp_path) == FILES


DIE_AT_A_RENAME = """
import os, signal, sys
import setup_db
rename, left = os.replace, int(sys.argv.pop(1))
def replace(source, target):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    rename(source, target)
os.replace = replace
setup_db.main()
"""


@pytest.mark.kills
@pytest.mark.parametrize("renames", [0, 1, 2, 3, 5, 9, 18])
def test_a_run_killed_between_its_renames_leaves_whole_files(tmp_path: Path, renames: int) -> None:
    run("--dbs", tmp_path, "--orders", "5")
    options = ["--dbs", str(tmp_path), "--orders", "37", "--force"]
    command = [sys.executable, "-c", DIE_AT_A_RENAME, str(renames), *options]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    for file in FILES & names_in(tmp_path):
        assert read(tmp_path / file, "PRAGMA integrity_check") == [("ok",)]
    assert run("--dbs", tmp_path, "--orders", "5").returncode == 1
    assert run(*options).returncode == 0
    assert names_in(tmp_path) == FILES
    assert len(load(tmp_path)["orders"]) == 37


@pytest.mark.kills
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, endless: subprocess.Popen[str]) -> None:
    endless.send_signal(signal.SIGINT)
    _, errors = endless.communicate(timeout=30)
    assert endless.returncode == 130
    assert errors == "setup_db.py: interrupted\n"
    assert names_in(tmp_path) == set()


@pytest.mark.kills
def test_a_second_run_at_once_is_refused(tmp_path: Path, endless: subprocess.Popen[str]) -> None:
    before = names_in(tmp_path)
    second = run("--dbs", tmp_path, "--orders", "5", "--force")
    assert second.returncode == 1
    assert "another run" in second.stderr
    assert endless.poll() is None
    assert names_in(tmp_path) == before


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    failed = run_from_scratch("--dbs", tmp_path, "--orders", "5000", preexec_fn=limit_files)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"setup_db.py: cannot make the demo databases in {tmp_path}: ")
    assert failed.stderr.count("\n") == 1
    assert names_in(tmp_path) == set()


def test_a_directory_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    # Root may write everywhere but into the kernel's own files.
    directory = Path("/proc") if os.geteuid() == 0 else tmp_path
    tmp_path.chmod(0o500)
    failed = run("--dbs", directory)
    tmp_path.chmod(0o700)
    assert failed.returncode == 1
    assert str(directory) in failed.stderr
    assert failed.stderr.startswith("setup_db.py: cannot make the demo databases: ")
    assert failed.stderr.count("\n") == 1


def test_a_file_in_the_place_of_the_directory_is_reported(tmp_path: Path) -> None:
    (tmp_path / "dbs").write_text("")
    failed = run("--dbs", tmp_path / "dbs")
    assert failed.returncode == 1
    assert failed.stderr == (
        f"setup_db.py: cannot make the demo databases: {tmp_path / 'dbs'}: File exists\n"
    )


# --- the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize("orders", ["-1", "many", "1.5", ""])
def test_a_number_of_orders_that_makes_no_sense(tmp_path: Path, orders: str) -> None:
    failed = run("--dbs", tmp_path, "--orders", orders)
    assert failed.returncode == 2
    assert "argument --orders" in failed.stderr
    assert names_in(tmp_path) == set()


def test_where_the_files_go_by_default(tmp_path: Path) -> None:
    environment = {**os.environ, "AGGREGATOR_DBS": "elsewhere"}
    assert run("--orders", "0", cwd=tmp_path, env=environment).returncode == 0
    del environment["AGGREGATOR_DBS"]
    assert run("--orders", "0", cwd=tmp_path, env=environment).returncode == 0
    assert names_in(tmp_path) == {"elsewhere", "dbs"}


def test_nothing_but_the_summary_is_printed_off_a_terminal(tmp_path: Path) -> None:
    made = run("--dbs", tmp_path, "--orders", "20000")
    assert made.stderr == ""
    assert "20,000 orders" in made.stdout
    assert made.stdout.count("\n") == 1
