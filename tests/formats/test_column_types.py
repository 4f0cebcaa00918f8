"""What a header says of a column is shown in each format's own way."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal

import apsw
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS, money_text
from aggregator.errors import UnrepresentableValue
from aggregator.values.columns import Column
from tests.formats.mapping import Raw, Value, in_csv, in_excel, plain
from tests.formats.readers import csv_fields, read_excel, read_json, read_ndjson, sheet
from tests.formats.service import EVERY_FORMAT, SPREADSHEET, Service

SQL = "SELECT v.value FROM data_db.v AS v ORDER BY v.rowid"
TABLES = {"integers of a strict table": ("value INTEGER", "STRICT"), "values of any type": ("value", "")}
AMOUNTS = [0, 1, -1, 5, -5, 99, -99, 100, -100, 123456, -123456, 10**15 - 1, -(10**15) + 1, 10**15, -(10**15)]
AMOUNTS += [2**63 - 1, -(2**63), -(2**63) + 1]
CURRENCIES = {"USD": (2, '"$"#,##0.00'), "JPY": (0, '"¥"#,##0'), "KWD": (3, '"KWD "#,##0.000')}


def fill(service: Service, values: list[Value], table: str = "values of any type") -> None:
    columns, options = TABLES[table]
    service.table("v", columns, [(value,) for value in values], options)


def column(service: Service, format: str, type: str) -> list[object]:
    """The column as the format's reader gives it; a CSV field with its quotes."""
    file = service.read(SQL, format, f"value: {type}")
    if format == "excel":
        return [row[0] for row in read_excel(file)[1:]]
    if "csv" in format:
        return [row[0] for row in csv_fields(file.removeprefix(b"\xef\xbb\xbf"))[1:]]
    return [row["value"] for row in (read_json if format == "json" else read_ndjson)(file)]


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("table", TABLES)
def test_money_is_exact(service: Service, table: str, currency: str) -> None:
    digits, number_format = CURRENCIES[currency]
    fill(service, [*AMOUNTS, None], table)
    texts = [f"{Decimal(amount).scaleb(-digits):.{digits}f}" for amount in AMOUNTS]
    type = f"{{type: money, currency: {currency}}}"
    for format in ("json", "ndjson"):
        assert column(service, format, type) == [*texts, None]
    for format in ("csv", SPREADSHEET):
        assert column(service, format, type) == [*(f'"{text}"' for text in texts), '""']
    numbers = [
        float(text) if abs(amount) < 10**15 else text for amount, text in zip(AMOUNTS, texts, strict=True)
    ]
    assert column(service, "excel", type) == [*numbers, None]
    formats = {
        cell.number_format for (cell,) in sheet(service.read(SQL, "excel", f"value: {type}"))["A2:A10"]
    }
    assert formats == {f"{number_format};-{number_format}"}


def test_money_without_a_currency_has_two_decimals_and_no_sign(service: Service) -> None:
    fill(service, [-5])
    assert column(service, "json", "{type: money}") == ["-0.05"]
    assert sheet(service.read(SQL, "excel", "value: {type: money}"))["A2"].number_format == "#,##0.00"


@pytest.mark.parametrize("unfit", [0.5, 5.0, "5", Raw(b"\xff"), b"5", float("inf")])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_money_that_is_no_integer_is_an_error_that_names_the_column(
    service: Service, format: str, unfit: Value
) -> None:
    fill(service, [100, unfit, 200])
    with pytest.raises(UnrepresentableValue, match="column value has the type money, stored in minor units"):
        service.read(SQL, format, "value: {type: money, currency: USD}")


MAJOR: list[Value] = [1.98, "1.98", 0.1 + 0.2, 4.35 * 100, 1.985, 1.005, -1.005, 2.675, 8.835, -0.001, 0.0]
MAJOR += [
    5,
    -5,
    10**12,
    "007.5",
    "-0.50",
    "+1",
    ".5",
    "0.00",
    "1.985",
    " 20.1 ",
    1e12 + 0.01,
    -9999999999999.99,
]


def amount(value: Value, digits: int) -> str:
    """What a person means by a stored amount: of a number with a fraction 15 digits count, as in Excel."""
    meant = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(str(value).strip())
    rounded = meant.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):f}"


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("declared", ["value", "value REAL", "value NUMERIC", "value TEXT"])
def test_money_that_is_stored_as_amounts(service: Service, declared: str, currency: str) -> None:
    digits, number_format = CURRENCIES[currency]
    service.table("v", declared, [(value,) for value in (*MAJOR, None)])
    stored = [value for (value,) in service.stored("SELECT value FROM data_db.v ORDER BY rowid")]
    texts = [amount(value.decode() if isinstance(value, bytes) else value, digits) for value in stored[:-1]]
    type = f"{{type: money, currency: {currency}, stored: major}}"
    for format in ("json", "ndjson"):
        assert column(service, format, type) == [*texts, None]
    for format in ("csv", SPREADSHEET):
        assert column(service, format, type) == [*(f'"{text}"' for text in texts), '""']
    assert column(service, "excel", type) == [
        *(float(text) if abs(Decimal(text)) <= 10 ** (15 - digits) else text for text in texts),
        None,
    ]
    assert sheet(service.read(SQL, "excel", f"value: {type}"))["A2"].number_format.startswith(number_format)


@given(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(0, 9),
    st.sampled_from([("USD", 2), ("JPY", 0), ("KWD", 3)]),
)
def test_every_number_of_15_digits_is_rounded_as_it_is_written(
    whole: int, scale: int, currency: tuple[str, int]
) -> None:
    code, digits = currency
    written = Decimal(whole).scaleb(-scale)
    sql = money_text(Column("x", "c0", type="money", currency=code, digits=digits, stored="major"))
    with closing(apsw.Connection(":memory:")) as connection:
        for name, function in SQL_FUNCTIONS.items():
            connection.create_scalar_function(name, function)
        for stored in (float(written), f"{written:f}"):
            found = connection.execute(f"SELECT {sql} FROM (SELECT ? AS c0)", (stored,)).get
            assert found == amount(f"{written:f}", digits)


@pytest.mark.parametrize(
    "unfit",
    [
        "abc",
        "",
        "1,98",
        "1e3",
        "$1",
        "12.50\x00",
        "\u0663.50",
        Raw(b"1\xff"),
        b"5",
        float("inf"),
        1e17,
        10**17,
    ],
)
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_what_is_no_stored_amount_is_an_error_that_names_the_column(
    service: Service, format: str, unfit: Value
) -> None:
    fill(service, [1.5, unfit, 2])
    with pytest.raises(
        UnrepresentableValue, match=r"column value has the type money, stored as amounts such as 1\.98"
    ):
        service.read(SQL, format, "value: {type: money, stored: major}")


@pytest.mark.parametrize("table", TABLES)
def test_a_boolean(service: Service, table: str) -> None:
    values: list[Value] = [0, 1, None, 2, -1]
    shown: list[object] = [False, True, None, 2, -1]
    if table == "values of any type":
        values += [0.0, 1.0, 0.5, "1", "true", b"\x01"]
        shown += [False, True, 0.5, "1", "true", "AQ=="]
    fill(service, values, table)
    for format in ("json", "ndjson", "excel"):
        found = column(service, format, "{type: boolean}")
        assert [(type(value), value) for value in found] == [(type(value), value) for value in shown]
    for format in ("csv", SPREADSHEET):
        fields = ["false", "true", '""', "2", "-1", "false", "true", "0.5", '"1"', '"true"', '"AQ=="']
        assert column(service, format, "{type: boolean}") == fields[: len(values)]


def test_excel_has_a_boolean_as_0_or_1_because_1_0_breaks_the_workbook(service: Service) -> None:
    fill(service, [1.0])
    cell = sheet(service.read(SQL, "excel", "value: {type: boolean}"))["A2"]
    assert (cell.data_type, cell.value) == ("b", True)


def test_percent_is_a_number_and_excel_shows_the_sign(service: Service) -> None:
    values: list[Value] = [0.05, 0, 1, 12.5, -0.1, None, "n/a"]
    fill(service, values)
    for format in ("json", "ndjson", "excel"):
        assert column(service, format, "{type: percent}") == values
    assert column(service, "csv", "{type: percent}") == ["0.05", "0", "1", "12.5", "-0.1", '""', '"n/a"']
    assert sheet(service.read(SQL, "excel", "value: {type: percent}"))["A2"].number_format == "0.00%"


@pytest.mark.parametrize("type", ["text", "integer", "number", "month"])
def test_the_other_types_leave_a_value_as_it_is(service: Service, type: str) -> None:
    values: list[Value] = ["2024-02", "", None, 7, 2**60, 0.5, b"\x00"]
    fill(service, values)
    for format in ("json", "ndjson"):
        assert column(service, format, f"{{type: {type}}}") == [plain(value) for value in values]
    assert column(service, "excel", f"{{type: {type}}}") == [in_excel(value) for value in values]


def test_a_json_column_is_json_in_json_and_its_text_elsewhere(service: Service) -> None:
    texts = ['{"a": [1, 2.50, "é"]}', "[\n]", "null", '"text"', "7", '"a,null,b"', '{"a":1e400}', '"\\u0000"']
    not_json: list[Value] = [
        "",
        "{a: 1}",
        "[1",
        "NaN",
        "[1]\x00x",
        "=1+1",
        "[1] [2]",
        b"\xc7\x18",
        b"[1]\x00",
    ]
    values: list[Value] = [*texts, *not_json, None, 5, 0.5]
    fill(service, values)
    read: list[object] = [{"a": [1, 2.5, "é"]}, [], None, "text", 7, "a,null,b", {"a": "Infinity"}, "\x00"]
    expected = [*read, *(plain(value) for value in not_json), None, 5, 0.5]
    assert column(service, "json", "{type: json}") == expected
    assert column(service, "ndjson", "{type: json}") == expected
    assert column(service, "excel", "{type: json}") == [plain(value) for value in values]
    assert column(service, "csv", "{type: json}") == [in_csv(value) or '""' for value in values]


def test_json_in_a_blob_is_json_too(service: Service) -> None:
    texts = ['{"a":[1,2.5,"é",null]}', "[]", "true", '"="', "-7", '["\\ud83d\\ude42"]']
    fill(service, [*texts, *(text.encode() for text in texts), b"", b"\xff"])
    service.execute(f"UPDATE v SET value = jsonb(value) WHERE rowid <= {len(texts)}")
    assert column(service, "json", "{type: text}")[0] != texts[0]
    for format in ("json", "ndjson"):
        assert column(service, format, "{type: json}") == [*map(json.loads, texts * 2), "", "/w=="]
    shown: list[Value] = [*texts * 2, "", "/w=="]
    assert column(service, "excel", "{type: json}") == shown
    assert column(service, "csv", "{type: json}") == [in_csv(value) for value in shown]
    assert column(service, SPREADSHEET, "{type: json}")[4] == '"\'-7"'


UNREADABLE = {
    r'"\ud800"': r"\ud800",
    r'"\uDFFF\uD800x"': r"\uDFFF\uD800x",
    r'"\\\ud83d\ude42\ude42"': "\\\N{SLIGHTLY SMILING FACE}\\ude42",
    r'"\\ud800"': r"\ud800",
    r'{"\udc00": "1e999"}': {r"\udc00": "1e999"},
    "[1e999, -1E+400, 1e300, 0.1e-999]": ["Infinity", "-Infinity", 1e300, 0.0],
    "9" * 400: "Infinity",
}
"""JSON that readers such as orjson refuse, since RFC 7493 forbids it, and what it reads as."""


def test_one_value_does_not_make_the_answer_unreadable(service: Service) -> None:
    fill(service, [*UNREADABLE, r"\ud800 1e999"])
    rows = orjson.loads(service.read(SQL, "json", "value: {type: json}"))
    lines = service.read(SQL, "ndjson", "value: {type: json}").splitlines()
    assert rows == [orjson.loads(line) for line in lines]
    assert [row["value"] for row in rows] == [*UNREADABLE.values(), r"\ud800 1e999"]


def test_a_typed_column_is_guarded_like_any_other(service: Service) -> None:
    fill(service, ["=1+1", "@x"])
    for type in ("boolean", "date", "datetime", "percent", "json", "text", "month"):
        assert column(service, SPREADSHEET, f"{{type: {type}}}") == ['"\'=1+1"', '"\'@x"']
