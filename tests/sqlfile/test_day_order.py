"""Day and month swapped: what is suspected, and what is read in the order that the sender says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.sqlfile.column_converter import ColumnConverter
from aggregator.sqlfile.day_order import day_order, has_day_order, in_order
from aggregator.sqlfile.input_columns import InputColumn

ORDERS = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}


def column(*formats: str, type: str = "date") -> InputColumn:
    return InputColumn.model_validate({"type": type, "format": list(formats)})


def suspicion(wanted: InputColumn, *texts: str) -> str | None:
    made = ColumnConverter(wanted)
    made.values(texts)
    return made.days.suspicion


@pytest.mark.parametrize(
    ("pattern", "order"),
    [
        ("%m/%d/%Y", "mdy"),
        ("%d.%m.%y", "dmy"),
        ("%m/%d/%y %H:%M", "mdy"),
        ("%d%m%Y", "dmy"),
        ("%Y/%m/%d", None),
        ("%d %b %Y", None),
        ("%m/%Y", None),
    ],
)
def test_the_order_of_a_pattern(pattern: str, order: str | None) -> None:
    assert day_order(pattern) == order
    if "d" in pattern:
        assert has_day_order({"a": column(pattern)}) is (order is not None)


@given(
    st.lists(st.dates(date(2000, 1, 1), date(2030, 12, 31)), min_size=1, max_size=20),
    st.sampled_from(["dmy", "mdy"]),
)
def test_a_file_in_the_other_order_is_suspected(days: list[date], declared: str) -> None:
    written = [day.strftime(ORDERS["mdy" if declared == "dmy" else "dmy"]) for day in days]
    found = suspicion(column(ORDERS[declared]), *written)
    # A day after the 12th is no month.
    assert (found is not None) is any(day.day > 12 for day in days)
    # Said to be in the order in which they are, all of them are right.
    other = in_order({"a": column(ORDERS[declared])}, "mdy" if declared == "dmy" else "dmy")["a"]
    assert ColumnConverter(other).values(written) == ([day.isoformat() for day in days], [])
    # In the declared order nothing is suspected.
    assert suspicion(column(ORDERS[declared]), *(day.strftime(ORDERS[declared]) for day in days)) is None


@pytest.mark.parametrize(
    ("wanted", "texts", "is_suspected"),
    [
        (column("%m/%d/%Y"), ["05/12/2024", "13/12/2024"], True),
        (column("%m/%d/%Y"), ["05/12/2024", "13/12/2024", "soon", "", "2024-01-31", "99/99/2024"], True),
        (column("%m/%d/%Y"), ["13/12/2024 00:00"], True),
        (column("%m/%d/%y", "%m/%d/%Y"), ["13/12/24", "1/2/2024"], True),
        (column("%m/%d/%Y %H:%M", type="datetime"), ["13/12/2024 10:00", "05/12/2024 10:00"], True),
        # One that can only be read as declared.
        (column("%m/%d/%Y"), ["13/12/2024", "12/13/2024"], False),
        # Neither order: a slip, not a swap.
        (column("%m/%d/%Y"), ["05/12/2024", "14/13/2024", "02/30/2024"], False),
        (column("%m/%d/%Y", "%d/%m/%Y"), ["13/12/2024", "12/11/2024"], False),
        (column("%Y/%m/%d"), ["2024/13/12"], False),
        (column("%d %b %Y"), ["13 Dec 2024"], False),
        (InputColumn(type="date"), ["13/12/2024"], False),
        (InputColumn(type="text"), ["13/12/2024"], False),
    ],
)
def test_what_is_suspected(wanted: InputColumn, texts: list[str], is_suspected: bool) -> None:
    assert (suspicion(wanted, *texts) is not None) is is_suspected


def test_the_sentence_names_a_date_and_both_orders() -> None:
    assert suspicion(column("%m/%d/%Y"), "05/12/2024", "13/12/2024", "14/12/2024") == (
        "Day and month seem to be swapped. 13/12/2024 cannot be read as MM/DD/YYYY, and every date of the "
        "column can be read as day/month/year (date_order=dmy)."
    )


def test_only_days_that_can_be_mistaken_are_read_in_another_order() -> None:
    columns = {"a": column("%m/%d/%y", "%d %b %Y"), "b": column("%Y/%m/%d"), "c": InputColumn(type="text")}
    ordered = in_order(columns, "dmy")
    assert [each.formats for each in ordered.values()] == [["%d/%m/%y", "%d %b %Y"], ["%Y/%m/%d"], []]
    assert in_order(columns, "mdy") == columns


WORKBOOK = [
    (["2024-12-05", "13/12/2024"], True),
    (["2024-12-05T00:00:00", "25/12/2024"], True),
    (["2024-12-13", "25/12/2024"], False),
    (["2024-12-05", "25/12/2024", "05/12/2024"], False),
    (["2024-12-05", "2024-12-06"], False),
    (["13/12/2024", "25/12/2024"], False),
    (["2024-12-05", "soon"], False),
]


@pytest.mark.parametrize(("texts", "is_suspected"), WORKBOOK)
@pytest.mark.parametrize("declared", ["dmy", "mdy"])
def test_dates_that_a_spreadsheet_program_may_have_swapped(
    texts: list[str], is_suspected: bool, declared: str
) -> None:
    # In a workbook what could be read in the program's order became a date, and the rest stayed text.
    made = ColumnConverter(column(ORDERS[declared]), has_numbers=True, has_dates=True)
    made.values(texts)
    assert (made.days.swapped_dates is not None) is is_suspected
    if is_suspected:
        assert made.days.suspicion is not None
        assert "the file from which the workbook was made" in made.days.suspicion
    elif declared == "dmy":
        assert made.days.suspicion is None
    of_csv = ColumnConverter(column(ORDERS[declared]))
    of_csv.values(texts)
    assert of_csv.days.swapped_dates is None
