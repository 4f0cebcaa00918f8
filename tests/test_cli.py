"""`python -m aggregator check` and `run`, as a person or a script uses them."""

import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import openpyxl
import pytest

from aggregator.cli import run as run_module
from aggregator.cli.main import main
from tests.commands import Command
from tests.sqlite_files import full_disk, locked, make_database

PROJECT = Path(__file__).parent.parent
ROWS = [(1, "Zoë", 1050, "2024-02-29"), (2, 'Acme "Best", Inc.', None, "2024-03-01"), (3, "李 伟", -5, None)]
CUSTOMER = """/*
params:
  customer_id: {type: integer, description: The customer's number}
  cities: {type: text, many: true, default: []}
columns: {balance: {type: money}}
*/
SELECT customer_id, name, balance, since_date
FROM shop_db.customers
WHERE customer_id = :customer_id OR customer_id IN (SELECT value FROM json_each(:cities))
ORDER BY customer_id"""
MANY = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) SELECT i, 'some text' AS t FROM n"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    (folder / "dbs").mkdir()
    (folder / "sql" / "customers").mkdir(parents=True)
    (folder / "sql" / "report").mkdir()
    script = (
        "CREATE TABLE customers(customer_id INTEGER PRIMARY KEY, name TEXT, balance INT, since_date TEXT);"
    )
    script += "".join(
        f"INSERT INTO customers VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)});"
        for row in ROWS
    )
    make_database(folder / "dbs" / "shop.db", script)
    sql = folder / "sql"
    every = "SELECT customer_id, name, balance, since_date FROM shop_db.customers ORDER BY customer_id"
    (sql / "report" / "customers.sql").write_text(f"/* columns: {{balance: {{type: money}}}} */ {every}")
    (sql / "report" / "only-csv.sql").write_text(f"/* formats: [csv] */ {every}")
    (sql / "report" / "empty.sql").write_text("SELECT 1 AS one WHERE 0")
    (sql / "report" / "many.sql").write_text(MANY.format(100_000))
    (sql / "report" / "endless.sql").write_text(MANY.format(-1))
    (sql / "report" / "sorted.sql").write_text(f"{MANY.format(100_000)} ORDER BY random() + i")
    (sql / "report" / "big.sql").write_text("SELECT zeroblob(900000) AS big")
    (sql / "report" / "slow.sql").write_text(
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n"
    )
    (sql / "report" / "breaks.sql").write_text(
        "/* columns: {m: {type: money}} */ "
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) "
        "SELECT CASE i WHEN 150000 THEN 'x' ELSE i END AS m, 'some text' AS t FROM n"
    )
    (sql / "customers" / "index.sql").write_text(f"/* chart: {{type: bar, x: name, y: balance}} */ {every}")
    (sql / "customers" / "{customer_id}.sql").write_text(CUSTOMER)
    (sql / "customers" / "index.post.sql").write_text("INSERT INTO shop_db.customers(name) VALUES ('x')")
    return folder


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("AGGREGATOR_"):
            monkeypatch.delenv(name)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folders: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in this process: its exit status, standard output and standard error."""

    def run(command: str, *arguments: str) -> tuple[int, str, str]:
        options = ["--dbs", str(folders / "dbs"), "--sql", str(folders / "sql")]
        try:
            status = main([command, *arguments, *options])
        except SystemExit as error:
            status = int(error.code or 0)
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


@contextmanager
def started(folders: Path, *arguments: str, **streams: Any) -> Iterator[Command]:
    """The command in a process of its own, killed at the end of the block."""
    options = ["--dbs", folders / "dbs", "--sql", folders / "sql"]
    with Command(["-m", "aggregator", "run", *arguments, *options], **streams) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def started_from_scratch(
    folders: Path, *arguments: str, **streams: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The same in a Python of its own, which ends as it does for people."""
    command = [sys.executable, "-m", "aggregator", "run", *arguments]
    command += ["--dbs", str(folders / "dbs"), "--sql", str(folders / "sql")]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    # It would hide what is lost in a buffer.
    environment.pop("PYTHONUNBUFFERED", None)
    with subprocess.Popen(command, env=environment, **streams) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def eventually(question: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- check ---------------------------------------------------------------------------------------


def test_check_of_good_folders(run: Run) -> None:
    assert run("check") == (0, "", "12 endpoints, no errors\n")


def test_check_prints_each_fault_on_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folders: Path
) -> None:
    sql = tmp_path / "sql"
    sql.mkdir()
    (sql / "b.sql").write_text("/*\ntitle: x\nfoo: 1\n*/ SELECT 1 AS a")
    (sql / "a.sql").write_text("SELECT 1 AS a,\n  :b AS b, 2 AS A")
    (sql / "c.sql").write_text("SELECT 1 AS a")
    (sql / "\udce9\n.sql").touch()
    assert main(["check", "--sql", str(sql), "--dbs", str(folders / "dbs")]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "\\udce9\\n.sql: the name has control characters, or is not UTF-8",
        "a.sql:1: two columns are named A; give one of them another name with AS",
        "a.sql:2: :b is not declared under params; begin the file with `/* params: {b: {type: text}} */`",
        "b.sql:3: unknown key foo; the keys are title, description, params, input, empty, rows_in, columns,"
        " shape, sort, chart, filename, sheet, formats, time_limit, tags",
    ]
    assert err == "3 endpoints, 4 errors\n"


def test_check_counts_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "dbs").mkdir()
    assert main(["check"]) == 0
    (tmp_path / "sql" / "a.sql").write_text("SELECT x")
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out == "a.sql:1: no such column: x\n"
    assert err == "no endpoints, no errors\n1 endpoint, 1 error\n"


def test_check_waits_for_a_lock_as_long_as_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dbs").mkdir()
    (tmp_path / "sql").mkdir()
    for name in "abc":
        (tmp_path / "sql" / f"{name}.sql").write_text("SELECT x FROM busy_db.t")
    with locked(make_database(tmp_path / "dbs" / "busy.db", "CREATE TABLE t(x)")):
        began = time.monotonic()
        assert main(["check", "--lock-wait", "0.2"]) == 1
        assert 0.2 <= time.monotonic() - began < 1.5
    assert capsys.readouterr().out.count("The database busy_db cannot be read: it is locked") == 3


def test_check_in_the_shell() -> None:
    """The repository's own reports, without databases: a status, one line for all, no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "check", "--sql", PROJECT / "sql", "--dbs", "."],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert re.fullmatch(r"sql: \d+ reports need databases that are missing: customer_db, .*", line)
    assert "Traceback" not in done.stdout + done.stderr


def test_check_where_only_ascii_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "größe.sql").write_text("SELECT größe")
    (tmp_path / "dbs").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "check"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"},
    )
    assert done.stdout.splitlines() == ["gr\\xf6\\xdfe.sql:1: no such column: gr\\xf6\\xdfe"]
    assert done.returncode == 1


# --- run: formats --------------------------------------------------------------------------------

BALANCES = ["10.50", None, "-0.05"]


def test_json_is_the_default(run: Run) -> None:
    status, out, err = run("run", "report/customers")
    assert (status, err) == (0, "")
    assert json.loads(out) == [
        {"customer_id": number, "name": name, "balance": balance, "since_date": since}
        for (number, name, _, since), balance in zip(ROWS, BALANCES, strict=True)
    ]


def test_the_reports_first_format_is_its_default(run: Run) -> None:
    status, out, _ = run("run", "report/only-csv")
    assert status == 0
    assert out.startswith("customer_id,name,")


@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "excel", "xlsx"])
@pytest.mark.parametrize("report", ["report/customers", "report/empty"])
def test_a_file_holds_what_standard_output_gets(
    run: Run, folders: Path, tmp_path: Path, format: str, report: str
) -> None:
    with started(folders, report, "--format", format, stdout=subprocess.PIPE) as process:
        piped, _ = process.communicate()
    assert process.returncode == 0
    status, out, err = run("run", report, "--format", format, "--output", "some.file")
    rows = 3 if report == "report/customers" else 0
    assert (status, out, err) == (0, "", f"some.file: {rows} rows\n")
    written = (tmp_path / "some.file").read_bytes()
    if format in ("excel", "xlsx"):
        assert values(written) == values(piped)
        assert len(values(written)) == rows + 1
    else:
        assert written == piped


def values(workbook: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_csv_and_ndjson(run: Run) -> None:
    _, out, _ = run("run", "report/customers", "--format", "csv")
    assert [row[1] for row in csv.reader(io.StringIO(out))] == ["name", *(row[1] for row in ROWS)]
    _, out, _ = run("run", "report/customers", "--format", "ndjson")
    assert [json.loads(line)["balance"] for line in out.splitlines()] == BALANCES


def test_the_plan_of_a_report(run: Run) -> None:
    status, out, err = run("run", "report/customers", "--format", "plan")

    assert (status, err) == (0, "")
    plan = json.loads(out)
    assert (plan["report"], plan["rows"]) == ("report/customers", len(ROWS))
    assert plan["plan"]
    assert run("run", "report/only-csv", "--format", "plan")[0] == 0


@pytest.mark.parametrize(
    ("file", "begin"),
    [("a.json", b"["), ("a.ndjson", b"{"), ("a.csv", b"cust"), ("a.xlsx", b"PK"), ("a.b.CSV", b"cust")],
)
def test_the_ending_says_the_format(run: Run, tmp_path: Path, file: str, begin: bytes) -> None:
    assert run("run", "report/customers", "--output", file)[0] == 0
    assert (tmp_path / file).read_bytes().startswith(begin)


def test_a_format_goes_before_an_ending(run: Run, tmp_path: Path) -> None:
    assert run("run", "report/customers", "--output", "a.xlsx", "--format", "csv")[0] == 0
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"cust")


@pytest.mark.parametrize("file", ["a", "a.txt", "a.xls", "csv", ".csv"])
def test_an_ending_that_says_nothing(run: Run, tmp_path: Path, file: str) -> None:
    status, out, err = run("run", "report/customers", "--output", file)
    assert (status, out) == (2, "")
    assert f"{file} does not end in .json, .ndjson, .csv, .xlsx, .svg, .png; add --format" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("ending", "begin"), [("svg", b"<svg "), ("png", b"\x89PNG")])
def test_a_picture(run: Run, tmp_path: Path, ending: str, begin: bytes) -> None:
    status, _, err = run("run", "customers/index", "--output", f"a.{ending}")
    assert (status, err) == (0, f"a.{ending}: 3 rows\n")
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(begin)
    status, _, err = run("run", "report/customers", "--output", f"b.{ending}")
    assert (status, err) == (1, f"report/customers has no chart, so it is not available as {ending}.\n")
    assert not (tmp_path / f"b.{ending}").exists()


def test_a_format_that_there_is_not(run: Run) -> None:
    status, _, err = run("run", "report/customers", "--format", "pdf")
    assert status == 2
    assert "invalid choice: 'pdf'" in err
    status, _, err = run("run", "report/only-csv", "--format", "json")
    assert (status, err) == (1, "report/only-csv is not available as json. Available formats: csv.\n")


# --- run: reports and parameters -----------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["customers/{customer_id}", "customer_id=2"],
        ["customers/{customer_id}.sql", "customer_id=2"],
        ["customers/2"],
        ["/customers/2"],
        ["customers/2", "cities="],
    ],
)
def test_a_path_parameter(run: Run, arguments: list[str]) -> None:
    status, out, _ = run("run", *arguments)
    assert status == 0
    assert [row["customer_id"] for row in json.loads(out)] == [2]


@pytest.mark.parametrize("name", ["customers/", "customers/index", "/customers/", "customers/index.sql"])
def test_an_index(run: Run, name: str) -> None:
    status, out, _ = run("run", name)
    assert (status, len(json.loads(out))) == (0, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["cities=1", "cities=3", "--format", "csv"],
        ["--format", "csv", "cities=1", "cities=3"],
        ["cities=1", "--format", "csv", "cities=3"],
    ],
)
def test_a_list_is_given_by_repeating_and_options_stand_anywhere(run: Run, arguments: list[str]) -> None:
    status, out, err = run("run", "customers/2", *arguments)
    assert (status, err) == (0, "")
    assert [line.split(",")[0] for line in out.splitlines()] == ["customer_id", "1", "2", "3"]


def test_a_value_may_hold_anything(tmp_path: Path, folders: Path) -> None:
    echo = tmp_path / "sql"
    echo.mkdir()
    (echo / "echo.sql").write_text("/* params: {t: {type: text}} */ SELECT :t AS t")
    text = "-x=y & 'ä' \n \" 😀"
    options = ["--sql", "sql", "--dbs", str(folders / "dbs"), "--output", "a.json"]
    assert main(["run", "echo", f"t={text}", *options]) == 0
    assert json.loads((tmp_path / "a.json").read_text()) == [{"t": text}]


def test_a_value_that_is_not_utf_8(tmp_path: Path, folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "echo.sql").write_text("/* params: {t: {type: text}} */ SELECT :t AS t")
    assert main(["run", "echo", "t=\udcff", "--sql", "sql", "--dbs", str(folders / "dbs")]) == 1
    assert capsys.readouterr().err == "t: must be valid Unicode\n"


def test_bad_parameters_are_all_named(run: Run) -> None:
    status, out, err = run("run", "customers/{customer_id}", "customerid=1", "cities=")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "customerid: unknown parameter (did you mean customer_id?); available parameters: customer_id, "
        "cities, sort",
        "customer_id: is required (The customer's number)",
    ]
    status, _, err = run("run", "customers/2", "customer_id=3")
    assert (status, err) == (1, "customer_id: is given more than once, but is not a list\n")


@pytest.mark.parametrize("argument", ["customer_id", "--customer_id=1", "-x", "2"])
def test_what_is_no_parameter_at_all(run: Run, argument: str) -> None:
    status, out, err = run("run", "customers/2", argument)
    assert (status, out) == (2, "")
    assert err.endswith(f"error: unrecognized argument: {argument}; write a parameter as name=value\n")


def test_an_unknown_report_lists_those_that_there_are(run: Run) -> None:
    status, out, err = run("run", "report/custmers")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "There is no report report/custmers; did you mean report/customers?",
        "There are:",
        "  customers/index",
        "  customers/{customer_id}",
        "  report/big",
        "  report/breaks",
        "  report/customers",
        "  report/empty",
        "  report/endless",
        "  report/many",
        "  report/only-csv",
        "  report/slow",
        "  report/sorted",
    ]


def test_where_there_are_no_reports_it_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("dbs", "sql"):
        (tmp_path / name).mkdir()
    (tmp_path / "sql" / "A.SQL").touch()
    assert main(["run", "a"]) == 1
    assert capsys.readouterr().err == (
        "There is no report a.\nThere are none.\nA.SQL: the extension must be .sql, in lower case\n"
    )


def test_a_file_for_another_method_is_not_run(run: Run) -> None:
    status, out, err = run("run", "customers/index.post")
    assert (status, out) == (1, "")
    assert err == "customers/index.post writes data; use `load` to import rows.\n"


def test_a_broken_report_says_where_and_harms_no_other(
    tmp_path: Path, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "a.sql").write_text("SELECT 1 AS a,\n wrong")
    (tmp_path / "sql" / "b.sql").write_text("SELECT 1 AS b")
    options = ["--sql", "sql", "--dbs", str(folders / "dbs"), "--output", "b.json"]
    assert main(["run", "a", *options]) == 1
    assert capsys.readouterr().err == "a.sql:2: no such column: wrong\n"
    assert main(["run", "b", *options]) == 0


# --- run: the output -----------------------------------------------------------------------------


def test_what_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    status, _, err = run("run", "report/customers", "--output", "none/a.csv")
    assert (status, err) == (1, "none/a.csv: No such file or directory\n")
    (tmp_path / "folder.csv").mkdir()
    status, _, err = run("run", "report/customers", "--output", "folder.csv")
    assert (status, err) == (1, "folder.csv: Is a directory\n")
    (tmp_path / "file").touch()
    status, _, err = run("run", "report/customers", "--output", "file/a.csv")
    assert (status, err) == (1, "file/a.csv: Not a directory\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(run: Run, tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        assert run("run", "report/customers", "--output", "a.csv")[0] == 0
        (tmp_path / "b.csv").write_text("old")
        (tmp_path / "b.csv").chmod(0o600)
        assert run("run", "report/customers", "--output", "b.csv")[0] == 0
    finally:
        os.umask(mask)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b.csv").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def test_a_link_stays_a_link(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    (tmp_path / "new.csv").symlink_to("made.csv")
    for name in ("link.csv", "new.csv"):
        assert run("run", "report/customers", "--output", name)[0] == 0
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "real.csv").read_text() == (tmp_path / "made.csv").read_text() != "old"


def test_what_is_no_plain_file_is_written_not_replaced(folders: Path, tmp_path: Path) -> None:
    """As /dev/null, which no test should put at risk."""
    os.mkfifo(tmp_path / "pipe")
    with started(folders, "report/customers", "--output", "pipe", "--format", "csv") as process:
        assert (tmp_path / "pipe").read_bytes().startswith(b"customer_id,")
        assert process.wait() == 0
    assert (tmp_path / "pipe").is_fifo()


def test_a_dash_is_standard_output(run: Run, tmp_path: Path) -> None:
    status, out, err = run("run", "report/customers", "--output", "-", "--format", "csv")
    assert (status, err) == (0, "")
    assert out.startswith("customer_id,")
    assert list(tmp_path.iterdir()) == []


def leftovers(folder: Path, *expected: str) -> list[str]:
    return sorted({path.name for path in folder.iterdir()} - set(expected))


@pytest.mark.parametrize("ending", ["csv", "json", "xlsx"])
def test_a_failure_in_the_middle_leaves_the_old_file(run: Run, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"a.{ending}"
    output.write_text("old")
    status, _, err = run("run", "report/breaks", "--output", output.name)
    assert status == 1
    assert err.startswith("The column m has the type money")
    assert (output.read_text(), leftovers(tmp_path, output.name)) == ("old", [])


@pytest.mark.kills
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("report", ["report/endless", "report/slow"])
def test_being_stopped_leaves_the_old_file_and_nothing_else(
    folders: Path, tmp_path: Path, end: signal.Signals, report: str
) -> None:
    (tmp_path / "a.csv").write_text("old")
    with started(folders, report, "--output", "a.csv", stderr=subprocess.PIPE) as process:
        eventually(lambda: leftovers(tmp_path, "a.csv"))
        if report == "report/endless":
            eventually(lambda: (tmp_path / leftovers(tmp_path, "a.csv")[0]).stat().st_size > 100_000)
        process.send_signal(end)
        _, err = process.communicate(timeout=10)
    assert process.returncode == (130 if end == signal.SIGINT else 143)
    assert b"Traceback" not in err
    assert ((tmp_path / "a.csv").read_text(), leftovers(tmp_path, "a.csv")) == ("old", [])


@pytest.mark.kills
def test_being_killed_leaves_the_old_file(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    with started(folders, "report/endless", "--output", "a.csv") as process:
        eventually(lambda: leftovers(tmp_path, "a.csv"))
        process.kill()
        process.wait()
    assert (tmp_path / "a.csv").read_text() == "old"
    # What is left is hidden, and no database or SQL file for the service.
    assert all(name.startswith(".a.csv.") for name in leftovers(tmp_path, "a.csv"))


@pytest.mark.parametrize("report", ["report/endless", "report/customers"])
def test_a_closed_pipe_ends_the_command_quietly(folders: Path, report: str) -> None:
    """As `| head -1` does."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started_from_scratch(folders, report, "--format", "csv", **streams) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if report == "report/endless":
            assert process.stdout.readline() == b"i,t\r\n"
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=10) == 1
    assert err == b""


def test_a_closed_pipe_ends_a_check_quietly(folders: Path) -> None:
    command = [sys.executable, "-m", "aggregator", "check", "--sql", str(folders / "sql"), "--dbs", "."]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    environment.pop("PYTHONUNBUFFERED", None)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == "12 endpoints, 1 error\n"
        assert process.wait(timeout=10) == 1


def test_a_full_disk_is_named(folders: Path) -> None:
    for report in ("report/customers", "report/many"):
        with (
            open("/dev/full", "wb") as full,
            started_from_scratch(
                *(folders, report, "--format", "csv"), stdout=full, stderr=subprocess.PIPE
            ) as process,
        ):
            _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (1, b"standard output: No space left on device\n")


def test_a_sort_for_which_the_disk_has_no_room(run: Run, folders: Path) -> None:
    with full_disk():
        assert run("run", "report/sorted") == (
            *(1, ""),
            "The server's disk has no room for the temporary files of this report.\n",
        )
    assert run("run", "report/sorted")[0] == 0


def test_a_value_that_is_too_long(run: Run) -> None:
    assert run("run", "report/big", "--max-value", "1000000") == (
        *(1, ""),
        "A value, or a row as text, is longer than 1,000,000 bytes (setting max_value).\n",
    )
    assert run("run", "report/big")[0] == 0


# --- run: on a terminal --------------------------------------------------------------------------


def on_a_terminal(folders: Path, *arguments: str, both: bool) -> tuple[int, str, bytes]:
    """Exit status, what the terminal shows, and standard output when that is not the terminal."""
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 80))
    stdout = inner if both else subprocess.PIPE
    with started(folders, *arguments, stdout=stdout, stderr=inner) as process:
        os.close(inner)
        shown, piped = b"", b""
        sources = [outer, *([process.stdout.fileno()] if process.stdout else [])]
        while sources:
            for source in select.select(sources, [], [], 20)[0]:
                try:
                    data = os.read(source, 65536)
                except OSError:
                    data = b""
                if not data:
                    sources.remove(source)
                elif source == outer:
                    shown += data
                else:
                    piped += data
        status = process.wait(timeout=10)
    os.close(outer)
    return status, shown.decode(), piped


def test_a_bar_of_rows_on_a_terminal(folders: Path, tmp_path: Path) -> None:
    status, shown, piped = on_a_terminal(folders, "report/many", "--output", "a.csv", both=False)
    assert (status, piped) == (0, b"")
    assert "100k rows" in shown
    assert shown.rstrip().endswith("a.csv: 100,000 rows")
    assert (tmp_path / "a.csv").read_bytes().count(b"\n") == 100_001


def test_a_bar_beside_redirected_rows(folders: Path) -> None:
    status, shown, piped = on_a_terminal(folders, "report/many", "--format", "csv", both=False)
    assert status == 0
    assert "100k rows" in shown
    assert piped.count(b"\n") == 100_001


def test_no_bar_between_rows_on_the_terminal(folders: Path) -> None:
    status, shown, _ = on_a_terminal(folders, "report/customers", "--format", "csv", both=True)
    assert status == 0
    # The terminal itself puts a carriage return before each line feed.
    assert shown.split("\r\r\n")[0] == "customer_id,name,balance,since_date"
    assert shown.count("\n") == 4


def test_no_bar_off_a_terminal(folders: Path) -> None:
    arguments = ("report/many", "--output", "a.csv")
    with started(folders, *arguments, stderr=subprocess.PIPE) as process:
        _, err = process.communicate()
    assert err == b"a.csv: 100,000 rows\n"


def test_no_workbook_on_the_terminal(folders: Path) -> None:
    status, shown, _ = on_a_terminal(folders, "report/customers", "--format", "xlsx", both=True)
    assert status == 2
    assert "excel cannot be written to a terminal; use --output FILE.xlsx" in shown


# --- the rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["dance"], ["check", "more"], ["check", "--nope"], ["run"]])
def test_wrong_calls(run: Run, arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert b"usage: python -m aggregator" in capfdbinary.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["run", "--help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 0
    out = capsys.readouterr().out
    assert ("--dbs" in out) is (len(arguments) == 2)


def test_a_table_that_is_altered_while_the_report_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is checked again, and gives the new columns."""
    (tmp_path / "dbs").mkdir()
    (tmp_path / "sql").mkdir()
    database = make_database(tmp_path / "dbs" / "a.db", "CREATE TABLE t(x); INSERT INTO t VALUES (1)")
    (tmp_path / "sql" / "r.sql").write_text("SELECT * FROM a_db.t")
    format_of = run_module._format
    changes = iter(["ALTER TABLE t ADD COLUMN y DEFAULT 2"])

    def altering(*arguments: object) -> object:
        for script in changes:
            connection = apsw.Connection(str(database))
            connection.execute(script)
            connection.close()
        return format_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run_module, "_format", altering)
    assert main(["run", "r", "--output", "a.csv"]) == 0
    assert (tmp_path / "a.csv").read_text() == "x,y\n1,2\n"


@pytest.mark.parametrize(("header", "option"), [("0.5", "30"), ("30", "0.5")])
def test_the_lower_time_limit_ends_a_report(
    folders: Path, capsys: pytest.CaptureFixture[str], header: str, option: str
) -> None:
    (folders / "sql" / "endless.sql").write_text(
        f"/* {{time_limit: {header}}} */\n"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT n.i + 1 FROM n) SELECT max(n.i) AS most FROM n"
    )
    command = ["run", "endless", "--dbs", str(folders / "dbs"), "--sql", str(folders / "sql")]
    assert main([*command, "--format", "csv", "--time-limit", option]) == 1
    assert capsys.readouterr().err == "The SQL of this report ran for 0.5 seconds, which is the limit.\n"
