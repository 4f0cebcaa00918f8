"""What a file is taken for before it is loaded; expected by Python's own csv reader and by openpyxl."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import UnreadableInput
from aggregator.inputs.table import FileType, Options
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.yaml_header import keys_of
from aggregator.write.preview import WantedColumn, preview
from tests.inputs.tables import csv_file
from tests.inputs.workbooks import workbook

COLUMNS = {
    "product_id": InputColumn.model_validate(
        {"type": "integer", "required": True, "from": ["No.", "Article"], "description": "The number"}
    ),
    "price": InputColumn.model_validate({"type": "money", "currency": "USD", "required": True, "min": 0}),
    "day": InputColumn.model_validate({"type": "date", "format": "%m/%d/%y", "default": "2024-01-01"}),
}
HEADER = ["Article", "Price", "Remark", "Day"]
ROWS = [
    ["1", "$1,012.50", "", "01/31/24"],
    ["two", "", 'a "word", \n and another', "2024-02-30"],
    ["3", "-1", "ask Ann", ""],
]
WRONG = {1: ["Article", "Price", "Day"], 2: ["Price"]}


def shown(
    data: bytes,
    kind: FileType = "csv",
    most: int = 20,
    columns: Mapping[str, InputColumn] = COLUMNS,
    **said: Any,
) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(
        preview(io.BytesIO(data), kind, columns, Options(**said), most).to_json()
    )
    return shown


def cells(document: dict[str, Any]) -> list[list[str]]:
    return [[cell or "" for cell in row["cells"]] for row in document["rows"]]


def wrong(document: dict[str, Any]) -> dict[int, list[str]]:
    """The columns of the cells that cannot be taken, by the place of their row."""
    told = {place: [each["column"] for each in row["problems"]] for place, row in enumerate(document["rows"])}
    return {place: columns for place, columns in told.items() if columns}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
def test_a_csv_file(delimiter: str, encoding: str) -> None:
    rows = [*ROWS, ["4", "5", "café", ""]]
    document = shown(csv_file([HEADER, *rows], encoding, delimiter=delimiter))
    assert cells(document) == rows
    assert wrong(document) == WRONG
    # The second row goes over two lines.
    assert [row["line"] for row in document["rows"]] == [2, 3, 5, 6]
    assert document["read_as"]["delimiter"] == delimiter
    assert document["read_as"]["encoding"] in (encoding, f"{encoding}-le")
    assert document["columns"] == [
        {"name": "Article", "input": "product_id"},
        {"name": "Price", "input": "price"},
        {"name": "Remark", "input": None},
        {"name": "Day", "input": "day"},
    ]
    assert document["problems"] == []


def test_the_wanted_columns_are_told_as_the_header_has_them() -> None:
    number, price, day = shown(csv_file([HEADER[:2], ["1", "2"]]))["input"]
    assert (number["name"], number["column"], number["from"]) == ("product_id", "Article", ["No.", "Article"])
    assert (number["type"], number["required"], number["description"]) == ("integer", True, "The number")
    assert (price["column"], price["currency"], price["min"]) == ("Price", "USD", 0)
    assert (day["column"], day["required"], day["default"]) == (None, False, "2024-01-01")
    assert day["format"] == ["%m/%d/%y"]


def test_every_key_of_a_column_is_told() -> None:
    assert set(keys_of(InputColumn)) == set(keys_of(WantedColumn)) - {"name", "column"}


def test_a_problem_says_what_stands_there_and_why() -> None:
    (row,) = shown(csv_file([HEADER, ["1", "twelve", "", ""]]))["rows"]
    (problem,) = row["problems"]
    assert (problem["column"], problem["value"]) == ("Price", "twelve")
    assert "must be an amount" in problem["reason"]


def test_a_row_of_another_width_is_shown_as_none() -> None:
    document = shown(b"Article,Price\n1,2\n3,4,5\n6,7\n")
    assert [row["line"] for row in document["rows"]] == [2, 3, 4]
    assert [row["cells"] for row in document["rows"]] == [["1", "2"], None, ["6", "7"]]
    assert document["rows"][1]["problems"][0]["reason"] == "has 3 cells, the header has 2"


def test_only_so_many_rows() -> None:
    data = csv_file([["Article", "Price"], *([str(n), "1"] for n in range(1_000))])
    for most in (1, 7, 600):
        rows = shown(data, most=most)["rows"]
        assert [row["cells"][0] for row in rows] == [str(n) for n in range(most)]


@pytest.mark.parametrize(
    ("header", "says", "matched"),
    [
        (["Article", "Remark"], 'The column "price" is missing', ["product_id", None]),
        (["Article", "No.", "price"], 'Both "Article" and "No."', ["product_id", "product_id", "price"]),
        (["a", "b"], "None of the expected columns was found", [None, None]),
        (
            ["No.", "Price (€)"],
            'The column "Price (€)" is in €, and price is in USD.',
            ["product_id", "price"],
        ),
    ],
)
def test_columns_that_do_not_fit_are_shown_with_the_reason(
    header: list[str], says: str, matched: list[str | None]
) -> None:
    document = shown(csv_file([header, ["1"] * len(header)]))
    assert [column["input"] for column in document["columns"]] == matched
    (problem,) = document["problems"]
    assert says in problem
    assert cells(document) == [["1"] * len(header)]


def test_what_stands_above_the_header_is_shown() -> None:
    lines = ["Price list", "", "No.;x", "Article;Price;Day", "1;2", "two;3;"]
    document = shown("\n".join(lines).encode())
    assert (document["header_line"], document["read_as"]["delimiter"]) == (4, ";")
    assert document["skipped"] == [{"line": 1, "text": lines[0]}, {"line": 3, "text": lines[2]}]
    assert document["notes"] == [
        "The header is on line 4; 2 lines above it were skipped.",
        "1 row (line 5) has fewer cells than the header. The missing cells are empty.",
    ]
    assert [row["cells"] for row in document["rows"]] == [["1", "2", None], ["two", "3", None]]
    assert shown("\n".join(lines).encode(), header_line=3)["header_line"] == 3
    book = workbook([["Cover"]], Prices=[["Price list"], lines[3].split(";"), [1, 2]])
    document = shown(book, "excel")
    assert (document["header_line"], document["skipped"]) == (2, [{"line": 1, "text": "Price list"}])
    assert document["notes"][0] == 'Sheet "Prices" was read. The workbook also has: "Sheet".'
    assert "header_line" not in shown(b'[{"No.": 1}]', "json")


def test_a_file_that_cannot_be_taken_apart() -> None:
    for data in (b"", b'Article,Price\n1,"2\n'):
        with pytest.raises(UnreadableInput):
            shown(data)


def test_a_workbook() -> None:
    rows = [[1, 1012.5, None, date(2024, 1, 31)], ["two", None, "word", "2024-02-30"], [3, -1, "x", None]]
    document = shown(workbook([HEADER, *rows], Other=[["a"], ["b"]]), "excel")
    assert (document["read_as"]["sheet"], document["sheets"]) == ("Sheet", ["Sheet", "Other"])
    assert [row["line"] for row in document["rows"]] == [2, 3, 4]
    assert cells(document) == [
        ["1", "1012.5", "", "2024-01-31"],
        ["two", "", "word", "2024-02-30"],
        ["3", "-1", "x", ""],
    ]
    assert wrong(document) == WRONG
    other = shown(workbook([HEADER, *rows], Other=[["a"], ["b"]]), "excel", sheet="other")
    assert (other["read_as"]["sheet"], cells(other)) == ("Other", [["b"]])


def test_errors_of_a_workbook_count_in_its_wanted_columns_alone() -> None:
    rows = [["1", "2", "#N/A"], ["#REF!", "abc", "#DIV/0!"]]
    document = shown(workbook([["Article", "Price", "Remark"], *rows]), "excel")
    assert wrong(document) == {1: ["Article", "Price"]}
    assert cells(document) == rows
    assert document["rows"][1]["problems"][0] == {
        "column": "Article",
        "value": "#REF!",
        "reason": "is an error",
    }


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_objects(kind: FileType) -> None:
    objects = [
        {"Remark": "x", "Article": 1, "price": "2.50"},
        {"Article": "two", "later": {"a": [1]}},
        {"Article": 3, "price": 4, "Remark": None},
    ]
    text = "\n".join(map(json.dumps, objects)) if kind == "ndjson" else json.dumps(objects)
    document = shown(text.encode(), kind)
    assert [column["name"] for column in document["columns"]] == ["Remark", "Article", "price", "later"]
    assert cells(document) == [["x", "1", "2.50", ""], ["", "two", "", '{"a":[1]}'], ["", "3", "4", ""]]
    assert wrong(document) == {1: ["Article", "price"]}
    assert document["problems"] == []


def test_no_more_than_the_beginning_is_read() -> None:
    class Counted(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.given += len(data)
            return data

    file = Counted(b"Article,Price\n" + b"1,2\n" * 5_000_000 + b"caf\xe9,3\n")
    found = preview(file, "csv", COLUMNS, Options(), 100)
    assert (len(found.rows), found.read_as["encoding"]) == (100, "utf-8")
    assert file.given < 2_000_000


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20).filter(
    lambda text: not text.strip().startswith(("'", "="))
)
"""Without the marks that keep a spreadsheet program from running a cell: they are taken away."""


@given(
    table=st.integers(1, 6).flatmap(
        lambda width: st.lists(st.lists(_CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_cells_are_those_of_pythons_reader(table: list[list[str]], delimiter: str, quoting: Any) -> None:
    header = [*(f"c{n}" for n in range(len(table[0]) - 1)), "Article"]
    data = csv_file([header, *table], delimiter=delimiter, quoting=quoting)
    document = shown(data, delimiter=delimiter, encoding="utf-8")
    read = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter)
    assert cells(document) == [row for row in read if any(map(str.strip, row))][1:]
