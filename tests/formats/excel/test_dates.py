"""Days and moments: real ones in Excel, the same as ISO text elsewhere, and as rows that come in are read."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.sqlfile.column_converter import ColumnConverter
from aggregator.sqlfile.input_columns import InputColumn
from tests.formats.mapping import Raw, Value
from tests.formats.readers import csv_fields, read_excel, read_excel_by_calamine, read_json, sheet
from tests.formats.service import Service

DAYS = [
    *("1900-03-01", "1900-12-31", "1969-12-31", "1970-01-01", "1999-12-31", "2000-02-29", "2024-02-29"),
    *("2024-01-28", "2024-01-29", "2024-01-31", "2024-10-09", "2024-11-30", "2024-12-31", "9999-12-31"),
]
NO_DAYS: list[Value] = [
    *("1900-02-28", "1899-12-31", "0001-01-01", "0000-00-00", "2024-02-30", "2023-02-29", "2024-04-31"),
    *("2024-01-00", "2024-01-32", "2024-00-10", "2024-13-01", "2024-1-1", "24-01-01", "2024-01", "2024"),
    *("", " 2024-01-01", "2024-01-01 ", "2024-01-01\n", "2024-01-01\x00", "2024-01-05\x00x", "2024/01/01"),
    *("20240101", "-2024-01-01", "10000-01-01", "2024-01-0१", "now", "today", "n/a", "2024-01-01Z"),
    *(20240101, 45292, 45292.5, 2**60, b"2024-01-01", Raw(b"2024-01-\xe9"), None),
]
MOMENTS = {
    "2024-02-29T23:59:59": "2024-02-29T23:59:59",
    "2024-02-29 23:59:59": "2024-02-29T23:59:59",
    "2024-02-29 23:59": "2024-02-29T23:59:00",
    "2024-02-29 00:00:00": "2024-02-29T00:00:00",
    "2024-02-29T12:34:56Z": "2024-02-29T12:34:56",
    "2024-02-29T12:34:56.789Z": "2024-02-29T12:34:56.789",
    "2024-02-29 12:34:56.5": "2024-02-29T12:34:56.500",
    "2024-02-29T12:34:56.123456": "2024-02-29T12:34:56.123",
    "2024-02-29T23:30:00+02:00": "2024-02-29T21:30:00",
    "2024-02-29T23:30:00-02:00": "2024-03-01T01:30:00",
    "2024-02-29 23:30+05:45": "2024-02-29T17:45:00",
    "1900-03-01T00:00:00": "1900-03-01T00:00:00",
    "1969-12-31T23:59:59": "1969-12-31T23:59:59",
    "9999-12-31T23:59:59": "9999-12-31T23:59:59",
    "2024-02-29": "2024-02-29T00:00:00",
}
NO_MOMENTS: list[Value] = [
    *("2024-02-30 10:00:00", "2024-02-29 24:00:00", "2024-02-29 25:00:00", "2024-02-29 10:60:00"),
    *("2024-02-29 10:00:60", "2024-02-29 10", "2024-02-29T", "2024-02-29  10:00:00", "10:00:00"),
    *("1900-02-28 23:59:59", "1900-03-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    *(
        "2024-02-29 10:00:00\x00",
        "2024-02-29 10:00:00\x00x",
        "2024-02-29 10:00:00 x",
        "2024-02-29 10:00:00+2",
    ),
    *("0000-00-00 00:00:00", "", "n/a", 1709164800, 0.5, b"2024-02-29 10:00:00", None),
]
TABLES = {"texts of a strict table": ("value TEXT", "STRICT"), "values of any type": ("value", "")}
SQL = "SELECT v.value FROM data_db.v AS v ORDER BY v.rowid"


def fill(service: Service, values: list[Any], table: str = "values of any type") -> None:
    columns, options = TABLES[table]
    if options:
        values = [value for value in values if isinstance(value, str | Raw | None)]
    service.table("v", columns, [(value,) for value in values], options)


def excel(service: Service, type: str) -> list[Any]:
    return [row[0] for row in read_excel(service.read(SQL, "excel", f"value: {{type: {type}}}"))[1:]]


@pytest.mark.parametrize("table", TABLES)
def test_a_day_is_a_real_date(service: Service, table: str) -> None:
    fill(service, DAYS, table)
    expected = [dt.datetime.fromisoformat(day) for day in DAYS]
    assert excel(service, "date") == expected
    file = service.read(SQL, "excel", "value: {type: date}")
    assert [row[0] for row in read_excel_by_calamine(file)[1:]] == [day.date() for day in expected]
    assert {cell.number_format for (cell,) in sheet(file)["A2:A15"]} == {"yyyy-mm-dd"}
    frame = pandas.read_excel(io.BytesIO(file), engine="openpyxl")
    assert frame["value"].dt.strftime("%Y-%m-%d").tolist() == DAYS


@pytest.mark.parametrize("table", TABLES)
def test_a_moment_is_a_real_date_time_in_utc(service: Service, table: str) -> None:
    fill(service, list(MOMENTS), table)
    expected = [dt.datetime.fromisoformat(moment) for moment in MOMENTS.values()]
    assert excel(service, "datetime") == expected
    file = service.read(SQL, "excel", "value: {type: datetime}")
    formats = [cell.number_format for (cell,) in sheet(file)["A2:A16"]]
    seconds = "yyyy-mm-dd hh:mm:ss"
    # Without its fraction a moment would be shown as the next second, or the next day.
    assert formats == [f"{seconds}.000" if moment.microsecond else seconds for moment in expected]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("type", "values"), [("date", NO_DAYS), ("datetime", NO_MOMENTS)])
def test_what_is_none_stays_as_it_is(service: Service, type: str, values: list[Value], table: str) -> None:
    fill(service, values, table)
    plain = excel(service, "text")
    # What is before Excel's first day is a text there, the same as in JSON.
    early = {
        "1900-02-28 23:59:59": "1900-02-28T23:59:59Z",
        "1900-03-01T00:00:00+14:00": "1900-02-28T10:00:00Z",
    }
    assert excel(service, type) == [
        early.get(value, value) if type == "datetime" else value for value in plain
    ]
    assert not any(isinstance(value, dt.date) for value in plain)


def iso(moment: dt.datetime) -> str:
    """As RFC 3339 has it in UTC, with three or six digits of a second's fraction or none."""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}"
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"{text}{fraction.removesuffix('000')}Z"


ZONES = st.sampled_from(["", "Z", "z", "+00:00", "+0530", "-0330", "+05:45", "-12:00", "+2359"])
FORMS = st.tuples(
    st.datetimes(dt.datetime(1900, 3, 3), dt.datetime(9999, 12, 30)),
    st.sampled_from("Tt "),
    st.integers(0, 6),
    ZONES,
)


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(st.lists(FORMS, min_size=1, max_size=50))
@example([(dt.datetime(2024, 12, 31, 23, 59, 59, 999_000), " ", 3, "")])
@example([(dt.datetime(2024, 12, 31, 23, 59, 59, 999_999), "t", 6, "z")])
@example([(dt.datetime(2024, 2, 29, 10), "T", 0, "+0530")])
def test_a_moment_is_the_same_everywhere(
    tmp_path_factory: pytest.TempPathFactory, forms: list[tuple[dt.datetime, str, int, str]]
) -> None:
    service = Service(tmp_path_factory.mktemp("same"))
    texts, moments = [], []
    for moment, between, digits, zone in forms:
        cut = moment.replace(microsecond=moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits))
        fraction = f".{cut.microsecond:06}"[: digits + 1] if digits else ""
        texts.append(f"{cut:%Y-%m-%d}{between}{cut:%H:%M:%S}{fraction}{zone}")
        sign, hours, minutes = zone[:1], zone[1:3] or "0", zone[-2:] or "0"
        offset = (
            dt.timedelta(hours=int(hours), minutes=int(minutes)) if sign in ("+", "-") else dt.timedelta()
        )
        moments.append(cut - offset if sign == "+" else cut + offset)
    fill(service, list(texts))
    columns = "value: {type: datetime}"
    written = [iso(moment) for moment in moments]
    assert [row["value"] for row in read_json(service.read(SQL, "json", columns))] == written
    fields = [row[0] for row in csv_fields(service.read(SQL, "csv", columns))[1:]]
    assert fields == [f'"{text}"' for text in written]
    in_milliseconds = [each.replace(microsecond=each.microsecond // 1000 * 1000) for each in moments]
    assert excel(service, "datetime") == in_milliseconds
    # As rows that come in are read.
    assert ColumnConverter(InputColumn(type="datetime")).values(texts) == (written, [])
    service.close()


MIDNIGHTS = ["", " 00:00:00", "T00:00:00", "t00:00", " 0:00", "T00:00:00.000", " 12:00 AM", "  00:00"]
MIDNIGHTS += ["T00:00:00Z", "t00:00z", "T00:00:00+0530", " 00:00:00-05:00"]


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(
    st.lists(st.tuples(st.dates(dt.date(1900, 3, 1)), st.sampled_from(MIDNIGHTS)), min_size=1, max_size=50)
)
def test_a_day_is_the_same_everywhere(
    tmp_path_factory: pytest.TempPathFactory, forms: list[tuple[dt.date, str]]
) -> None:
    service = Service(tmp_path_factory.mktemp("same"))
    texts = [f"{day}{midnight}" for day, midnight in forms]
    days = [day.isoformat() for day, _ in forms]
    fill(service, list(texts))
    columns = "value: {type: date}"
    assert [row["value"] for row in read_json(service.read(SQL, "json", columns))] == days
    assert [row[0] for row in csv_fields(service.read(SQL, "csv", columns))[1:]] == [
        f'"{day}"' for day in days
    ]
    assert excel(service, "date") == [dt.datetime.fromisoformat(day) for day in days]
    assert ColumnConverter(InputColumn(type="date")).values(texts) == (days, [])
    service.close()


@pytest.mark.parametrize("type", ["date", "datetime"])
def test_what_is_no_day_and_no_moment_stays_in_every_format(service: Service, type: str) -> None:
    texts = [
        "soon",
        "2024-02-30",
        "2024-02-30 00:00:00",
        "2024-02-30T00:00:00+0530",
        "20240229",
        "2024-W09-4",
        "",
    ]
    texts += ["2024-02-29 00:00:00\x00", "2024-02-29 00:00:00\u0660", "2024-02-29T24:00:00", "2024-02-29T10"]
    values: list[Value] = [*texts, Raw(b"2024-02-29 00:00\xe9"), 20240229, 0.5, None]
    fill(service, values)
    columns = f"value: {{type: {type}}}"
    for format in ("json", "csv"):
        assert service.read(SQL, format, columns) == service.read(SQL, format)
    assert excel(service, type) == excel(service, "text")


def test_only_a_declared_column_is_written_in_another_way(service: Service) -> None:
    service.table("v", "a_date TEXT, b DATETIME", [["2024-02-29 00:00:00", "2024-02-29t10:00:00+0530"]])
    sql = "SELECT v.a_date, v.b FROM data_db.v AS v"
    stored = {"a_date": "2024-02-29 00:00:00", "b": "2024-02-29t10:00:00+0530"}
    assert read_json(service.read(sql, "json")) == [stored]
    moment = dt.datetime(2024, 2, 29, 4, 30)
    assert read_excel(service.read(sql, "excel"))[1] == [dt.datetime(2024, 2, 29), moment]


def test_days_and_moments_are_known_by_their_declared_type_or_their_name(service: Service) -> None:
    service.table("v", "a DATE, b DATETIME, c_date TEXT, d_at TEXT, e TEXT", [["2024-02-29"] * 5])
    sql = "SELECT v.a, v.b, v.c_date, v.d_at, v.e FROM data_db.v AS v"
    day = dt.datetime(2024, 2, 29)
    assert read_excel(service.read(sql, "excel"))[1] == [day, day, day, day, "2024-02-29"]


FIRST, LAST = dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 31, 23, 59, 59)


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=200))
def test_every_moment_is_right_to_the_second(
    tmp_path_factory: pytest.TempPathFactory, moments: list[dt.datetime]
) -> None:
    service = Service(tmp_path_factory.mktemp("moments"))
    seconds = [moment.replace(microsecond=0) for moment in moments]
    fill(service, [str(moment) for moment in seconds])
    assert excel(service, "datetime") == seconds
    fill(service, [str(moment.date()) for moment in moments])
    assert excel(service, "date") == [dt.datetime.combine(moment, dt.time()) for moment in moments]
    service.close()
