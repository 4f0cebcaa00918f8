"""What the texts of a file become, and that the quick ways have the same results as the slow one."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.sqlfile import cell_readers, column_converter
from aggregator.sqlfile.column_converter import ColumnConverter
from aggregator.sqlfile.input_columns import InputColumn

Refusal = tuple[int, str]


def column(type: str, **keys: object) -> InputColumn:
    return InputColumn.model_validate({"type": type, **keys})


def money(**keys: object) -> InputColumn:
    return column("money", **{"currency": "USD", **keys})


def value(wanted: InputColumn, text: str | None) -> object:
    values, refused = ColumnConverter(wanted).values([text])
    assert refused == []
    return values[0]


def refusal(wanted: InputColumn, text: str | None) -> str:
    values, refused = ColumnConverter(wanted).values([text])
    assert values == [None]
    ((index, reason),) = refused
    assert index == 0
    return reason


# --- what is empty, and where the refused stand --------------------------------------------------

EMPTY = [None, "", " ", "\t\n\u00a0"]
TYPES = [
    column("text"),
    column("integer"),
    column("number"),
    column("boolean"),
    column("date"),
    column("datetime"),
    column("month"),
    column("choice", choices=["a"]),
    money(),
]


@pytest.mark.parametrize("wanted", TYPES, ids=lambda wanted: wanted.type)
def test_an_empty_cell_is_null(wanted: InputColumn) -> None:
    assert ColumnConverter(wanted).values(EMPTY) == ([None] * 4, [])
    required = wanted.model_copy(update={"required": True})
    assert ColumnConverter(required).values(EMPTY) == ([None] * 4, [(at, "is required") for at in range(4)])


@pytest.mark.parametrize(
    ("wanted", "default"),
    [
        (column("text", default=""), ""),
        (column("integer", default="007"), 7),
        (column("boolean", default=False), 0),
        (column("date", default="2024-02-29"), "2024-02-29"),
        (column("choice", choices=[1, "b"], default=1), 1),
        (money(default="20.5"), 2050),
        (money(default=0), 0),
    ],
)
def test_an_empty_cell_is_the_default(wanted: InputColumn, default: object) -> None:
    found, refused = ColumnConverter(wanted).values(EMPTY)
    assert (found, refused) == ([default] * 4, [])
    assert {type(each) for each in found} == {type(default)}


def test_today_is_that_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = column("date", default="today", max="today")
    for day in (28, 29):
        moment = datetime(2024, 2, day, 12, tzinfo=UTC)
        monkeypatch.setattr("aggregator.sqlfile.parameter_types._now", lambda _, moment=moment: moment)
        assert ColumnConverter(wanted).values(["", "2024-02-28", "2024-02-29"]) == (
            [f"2024-02-{day}", "2024-02-28", None if day == 28 else "2024-02-29"],
            [(2, "must be at most 2024-02-28")] if day == 28 else [],
        )


@pytest.mark.parametrize("word", ["today", "now"])
@pytest.mark.parametrize("type", ["date", "datetime", "month"])
def test_a_cell_cannot_say_today(type: str, word: str) -> None:
    assert refusal(column(type), word).startswith("must be a ")


def test_the_refused_are_told_by_their_place() -> None:
    wanted = column("integer", min=1, required=True)
    found = ColumnConverter(wanted).values(["1", "x", None, "2", "0", "x"])
    whole = "must be a whole number, such as 42"
    refused = [(1, whole), (2, "is required"), (4, "must be at least 1"), (5, whole)]
    assert found == ([1, None, None, 2, None, None], refused)


# --- text, choice, boolean, number ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        (column("text"), "  Lens & Light \u00a0", "Lens & Light"),
        (column("text"), "a\nb", "a\nb"),
        (column("text", max=3), " 日本語 ", "日本語"),
        (column("choice", choices=["Open", 2, True]), " Open", "Open"),
        (column("choice", choices=["Open", 2, True]), "2", 2),
        (column("boolean"), " Yes ", 1),
        (column("integer"), " 007 ", 7),
        (column("number"), "0.3", 0.3),
        (column("number"), " 1E-3\n", 0.001),
        (column("month"), "2024-02", "2024-02"),
    ],
)
def test_values(wanted: InputColumn, text: str, expected: object) -> None:
    found = value(wanted, text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("wanted", "text", "reason"),
    [
        (column("text"), "a\0b", "must not hold the character NUL"),
        (column("text"), "a\udcff", "must be valid Unicode"),
        (column("text", min=2), " a ", "must be at least 2 characters long"),
        (column("text", max=2), "abc", "must be at most 2 characters long"),
        (column("text", pattern="[a-z]+"), "aB", "must match the pattern [a-z]+"),
        (column("text", pattern="[a-z]+", message="must be a code"), "aB", "must be a code"),
        (column("choice", choices=["Open", "Closed"]), "open", "must be one of Open, Closed"),
        (column("boolean"), "maybe", "must be true or false"),
        (column("integer"), "1.0", "must be a whole number, such as 42"),
        (column("integer"), "1,000", "must be a whole number, such as 42"),
        (column("integer", format="1,000"), "10,00", "must be a whole number, such as 1,000"),
        (
            column("number", format=["1.234,5", "1 234,5"]),
            "1,2.3",
            "must be a number, such as 1.234,5 or 1 234,5",
        ),
        (column("number"), "nan", "must be a number, such as 12.5"),
        (column("number"), "1e999", "is too large"),
    ],
)
def test_reasons(wanted: InputColumn, text: str, reason: str) -> None:
    assert refusal(wanted, text) == reason


@pytest.mark.parametrize(
    ("wanted", "text", "cause"),
    [
        (column("integer"), "4\u200b2", "; it holds the invisible character U+200B (ZERO WIDTH SPACE)"),
        (
            column("number"),
            "\ufeff4.2",
            "; it holds the invisible character U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
        ),
        (money(), "\u202d5\u202c", "; it holds the invisible character U+202D (LEFT-TO-RIGHT OVERRIDE)"),
        (column("integer"), "4\u00a02", "; it holds the invisible character U+00A0 (NO-BREAK SPACE)"),
        (column("choice", choices=["a"]), "a\u200d", "; it holds the invisible character U+200D"),
        (column("date"), "2024-01\x1f-01", "; it holds the invisible character U+001F (a control character)"),
        (column("integer"), "4 2", None),
        (column("date"), "45292", "; 45292 may be Excel's number for 2024-01-01: format the cells as dates"),
        (column("datetime"), "45351.5", "; 45351.5 may be Excel's number for 2024-02-29"),
        (column("month"), "10000", "; 10000 may be Excel's number for 1927-05-18"),
        (column("date"), "4529", None),
        (column("date"), "045292", None),
        (column("boolean"), "45292", None),
    ],
)
def test_causes_that_cannot_be_seen(wanted: InputColumn, text: str, cause: str | None) -> None:
    reason = refusal(wanted, text)
    assert (cause in reason) if cause is not None else (";" not in reason)


# --- how numbers are written ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        (
            "1,234.50",
            {"1,234.50": 1234.5, "1234.5": 1234.5, "-1,234,567": -1234567, "(12.5)": -12.5, "5-": -5},
            "1.234,50 12,34 1,2345 0,123 ,123 1,,234 1_234 $5 -5- 5CR - –",
        ),
        ("1.234,50", {"1.234,50": 1234.5, "1234,5": 1234.5, "1.234": 1234}, "1,234.50 1234.5 1.23"),
        ("1 234,50", {"1 234,5": 1234.5, "1\u00a0234,5": 1234.5, "1\u202f234": 1234}, "1.234,5 12_34 1'234"),
        ("1'234.50", {"1'234.5": 1234.5, "1’234": 1234}, "1,234"),
        ("1234.50", {"1234.5": 1234.5, ".5": 0.5, "5.": 5}, "1,234.50 . - 1e5"),
        ("1,50", {"1234,5": 1234.5, "−1,5": -1.5, "+1": 1}, "1.5 --1 (-1) -(1) (1"),
        ("0,123", {"1,5": 1.5, "0,123": 0.123}, "1.5 0.123"),
        (
            "$20",
            {"$20": 20, "20": 20, "-$20.5": -20.5, "$-20": -20, "($20)": -20, "20 $": 20},
            "€20 $20$ 2$0 -$-2 $ 1,234",
        ),
        ("20 kr", {"20 kr": 20, "20kr": 20, "kr 20": 20}, "$20 20k"),
        ("12.5%", {"12.5%": 0.125, "12.5 %": 0.125, "-3%": -0.03, "250%": 2.5}, "12.5 12.5%% % 1,2% 5‰"),
        ("5 ‰", {"5‰": 0.005, "2.5 ‰": 0.0025}, "5 5%"),
        ("1.234,50", {"12,5%": 0.125, "1.234%": 12.34, "5‰": 0.005}, "12.5% 12,5%%"),
    ],
)
def test_an_example_tells_how_numbers_are_written(format: str, good: dict[str, float], bad: str) -> None:
    wanted = column("number", format=format)
    found, refused = ColumnConverter(wanted).values(list(good))
    assert (found, refused) == (list(good.values()), [])
    texts = bad.split()
    assert [at for at, _ in ColumnConverter(wanted).values(texts)[1]] == list(range(len(texts)))


@given(st.decimals(-(10**6), 10**6, places=4), st.sampled_from(["", " "]))
def test_a_share_is_the_same_in_a_csv_a_format_and_a_cell(percent: Decimal, space: str) -> None:
    share = float(percent / 100)
    for wanted in (column("number"), column("number", format="12.5%")):
        assert value(wanted, f"{percent}{space}%") == share
        # A workbook holds the share itself, as a number.
        assert ColumnConverter(wanted, has_numbers=True).values([f"{percent / 100:f}"]) == ([share], [])
    assert ColumnConverter(column("number", max=0.5)).values(["50%", "51%"])[0] == [0.5, None]


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(",. '"))
def test_whole_numbers_with_thousands(number: int, sign: str) -> None:
    text = f"{number:,}".replace(",", sign)
    assert value(column("integer", format=f"1{sign}234"), text) == number


# --- money ---------------------------------------------------------------------------------------

NO_AMOUNT = "must be an amount, such as 1,234.50"
TWO_DECIMALS = "must have at most 2 decimals, as USD has"


@given(st.decimals(-(10**16), 10**16, places=2), st.sampled_from(["{}", "{:,}", "${:,}", "USD {}", "{} US$"]))
@example(Decimal("0.29"), "{}")
@example(Decimal("-9007199254740993.01"), "{}")
def test_an_amount_is_exact(amount: Decimal, written: str) -> None:
    text = written.format(abs(amount))
    assert value(money(), text) == abs(amount) * 100
    for negative in (f"-{text}", f"({text})"):
        assert value(money(), negative) == -abs(amount) * 100


@pytest.mark.parametrize(
    ("code", "text", "units"),
    [
        ("USD", "3150", 315000),
        ("USD", "20.1", 2010),
        ("USD", "-0", 0),
        ("USD", "(0.05)", -5),
        ("EUR", "1,234.50 €", 123450),
        ("EUR", "€1", 100),
        ("CAD", "$1", 100),
        ("JPY", "¥1,234", 1234),
        ("KWD", "0.001", 1),
        # As accountants write them.
        ("USD", "$(1,234.00)", -123400),
        ("USD", "(1,234.00)", -123400),
        ("USD", "$ ( 1,234.00 )", -123400),
        ("USD", "(5.00) USD", -500),
        ("USD", "- $5", -500),
        ("USD", "$ - 5", -500),
        ("GBP", "+ £1,100.00", 110000),
        ("USD", "–5.00", -500),
        ("USD", "5.00-", -500),
        ("USD", "$1,234.50 -", -123450),
        ("USD", "5.00 CR", -500),
        ("USD", "5.00cr.", -500),
        ("USD", "5.00 DR", 500),
        ("USD", "-", 0),
        ("USD", "–", 0),
        ("USD", "$ -", 0),
        ("USD", "--", 0),
        ("RSD", "1.5", 150),
    ],
)
def test_amounts(code: str, text: str, units: int) -> None:
    found = value(money(currency=code), text)
    assert (found, type(found)) == (units, int)


@pytest.mark.parametrize(
    ("keys", "text", "reason"),
    [
        ({}, "12,34.5", NO_AMOUNT),
        ({}, "€5", NO_AMOUNT),
        ({}, "5 EUR", NO_AMOUNT),
        ({}, "1e3", NO_AMOUNT),
        ({}, "٣", NO_AMOUNT),
        ({}, "1_000", NO_AMOUNT),
        ({}, "5 5", NO_AMOUNT),
        *(
            ({}, text, NO_AMOUNT)
            for text in ("-5-", "(-5)", "-(5)", "(5-)", "(5) CR", "-5 CR", "CR", "$", "()")
        ),
        *(({}, text, NO_AMOUNT) for text in ("$(5", "5)", "($5 CR", "- -5", "---", "€ -", "CR 5")),
        ({}, "0.001", TWO_DECIMALS),
        ({}, "1.000", TWO_DECIMALS),
        ({}, "92233720368547758.08", "is too large an amount"),
        ({"currency": "JPY"}, "1.5", "must be an amount, such as 1,234"),
        ({"format": "1.234,50"}, "1,234.50", "must be an amount, such as 1.234,50"),
        ({"format": "$20"}, "$1,000", "must be an amount, such as $20"),
        ({"min": 0}, "-0.01", "must be at least 0.00"),
        ({"max": "10.5"}, "10.51", "must be at most 10.50"),
    ],
)
def test_what_is_no_amount(keys: dict[str, object], text: str, reason: str) -> None:
    assert refusal(money(**keys), text) == reason


def test_credit_may_be_what_comes_in() -> None:
    assert [value(money(credit="plus"), text) for text in ("5 CR", "5 DR", "5", "-5")] == [
        500,
        -500,
        500,
        -500,
    ]
    assert refusal(column("number", format="1,234.50"), "5 CR") == "must be a number, such as 1,234.50"


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["-{}", "({})", "{}-", "{} CR", "- {}", "{} -"]),
    st.sampled_from(["{}", "${}", "$ {}", "{} USD"]),
)
def test_every_way_to_be_negative(amount: Decimal, negative: str, sign: str) -> None:
    for text in (negative.format(sign.format(f"{amount:,}")), sign.format(negative.format(f"{amount:,}"))):
        is_cr_first = text.endswith("USD") and "CR" in text
        assert is_cr_first or value(money(), text) == -amount * 100


@pytest.mark.parametrize(
    "wanted", [money(empty=["-", "N/A", "null"]), column("text", empty=["-", "n/a", "NULL"])]
)
def test_what_means_nothing_is_an_empty_cell(wanted: InputColumn) -> None:
    texts = ["-", " N/A ", "null", "NULL", "n/a", "", None]
    assert ColumnConverter(wanted).values(texts) == ([None] * 7, [])
    required = wanted.model_copy(update={"required": True})
    assert [reason for _, reason in ColumnConverter(required).values(texts)[1]] == ["is required"] * 7
    assert value(wanted.model_copy(update={"default": "7"}), "N/A") in (700, "7")
    # The quick way has the same results.
    many = [f"{number}" for number in range(20_000)] + texts
    converted = ColumnConverter(wanted)
    assert [converted.values(many[at : at + 1000])[0][-1] for at in range(0, len(many), 1000)][-1] is None
    assert ColumnConverter(wanted).values(["–"]) != ([None], [])


# --- days ----------------------------------------------------------------------------------------

DAYS = st.dates(date(1969, 1, 1), date(2068, 12, 31))


@given(DAYS, st.sampled_from(["", " 00:00", " 0:00", " 00:00:00", " 12:00:00 AM"]))
def test_american_days(day: date, time: str) -> None:
    wanted = column("date", format=["%m/%d/%y", "%m/%d/%Y"])
    for text in (f"{day:%m/%d/%y}", f"{day.month}/{day.day}/{day:%y}", f"{day.month}/{day.day}/{day.year}"):
        assert value(wanted, text + time) == day.isoformat()


@given(
    DAYS, st.sampled_from(["", " 00:00", "T00:00", "T00:00:00", "T00:00:00.000", "t00:00z", "T00:00:00+0530"])
)
def test_iso_days(day: date, time: str) -> None:
    for wanted in (column("date"), column("date", format="%d.%m.%Y")):
        assert value(wanted, f"{day.isoformat()}{time}") == day.isoformat()


def test_years_with_two_digits() -> None:
    wanted = column("date", format="%d.%m.%y")
    assert [value(wanted, f"01.02.{year}") for year in ("68", "69", "99", "00")] == [
        "2068-02-01",
        "1969-02-01",
        "1999-02-01",
        "2000-02-01",
    ]


@pytest.mark.parametrize(
    ("format", "text", "day"),
    [
        ("%d.%m.%Y", "1.12.2024", "2024-12-01"),
        ("%b %d, %Y", "Dec 1, 2024", "2024-12-01"),
        ("%A, %d %B %Y", "Sunday, 1 December 2024", "2024-12-01"),
        ("%m/%d/%y %H:%M", "12/1/24 00:00", "2024-12-01"),
        (["%m/%d/%Y", "%d/%m/%Y"], "2/1/2024", "2024-02-01"),
        (["%m/%d/%Y", "%d/%m/%Y"], "13/1/2024", "2024-01-13"),
    ],
)
def test_days_by_patterns(format: object, text: str, day: str) -> None:
    assert value(column("date", format=format), text) == day


@pytest.mark.parametrize(
    ("format", "text", "reason"),
    [
        ([], "2024-02-30", "must be a valid date, as YYYY-MM-DD"),
        ([], "2024-02-29T10:00", "must be a valid date, as YYYY-MM-DD"),
        ([], "2024-02-29T00:00:01Z", "must be a valid date, as YYYY-MM-DD"),
        ([], "2024-02-29T18:30:00Z", "must be a valid date, as YYYY-MM-DD"),
        ("%m/%d/%y", "2/30/24", "must be a valid date, as MM/DD/YY or YYYY-MM-DD"),
        ("%m/%d/%y", "2/3/2024", "must be a valid date, as MM/DD/YY or YYYY-MM-DD"),
        ("%m/%d/%y", "2/3/24 00:01", "must be a valid date, as MM/DD/YY or YYYY-MM-DD"),
        ("%m/%d/%y %H:%M", "2/3/24 00:01", "must be a date without a time other than 00:00"),
    ],
)
def test_what_is_no_day(format: object, text: str, reason: str) -> None:
    assert refusal(column("date", **({"format": format} if format else {})), text) == reason


def test_limits_of_days() -> None:
    wanted = column("date", format="%m/%d/%y", min="2024-01-01", max="2024-12-31")
    found = ColumnConverter(wanted).values(["12/31/23", "1/1/24", "2024-12-31", "2025-01-01"])
    refused = [(0, "must be at least 2024-01-01"), (3, "must be at most 2024-12-31")]
    assert found == ([None, "2024-01-01", "2024-12-31", None], refused)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_moments(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0)
    utc = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    wanted = column("datetime", format="%d.%m.%Y %H:%M:%S", time_zone=zone, min="1980-01-01")
    for text in (f"{moment:%d.%m.%Y %H:%M:%S}", moment.isoformat(), moment.isoformat(" ")):
        assert value(wanted, text) == f"{utc:%Y-%m-%dT%H:%M:%SZ}"


def test_moments_with_offsets_and_without_times() -> None:
    wanted = column("datetime", format=["%m/%d/%Y %I:%M %p %z", "%m/%d/%Y"])
    texts = ["2/29/2024 1:30 PM +0100", "2/29/2024", "2024-02-29T13:30:00.5+01:00"]
    found = ["2024-02-29T12:30:00Z", "2024-02-29T00:00:00Z", "2024-02-29T12:30:00.500Z"]
    assert [value(wanted, text) for text in texts] == found
    assert (
        value(column("datetime", format="%Y-%m-%d %I:%M %p"), "2024-02-29 01:30 PM") == "2024-02-29T13:30:00Z"
    )


def test_a_moment_that_no_clock_has_shown() -> None:
    wanted = column("datetime", format="%d.%m.%Y %H:%M", time_zone="Europe/Berlin")
    expected = "must be a valid date and time, as DD.MM.YYYY HH:MM or YYYY-MM-DDTHH:MM:SS"
    assert refusal(wanted, "31.03.2024 02:30") == f"{expected} with or without Z or an offset"


def test_months() -> None:
    wanted = column("month", format=["%m/%Y", "%b %y"], max="2024-12")
    assert [value(wanted, text) for text in ("2024-02", "2/2024", "Feb 24")] == ["2024-02"] * 3
    assert refusal(wanted, "13/2024") == "must be a month, as MM/YYYY or Mon YY or YYYY-MM"
    assert refusal(wanted, "1/2025") == "must be at most 2024-12"


# --- the quick ways and the slow one -------------------------------------------------------------


def one_by_one(wanted: InputColumn, texts: list[str | None]) -> tuple[list[object], list[Refusal]]:
    """By a new converter for each text, which never saw another."""
    values: list[object] = []
    refused: list[Refusal] = []
    for index, text in enumerate(texts):
        found, reasons = ColumnConverter(wanted).values([text])
        values += found
        refused += [(index, reason) for _, reason in reasons]
    return values, refused


def quick(wanted: InputColumn) -> ColumnConverter:
    made = ColumnConverter(wanted)
    made._mostly_new = True
    return made


def exactly(found: object) -> str:
    """With the types of values and the sign of zero."""
    return repr(found)


CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "a", " a ", "-0", "+5", "0", "1_0", "nan", "inf", "1e400", "٣", "1\x00", "\ud800", "é"]
    ),
    st.sampled_from(
        ["9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 5000, "\x1c7"]
    ),
    st.integers(-(2**70), 2**70).map(str),
    st.integers(-20, 20).map(str),
    st.floats().map(repr),
    st.decimals(-1000, 1000, places=2).map(str),
    st.decimals(-1000, 1000, places=1).map(" {} ".format),
    st.sampled_from(
        ["$5", "-$1,234.5", "1,234", "USD5", "$-5", "5 $", "$US5", "-US$0.05", "1,23", "2024-02-30 00:00:00"]
    ),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds")),
    st.text(max_size=5),
)
PLAIN = st.one_of(
    st.lists(st.integers(-(10**6), 10**6).map(str) | st.sampled_from(["", " 5 ", "+6", "007"]), max_size=20),
    st.lists(
        st.decimals(-1000, 1000, places=2).map(str) | st.sampled_from(["5", "5.5", "-0.5", ""]), max_size=20
    ),
)
QUICK = [
    column("text"),
    column("text", required=True),
    column("text", min=2, max=3),
    column("text", pattern="[0-9]*", default="7"),
    column("integer"),
    column("integer", required=True, min=-5, max=1000),
    column("integer", default=3),
    column("number"),
    column("number", min=-10, max="10.5"),
    money(),
    money(min=0, max="10.5", default=1),
    money(currency="JPY"),
    money(currency="KWD", format="1,234.500"),
    money(format=["1234.50", "1,234.50"]),
    column("datetime"),
    money(format="1.234,50"),
]


@pytest.mark.parametrize("wanted", QUICK, ids=lambda wanted: wanted.type)
@given(texts=st.lists(CELLS, max_size=12) | PLAIN)
@example(texts=[])
@example(texts=["-0.0", "-0"])
@example(texts=[".5", "5.", "-.5"])
@example(texts=["1_0"])
@example(texts=["5", "nan"])
@example(texts=["5", "NaN"])
@example(texts=["-inf"])
@example(texts=["٣"])
@example(texts=["5", "a\x00", " "])
def test_a_batch_has_the_same_results(wanted: InputColumn, texts: list[str | None]) -> None:
    expected = exactly(one_by_one(wanted, texts))
    assert exactly(quick(wanted).values(texts)) == expected
    made = ColumnConverter(wanted)
    assert exactly(made.values(texts)) == expected
    assert exactly(made.values(texts)) == expected


@pytest.mark.parametrize("wanted", QUICK[:-1], ids=lambda wanted: wanted.type)
def test_a_plain_batch_is_not_read_one_by_one(wanted: InputColumn, monkeypatch: pytest.MonkeyPatch) -> None:
    made = quick(wanted)
    monkeypatch.setattr(made, "_memo", None)
    monkeypatch.setattr(made, "_mended", lambda values: (values, []))
    texts = (
        ["2024-02-29 10:00:00", None, "0001-01-01T00:00:00Z"]
        if wanted.type == "datetime"
        else ["10", None, "05"]
    )
    values, refused = made.values(texts)
    assert refused == []
    assert [value is None for value in values] == [False, True, False]


def test_texts_that_repeat_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ColumnConverter(column("date", format="%m/%d/%y"))
    asked: list[str] = []
    monkeypatch.setattr(
        cell_readers, "read_by_pattern", lambda text, pattern: asked.append(text) or datetime(2024, 2, 29)
    )
    for _ in range(3):
        assert made.values(["2/29/24", "2/29/24"]) == (["2024-02-29"] * 2, [])
    assert asked == ["2/29/24"]


def test_the_memory_of_texts_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_converter, "_MOST_KNOWN", 10)
    made = ColumnConverter(column("date", max="2024-01-20"))
    days = [(date(2024, 1, 1) + timedelta(days)).isoformat() for days in range(31)]
    expected = (days[:20] + [None] * 11, [(at, "must be at most 2024-01-20") for at in range(20, 31)])
    for _ in range(3):
        assert made.values(days) == expected
        assert len(made._memo) <= 10
    made.values(["x" * 1000])
    assert all(len(text or "") <= 100 for text in made._memo)


def test_new_texts_are_read_as_batches_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_converter, "_ENOUGH_TO_JUDGE", 100)
    made = ColumnConverter(column("integer"))
    for start in range(0, 1000, 50):
        assert made.values([str(each) for each in range(start, start + 50)])[0] == list(
            range(start, start + 50)
        )
    assert len(made._memo) == 150
    assert made.values(["x", "5"]) == ([None, 5], [(0, "must be a whole number, such as 42")])


def test_columns_of_files_as_people_send_them() -> None:
    days = column("date", required=True, format="%m/%d/%y")
    assert ColumnConverter(days).values(["11/19/24", "1/3/25"])[0] == ["2024-11-19", "2025-01-03"]
    due = column("date", format=["%m/%d/%y", "%m/%d/%y %H:%M"])
    assert ColumnConverter(due).values(["12/19/24 00:00", None, "2/2/25 00:00"]) == (
        ["2024-12-19", None, "2025-02-02"],
        [],
    )
    profit = ColumnConverter(money()).values(["46", "112", "31.2", "4.6"])
    assert profit == ([4600, 11200, 3120, 460], [])
    assert re.fullmatch(r"\[0\.3, 0\.1\]", repr(ColumnConverter(column("number")).values(["0.3", "0.1"])[0]))


@pytest.mark.parametrize(
    ("keys", "text", "in_csv", "in_json"),
    [
        ({"type": "number", "format": "1.234,50"}, "1.234", 1234.0, 1.234),
        ({"type": "number", "format": "1.234,50"}, "1.234,5", 1234.5, 1234.5),
        ({"type": "money", "currency": "KWD", "format": "1.234,500"}, "1.234", 1234000, 1234),
        ({"type": "money", "currency": "USD", "format": "1.234,50"}, "12.5", None, 1250),
    ],
)
def test_a_number_is_a_number_where_there_are_numbers(
    keys: dict[str, str], text: str, in_csv: float | None, in_json: float
) -> None:
    column = InputColumn.model_validate(keys)
    assert ColumnConverter(column).values([text])[0] == [in_csv]
    assert ColumnConverter(column, has_numbers=True).values([text]) == ([in_json], [])
