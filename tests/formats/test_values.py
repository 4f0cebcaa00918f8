"""Every value means the same in every format, whatever way it takes out of the databases."""

from __future__ import annotations

import math

import pytest

from tests.formats import mapping
from tests.formats.mapping import Raw, Value, assert_same
from tests.formats.readers import (
    csv_fields,
    field_value,
    read_csv,
    read_excel,
    read_excel_by_calamine,
    read_json,
    read_ndjson,
)
from tests.formats.service import SPREADSHEET, Service

INTEGERS = [
    *(0, 1, -1, 42, 10**14, 999_999_999_999_999, -999_999_999_999_999),
    *(10**15, -(10**15), 2**53 + 1, 2**63 - 1, -(2**63)),
]
REALS = [
    *(0.0, -0.0, 0.5, -0.5, 1.0, 0.1 + 0.2, 1 / 3, 1e15, 1e16, 1e22, 123456789012345680.0, 5e-324),
    *(2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308, math.inf, -math.inf),
]
TEXTS = [
    *(
        "",
        " ",
        "  lead and trail  ",
        "null",
        "a,null,b",
        'a"null"b',
        '"',
        '""',
        '","',
        ",",
        "\n",
        "\r",
        "\r\n",
    ),
    *("a\r\nb", "\t", "]\n[", "],[", "]", "[", "{}", "\\", "\\\\", '\\"', '"\\', "\\n", "\\\\n", "\\u0041"),
    *(
        "\\x41",
        "a\\",
        "\\,",
        "'",
        "''",
        "<&>",
        "&amp;",
        "]]>",
        "é",
        "日本語",
        "😀",
        "שלום",
        "\u202eRTL\u202c",
    ),
    *("\u2028", "\u0085", "\u00a0", "\ufeff", "\ufffe", "\uffff", "\ufffd", "\U0010ffff", "e\u0301"),
    *("👩\u200d👩\u200d👧", "_x000D_", "_x0041_", "_x0041_x0042_", "_x005F_", "__x0041__", "_x0041"),
    *("_x0041\x01", "_x0041\ufffe", "x0041_", "_xZZZZ_", "\x00", "a\x00b", "\x00\x00", "[1]\x00x"),
    *(
        "1",
        "1.0",
        "1e5",
        "Infinity",
        "NaN",
        "true",
        "2024-02-29",
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
    ),
    *("＝1", "＋1", "－1", "＠1", "'=1", " =1", "="),
    *(
        "x;=1+1;y",
        "x,=1",
        "x\t@a",
        "x\n-1",
        'x;"=1',
        'x;""\'=1";y',
        "';;=+;=",
        "x; =1",
        "a;b,c",
        "a;＝1",
        "a;ｅ1",
    ),
    *(chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))),
    *(f"a{chr(code)}b\\{chr(code)}" for code in range(0x20)),
]
BLOBS = [b"", b"\x00", b"\xff\xfe", b"abc", bytes(range(256)), b"\xf8\x00\x00", b"\xfb", b"\xfc", b"[1]"]
NOT_UTF8 = [
    Raw(b"caf\xe9"),
    Raw(b"\x80"),
    Raw(b"\xc3"),
    Raw(b"\xa9 "),
    Raw(b"\xe2\x82"),
    Raw(b"\xed\xa0\x80"),
]
NOT_UTF8 += [Raw(b"\xf0\x9f\x98"), Raw(b'"\xe9"'), Raw(b"\\\xe9\\"), Raw(b"\xe9\x00"), Raw(b"_x0041\xef")]
VALUES: list[Value] = [None, *INTEGERS, *REALS, *TEXTS, *BLOBS, *NOT_UTF8, None]

STRICT_ANY = ("id INTEGER PRIMARY KEY, value ANY", "STRICT")
MIXED = ("id INTEGER PRIMARY KEY, value", "")
AS_TEXT = ("id INTEGER PRIMARY KEY, value VARCHAR(10) COLLATE NOCASE", "")
AS_NUMERIC = ("id INTEGER PRIMARY KEY, value NUMERIC COLLATE RTRIM", "")

PLAIN = "SELECT v.id, v.value FROM data_db.v AS v ORDER BY v.id"
WAYS: dict[str, tuple[tuple[str, str], str]] = {
    "a column of any type of a strict table": (STRICT_ANY, PLAIN),
    "a column of mixed storage classes": (MIXED, PLAIN),
    "a column of text affinity": (AS_TEXT, PLAIN),
    "a column of numeric affinity": (AS_NUMERIC, PLAIN),
    "an expression": (
        MIXED,
        "SELECT v.id, CASE WHEN v.id > 0 THEN v.value ELSE 0 END AS value FROM data_db.v AS v ORDER BY v.id",
    ),
    "a view": (MIXED, "SELECT w.id, w.value FROM data_db.w AS w ORDER BY w.id"),
    "a union": (
        STRICT_ANY,
        "SELECT v.id, v.value FROM data_db.v AS v WHERE v.id % 2 = 0 UNION ALL "
        "SELECT v.id, v.value FROM data_db.v AS v WHERE v.id % 2 = 1 ORDER BY 1",
    ),
    "a left join": (
        STRICT_ANY,
        "SELECT n.id, v.value FROM data_db.v AS n LEFT JOIN data_db.v AS v ON v.id = n.id AND v.id % 2 = 0 "
        "ORDER BY n.id",
    ),
    "a window": (
        MIXED,
        "SELECT v.id, lag(v.value) OVER (ORDER BY v.id) AS value FROM data_db.v AS v ORDER BY v.id",
    ),
    "a group": (MIXED, "SELECT v.id, min(v.value) AS value FROM data_db.v AS v GROUP BY v.id ORDER BY v.id"),
}
JSON_WAYS = {
    "json_quote": "json_quote(v.value)",
    "json_array": "json_array(v.value, NULL)",
    "json_object": "json_object('a', v.value)",
    "json": "json(json_array(v.value))",
    "extract": "json_extract(json_array(v.value), '$[0]')",
    "arrow": "json_array(v.value) -> 0",
    "either": "CASE WHEN v.id % 2 THEN json_array(v.value) ELSE v.value END",
}


def assert_excel(file: bytes, stored: list[Value]) -> None:
    """As openpyxl and as calamine read it."""
    expected = [mapping.in_excel(value) for value in stored]
    assert_same([row[1] for row in read_excel(file)[1:]], expected)
    by_calamine = [row[1] for row in read_excel_by_calamine(file)[1:]]
    assert_same(by_calamine, ["" if e is None else float(e) if isinstance(e, int) else e for e in expected])


def assert_everywhere(service: Service, sql: str) -> None:
    """The column `value` of the report is right in every format."""
    stored = [row[1] for row in service.stored(sql)]
    assert len(stored) == len(VALUES)
    plain = [mapping.plain(value) for value in stored]
    assert_same([row["value"] for row in read_json(service.read(sql, "json"))], plain)
    assert_same([row["value"] for row in read_ndjson(service.read(sql, "ndjson"))], plain)
    file = service.read(sql, "csv")
    assert_same([field_value(row[1]) for row in csv_fields(file)[1:]], plain)
    for fields, (_, text) in zip(csv_fields(file)[1:], read_csv(file)[1:], strict=True):
        assert text == (field_value(fields[1]) if fields[1].startswith('"') else fields[1])
    guarded = [mapping.guarded(value) if isinstance(value, str) else value for value in plain]
    file = service.read(sql, SPREADSHEET)
    assert_same([field_value(row[1]) for row in csv_fields(file)[1:]], guarded)
    assert_excel(service.read(sql, "excel"), stored)


@pytest.mark.parametrize("way", WAYS)
def test_a_value_is_the_same_in_every_format(service: Service, way: str) -> None:
    (columns, options), sql = WAYS[way]
    service.table("v", columns, enumerate(VALUES), options)
    service.execute("CREATE VIEW w AS SELECT id, value FROM v")
    assert_everywhere(service, sql)


@pytest.mark.parametrize("way", JSON_WAYS)
def test_what_json_functions_make_is_a_text_like_any_other(service: Service, way: str) -> None:
    """Without fractions and NUL, for which the versions of SQLite write different JSON."""
    texts = [value for value in VALUES if isinstance(value, int | str) and "\x00" not in str(value)]
    values = texts + [None] * (len(VALUES) - len(texts))
    service.table("v", "id INTEGER PRIMARY KEY, value", enumerate(values))
    assert_everywhere(service, f"SELECT v.id, {JSON_WAYS[way]} AS value FROM data_db.v AS v ORDER BY v.id")


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("INTEGER", INTEGERS),
        ("INT", INTEGERS),
        ("REAL", REALS),
        ("TEXT", [*TEXTS, *NOT_UTF8]),
        ("BLOB", BLOBS),
    ],
)
def test_a_typed_column_of_a_strict_table(service: Service, declared: str, values: list[Value]) -> None:
    rows = [(number, value) for number, value in enumerate([None, *values, None])]
    rows += [(number, None) for number in range(len(rows), len(VALUES))]
    service.table("v", f"id INTEGER PRIMARY KEY, value {declared}", rows, "STRICT")
    assert_everywhere(service, PLAIN)


def test_what_was_stored_is_what_comes_out(service: Service) -> None:
    """The other tests compare with what another program reads; this one with what was put in."""
    service.table("v", "value ANY", [(value,) for value in VALUES], "STRICT")
    rows = read_json(service.read("SELECT v.value FROM data_db.v AS v ORDER BY v.rowid", "json"))
    assert_same([row["value"] for row in rows], [mapping.plain(value) for value in VALUES])


def test_not_a_number_is_null_because_sqlite_stores_it_as_that(service: Service) -> None:
    service.table("v", "value REAL", [(math.nan,)], "STRICT")
    assert read_json(service.read("SELECT v.value FROM data_db.v AS v", "json")) == [{"value": None}]
