"""What a text of a request becomes: each type's values, and InvalidValue for everything else."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.sqlfile.parameter_types import PARAMETER_TYPES
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.invalid import InvalidValue

MOST, LEAST = 2**63 - 1, -(2**63)


def parameter(type: str, **keys: object) -> Parameter:
    return Parameter.model_validate({"type": type, **keys})


def refusal(wanted: Parameter, text: str) -> str:
    with pytest.raises(InvalidValue) as raised:
        wanted.parse_one(text)
    return str(raised.value)


# --- integer and number --------------------------------------------------------------------------

WHOLE = "must be a whole number, such as 42"
RANGE = "must be between -9223372036854775808 and 9223372036854775807"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("+1", 1),
        ("007", 7),
        ("9223372036854775807", MOST),
        ("-9223372036854775808", LEAST),
        ("0" * 5000 + "5", 5),
    ],
)
def test_integers(text: str, value: int) -> None:
    found = parameter("integer").parse_one(text)
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9223372036854775808", RANGE),
        ("-9223372036854775809", RANGE),
        ("9" * 5000, RANGE),
        *(
            (text, WHOLE)
            for text in (
                *(
                    " 1",
                    "1 ",
                    "1\n",
                    "\t1",
                    "1_000",
                    "1,000",
                    "0x10",
                    "1.0",
                    "1e3",
                    "--1",
                    "+",
                    "-",
                    "",
                    "one",
                ),
                *("٣", "१", "１", "²", "½", "\ud800", "true"),
            )
            if text != "\ud800"
        ),
        ("\ud800", "must be valid Unicode"),
        ("1\x00", "must not hold the character NUL"),
    ],
)
def test_what_is_no_integer(text: str, message: str) -> None:
    assert refusal(parameter("integer"), text) == message


@given(st.integers(LEAST, MOST))
def test_each_integer_of_sqlite_comes_back(value: int) -> None:
    assert parameter("integer").parse_one(str(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5.0),
        ("-2.5", -2.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1.5e3", 1500.0),
        ("1E-3", 0.001),
        ("1e308", 1e308),
        ("1e-400", 0.0),
        ("0e999999", 0.0),
    ],
)
def test_numbers(text: str, value: float) -> None:
    found = parameter("number").parse_one(text)
    assert (found, type(found)) == (value, float)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "e5", "1e", "1e+", "1.2.3", "1,5", "1_0.5", "0x1p3", " 1", "1 ", "1\n", "-", "+-1"),
        *("nan", "NaN", "inf", "Infinity", "-inf", "٣.٥", "１", "1e٣", "$5", "5%"),
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert refusal(parameter("number"), text) == "must be a number, such as 12.5"


@pytest.mark.parametrize("text", ["1e400", "-1e309", "9" * 400, "1e99999999999999999999"])
def test_numbers_that_are_too_large(text: str) -> None:
    assert refusal(parameter("number"), text) == "is too large"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_each_finite_number_comes_back(value: float) -> None:
    assert parameter("number").parse_one(repr(value)) == value


# --- text and boolean ----------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_a_text_is_not_changed(text: str) -> None:
    assert parameter("text").parse_one(text) == text


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert refusal(parameter("text"), "a\udcff") == "must be valid Unicode"


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[A-Z]{2}", "AB", "ABC"),
        ("a|b", "b", "ab"),
        ("^a$", "a", "a\n"),
        ("a.c", "abc", "a\nc"),
        (r"\d+", "٣", "x"),
        ("", "", "x"),
    ],
)
def test_a_pattern_is_for_the_whole_text(pattern: str, good: str, bad: str) -> None:
    wanted = parameter("text", pattern=pattern)
    assert wanted.parse_one(good) == good
    assert refusal(wanted, bad) == f"must match the pattern {pattern}"


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "1", "yes", "Yes", "on", "ON"])
def test_true(text: str) -> None:
    value = parameter("boolean").parse_one(text)
    assert (value, type(value)) == (1, int)


@pytest.mark.parametrize("text", ["false", "FALSE", "0", "no", "No", "off"])
def test_false(text: str) -> None:
    value = parameter("boolean").parse_one(text)
    assert (value, type(value)) == (0, int)


@pytest.mark.parametrize("text", ["", "2", "t", "y", "truе", " true", "wahr", "01", "\u212a"])
def test_neither(text: str) -> None:
    assert refusal(parameter("boolean"), text) == "must be true or false"


# --- days and months -----------------------------------------------------------------------------

DAY = "must be a valid date (YYYY-MM-DD) or today"
MONTH = "must be a month (YYYY-MM) or today"


@given(st.dates())
def test_each_day_comes_back(day: date) -> None:
    assert parameter("date").parse_one(day.isoformat()) == day.isoformat()
    assert parameter("month").parse_one(day.isoformat()[:7]) == day.isoformat()[:7]


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "1900-02-29", "2024-02-30", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32"),
        *("0000-01-01", "10000-01-01", "-001-01-01", "24-01-01", "2024-1-1", "20240101", "2024-W01-1"),
        *("2024-001", "2024/01/01", "01.02.2024", "2024-01-01T00:00", " 2024-01-01", "2024-01-01 "),
        "2024-01-01\n",
        *("２０２４-01-01", "٢٠٢٤-01-01", "2024‐01‐01", "Today", "now", "tomorrow", "", "0"),
    ],
)
def test_what_is_no_day(text: str) -> None:
    assert refusal(parameter("date"), text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        *("2024-13", "2024-00", "2024-1", "0000-01", "10000-01", "202401", "2024-01-01", "2024", "٢٠٢٤-01"),
        *("2024-01\n", "now", ""),
    ],
)
def test_what_is_no_month(text: str) -> None:
    assert refusal(parameter("month"), text) == MONTH


# --- moments -------------------------------------------------------------------------------------

MOMENT = "must be a valid date and time (YYYY-MM-DDTHH:MM:SS with Z or an offset), a date, today or now"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
        ("2024-02-29t12:00:00z", "2024-02-29T12:00:00Z"),
        ("2024-02-29T12:00", "2024-02-29T12:00:00Z"),
        ("2024-02-29 12:00", "2024-02-29T12:00:00Z"),
        ("2024-02-29 12:00:30", "2024-02-29T12:00:30Z"),
        ("2024-02-29T12:00:00+05:30", "2024-02-29T06:30:00Z"),
        ("2024-02-29T12:00:00+0530", "2024-02-29T06:30:00Z"),
        ("2024-02-29T12:00:00-00:00", "2024-02-29T12:00:00Z"),
        ("2024-02-29T23:30-01:00", "2024-03-01T00:30:00Z"),
        # A plus sign in a query string that nobody encoded.
        ("2024-02-29T12:00:00 05:30", "2024-02-29T06:30:00Z"),
        ("2024-02-29 12:00 05:30", "2024-02-29T06:30:00Z"),
        ("2024-02-29T12:00:00 0530", "2024-02-29T06:30:00Z"),
        # A fraction is kept as it is, and there is none when none was given.
        ("2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.500Z"),
        ("2024-02-29T12:00:00.123Z", "2024-02-29T12:00:00.123Z"),
        ("2024-02-29T12:00:00.123456Z", "2024-02-29T12:00:00.123456Z"),
        ("2024-02-29T12:00:00.000Z", "2024-02-29T12:00:00Z"),
        ("0001-01-01T00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
    ],
)
def test_moments(text: str, value: str) -> None:
    assert parameter("datetime").parse_one(text) == value


def test_a_day_begins_in_its_time_zone() -> None:
    assert parameter("datetime", time_zone="Asia/Kolkata").parse_one("2024-02-29") == "2024-02-28T18:30:00Z"


@pytest.mark.parametrize(
    "text",
    [
        # Days and times that there are not, leap seconds among them.
        *("2023-02-29T12:00Z", "2024-01-01T24:00Z", "2024-01-01T12:60Z", "2024-01-01T12:00:60Z"),
        *("2016-12-31T23:59:60Z", "0000-01-01T00:00Z", "10000-01-01T00:00Z"),
        # Offsets that lead out of the calendar or that no clock has.
        *("0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00", "2024-01-01T12:00+24:00"),
        "2024-01-01T12:00+05:99",
        # Other notations.
        *(
            "2023-02-29",
            "20240101",
            "12:00",
            "2024-01-01T12",
            "2024-01-01T12Z",
            "20240101T120000Z",
            "2024-W01-1T12:00",
        ),
        *("2024-01-01T12:00:00,5Z", "2024-01-01T12:00:00.1234567Z", "2024-01-01T12:00:00.Z"),
        *("2024-01-01T12:00 Z", "2024-01-01T12:00+5", "2024-01-01T12:00UTC", "1704110400", "Now", ""),
        *("2024-01-01T12:00Z\n", " 2024-01-01T12:00Z", "٢٠٢٤-01-01T12:00Z", "2024-01-01T12:00+٠٥:30"),
        "2024-01-01  12:00",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    assert refusal(parameter("datetime"), text) == MOMENT


@pytest.mark.parametrize(
    ("zone", "text", "value"),
    [
        ("Europe/Berlin", "2024-01-01T12:00", "2024-01-01T11:00:00Z"),
        ("Europe/Berlin", "2024-07-01T12:00", "2024-07-01T10:00:00Z"),
        ("Asia/Kolkata", "2024-07-01T12:00", "2024-07-01T06:30:00Z"),
        ("America/New_York", "2024-07-01T22:00", "2024-07-02T02:00:00Z"),
        # Around the hour that appears twice; of the two the earlier.
        ("Europe/Berlin", "2024-10-27T01:59:59", "2024-10-26T23:59:59Z"),
        ("Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30:00Z"),
        ("Europe/Berlin", "2024-10-27T03:00", "2024-10-27T02:00:00Z"),
        # Around the hour that there is not.
        ("Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59Z"),
        ("Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00:00Z"),
        # An offset says more than the zone.
        ("Europe/Berlin", "2024-10-27T02:30+01:00", "2024-10-27T01:30:00Z"),
        ("Europe/Berlin", "2024-03-31T02:30Z", "2024-03-31T02:30:00Z"),
    ],
)
def test_moments_without_an_offset_are_those_of_the_zone(zone: str, text: str, value: str) -> None:
    assert parameter("datetime", time_zone=zone).parse_one(text) == value


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2024-03-31T02:00"),
        ("Europe/Berlin", "2024-03-31T02:59:59.999999"),
        ("America/New_York", "2024-03-10T02:30"),
        ("Pacific/Apia", "2011-12-30T12:00"),
        ("Africa/Cairo", "2024-04-26T00:30"),
    ],
)
def test_moments_over_which_the_clocks_were_put_forward(zone: str, text: str) -> None:
    assert refusal(parameter("datetime", time_zone=zone), text) == MOMENT


@given(
    st.datetimes(
        timezones=st.timezones(),
        allow_imaginary=False,
        min_value=datetime(1, 1, 3),
        max_value=datetime(9999, 12, 29),
    )
)
def test_each_moment_comes_back(moment: datetime) -> None:
    offset = moment.utcoffset()
    assert offset is not None
    if offset % timedelta(minutes=1):
        # Old local mean times have seconds, which no ISO offset has here.
        moment = moment.astimezone(UTC)
    text = parameter("datetime").parse_one(moment.isoformat())
    assert isinstance(text, str)
    # Times of an hour that appears twice are equal to none of another zone.
    assert datetime.fromisoformat(text) == moment.astimezone(UTC)


# --- today and now -------------------------------------------------------------------------------

ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "America/St_Johns"]


@pytest.mark.parametrize("zone", ZONES)
def test_today_and_now_are_those_of_the_zone(zone: str) -> None:
    before = datetime.now(ZoneInfo(zone))
    day = parameter("date", default="today", time_zone=zone).default_value()
    month = parameter("month", default="today", time_zone=zone).default_value()
    midnight = parameter("datetime", default="today", time_zone=zone).default_value()
    now = parameter("datetime", default="now", time_zone=zone).default_value()
    after = datetime.now(ZoneInfo(zone))
    ends = (before, after)
    assert day in {end.date().isoformat() for end in ends}
    assert month in {end.strftime("%Y-%m") for end in ends}
    midnights = (datetime(end.year, end.month, end.day, tzinfo=ZoneInfo(zone)) for end in ends)
    assert midnight in {moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in midnights}
    assert re.fullmatch(r"....-..-..T..:..:..Z", str(now))
    assert before.replace(microsecond=0) <= datetime.fromisoformat(str(now)) <= after


def test_zones_differ() -> None:
    """At any moment Kiritimati (+14) is a day ahead of Pago Pago (-11), so one of the tests above bites."""
    days = {parameter("date", time_zone=zone).parse_one("today") for zone in ZONES}
    assert len(days) >= 2


def test_today_is_taken_at_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = parameter("date", default="today")
    for day in (date(2024, 2, 29), date(2024, 3, 1)):
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        monkeypatch.setattr("aggregator.sqlfile.parameter_types._now", lambda _, moment=moment: moment)
        assert wanted.default_value() == day.isoformat()


# --- any text ------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(),
    st.text(st.sampled_from("0123456789+-.:eEtTzZ _x٣\n\x00\udc80")),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.{0,12})?", fullmatch=True),
)


@pytest.mark.parametrize("type", sorted(PARAMETER_TYPES))
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_any_text_is_a_value_or_invalid(type: str, zone: str) -> None:
    keys: dict[str, object] = {"choices": [1, "a"]} if type == "choice" else {}
    if type in ("date", "datetime", "month"):
        keys["time_zone"] = zone
    wanted = parameter(type, **keys)

    @given(TEXTS)
    @example("0001-01-01T00:00")
    @example("9999-12-31T23:59:59.999999")
    def try_it(text: str) -> None:
        with suppress(InvalidValue):
            assert isinstance(wanted.parse_one(text), int | float | str)

    try_it()
