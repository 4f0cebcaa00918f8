"""Workbooks; what is expected is what openpyxl was given."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs import excel as sheets
from aggregator.inputs import workbook as archive
from tests.inputs.tables import drained, opened, read, texts, wanted
from tests.inputs.workbooks import (
    MAIN,
    SHEET,
    STRINGS,
    changed,
    saved,
    small_workbook,
    with_sheet,
    with_strings,
    workbook,
)

ALPHABET = st.characters(
    min_codepoint=32, exclude_categories=["Cs", "Cn"], exclude_characters="_=\ufffe\uffff"
)
TEXTS = st.text(ALPHABET, min_size=1, max_size=8)
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)
MOMENTS = st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda at: at.replace(microsecond=0)
)
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS | MOMENTS | st.dates(dt.date(1901, 1, 1))
NAMES = ["a", "b", "c"]


def same(text: str | None, value: Any) -> bool:
    if value is None or isinstance(value, str):
        return text == value
    assert text is not None
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, (int, float)):
        return float(text) == pytest.approx(float(value), rel=1e-14)
    return text == value.isoformat()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=20))
def test_what_openpyxl_writes_is_read_back(rows: list[list[Any]]) -> None:
    found = read(workbook([NAMES, *rows]), "excel", *NAMES)
    expected = [(n, row) for n, row in enumerate(rows, start=2) if row != [None] * 3]
    assert [line for line, _ in found] == [line for line, _ in expected]
    for (_, row), (_, values) in zip(found, expected, strict=True):
        assert all(map(same, row, values)), (row, values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (-1.5, "-1.5"),
        (True, "true"),
        (dt.datetime(2024, 2, 29, 15, 30), "2024-02-29T15:30:00"),
        (dt.datetime(2024, 2, 29), "2024-02-29T00:00:00"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.time(15, 30), "15:30:00"),
        (dt.timedelta(hours=36, minutes=5), "36:05:00"),
        ("  x ", "  x "),
    ],
)
@pytest.mark.parametrize("epoch", [openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH])
def test_values(value: object, text: str | None, epoch: dt.datetime) -> None:
    book = openpyxl.Workbook()
    book.epoch = epoch
    book.active.append(["a", "b"])
    book.active.append([value, "x"])
    assert texts(saved(book), "excel", "a", "b") == [[text, "x"]]


def test_a_day_in_a_format_of_days() -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 12)])
    for cell in book.active[2]:
        cell.number_format = '"the hour" dd/mm/yyyy'
    assert texts(saved(book), "excel", "a", "b") == [["2024-02-29", "2024-02-29T12:00:00"]]


def test_error_cells_and_impossible_dates_are_rejected() -> None:
    book = openpyxl.Workbook()
    for row in (["a", "Due Date"], ["x", "#N/A"], ["y", 1e9], ["z", -1], ["good", 1]):
        book.active.append(row)
    for row in (3, 4):
        book.active.cell(row, 2).number_format = "yyyy-mm-dd"
    rows, rejected = drained(opened(saved(book), "excel", wanted("a", "due_date")))
    assert rows == [(5, ["good", "1"])]
    assert [(row.line, row.column, row.value) for row in rejected] == [
        (2, "Due Date", "#N/A"),
        (3, "Due Date", "1000000000"),
        (4, "Due Date", "-1"),
    ]


def test_all_cells_of_a_row_without_a_value_are_told() -> None:
    table = opened(workbook([["a", "b", "c"], ["#N/A", "x", "#REF!"]]), "excel", wanted("a", "b", "c"))
    (batch,) = table.batches()
    assert (batch.lines, batch.columns, batch.rejected) == ([2], [[None], ("x",), [None]], [])
    assert [(cell.line, cell.column, cell.value) for cell in batch.wrong] == [
        (2, "a", "#N/A"),
        (2, "c", "#REF!"),
    ]


def test_a_day_that_was_none_is_rejected() -> None:
    book = openpyxl.Workbook()
    for row in (["a"], [59], [60], [60.5], [61]):
        book.active.append(row)
        book.active.cell(book.active.max_row, 1).number_format = "yyyy-mm-dd"
    rows, rejected = drained(opened(saved(book), "excel", wanted("a")))
    # 60 is 29 February 1900 in Excel.
    assert rows == [(2, ["1900-02-28"]), (5, ["1900-03-01"])]
    assert [row.value for row in rejected] == ["60", "60.5"]


@pytest.mark.parametrize(
    ("format", "number", "text"),
    [
        ("0%", 0.12, "12%"),
        ("0.0%", 0.125, "12.5%"),
        ("0.00%", 0.07 * 100 / 100, "7%"),
        ("[Red]-0%;0%", 1, "100%"),
        ("0%", -1e-9, "-0.0000001%"),
        ('0"%"', 12.5, "12.5"),
        ("0\\%", 12.5, "12.5"),
    ],
)
def test_a_percentage_is_read_as_it_is_shown(format: str, number: float, text: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([number])
    book.active["A2"].number_format = format
    assert texts(saved(book), "excel", "a") == [[text]]


def test_a_header_row_that_is_repeated_is_skipped_with_a_note() -> None:
    rows = [["a", "b"], [1, 2], ["a", "b"], ["b", "a"], [3, 4]]
    table = opened(workbook(rows), "excel", wanted("a", "b"))
    assert [row for _, row in drained(table)[0]] == [["1", "2"], ["b", "a"], ["3", "4"]]
    assert table.notes.sentences() == ["1 row (row 3) repeats the header. Such rows are skipped."]


def test_empty_rows_and_rows_beyond_the_header() -> None:
    rows = [[], [None, "a", "b"], [], [None, 1], [None, None, 2], [None, 1, 2, None, 3], ["x", 1]]
    found, rejected = drained(opened(workbook(rows), "excel", wanted("a", "b")))
    assert found == [(4, ["1", None]), (5, [None, "2"]), (7, ["1", None])]
    assert [(row.line, row.reason) for row in rejected] == [
        (6, "has a value in column E, and the header ends with column C")
    ]
    rows = [["a"], ["  ", " "], ["x", None, " "], ["\u00a0"], ["y", *[None] * 26, 1]]
    found, rejected = drained(opened(workbook(rows), "excel", wanted("a")))
    assert found == [(3, ["x"])]
    assert "column AB" in rejected[0].reason


def test_the_sheet() -> None:
    data = workbook([], Second=[["a"], [1]], Third=[["a"], [2]])
    assert texts(data, "excel", "a") == [["1"]]
    assert texts(data, "excel", "a", sheet="third") == [["2"]]
    assert opened(data, "excel", wanted("a")).read_as == {"format": "excel", "sheet": "Second"}
    with pytest.raises(UnreadableInput, match='no sheet "Nowhere"; it has: "Sheet", "Second", "Third"'):
        opened(data, "excel", wanted("a"), sheet="Nowhere")
    with pytest.raises(UnreadableInput, match='sheet "Sheet" is empty'):
        opened(data, "excel", wanted("a"), sheet="Sheet")
    with pytest.raises(UnreadableInput, match="workbook is empty"):
        opened(workbook([]), "excel", wanted("a"))


COLUMNS: dict[str, list[str]] = {"day": ["Date"], "amount": ["Total"], "note": []}
REQUIRED = ["day", "amount"]
DATA = [["Date", "Total"], ["2024-01-31", 5]]


def hiding(data: bytes, *names: str, state: str = "hidden") -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for name in names:
        book[name].sheet_state = state
    return saved(book)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_when_it_is_named(state: str) -> None:
    data = hiding(workbook(DATA, Now=[*DATA, ["2024-02-01", 6]]), "Sheet", state=state)
    table = opened(data, "excel", COLUMNS, REQUIRED)
    assert (table.read_as["sheet"], len(drained(table)[0])) == ("Now", 2)
    assert table.notes.sentences() == ['Sheet "Now" was read. The workbook also has: "Sheet" (hidden).']
    table = opened(data, "excel", COLUMNS, REQUIRED, sheet="Sheet")
    assert (len(drained(table)[0]), table.notes.sentences()) == (1, [])
    data = hiding(workbook([["x"]], Data=DATA), "Data", state=state)
    with pytest.raises(
        UnreadableInput, match=r'None of the expected columns.*Sheet "Sheet" was read.*"Data" .hidden'
    ):
        opened(data, "excel", COLUMNS, REQUIRED)


@pytest.mark.parametrize(
    ("sheets", "taken"),
    [
        ({"Cover": [["Report"], ["Date", "2024"]], "Data": DATA}, "Data"),
        ({"Cover": [["Date", "note"]], "Data": DATA, "Copy": [[*DATA[0], "note"]]}, "Data"),
        ({"Few": [["Date", "note"]], "Fewer": [["Total"]]}, "Few"),
        ({"None": [["x"]], "Empty": []}, "None"),
        ({"Empty": [], "Data": DATA}, "Data"),
    ],
)
def test_the_first_sheet_with_all_columns_is_read(sheets: dict[str, list[list[Any]]], taken: str) -> None:
    data = workbook([], **sheets)
    if taken == "None":
        with pytest.raises(UnreadableInput, match=r'first line holds: "x".*also has: "Sheet", "Empty"'):
            opened(data, "excel", COLUMNS, REQUIRED)
    else:
        table = opened(data, "excel", COLUMNS, REQUIRED)
        assert table.read_as["sheet"] == taken
        assert f'Sheet "{taken}" was read. The workbook also has: "Sheet"' in table.notes.sentences()[0]


def test_where_nothing_is_required_the_sheet_with_most_columns_is_read() -> None:
    data = workbook([["Date"], ["2024"]], Data=DATA, Copy=DATA)
    assert opened(data, "excel", COLUMNS).read_as["sheet"] == "Data"


def test_a_header_below_a_title() -> None:
    above = [["Shop", None, "Ltd"], [], ["Date", "2024-12-31"], [" "]]
    table = opened(workbook([*above, *DATA]), "excel", COLUMNS, REQUIRED)
    assert table.header_line == 5
    assert table.notes.skipped == [(1, "Shop Ltd"), (3, "Date 2024-12-31")]
    assert table.notes.sentences() == ["The header is on row 5; 2 rows above it were skipped."]
    assert drained(table)[0] == [(6, ["2024-01-31", "5", None])]
    table = opened(workbook([*above, *DATA]), "excel", COLUMNS, REQUIRED, header_line=3)
    assert (table.header_line, table.names) == (3, ["Date", None, None])
    for line in (2, 4, 7):
        with pytest.raises(UnreadableInput, match=f"nothing in row {line}, so that row cannot be the header"):
            opened(workbook([*above, *DATA]), "excel", COLUMNS, REQUIRED, header_line=line)


def test_hidden_and_filtered_rows_are_read_and_counted() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["a"], *([n] for n in range(1_000))])))
    for row in (1, 3, 700, 701):
        book.active.row_dimensions[row].hidden = True
    table = opened(saved(book), "excel", wanted("a"))
    assert [row for _, row in drained(table)[0]] == [[str(n)] for n in range(1_000)]
    (note,) = table.notes.sentences()
    assert note.startswith("3 rows (the first on row 3) are hidden or filtered")


def test_errors_in_columns_that_nobody_wants() -> None:
    rows = [["a", "Other"], ["x", "#N/A"], ["y", "=1+1"], ["z", "#REF!", "=B1"]]
    assert texts(workbook(rows), "excel", "a") == [["x"], ["y"], ["z"]]
    cells = '<row><c t="str"><v>{}</v></c><c t="str"><v>{}</v></c></row>'
    xml = cells.format("a", "Other") + cells.format("x", "_x0000_")
    assert texts(with_sheet(xml), "excel", "a") == [["x"]]


def test_a_formula_that_is_a_text() -> None:
    assert texts(workbook([["a"], ['="0049"'], ['="say ""x"""']]), "excel", "a") == [["0049"], ['say "x"']]


def test_many_rows() -> None:
    found = read(workbook([["a"], *([n] for n in range(3_000))]), "excel", "a")
    assert found == [(n + 2, [str(n)]) for n in range(3_000)]


def test_cells_and_rows_without_references_and_a_lying_dimension() -> None:
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:dimension ref="A1:A1"/><x:sheetData>'
        '<x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c><x:c t="str"><x:v>b</x:v></x:c></x:row>'
        '<x:row r="9"><x:c r="B9"><x:v>1E3</x:v></x:c></x:row><x:row><x:c t="b"><x:v>1</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    data = changed(workbook([["a"]]), {SHEET: sheet.encode()})
    assert read(data, "excel", "a", "b") == [(9, [None, "1000"]), (10, ["true", None])]


def test_runs_phonetic_hints_and_escapes() -> None:
    cells = "<r><t>x</t></r><r><t>y_x000D__x005F_x000D_</t></r><rPh><t>no</t></rPh>"
    xml = f'<row><c t="str"><v>a</v></c></row><row><c t="inlineStr"><is>{cells}</is></c></row>'
    assert texts(with_sheet(xml), "excel", "a") == [["xy\r_x000D_"]]


def test_an_escaped_nul_is_rejected() -> None:
    xml = '<row><c t="str"><v>a</v></c></row><row><c t="str"><v>_x0000_</v></c></row>'
    _, rejected = drained(opened(with_sheet(xml), "excel", wanted("a")))
    assert [(row.line, row.reason) for row in rejected] == [(2, "holds a NUL character")]


def read_part(data: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read(part)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        b"PK\x03\x04 no more",
        small_workbook()[:-30],
        changed(small_workbook(), {"_rels/.rels": None}),
        changed(small_workbook(), {"xl/workbook.xml": b"<no"}),
        changed(small_workbook(), {"xl/workbook.xml": None}),
        changed(with_strings("<si><t>x</t></si>", 1), {STRINGS: None}),
        with_strings("<si><t>x</t></si>", 2),
        changed(small_workbook(), {SHEET: b"<worksheet><sheetData><row>"}),
        with_sheet('<row r="x"/>'),
        with_sheet('<row r="99999999999"/>'),
        with_sheet('<row><c r="1"><v>1</v></c></row>'),
        with_sheet('<row><c t="s"><v>77</v></c></row>'),
        with_sheet('<row><c t="s"><v>-1</v></c></row>'),
        with_sheet("<row><c><v>1,5</v></c></row>"),
        with_sheet("<x>" * 5_000 + "</x>" * 5_000),
    ],
)
def test_damaged_workbooks(data: bytes) -> None:
    with pytest.raises(UnreadableInput):
        drained(opened(data, "excel", wanted("a")))


def test_binary_workbooks_passwords_and_other_documents() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook([["a"]]))) as file:
        relations = file.read("_rels/.rels").replace(b"workbook.xml", b"workbook.bin")
    binary = changed(workbook([["a"]]), {"_rels/.rels": relations, "xl/workbook.bin": b"\x83\x01"})
    with pytest.raises(UnreadableInput, match=r"Save it as \.xlsx"):
        opened(binary, "excel", wanted("a"))
    letter = changed(workbook([["a"]]), {"xl/workbook.xml": b"<document><body/></document>"})
    with pytest.raises(UnreadableInput, match="an Office document, but not a workbook"):
        opened(letter, "excel", wanted("a"))
    encrypted = bytearray(workbook([["a"]]))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = encrypted.find(mark)
        while place >= 0:
            encrypted[place + offset] |= 1
            place = encrypted.find(mark, place + 1)
    with pytest.raises(UnreadableInput, match="has a password"):
        opened(bytes(encrypted), "excel", wanted("a"))


DATE = b'<row><c t="str"><v>a</v></c></row><row><c s="0"><v>1</v></c></row>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("before", ["", f"<!--{'x' * 100_000}-->"], ids=["at once", "late"])
@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"])
def test_entity_bombs(part: str, before: str) -> None:
    data = with_strings("<si><t>x</t></si>", 1)
    data = changed(data, {SHEET: read_part(data, SHEET).replace(b"<sheetData>", b"<sheetData>" + DATE)})
    xml = read_part(data, part).decode().partition("?>")
    body = xml[2] or xml[0]
    with pytest.raises(UnreadableInput, match="declares XML entities"):
        drained(opened(changed(data, {part: (before + ENTITIES + body).encode()}), "excel", wanted("a")))


@pytest.mark.parametrize(
    ("module", "limit", "most", "message"),
    [
        (archive, "MOST_BYTES", 100, "larger than 100 bytes when it is unpacked"),
        (archive, "MOST_PARTS", 3, "more than 3 parts"),
        (archive, "MOST_SMALL_PART_BYTES", 100, "larger than 100 bytes"),
        (archive, "MOST_ELEMENT_BYTES", 10_000, "row of the workbook is larger than 10,000"),
        (sheets, "MOST_ROWS", 2, "more than 2 rows"),
        (archive, "_MOST_DIRECTORY_BYTES", 200, "list of parts is larger than 200 bytes"),
        (archive, "MOST_SMALL_PART_ELEMENTS", 4, "xl/workbook.xml has more than 4 XML elements"),
        (archive, "MOST_ELEMENTS_INSIDE", 5, "row of the workbook has more than 5 XML elements"),
        (sheets, "MOST_CELLS", 6, "more than 6 cells, including empty ones"),
        (sheets, "LONGEST_CELL", 100, "Row 2 has more than 100 characters"),
    ],
)
def test_limits(monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, most: int, message: str) -> None:
    monkeypatch.setattr(module, limit, most)
    rows = (
        '<row><c t="str"><v>a</v></c></row>' + f'<row><c t="str"><v>{"x" * 200_000}</v></c></row>' + "<row/>"
    )
    if limit == "MOST_ROWS":
        rows = '<row><c t="str"><v>a</v></c></row><row/><row/>'
    if limit in ("MOST_CELLS", "MOST_ELEMENTS_INSIDE"):
        rows = '<row><c t="str"><v>a</v></c></row><row><c/><c/><c/></row><row><c/><c/><c/></row>'
        rows += "<row><c/><c/><c/><c/><c/><c/></row>" if limit == "MOST_ELEMENTS_INSIDE" else ""
    with pytest.raises(TooLarge, match=message):
        drained(opened(with_sheet(rows), "excel", wanted("a")))


def test_the_limit_of_shared_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.inputs.workbook.MOST_STRING_BYTES", 100)
    with pytest.raises(TooLarge, match=r"xl/sharedStrings.xml is larger than 100 bytes"):
        drained(opened(with_strings(f"<si><t>{'x' * 200}</t></si>", 1), "excel", wanted("a")))


def test_shared_strings() -> None:
    items = "<si><t>x</t></si><si><r><t>y</t></r><r><t> z</t></r></si><si/><si><t>w_x000A_</t></si>"
    assert read(with_strings(items, 4), "excel", "a") == [(2, ["x"]), (3, ["y z"]), (5, ["w\n"])]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("434.99999999999994", "435"),
        ("0.30000000000000004", "0.3"),
        ("-1.1000000000000001E-3", "-0.0011"),
        ("123456789.12345679", "123456789.123457"),
        ("1.2345678901234567E+15", "1234567890123460"),
        ("4.9999999999999999E-324", "4.94065645841247e-324"),
        ("12345678901234567", "12345678901234567"),
        ("435", "435"),
    ],
)
def test_a_number_has_the_digits_that_excel_shows(stored: str, shown: str) -> None:
    xml = f'<row><c t="str"><v>a</v></c></row><row><c><v>{stored}</v></c></row>'
    assert texts(with_sheet(xml), "excel", "a") == [[shown]]


@settings(max_examples=30, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_one_of_15_digits(number: float) -> None:
    xml = f'<row><c t="str"><v>a</v></c></row><row><c><v>{number!r}</v></c></row>'
    ((found,),) = texts(with_sheet(xml), "excel", "a")
    assert found is not None
    with decimal.localcontext(decimal.Context(prec=15)):
        assert float(found) == float(+decimal.Decimal(number))


@pytest.mark.parametrize(
    ("format", "number", "text"),
    [
        ("00000", 1234, "01234"),
        ("00000", 123456, "123456"),
        ("00000", -7, "-00007"),
        ("00000", 1234.5, "1234.5"),
        ("00000", 0, "00000"),
        ("00", 7.0, "07"),
        ("[$-409]00000;[Red]-00000", 42, "00042"),
        ("000-00-0000", 12345678, "012345678"),
        ("\\(000\\)\\ 000\\-0000", 123456789, "0123456789"),
        ('"DE-"00000', 1067, "01067"),
        ("0", 7, "7"),
        ("0.00", 7, "7"),
        ("#,##0", 7, "7"),
        ("#,##000", 7, "7"),
        ("00/00", 7, "7"),
        ("00%", 0.5, "50%"),
        ("00E+00", 7, "7"),
        ("General", 7, "7"),
    ],
)
def test_leading_zeros_of_a_format(format: str, number: float, text: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append([number])
    book.active["A2"].number_format = format
    assert texts(saved(book), "excel", "a") == [[text]]


@pytest.mark.parametrize("count", [2_000, 2_001])
def test_the_most_columns(count: int) -> None:
    data = workbook([[f"c{n}" for n in range(count)]])
    if count == 2_000:
        assert list(opened(data, "excel", wanted("c1999")).names) == ["c1999"]
    else:
        with pytest.raises(TooLarge, match="more than 2,000 columns"):
            opened(data, "excel", wanted("c1"))


def test_a_part_that_is_larger_than_it_says() -> None:
    data = bytearray(with_sheet('<row><c t="str"><v>a</v></c></row>' + "<row/>" * 100_000))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file:
        size = file.getinfo(SHEET).file_size.to_bytes(4, "little")
    place = data.rfind(size)
    data[place : place + 4] = (1_000).to_bytes(4, "little")
    with pytest.raises(UnreadableInput, match="damaged"):
        drained(opened(bytes(data), "excel", wanted("a")))


def test_a_formula_without_a_value_is_not_taken_for_nothing() -> None:
    book = openpyxl.Workbook()
    for row in (["a", "b"], ["x", "=1+1"], ["y", None]):
        book.active.append(row)
    rows, rejected = drained(opened(saved(book), "excel", wanted("a", "b")))
    assert rows == [(3, ["y", None])]
    assert [(row.line, row.column, row.value) for row in rejected] == [(2, "b", "=1+1")]
