"""What Excel cannot hold is an error that names the column, never cut."""

from __future__ import annotations

import pytest

from aggregator.errors import UnrepresentableValue
from aggregator.formats import FORMATS
from aggregator.formats.excel_rows import utf16_length
from aggregator.values.columns import Column
from tests.formats.mapping import Raw, Value, as_text
from tests.formats.readers import read_excel, read_json
from tests.formats.service import Service

SQL = "SELECT v.short, v.long FROM data_db.v AS v"
TABLES = {"strict": ("short TEXT, long TEXT", "STRICT"), "mixed": ("short, long", "")}
LONGEST: dict[str, str | Raw] = {
    "letters": "x" * 32_767,
    "two bytes a letter": "é" * 32_767,
    "emoji": "😀" * 16_383 + "x",
    "line feeds": "\n" * 32_767,
    "escapes": "\x01" * 32_767,
    "entities": "&" * 32_767,
    "what looks like escapes": "_x000D_" * 4_681,
    "bytes": Raw(b"\xe9" * 8_191 + b"abc"),
}


def fill(service: Service, table: str, *rows: tuple[Value, Value]) -> None:
    columns, options = TABLES[table]
    service.table("v", columns, rows, options)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", LONGEST)
def test_32767_characters_fit_and_one_more_does_not(service: Service, kind: str, table: str) -> None:
    longest = LONGEST[kind]
    assert len(as_text(longest).encode("utf-16-le")) == 2 * 32_767
    fill(service, table, ("a", "b"), ("a", longest))
    assert read_excel(service.read(SQL, "excel"))[2] == ["a", as_text(longest)]
    one_more = Raw(longest + b"x") if isinstance(longest, Raw) else longest + "x"
    fill(service, table, ("a", "b"), ("a", one_more))
    with pytest.raises(UnrepresentableValue, match="column long has 32,768 characters"):
        service.read(SQL, "excel")
    assert read_json(service.read(SQL, "json"))[1] == {"short": "a", "long": as_text(one_more)}


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_many_texts_may_be_longer(service: Service, table: str) -> None:
    row = ("x" * 30_000, "y" * 30_000)
    fill(service, table, row)
    assert read_excel(service.read(SQL, "excel"))[1] == list(row)


def test_a_blob_counts_as_its_base64(service: Service) -> None:
    fill(service, "mixed", ("a", bytes(24_573)))
    assert len(read_excel(service.read(SQL, "excel"))[1][1]) == 32_764
    fill(service, "mixed", ("a", bytes(24_576)))
    with pytest.raises(UnrepresentableValue, match="column long has 32,768"):
        service.read(SQL, "excel")


def test_the_name_of_a_column(service: Service) -> None:
    name = "x" * 32_767
    sql = f'SELECT one AS "{name}" FROM data_db.one'
    assert read_excel(service.read(sql, "excel")) == [[name], [1]]
    with pytest.raises(UnrepresentableValue, match="longer name than Excel"):
        service.read(sql.replace("x" * 100, "x" * 101), "excel")


def test_16384_columns() -> None:
    columns = [Column(f"n{number}", f"c{number}") for number in range(16_385)]
    FORMATS["excel"].writer(columns[:-1], "report")
    with pytest.raises(UnrepresentableValue, match="16,384 columns"):
        FORMATS["excel"].writer(columns, "report")


def test_more_currencies_than_there_are_marks() -> None:
    codes = (
        "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD MXN"
    )
    codes += " MYR NOK NZD PEN PHP PLN"
    columns = [Column(code, "c0", "money", code) for code in codes.split()]
    with pytest.raises(UnrepresentableValue, match="currencies"):
        FORMATS["excel"].writer(columns, "report")


def test_utf16_length() -> None:
    assert [utf16_length(text) for text in ("", "a", "é", "日", "😀", "e\u0301")] == [0, 1, 1, 1, 2, 2]
