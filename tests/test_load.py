"""`python -m aggregator load`: rows in without a server."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.cli.main import main
from tests.commands import run
from tests.server import PROJECT
from tests.sqlite_files import full_disk, make_database

SCHEMA = """
CREATE TABLE sales (
    sale_id INTEGER PRIMARY KEY, sold_date TEXT NOT NULL, cents INT NOT NULL, note TEXT
) STRICT;
CREATE INDEX sales_by_date ON sales (sold_date);
"""
SQL = """/*
params: {shop: {type: text, default: main}}
input:
  sale_id: {type: integer, required: true}
  sold_date: {type: date, required: true, format: "%d.%m.%Y"}
  cents: {type: money, currency: USD, required: true, from: amount, min: 0}
*/
INSERT INTO sale_db.sales (sale_id, sold_date, cents, note)
SELECT input.sale_id, input.sold_date, input.cents, :shop FROM input WHERE true
ON CONFLICT (sale_id) DO NOTHING
"""
SHEET = "sale_id,sold_date,amount\n1,31.12.2024,1.50\n2,2025-01-01,2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("dbs", "sql/sales"):
        (tmp_path / name).mkdir(parents=True)
    make_database(tmp_path / "dbs" / "sale.db", SCHEMA, "wal")
    (tmp_path / "sql" / "sales" / "import.post.sql").write_text(SQL)
    (tmp_path / "sheet.csv").write_text(SHEET)
    return tmp_path


def sales(folder: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(folder / "dbs" / "sale.db")
    try:
        return connection.execute("SELECT * FROM sales ORDER BY sale_id").fetchall()
    finally:
        connection.close()


def test_a_file_is_loaded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "sales/import", "sheet.csv", "shop=north"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["received"], told["inserted"], told["unchanged"]) == (2, 2, 0)
    assert sales(folder) == [(1, "2024-12-31", 150, "north"), (2, "2025-01-01", 200, "north")]
    assert main(["load", "/sales/import", "sheet.csv"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2


def test_how_a_file_was_read_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sheet.csv").write_text(f"Sales of December\n{SHEET}")
    notes = ["The header is on line 2; 1 line above it was skipped."]
    assert main(["load", "sales/import", "sheet.csv", "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == notes
    assert main(["load", "sales/import", "sheet.csv", "--dry-run", "--header-line", "2"]) == 0
    assert "notes" not in json.loads(capsys.readouterr().out)
    (folder / "sheet.csv").write_text(f"Sales of December\n{SHEET}3,never,1\n")
    assert main(["load", "sales/import", "sheet.csv"]) == 1
    assert capsys.readouterr().err.splitlines()[-1:] == notes
    with pytest.raises(SystemExit):
        main(["load", "sales/import", "sheet.csv", "--header-line", "0"])


def test_a_dry_run_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "sales/import", "sheet.csv", "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["inserted"] == 2
    assert sales(folder) == []


def test_bad_rows_are_told_and_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sheet.csv").write_text(SHEET + "3,31.02.2025,1\nx,2025-01-01,-1\n")
    assert main(["load", "sales/import", "sheet.csv"]) == 1
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "2 of 4 rows have errors; nothing was written."
    assert [line.partition(":")[0] for line in lines] == ["line 4", "line 5", "line 5"]
    assert sales(folder) == []
    assert main(["load", "sales/import", "sheet.csv", "--invalid", "skip"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["received"], told["inserted"], told["rejected_count"]) == (4, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sales/imports", "sheet.csv"], "did you mean sales/import.post?"),
        (["sales/import", "nothing.csv"], "nothing.csv"),
        (["sales/import", "sheet.csv", "shoop=x"], "shoop: unknown parameter"),
        (["sales/import", "sheet.csv", "--encoding", "klingon"], "klingon"),
    ],
)
def test_what_cannot_be_loaded(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["load", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert sales(folder) == []


def test_from_standard_input(folder: Path) -> None:
    command = ["-m", "aggregator", "load", "sales/import", "-"]
    options = ["--dbs", folder / "dbs", "--sql", folder / "sql"]
    done = run([*command, *options], cwd=PROJECT, input=SHEET.encode())
    assert done.returncode == 0
    assert json.loads(done.stdout)["inserted"] == 2


def many_rows(count: int, bad: set[int]) -> Iterator[str]:
    """A header, and rows of which those on the bad lines hold a day that does not exist."""
    yield "sale_id,sold_date,amount\n"
    for line in range(2, count + 2):
        day = "31.02.2025" if line in bad else f"{line % 28 + 1:02}.{line % 12 + 1:02}.2025"
        yield f"{line},{day},{line % 1000}.{line % 100:02}\n"


GUARDED = """/*
input:
  n: {type: integer}
*/
SELECT substr(hex(zeroblob(input.n)), 1, 3) || ' is too much' AS invalid FROM input WHERE input.n > 1;
INSERT INTO sale_db.sales (sold_date, cents, note)
SELECT '2024-01-01', 1, hex(zeroblob(-input.n)) FROM input
"""


@pytest.mark.parametrize("n", [600_000, -600_000])
def test_a_value_that_is_too_long_in_a_guard_and_in_a_statement(
    folder: Path, capsys: pytest.CaptureFixture[str], n: int
) -> None:
    (folder / "sql" / "guarded.post.sql").write_text(GUARDED)
    (folder / "n.csv").write_text(f"n\n{n}\n")
    assert main(["load", "guarded", "n.csv", "--max-value", "1000000"]) == 1
    said = (
        "A value, or a row as text, is longer than 1,000,000 bytes (setting max_value). Nothing was written."
    )
    assert capsys.readouterr().err == f"{said}\n"
    assert sales(folder) == []


NO_ROOM = {
    1_000: "The database sale_db cannot be read: it cannot be opened, because the disk has no room for "
    "sale.db-shm beside it.\n",
    100_000: "The disk is full; nothing was written.\n",
}


@pytest.mark.parametrize("room", NO_ROOM)
def test_a_full_disk_while_rows_are_read(folder: Path, capsys: pytest.CaptureFixture[str], room: int) -> None:
    sql = "/* input: {t: {type: text}} */ INSERT INTO sale_db.sales SELECT 1, input.t, 1, NULL FROM input"
    (folder / "sql" / "texts.post.sql").write_text(sql)
    (folder / "texts.csv").write_text("t\n" + f"{'x' * 5_000}\n" * 2_000)
    with full_disk(room):
        status = main(["load", "texts", "texts.csv"])
    assert (status, capsys.readouterr().err) == (1, NO_ROOM[room])
    assert sales(folder) == []


@pytest.mark.torture
def test_a_million_rows_in_flat_memory(folder: Path) -> None:
    bad = {2, 3, 77_777, 500_001, 1_000_001}
    with (folder / "many.csv").open("w") as file:
        file.writelines(many_rows(1_000_000, bad))
    command = [sys.executable, "-m", "aggregator", "load", "sales/import", str(folder / "many.csv")]
    options = ["--dbs", str(folder / "dbs"), "--sql", str(folder / "sql"), "--invalid", "skip"]
    done = subprocess.run([*command, *options], cwd=PROJECT, capture_output=True, check=True)
    told = json.loads(done.stdout)
    assert (told["received"], told["inserted"]) == (1_000_000, 1_000_000 - len(bad))
    assert {row["line"] for row in told["rejected"]} == bad
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 200_000
    cents = sum(line % 1000 * 100 + line % 100 for line in range(2, 1_000_002) if line not in bad)
    assert sum(row[2] for row in sales(folder)) == cents
