"""CSV files of all kinds; what is expected is what csv.writer was given."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.filetypes import read_table
from aggregator.inputs.table import Options
from tests.inputs.tables import csv_file, drained, opened, read, texts, wanted

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00'"), max_size=8)
CELLS |= st.text('",;\t|\r\n a', max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=30), st.sampled_from([",", ";", "\t", "|"]))
def test_what_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    file = csv_file([["a", "b"], *rows], delimiter=delimiter)
    expected = [[cell or None for cell in row] for row in rows if any(map(str.strip, row))]
    found = texts(file, "csv", "a", "b", delimiter=delimiter)
    # Some texts look as if spaces stood between delimiter and quote: then those before a cell are left out.
    assert [[(cell or "").lstrip(" ") for cell in row] for row in found] == [
        [(cell or "").lstrip(" ") for cell in row] for row in expected
    ]


@given(st.lists(st.tuples(CELLS, st.integers(0, 2)), max_size=30), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_line_on_which_each_row_begins(rows: list[tuple[str, int]], end: str) -> None:
    text, begins = f"a,b{end}", []
    for cell, blank in rows:
        text += end * blank
        begins.append(len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
        quoted = cell.replace('"', '""')
        text += f'x,"{quoted}"{end}'
    assert [line for line, _ in read(text.encode(), "csv", "a", "b")] == begins


def test_lines_over_many_pieces_and_batches() -> None:
    rows = [[str(n), "x\ny" if n % 700 == 3 else "z" * (n % 90)] for n in range(20_000)]
    file = csv_file([["n", "t"], *rows])
    physical = file.replace(b"\r\n", b"\n").split(b"\n")
    found = read(file, "csv", "n", "t")
    assert [row[0] for _, row in found] == [row[0] for row in rows]
    assert all(physical[line - 1].startswith(f"{row[0]},".encode()) for line, row in found)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(end: str) -> None:
    lines = ["a,b", *(f"{n},{n}" for n in range(50_000)), ""]
    assert read(end.join(lines).encode(), "csv", "a", "b") == [
        (n + 2, [str(n), str(n)]) for n in range(50_000)
    ]


def test_blank_lines_are_skipped_and_empty_cells_are_none() -> None:
    assert read(b'\n\na,b\n\n1,\n\n"",2\n', "csv", "a", "b") == [(5, ["1", None]), (7, [None, "2"])]


@pytest.mark.parametrize("blank", ["", "  ", ",", ",,,", " , ", '""', '"",""', "\t", "\u00a0"])
@pytest.mark.parametrize("other", ["x", ""])
def test_lines_without_a_value_are_skipped(blank: str, other: str) -> None:
    data = f"a,b\n1,{other}\n{blank}\n{blank}\n2,{other}\n{blank}\n"
    assert read(data.encode(), "csv", "a", "b") == [(2, ["1", other or None]), (5, ["2", other or None])]


def test_white_space_stays() -> None:
    assert texts(b"a,b\n 1 ,\t2\n", "csv", "a", "b") == [[" 1 ", "\t2"]]


def test_rows_with_more_values_than_the_header_are_rejected() -> None:
    rows, rejected = drained(opened(b"a,b\n1,2\n1,2,3\n1,2,,x\n3,4\n", "csv", wanted("a", "b")))
    assert rows == [(2, ["1", "2"]), (5, ["3", "4"])]
    assert [(row.line, row.column, row.reason) for row in rejected] == [
        (3, None, "has 3 cells, the header has 2"),
        (4, None, "has 4 cells, the header has 2"),
    ]


@pytest.mark.parametrize("end", ["", ",", ",,,"])
def test_values_beyond_the_last_name_are_rejected(end: str) -> None:
    # 12,50 without quotes is not 12.
    data = f"a,b{end}\nx,12,50\ny,12,,50\nz,12{end}\n"
    rows, rejected = drained(opened(data.encode(), "csv", wanted("a", "b")))
    assert rows == [(4, ["z", "12"])]
    assert [(row.line, row.reason) for row in rejected] == [
        (2, "has 3 cells, the header has 2"),
        (3, "has 4 cells, the header has 2"),
    ]


def test_a_header_that_is_repeated_is_skipped_with_a_note() -> None:
    table = opened(b'"a",b\n1,2\na,b\nb,a\n"a","b"\n3,4\n', "csv", wanted("a", "b"))
    assert drained(table) == ([(2, ["1", "2"]), (4, ["b", "a"]), (6, ["3", "4"])], [])
    assert table.notes.sentences() == [
        "2 rows (the first on line 3) repeat the header. Such rows are skipped."
    ]
    assert read(b"a\nx\na\n", "csv", "a") == [(2, ["x"]), (3, ["a"])]


@pytest.mark.parametrize(
    "text",
    [
        'a, "b", c\n1, "x, y",  "z"\n',
        'a, b, c\r\n1,  "x, y", z\r\n',
        'title, x\n"a", "b", "c"\n"1", "x, y", "z"',
    ],
)
def test_spaces_between_a_delimiter_and_a_quote_are_skipped(text: str) -> None:
    assert texts(text.encode(), "csv", "a", "b", "c")[0][1] == "x, y"


@pytest.mark.parametrize("cell", [' "x" y', ' "x', '"a, ""b"" and c"', '"a, ""b"""'])
def test_a_quote_after_a_space_may_belong_to_the_text(cell: str) -> None:
    (expected,) = csv.reader([f"1,{cell}"])
    assert texts(f"a,b\n1,{cell}\n".encode(), "csv", "a", "b") == [expected]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("a,b,\n1,2,\n3,4,\n", []),
        ("a,b\n1,2,\n3,4\n", ["1 row (line 2) ends with more or fewer delimiters than the header."]),
        ("a,b,,\n1,2\n3,4,\n", ["2 rows (the first on line 2) end with more or fewer delimiters"]),
        ("a,b,c\n1,2,\n3,4\n", ["1 row (line 3) has fewer cells than the header."]),
        (
            "a,b,c\n1,2\n3,4, , \n",
            ["1 row (line 2) has fewer", "1 row (line 3) ends with more or fewer delimiters"],
        ),
    ],
)
def test_delimiters_at_the_end_and_short_rows_are_read_with_a_note(text: str, notes: list[str]) -> None:
    table = opened(text.encode(), "csv", wanted("a", "b", "c"))
    assert [row[:2] for _, row in drained(table)[0]] == [["1", "2"], ["3", "4"]]
    said = table.notes.sentences()
    assert len(said) == len(notes)
    assert all(sentence.startswith(note) for sentence, note in zip(said, notes, strict=True)), said


def test_notes_count_the_rows_of_all_batches() -> None:
    table = opened(b"a,b\n" + b"1,2\n" * 600 + b"1\n" * 1_700, "csv", wanted("a", "b"))
    assert drained(table)[0][-1] == (2301, ["1", None])
    (said,) = table.notes.sentences()
    assert said.startswith("1,700 rows (the first on line 602) have fewer cells")


def test_a_nul_character_is_rejected_where_it_is_wanted() -> None:
    data = b"a,b,c\n1,2,3\n1,\x002,3\n3,4,\x00\n\x00\n"
    rows, rejected = drained(opened(data, "csv", wanted("a", "b")))
    assert [row[0] for row in rows] == [2, 4]
    assert [(row.line, row.reason) for row in rejected] == [(n, "holds a NUL character") for n in (3, 5)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="0049"', "0049"),
        ('"=""0049"""', "0049"),
        ('" =""00""""49"" "', '00"49'),
        ("=“0049”", "0049"),
        ('=""', None),
        ("=0049", "=0049"),
        ('=A1&"x"', '=A1&"x"'),
        ('="a"&"x"', '="a"&"x"'),
        ('"=""a""&""x"""', '="a"&"x"'),
        ('a="x"', 'a="x"'),
    ],
)
def test_text_that_is_wrapped_for_excel(cell: str, text: str | None) -> None:
    data = f'="a";b\n1;x\n{cell};x\n'
    assert texts(data.encode(), "csv", "a", "b") == [["1", "x"], [text, "x"]]


def test_the_columns_are_given_as_they_are_wanted() -> None:
    table = opened(b"x,B b,,A\n1,2,3,4\n", "csv", {"a": [], "missing": [], "b": ["bb"]})
    assert (list(table.names), list(table.ignored)) == (["A", None, "B b"], ["x"])
    assert drained(table)[0] == [(2, ["4", None, "2"])]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_an_empty_file(data: bytes) -> None:
    with pytest.raises(UnreadableInput, match="is empty"):
        opened(data, "csv", wanted("a"))


def test_a_header_without_rows() -> None:
    assert read(b"a,b", "csv", "a", "b") == []


@pytest.mark.parametrize("before", [0, 3, 40_000])
def test_the_line_on_which_an_open_quote_begins(before: int) -> None:
    data = b"a,b\n" + b"1,2\n" * before + b'"x\ny","begins here\n' + b"1,2\n" * 10
    with pytest.raises(UnreadableInput, match=f"quote that begins on line {before + 3:,} is never closed"):
        drained(opened(data, "csv", wanted("a", "b")))


def test_text_after_a_closing_quote() -> None:
    with pytest.raises(UnreadableInput, match=r"^Line 3: after a closing quote"):
        drained(opened(b'a,b\n1,2\n"1"x,2\n', "csv", wanted("a", "b")))


@pytest.mark.parametrize(
    ("header", "delimiter"), [("a;b,c;d", ";"), ("a|b", "|"), ("a\tb", "\t"), ("a", ",")]
)
def test_the_delimiter_is_found(header: str, delimiter: str) -> None:
    table = opened(header.encode(), "csv", wanted("a", "b", "d"))
    assert table.read_as["delimiter"] == delimiter


def test_the_wanted_names_count_more_than_the_cells() -> None:
    table = opened(b"a;Last, first, middle, title;b\n1;2;3\n", "csv", wanted("a", "b"))
    assert drained(table)[0] == [(2, ["1", "3"])]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", "sep=; "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_first_line_that_says_the_delimiter(line: str, encoding: str) -> None:
    data = f"{line}\r\na;b,c\r\n1;2,3\r\n".encode(encoding)
    table = opened(data, "csv", wanted("a", "b,c"))
    assert (table.read_as["delimiter"], table.header_line) == (";", 2)
    assert drained(table)[0] == [(3, ["1", "2,3"])]
    assert (table.notes.sentences(), list(table.notes.skipped)) == ([], [])
    assert texts(f"{line}\na|b\n1|2\n".encode(), "csv", "a", "b", delimiter="|") == [["1", "2"]]


STATEMENT = [
    *("Bank of Somewhere", '"Account ""holder"""', "Street 1, Town", "", "Account;12345", "Balance;1.000,00"),
    *(";;;", 'Day;"Amount', 'in EUR";Account', "1;2;3"),
]


def test_a_header_below_a_title() -> None:
    columns = {"day": [], "amount": ["Amount in EUR"], "account": []}
    table = opened("\r\n".join(STATEMENT).encode(), "csv", columns)
    assert (table.read_as["delimiter"], table.header_line) == (";", 8)
    assert table.notes.skipped == [(n, STATEMENT[n - 1]) for n in (1, 2, 3, 5, 6)]
    assert table.notes.sentences() == ["The header is on line 8; 5 lines above it were skipped."]
    assert drained(table)[0] == [(10, ["1", "2", "3"])]


@pytest.mark.parametrize("line", [1, 2, 30, 31, 500])
def test_the_header_is_looked_for_in_thirty_lines(line: int) -> None:
    data = b"Title\n" * (line - 1) + b"a,b\n1,2\n"
    found = [(line + 1, ["1", "2", None])]
    table = opened(data, "csv", wanted("a", "b", "c"), header_line=line)
    assert (table.header_line, drained(table)[0]) == (line, found)
    if line <= 30:
        assert read(data, "csv", "a", "b", "c") == found
    else:
        with pytest.raises(UnreadableInput, match=r"None of the expected columns was found.*header_line"):
            opened(data, "csv", wanted("a", "b", "c"))


@pytest.mark.parametrize("line", [1, 4, 5, 9_999])
def test_a_line_that_cannot_be_the_header(line: int) -> None:
    with pytest.raises(UnreadableInput, match=f"Line {line:,} cannot be the header: it is blank, or not in"):
        opened(b",,\nx\na,b\n \n", "csv", wanted("a", "b"), header_line=line)


def test_a_row_that_holds_one_name_by_chance_is_no_header() -> None:
    with pytest.raises(UnreadableInput, match='first line holds: "1", "x"'):
        opened(b"1,x\n2,price\n", "csv", wanted("item", "price"))
    table = opened(b"Price,note\n1,item\n2,price\n", "csv", wanted("item", "price"))
    assert (table.header_line, table.names) == (1, [None, "Price"])
    table = opened(b"Prices\nPrice,note\n1,x\n", "csv", wanted("item", "price"), ["price"])
    assert (table.header_line, table.names) == (2, [None, "Price"])


def test_the_delimiter_that_was_said() -> None:
    assert texts(b"a:b\n1:2\n", "csv", "a", "b", delimiter=":") == [["1", "2"]]
    with pytest.raises(UnreadableInput, match="one character"):
        opened(b"a,b\n", "csv", wanted("a"), delimiter='"')


def test_a_long_line_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        file.truncate(1_000_000_000)
    with path.open("rb") as file:
        table = read_table(file, "csv", wanted("a", "b"), Options(encoding="utf-8"))
        with pytest.raises(TooLarge, match="Line 3 is longer than 1,000,000"):
            drained(table)
        assert file.tell() < 3_000_000


@pytest.mark.parametrize(("length", "fits"), [(999_998, True), (999_999, False)])
@pytest.mark.parametrize("before", [0, 1_234, 70_000])
def test_the_longest_line(length: int, fits: bool, before: int) -> None:
    data = b"a,b\n" + b"1,2\n" * before + b"1," + b"x" * length + b"\n3,4\n"
    table = opened(data, "csv", wanted("a", "b"))
    if fits:
        rows = drained(table)[0]
        assert [len(row[1] or "") for _, row in rows[-2:]] == [length, 1]
    else:
        with pytest.raises(TooLarge, match=f"Line {before + 2:,} is longer"):
            drained(table)


def test_a_cell_that_swallows_the_file() -> None:
    data = b'a,b\n1,2\n1,"begins\n' + b"1,2\n" * 300_000
    with pytest.raises(TooLarge, match="row on line 3 has a cell of more than 1,000,000"):
        drained(opened(data, "csv", wanted("a", "b")))


def test_a_row_without_end() -> None:
    data = b"a,b\n1,2\n" + b'"x\n",' * 3_000_000
    with pytest.raises(TooLarge, match="row on line 3 is longer than"):
        drained(opened(data, "csv", wanted("a", "b")))


def test_many_long_rows_are_no_long_row() -> None:
    rows = [["1", "2"]] * 2_000 + [["x\n" * 50_000, "y"]] * 150
    assert len(texts(csv_file([["a", "b"], *rows]), "csv", "a", "b")) == 2_150


@pytest.mark.parametrize("count", [2_000, 2_001])
def test_the_most_columns(count: int) -> None:
    data = ",".join(f"c{n}" for n in range(count)).encode()
    if count == 2_000:
        assert opened(data, "csv", wanted("c7")).names == ["c7"]
    else:
        with pytest.raises(TooLarge, match="more than 2,000 columns"):
            opened(data, "csv", wanted("c7"))


def test_at_most_a_hundred_ignored_names_are_kept() -> None:
    data = ",".join(f"c{n}" for n in range(500)).encode()
    assert len(opened(data, "csv", wanted("c7")).ignored) == 100


def test_the_file_may_stand_anywhere() -> None:
    file = io.BytesIO(b"a,b\n1,2\n")
    file.seek(5)
    assert drained(read_table(file, "csv", wanted("a", "b"), Options()))[0] == [(2, ["1", "2"])]


def test_the_apostrophes_of_our_csv_for_excel_are_removed() -> None:
    cells = ["'+91 98765", "'=a;'=b", "'\tc", "''@d", "O'Brien", "'e'", ""]
    file = csv_file([["'=name", "n"], *([cell, "1"] for cell in cells)])
    found = opened(file, "csv", wanted("=name", "n"))
    assert found.names == ["=name", "n"]
    rows, _ = drained(found)
    assert [row[0] for _, row in rows] == ["+91 98765", "=a;=b", "\tc", "'@d", "O'Brien", "'e'", None]
