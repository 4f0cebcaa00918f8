"""What holds for the whole file in every format: complete or broken, streamed, the same each time."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from typing import Any

import pytest

from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.row_sql import row_sql
from aggregator.formats.base import Writer
from aggregator.values.columns import Column
from tests.formats import mapping
from tests.formats.mapping import Value
from tests.formats.readers import (
    csv_fields,
    field_value,
    read_csv,
    read_excel,
    read_excel_by_calamine,
    read_json,
    read_ndjson,
    sheet,
)
from tests.formats.service import EVERY_FORMAT, SPREADSHEET, Service

READERS: dict[str, Callable[[bytes], list[Any]]] = {
    "json": read_json,
    "ndjson": read_ndjson,
    "csv": csv_fields,
    SPREADSHEET: csv_fields,
    "excel": read_excel,
}
COLUMNS = [
    Column("number", "c0", storage="integer"),
    Column("text", "c1"),
    Column("amount", "c2", "money", "USD"),
    Column("day", "c3", "date", storage="text"),
]
TEXTS = [
    "a",
    None,
    "",
    'q"',
    "null",
    "\\",
    "é,\r\n",
    "]\n[",
    "\x01",
    "&<_x0041_",
    0.5,
    2**62,
    b"\x00",
    "日本",
]


def rows_of(writer: Writer, count: int) -> list[bytes]:
    """The rows as SQLite hands them to the writer."""
    connection = ReadOnlyConnection([], 1)
    connection.add_functions(SQL_FUNCTIONS)
    sql = f"SELECT CAST({row_sql(writer.row)} AS BLOB) FROM (SELECT ? AS c0, ? AS c1, ? AS c2, ? AS c3)"
    number = random.Random(3).getrandbits
    values = [(number(40), TEXTS[n % len(TEXTS)], n - 5, f"2024-02-{n % 31:02}") for n in range(count)]
    rows = [connection.execute(sql, row).get for row in values]
    connection.close()
    return rows


def file_of(writer: Writer, rows: list[bytes], cuts: list[int]) -> bytes:
    ends = [0, *cuts, len(rows)]
    pieces = [rows[start:end] for start, end in pairwise(ends)]
    return b"".join(writer.encode(writer.join(piece) for piece in pieces if piece))


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_a_file_does_not_depend_on_how_its_rows_are_cut_into_chunks(format: str) -> None:
    writer = EVERY_FORMAT[format].writer(COLUMNS, "report")
    rows = rows_of(writer, 12_000)
    whole = file_of(writer, rows, [])
    randomly = random.Random(1)
    for size in (1, 2, 7, 100, 11_000):
        assert file_of(writer, rows, sorted(randomly.sample(range(1, len(rows)), size))) == whole


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_the_same_request_gives_the_same_bytes(service: Service, format: str) -> None:
    service.table("v", "a, b_date", [(n, f"2024-02-{n:02}") for n in range(1, 29)])
    sql = "SELECT v.a, v.b_date FROM data_db.v AS v ORDER BY v.a"
    assert service.read(sql, format) == service.read(sql, format)


class Broken(Exception):
    pass


@pytest.mark.parametrize("rows_before", [0, 1, 10, 5_000])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_an_error_among_the_chunks_breaks_the_file(format: str, rows_before: int) -> None:
    writer = EVERY_FORMAT[format].writer(COLUMNS, "report")
    rows = rows_of(writer, rows_before)

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(rows), 10):
            yield writer.join(rows[start : start + 10])
        raise Broken

    taken: list[bytes] = []
    with pytest.raises(Broken):
        taken.extend(writer.encode(chunks()))
    file = b"".join(taken)
    if format == "json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(file)
    if format == "excel":
        with pytest.raises(zipfile.BadZipFile):
            sheet(file)
        with pytest.raises(Exception, match="Cannot detect file format"):
            read_excel_by_calamine(file)


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_rows_go_out_before_the_last_have_come(format: str) -> None:
    writer = EVERY_FORMAT[format].writer(COLUMNS, "report")
    chunk = writer.join(rows_of(writer, 500))
    chunks_taken = count(1)
    last_taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal last_taken
        while True:
            last_taken = next(chunks_taken)
            yield chunk

    file = iter(writer.encode(chunks()))
    next(file)
    assert last_taken <= 2
    taken_before = last_taken
    for _ in range(10):
        next(file)
    assert last_taken - taken_before < 400


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_no_rows(service: Service, format: str, columns: int) -> None:
    names = ["a", "b", "c"][:columns]
    sql = f"SELECT {', '.join(f'one AS {name}' for name in names)} FROM data_db.one WHERE one = 2"
    file = service.read(sql, format)
    if format == "json":
        assert file == b"[]"
    elif format == "ndjson":
        assert file == b""
    elif format == "excel":
        assert read_excel(file) == [names]
        assert sheet(file).auto_filter.ref == f"A1:{'ABC'[columns - 1]}1"
    else:
        assert file.removeprefix(b"\xef\xbb\xbf") == ",".join(names).encode() + b"\r\n"


KINDS: list[Value] = [1, 'two, "2"', None, 2.5, b"\x05", "", 2**62]


@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize(
    "columns",
    [
        *(1, 450, 451),
        *(pytest.param(many, marks=pytest.mark.slow) for many in (901, 1_999)),
        *(pytest.param(many, marks=pytest.mark.torture) for many in (449, 500, 900)),
    ],
)
@pytest.mark.parametrize("format", ["json", "csv", "excel"])
def test_many_columns(service: Service, format: str, columns: int, is_strict: bool) -> None:
    names = [f"c{n}" for n in range(columns)]
    values: list[Value] = [n if is_strict else KINDS[n % len(KINDS)] for n in range(columns)]
    declared = ", ".join(f"{name} INTEGER" if is_strict else name for name in names)
    service.table("v", declared, [values, values], "STRICT" if is_strict else "")
    sql = f"SELECT {', '.join(f'v.{name}' for name in names)} FROM data_db.v AS v"
    rows = READERS[format](service.read(sql, format))
    if format == "json":
        assert [list(row) for row in rows] == [names, names]
        found = [list(row.values()) for row in rows]
    else:
        assert rows[0] == names
        found = [[field_value(field) for field in row] for row in rows[1:]] if format == "csv" else rows[1:]
    expected = [mapping.in_excel(value) if format == "excel" else mapping.plain(value) for value in values]
    if format == "csv" and columns == 1:
        expected = ["" if value is None else value for value in expected]
    assert found == [expected, expected]


NAMES = [
    *("plain", "with space", "a,b", 'a"b', "'a'", "a\nb", "a\r\nb", "a\rb", "\ttab", " lead", "trail ", ""),
    *("{", "}", "{a}", "é", "日本", "😀", "\u202eRTL", "\ufffe", "\x01", "\x1f", "\x7f", "\x80", "x" * 300),
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "＝1",
        "a;=1",
        "_x000D_",
        "_x0041\x01",
        "<b>&amp;",
        "null",
        "\\",
        "\\n",
        "%",
        "%s",
    ),
    *(":x", "?", "1", "c0", "c1", "select"),
]


def test_a_column_may_have_any_name(service: Service) -> None:
    columns = ", ".join('{} AS "{}"'.format(n, name.replace('"', '""')) for n, name in enumerate(NAMES))
    sql = f"SELECT {columns} FROM data_db.one"
    for format in ("json", "ndjson"):
        assert READERS[format](service.read(sql, format)) == [
            dict(zip(NAMES, range(len(NAMES)), strict=True))
        ]
    assert read_csv(service.read(sql, "csv")) == [NAMES, [str(n) for n in range(len(NAMES))]]
    file = service.read(sql, SPREADSHEET)
    assert file.startswith(b"\xef\xbb\xbf")
    assert read_csv(file.removeprefix(b"\xef\xbb\xbf"))[0] == [mapping.guarded(name) for name in NAMES]
    file = service.read(sql, "excel")
    assert [[name or "" for name in read_excel(file)[0]], read_excel(file)[1]] == [
        NAMES,
        list(range(len(NAMES))),
    ]
    assert {cell.data_type for cell in sheet(file)[1]} <= {"s", "inlineStr"}
    assert read_excel_by_calamine(file)[0] == NAMES


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_the_rows_keep_the_order_of_the_report(service: Service, format: str) -> None:
    numbers = random.Random(2).sample(range(10_000), 2_000)
    service.table("v", "a INTEGER, b INTEGER", enumerate(numbers), "STRICT")
    sql = "SELECT v.b FROM data_db.v AS v ORDER BY v.b DESC, v.a"
    rows = READERS[format](service.read(sql, format))
    found = [row["b"] for row in rows] if "json" in format else [int(row[0]) for row in rows[1:]]
    assert found == sorted(numbers, reverse=True)
