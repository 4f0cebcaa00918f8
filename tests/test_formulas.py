"""Guarded texts: nothing that a spreadsheet would run, whatever its separator, and the original again."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.values.number_formats import guarded, unguarded

SIGNS = "=+-@＝＋－＠"
TEXTS = st.text(st.sampled_from(SIGNS + "'\";,\t\r\n aé"), max_size=14)


@given(TEXTS)
@example("x;=1+1;y")
@example("x;\"'=1+1;y")
@example("'=1;'=2")
@example("a\n=1")
def test_no_cell_begins_with_a_sign_for_any_separator(text: str) -> None:
    cell = guarded(text).replace('"', '""')
    for separator in ",;\t":
        for before in ("", "1,", "1;", '"a",'):
            read = csv.reader(io.StringIO(f'{before}"{cell}",2', newline=""), delimiter=separator)
            assert not [field for row in read for field in row if field.startswith(tuple(SIGNS))]


@given(TEXTS)
def test_the_original_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "a", "O'Brien", "'quoted'", "'", "''", "a, -1", "x'=1", "a,b;c", "1-2"])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("'+91 98765 43210", "+91 98765 43210"),
        ("'=1+1", "=1+1"),
        ("'-5", "-5"),
        ("'@home", "@home"),
        ("'\tx", "\tx"),
        ("'\rx", "\rx"),
        ("''=1", "'=1"),
        ("'x;'=1+1;y", "x;=1+1;y"),
    ],
)
def test_what_is_removed(cell: str, text: str) -> None:
    assert unguarded(cell) == text
