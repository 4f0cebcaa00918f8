"""Texts in every encoding, with the line where they are in none."""

from __future__ import annotations

import re

import pytest

from aggregator.errors import UnreadableInput
from tests.inputs.tables import csv_file, drained, opened, texts, wanted

ROWS = [["Größe", "b"], ["é€", "1"], ["x", "ü" * 40_000]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    assert texts(csv_file(ROWS, encoding), "csv", "Größe", "b") == ROWS[1:]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_marks_of_both_orders(encoding: str) -> None:
    data = "\ufeff".encode(encoding) + csv_file(ROWS, encoding)
    assert opened(data, "csv", wanted("b")).read_as["encoding"] == encoding
    assert texts(data, "csv", "Größe", "b") == ROWS[1:]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["Größe", "номер"])
def test_utf_16_without_a_mark(encoding: str, name: str) -> None:
    rows = [[name, "b"], ["é€", "1"], ["номер", "2"]]
    table = opened(csv_file(rows, encoding), "csv", wanted(name, "b"))
    assert table.read_as["encoding"] == encoding
    assert drained(table)[0] == [(2, rows[1]), (3, rows[2])]
    assert (
        f"looks like UTF-16 without a byte order mark and was read as {encoding}"
        in table.notes.sentences()[0]
    )


def test_a_guess_is_said() -> None:
    table = opened("a\né\n".encode("cp1252"), "csv", wanted("a"))
    assert re.search("read as windows-1252, which is a guess.*encoding=", table.notes.sentences()[0])
    assert opened("a\né\n".encode(), "csv", wanted("a")).notes.sentences() == []
    said = opened("a\né\n".encode("cp1252"), "csv", wanted("a"), encoding="cp1252")
    assert said.notes.sentences() == []
    with pytest.raises(UnreadableInput, match=r"as windows-1252, a guess because.*encoding=windows-1250"):
        drained(opened(b"a\n\xe9\x81\n", "csv", wanted("a")))


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8-SIG", "utf-16", "latin-1", "cp437", "iso-8859-15"])
def test_the_encoding_that_was_said(encoding: str) -> None:
    rows = [["Größe", "b"], ["é", "1"]]
    assert texts(csv_file(rows, encoding), "csv", "Größe", "b", encoding=encoding) == rows[1:]


@pytest.mark.parametrize("name", ["nonsense", "base64", "idna", "unicode_escape", "undefined", "a\x00b", ""])
def test_no_encodings(name: str) -> None:
    with pytest.raises(UnreadableInput, match="utf-8, utf-16, windows-1252"):
        opened(b"a\n1\n", "csv", wanted("a"), encoding=name)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", [0, 1, 100_000])
def test_the_line_of_a_byte_that_is_no_character(end: str, before: int) -> None:
    data = end.join(["a,b", *["1,2"] * before, "é,3", "x,"]).encode("cp1252") + b"\x81"
    with pytest.raises(UnreadableInput, match=f"Line {before + 3:,} contains the byte 0x81"):
        drained(opened(data, "csv", wanted("a", "b")))


def test_a_wrong_byte_in_what_is_said_to_be_utf8() -> None:
    with pytest.raises(UnreadableInput, match=r"Line 2 contains the byte 0xE9.*utf-8"):
        drained(opened(b"a,b\n\xe9,1\n", "csv", wanted("a", "b"), encoding="utf-8"))


def test_a_character_that_is_cut_off() -> None:
    with pytest.raises(UnreadableInput, match="Line 2 contains the byte 0xE2"):
        drained(opened(b"a,b\n1,\xe2\x82", "csv", wanted("a", "b"), encoding="utf-8"))


def test_one_late_byte_makes_a_file_windows_1252() -> None:
    data = b"a,b\n" + b"1,2\n" * 600_000 + b"\xe9,3\n"
    assert texts(data, "csv", "a", "b")[-1] == ["é", "3"]
