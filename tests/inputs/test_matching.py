"""Which header cell is which column."""

from __future__ import annotations

import pytest

from aggregator.errors import UnreadableInput
from aggregator.inputs.column_matching import Matcher


@pytest.mark.parametrize(
    "cell", ["invoice_number", "Invoice Number", "INVOICENUMBER", " invoice-number ", "Invoice #"]
)
def test_names_that_are_the_same(cell: str) -> None:
    assert Matcher({"other": [], "invoice_number": ["invoice"]}).column(cell) == 1


@pytest.mark.parametrize("cell", ["", " ", "#", "invoice_numbe", "invoice number 2"])
def test_names_that_are_not(cell: str) -> None:
    assert Matcher({"invoice_number": ["%"]}).column(cell) is None


def test_width_case_and_accents() -> None:
    matcher = Matcher({"straße": [], "n1": []})
    assert [matcher.column(cell) for cell in ("STRASSE", "Ｎ１", "strase")] == [0, 1, None]


def test_signs_without_letters_are_compared_as_they_are() -> None:
    matcher = Matcher({"percent": ["%"], "number": ["#"]})
    assert [matcher.column(cell) for cell in "%#&"] == [0, 1, None]


def test_the_very_name_goes_before_other_names() -> None:
    matcher = Matcher({"a": ["b", "Total"], "b": [], "total": []})
    assert [matcher.column(cell) for cell in ("b", "Total", "total", "TOTAL")] == [1, 0, 2, 2]


def test_a_name_that_fits_two_fits_none() -> None:
    matcher = Matcher({"net": ["amount"], "gross": ["amount"]})
    assert matcher.column("amount") is matcher.column("Amount") is None


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["Total", "x", "total_"], 'Both "Total" and "total_" match the column total'),
        (["total", "total"], '"total" appears twice'),
    ],
)
def test_two_cells_for_one_column(header: list[str], message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        Matcher({"total": []}).positions(header)


def test_the_same_name_twice_matters_only_where_it_is_wanted() -> None:
    assert Matcher({"total": []}).positions(["x", "x", "total"]) == [2]


def test_a_missing_header_line_is_recognised() -> None:
    with pytest.raises(UnreadableInput) as error:
        Matcher({"name": [], "total": []}).positions(["Lens & Light", "x" * 500, *["1"] * 50])
    assert error.value.detail.startswith(
        'None of the expected columns was found. Expected: "name", "total"; the first line holds: '
        '"Lens & Light", "xxx'
    )
    assert "42 more" in error.value.detail
    assert len(error.value.detail) < 400
