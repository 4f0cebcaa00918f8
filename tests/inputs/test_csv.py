"""CSV files of all kinds; what is expected is what csv.writer was given."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.options import Options
from aggregator.inputs.reading import read_table
from tests.inputs.tables import csv_file, drained, opened, read, texts, wanted

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00'"), max_size=8)
CELLS |= st.text('",;\t|\r\n a', max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=30), st.sampled_from([",", ";", "\t", "|"]))
def test_what_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    file = csv_file([["a", "b"], *rows], delimiter=delimiter)
    assert texts(file, "csv", "a", "b") == [[cell or None for cell in row] for row in rows]


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


def test_white_space_stays() -> None:
    assert texts(b"a,b\n 1 ,\t2\n", "csv", "a", "b") == [[" 1 ", "\t2"]]


def test_rows_of_another_width_are_rejected() -> None:
    rows, rejected = drained(opened(b"a,b\n1,2\n1,2,3\n1\n3,4\n", "csv", wanted("a", "b")))
    assert rows == [(2, ["1", "2"]), (5, ["3", "4"])]
    assert [(row.line, row.column, row.reason) for row in rejected] == [
        (3, None, "has 3 cells, the header has 2"),
        (4, None, "has 1 cell, the header has 2"),
    ]


def test_a_nul_character_is_rejected() -> None:
    rows, rejected = drained(opened(b"a,b\n1,2\n1,\x002\n3,4\n", "csv", wanted("a", "b")))
    assert [row[0] for row in rows] == [2, 4]
    assert [(row.line, row.reason) for row in rejected] == [(3, "holds a NUL character")]


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


def test_the_delimiter_that_was_said() -> None:
    assert texts(b"a:b\n1:2\n", "csv", "a", "b", delimiter=":") == [["1", "2"]]
    with pytest.raises(UnreadableInput, match="one character"):
        opened(b"a,b\n", "csv", wanted("a"), delimiter='"')


def test_a_workbook_that_is_called_csv() -> None:
    with pytest.raises(UnreadableInput, match="not CSV"):
        opened(b"PK\x03\x04....", "csv", wanted("a"))


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
