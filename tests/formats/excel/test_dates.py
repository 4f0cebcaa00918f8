"""Days and moments are real ones in Excel, or the text that they are; the other formats keep the text."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert {cell.number_format for (cell,) in sheet(file)["A2:A16"]} == {"yyyy-mm-dd hh:mm:ss"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("type", "values"), [("date", NO_DAYS), ("datetime", NO_MOMENTS)])
def test_what_is_none_stays_as_it_is(service: Service, type: str, values: list[Value], table: str) -> None:
    fill(service, values, table)
    plain = excel(service, "text")
    assert excel(service, type) == plain
    assert not any(isinstance(value, dt.date) for value in plain)


def test_a_date_column_is_text_in_the_other_formats(service: Service) -> None:
    fill(service, [*DAYS, *MOMENTS])
    for type in ("date", "datetime"):
        columns = f"value: {{type: {type}}}"
        assert [row["value"] for row in read_json(service.read(SQL, "json", columns))] == [*DAYS, *MOMENTS]
        fields = [row[0] for row in csv_fields(service.read(SQL, "csv", columns))[1:]]
        assert fields == [f'"{text}"' for text in [*DAYS, *MOMENTS]]


def test_days_and_moments_are_known_by_their_declared_type_or_their_name(service: Service) -> None:
    service.table("v", "a DATE, b DATETIME, c_date TEXT, d_at TEXT, e TEXT", [["2024-02-29"] * 5])
    sql = "SELECT v.a, v.b, v.c_date, v.d_at, v.e FROM data_db.v AS v"
    day = dt.datetime(2024, 2, 29)
    assert read_excel(service.read(sql, "excel"))[1] == [day, day, day, day, "2024-02-29"]


FIRST, LAST = dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 31, 23, 59, 59)


@settings(max_examples=20, deadline=None)
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
