"""How a workbook looks, and that programs other than Excel open it."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pytest

from aggregator.formats.excel import sheet_title
from tests.formats.readers import read_excel, sheet, workbook
from tests.formats.service import Service

SQL = "SELECT v.a, v.b, v.c_date, v.d, v.e, v.f_at FROM data_db.v AS v ORDER BY v.a"
COLUMNS = "d: {type: money, currency: EUR}, e: {type: percent}"
ROW = ("Müller & Sons", "2024-02-29", 123456, 0.05, "2024-02-29 12:00:00")


@pytest.fixture
def file(service: Service) -> bytes:
    rows = [(n, *ROW) for n in range(1, 11)]
    service.table("v", "a INTEGER, b TEXT, c_date TEXT, d INTEGER, e REAL, f_at TEXT", rows, "STRICT")
    return service.read(SQL, "excel", COLUMNS)


def test_the_header_is_bold_and_frozen(file: bytes) -> None:
    found = sheet(file)
    assert [cell.value for cell in found[1]] == ["a", "b", "c_date", "d", "e", "f_at"]
    assert all(cell.font.bold for cell in found[1])
    assert not any(cell.font.bold for cell in found[2])
    assert found.freeze_panes == "A2"


def test_the_filter_covers_exactly_the_rows(file: bytes, service: Service) -> None:
    assert sheet(file).auto_filter.ref == "A1:F11"
    for rows in (0, 1, 2):
        assert sheet(service.read(f"{SQL} LIMIT {rows}", "excel")).auto_filter.ref == f"A1:F{rows + 1}"


def test_the_number_formats(file: bytes) -> None:
    money = '"€"#,##0.00;-"€"#,##0.00'
    formats = ["General", "General", "yyyy-mm-dd", money, "0.00%", "yyyy-mm-dd hh:mm:ss"]
    assert [cell.number_format for cell in sheet(file)[2]] == formats
    assert [cell.number_format for cell in sheet(file)[11]] == formats


def test_the_columns_are_as_wide_as_their_contents(service: Service) -> None:
    rows = [("a", "x", "y", "2024-02-29")] * 150 + [("a", "x" * 30, "y" * 500, "2024-02-29")] * 150
    service.table("v", "short, long, longest, d_date", rows)
    sql = "SELECT v.short, v.long, v.longest, v.d_date FROM data_db.v AS v"
    widths = [sheet(service.read(sql, "excel")).column_dimensions[letter].width for letter in "ABCD"]
    assert 8 <= widths[0] <= 12
    assert 30 <= widths[1] <= 40
    assert widths[2] == 60
    assert 10 <= widths[3] <= 16


def test_spaces_around_a_text_are_said_to_count(service: Service) -> None:
    """Excel drops them otherwise; the readers here do not."""
    file = service.read("SELECT '  a ' AS \" b \" FROM data_db.one", "excel")
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        texts = ElementTree.fromstring(package.read("xl/worksheets/sheet1.xml")).findall(".//{*}t")
    space = "{http://www.w3.org/XML/1998/namespace}space"
    assert {text.text: text.get(space) for text in texts} == {" b ": "preserve", "  a ": "preserve"}


def test_every_part_is_xml_and_named_in_the_content_types(file: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert len(names) == len(set(names))
        parts = {name: ElementTree.fromstring(package.read(name)) for name in names}
    overrides = {part.get("PartName") for part in parts["[Content_Types].xml"]} - {None}
    assert overrides <= {f"/{name}" for name in names}
    assert "/xl/worksheets/sheet1.xml" in overrides


def test_nothing_in_it_says_when_or_where_it_was_made(file: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        assert {info.date_time for info in package.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = package.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2000-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "{=1}", "=HYPERLINK(1)", "\t=1", "#REF!", "TRUE"]
)
def test_a_text_is_never_a_formula(service: Service, text: str) -> None:
    service.table("v", "a TEXT, b", [(text, text)], "")
    file = service.read(f"SELECT v.a, v.b, v.a || '' AS \"{text}\" FROM data_db.v AS v", "excel")
    cells = [cell for row in sheet(file).iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert read_excel(file) == [["a", "b", text], [text] * 3]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("customer-orders", "customer-orders"),
        ("a[b]c:d*e?f/g\\h", "a-b-c-d-e-f-g-h"),
        ("'quoted'", "quoted"),
        ("it's", "it's"),
        ("", "Sheet"),
        ("'", "Sheet"),
        ("History", "History-"),
        ("x" * 40, "x" * 31),
        ("😀" * 20, "😀" * 15),
        ("x" * 30 + "'y", "x" * 30),
        ("a\x00b\ufffe\udce9", "a-b--"),
    ],
)
def test_the_title_of_a_sheet_is_one_that_excel_takes(name: str, title: str) -> None:
    assert sheet_title(name, 1) == title


def test_the_titles_of_sheets_differ() -> None:
    for name in ("x", "x" * 40, "😀" * 20, "history", "x (2)", "'"):
        titles = [sheet_title(name, number) for number in range(1, 1_001)]
        assert len({title.lower() for title in titles}) == 1_000
        assert all(1 <= len(title.encode("utf-16-le")) // 2 <= 31 for title in titles)


@pytest.mark.parametrize("name", ["top-10", "history", "ümläut", "it's", "a'", "x" * 50])
def test_the_sheet_is_named_after_the_report(service: Service, name: str) -> None:
    file = service.read("SELECT one FROM data_db.one", "excel", name=name)
    assert workbook(file).sheetnames == [sheet_title(name, 1)]
    assert sheet(file).auto_filter.ref == "A1:A2"


def test_the_header_can_name_the_sheet(service: Service) -> None:
    file = service.read("/*\nsheet: 'orders: all'\n*/\nSELECT one FROM data_db.one", "excel")
    assert workbook(file).sheetnames == ["orders- all"]
