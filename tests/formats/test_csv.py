"""CSV as other programs take it: pandas, the csv module, a spreadsheet."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from aggregator.formats import SPREADSHEET_CSV
from aggregator.formats.csv import SpreadsheetCsv
from tests.formats.mapping import guarded
from tests.formats.readers import csv_fields, read_csv
from tests.formats.service import SPREADSHEET, Service

ROWS = [(1, "a", 0.5), (2, None, None), (3, "", -1.25), (4, 'say "hi",\r\n\\', 1e300), (5, "null", 0.1 + 0.2)]
SQL = "SELECT v.n, v.t, v.r FROM data_db.v AS v ORDER BY v.n"


@pytest.fixture(scope="module")
def pandas() -> ModuleType:
    """Imported by those who need it only: that takes half a second of each process that collects tests."""
    return importlib.import_module("pandas")


@pytest.fixture(autouse=True)
def table(service: Service) -> None:
    service.table("v", "n INTEGER, t TEXT, r REAL", ROWS, "STRICT")


def test_a_file_as_it_is_written(service: Service) -> None:
    assert service.read("SELECT v.n, v.t FROM data_db.v AS v ORDER BY v.n", "csv") == (
        b'n,t\r\n1,"a"\r\n2,\r\n3,""\r\n4,"say ""hi"",\r\n\\"\r\n5,"null"\r\n'
    )


def test_pandas(service: Service, pandas: ModuleType) -> None:
    file = service.read(SQL, "csv")
    frame = pandas.read_csv(io.BytesIO(file), keep_default_na=False, na_values={"r": [""]})
    assert frame["n"].tolist() == [1, 2, 3, 4, 5]
    assert frame["t"].tolist() == ["a", "", "", 'say "hi",\r\n\\', "null"]
    assert frame["r"].fillna(7.0).tolist() == [0.5, 7.0, -1.25, 1e300, 0.1 + 0.2]


def test_null_is_nothing_and_an_empty_text_two_quotes(service: Service) -> None:
    assert [row[1] for row in csv_fields(service.read(SQL, "csv"))[2:4]] == ["", '""']


@pytest.mark.parametrize("format", ["csv", SPREADSHEET])
def test_one_column_has_no_empty_line_which_readers_would_skip(
    service: Service, pandas: ModuleType, format: str
) -> None:
    file = service.read("SELECT v.t FROM data_db.v AS v ORDER BY v.n", format)
    assert len(pandas.read_csv(io.BytesIO(file))) == len(ROWS)
    assert [row[0] for row in read_csv(file)[1:]] == ["a", "", "", 'say "hi",\r\n\\', "null"]
    file = service.read('SELECT v.t AS "" FROM data_db.v AS v ORDER BY v.n', "csv")
    assert read_csv(file)[0] == [""]


def test_several_nulls_in_a_row(service: Service) -> None:
    file = service.read("SELECT NULL AS a, NULL AS b, 'null' AS c, NULL AS d FROM data_db.one", "csv")
    assert file == b'a,b,c,d\r\n,,"null",\r\n'


def test_only_the_file_for_a_spreadsheet_has_a_byte_order_mark(service: Service) -> None:
    plain, spreadsheet = service.read(SQL, "csv"), service.read(SQL, SPREADSHEET)
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert spreadsheet == b"\xef\xbb\xbf" + plain
    assert service.read("SELECT v.n FROM data_db.v AS v WHERE v.n > 5", SPREADSHEET) == b"\xef\xbb\xbfn\r\n"


def test_numbers_are_not_guarded(service: Service) -> None:
    file = service.read(
        "SELECT -1 AS a, -0.5 AS b, -9e999 AS c, x'f8' AS d, '-1' AS e FROM data_db.one", SPREADSHEET
    )
    assert csv_fields(file)[1] == ["-1", "-0.5", '"\'-Infinity"', '"\'+A=="', '"\'-1"']


_RISKY = ["x;=1+1;y", "a,+1", "a\t-1", "a\n@b", 'a;"=1', "'=1", "=1", "null;=null", "1,5.5;2", None, "", "-1"]


@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ",")])
def test_a_spreadsheet_s_separator_and_decimal_sign(service: Service, separator: str, decimal: str) -> None:
    columns = "n INTEGER, t TEXT, r REAL, m INTEGER, u TEXT"
    service.table("v", columns, [(n, t, -n / 8, -n, t) for n, t in enumerate(_RISKY)], "STRICT")
    sql = 'SELECT v.n AS "n;", v.t AS "t,", v.r, v.m, v.u FROM data_db.v AS v ORDER BY v.n'
    format = replace(SPREADSHEET_CSV, writer=SpreadsheetCsv(separator, decimal))
    text = service.run(service.report(sql, "m: {type: money}"), format).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    signs: Callable[[str], str] = lambda number: number.replace(".", decimal)  # noqa: E731
    texts = [guarded(text) if text is not None else "" for text in _RISKY]
    assert read == [
        ["n;", "t,", "r", "m", "u"],
        *([str(n), t, signs(str(-n / 8)), signs(f"{-n / 100:.2f}"), t] for n, t in enumerate(texts)),
    ]
