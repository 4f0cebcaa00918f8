"""The header: where it stands, its keys, and what is said of each thing that is wrong with it."""

import pytest

from aggregator.sqlfile.header import Header, Source, read_source

KEYS = (
    "title, description, params, input, empty, rows_in, columns, shape, sort, chart, filename, sheet, "
    "formats, time_limit, tags"
)
PARAMETER_KEYS = (
    "type, description, required, default, currency, min, max, pattern, message, choices, time_zone, "
    "example, choices_sql, many"
)
TYPES = "integer, number, money, text, boolean, date, datetime, month, choice"
NAME = "a parameter's name has letters, digits and _, and does not begin with a digit"
COLUMN_TYPES = "text, integer, number, boolean, date, datetime, month, money, percent, json"


def source_of(text: str) -> Source:
    source, faults = read_source(text, "a.sql")
    assert faults == []
    assert source is not None
    return source


def header_of(yaml: str) -> Header:
    return source_of(f"/*\n{yaml}\n*/\nSELECT 1").header


def faults_of(yaml: str) -> list[str]:
    """The faults as `line: message`; line 1 is the first of the YAML."""
    source, faults = read_source(f"/*\n{yaml}\n*/\nSELECT 1", "a.sql")
    assert source is None
    assert {fault.file for fault in faults} == {"a.sql"}
    return [f"{fault.line - 1}: {fault.message}" for fault in faults]


# --- where it stands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title", "sql", "sql_line"),
    [
        ("SELECT 1", "", "SELECT 1", 1),
        ("", "", "", 1),
        ("\ufeffSELECT 1", "", "SELECT 1", 1),
        ("-- a note\nSELECT 1", "", "-- a note\nSELECT 1", 1),
        ("SELECT /* title: x */ 1", "", "SELECT /* title: x */ 1", 1),
        ("/* title: x */ SELECT 1", "x", " SELECT 1", 1),
        ("/*title: x*/SELECT 1", "x", "SELECT 1", 1),
        ("\ufeff/* title: x */\nSELECT 1", "x", "\nSELECT 1", 1),
        ("\n\n  /*\ntitle: x\n*/\n\nSELECT 1", "x", "\n\nSELECT 1", 5),
        ("-- by Max\n-- /* title: y */\n/* title: x */SELECT 1", "x", "SELECT 1", 3),
        ("/*\r\ntitle: x\r\n*/\r\nSELECT 1\r\n", "x", "\r\nSELECT 1\r\n", 3),
        ("/* title: x */ /* title: y */ SELECT 1", "x", " /* title: y */ SELECT 1", 1),
        ('/* {"title": "x"} */ SELECT 1', "x", " SELECT 1", 1),
        # A comment without a key of the header is only a comment.
        ("/**/ SELECT 1", "", "/**/ SELECT 1", 1),
        ("/*\n\n*/ SELECT 1", "", "/*\n\n*/ SELECT 1", 1),
        ("/* # only YAML's own comment\n*/ SELECT 1", "", "/* # only YAML's own comment\n*/ SELECT 1", 1),
        ("/* Sales report. Author: Bob */ SELECT 1", "", "/* Sales report. Author: Bob */ SELECT 1", 1),
        ("/**** banner ****/\nSELECT 1", "", "/**** banner ****/\nSELECT 1", 1),
        ("/*! */ SELECT 1", "", "/*! */ SELECT 1", 1),
        (
            "/*\n * @title x\n * Description: y\n */ SELECT 1",
            "",
            "/*\n * @title x\n * Description: y\n */ SELECT 1",
            1,
        ),
        ("/* subtitle: x, untitled: y */ SELECT 1", "", "/* subtitle: x, untitled: y */ SELECT 1", 1),
        ("/* Licence: [MIT */\n-- by Max\n/*\ntitle: x\n*/\nSELECT 1", "x", "\nSELECT 1", 5),
        ("/* 1 */ /* 2 */ SELECT /* title: x */ 1", "", "/* 1 */ /* 2 */ SELECT /* title: x */ 1", 1),
        ("/* title: /* x */ SELECT 1", "/* x", " SELECT 1", 1),
    ],
)
def test_the_leading_comment(text: str, title: str, sql: str, sql_line: int) -> None:
    source = source_of(text)
    assert (source.header.title, source.sql, source.sql_line) == (title, sql, sql_line)


def test_a_comment_without_end() -> None:
    source, faults = read_source("-- x\n/* title: x\nSELECT 1", "a.sql")
    assert source is None
    assert list(map(str, faults)) == ["a.sql:2: the leading /* comment is not closed with */"]


def test_a_file_with_windows_line_ends_has_the_same_lines() -> None:
    text = "-- x\n/*\ntitle: x\nfoo: 1\n*/\nSELECT 1"
    _, faults = read_source(text, "a.sql")
    _, windows_faults = read_source(text.replace("\n", "\r\n"), "a.sql")
    assert faults == windows_faults
    assert faults[0].line == 4


def test_a_long_comment_without_a_key_is_only_a_comment() -> None:
    banner = "/* " + "=" * 30_000 + " */\n"
    assert source_of(f"{banner}/* title: x */ SELECT 1").header.title == "x"


@pytest.mark.parametrize("white", [" ", "\n", "\t\n ", "{\n", "'"])
def test_a_long_empty_comment_is_read_in_linear_time(white: str) -> None:
    assert source_of(f"/*{white * 10_000}*/ /* title: x */ SELECT 1").header.title == "x"


# --- the keys ------------------------------------------------------------------------------------


def test_every_key() -> None:
    header = header_of(
        """
title: Orders of one customer
description: |
  Every line of every *order*.

  Newest first.
params:
  customer_id: {type: integer, min: 1, max: 10, description: "The customer's number", example: 1}
  Since_2: {type: date, default: 1970-01-01, required: no}
columns:
  line total: {type: money, currency: KWD, description: "Net, as invoiced"}
  Σ: {type: percent}
filename: customer_{customer_id}_{Since_2}_orders
sheet: orders
formats: [csv, json]
time_limit: 2.5
tags: [Sales, "2024"]
"""
    )
    assert header.title == "Orders of one customer"
    assert header.description == "Every line of every *order*.\n\nNewest first.\n"
    assert list(header.params) == ["customer_id", "Since_2"]
    assert header.params["customer_id"].max == 10
    assert header.params["Since_2"].default == "1970-01-01"
    assert header.params["Since_2"].required is False
    total = header.columns["line total"]
    assert (total.type, total.currency, total.description) == ("money", "KWD", "Net, as invoiced")
    assert header.filename == "customer_{customer_id}_{Since_2}_orders"
    assert header.sheet == "orders"
    assert header.formats == ["csv", "json"]
    assert header.time_limit == 2.5
    assert header.tags == ["Sales", "2024"]
    assert set(Header.model_fields) == set(KEYS.split(", "))


def test_nothing_has_to_be_said() -> None:
    header = header_of("")
    assert header == Header()
    assert (header.params, header.columns, header.formats, header.time_limit) == ({}, {}, [], None)


@pytest.mark.parametrize(
    ("yaml", "faults"),
    [
        # Unknown keys, at each level.
        ("sheet: x\ntitel: x", [f"2: unknown key titel (did you mean title?); the keys are {KEYS}"]),
        ("sheet: x\nTitle: x", [f"2: unknown key Title (did you mean title?); the keys are {KEYS}"]),
        ("title: x\nauthor: y", [f"2: unknown key author; the keys are {KEYS}"]),
        ("title: x\n\n1: y", [f"3: unknown key 1; the keys are {KEYS}"]),
        (
            "params:\n  a:\n    type: text\n    defualt: x",
            [f"4: unknown key params.a.defualt (did you mean default?); the keys are {PARAMETER_KEYS}"],
        ),
        (
            "columns:\n  a: {type: text,\n    colour: red}",
            [
                "3: unknown key columns.a.colour; the keys are type, currency, stored, description, total, "
                "link"
            ],
        ),
        (
            "params:\n  a: {type: text, description: first, second}",
            [
                "2: unknown key params.a.second (or is it the end of a text with a comma, which needs "
                f"quotes?); the keys are {PARAMETER_KEYS}"
            ],
        ),
        # Keys that come twice.
        ("title: x\ntitle: y", ["2: title appears twice"]),
        ("params:\n  a: {type: text}\n  a: {type: text}", ["3: params.a appears twice"]),
        # Wrong kinds of values.
        ("title: 2024", ["1: title: must be a text; put it in quotes"]),
        ("title: true", ["1: title: must be a text; put it in quotes"]),
        ("title:\n  - x", ["1: title: must be a text; put it in quotes"]),
        ("description: {a, b}", ["1: description: must be a text; put it in quotes"]),
        ("title:", ["1: title: has no value; give one or leave the key away"]),
        ("params: text", ["1: params: must hold keys, each with its own values"]),
        ("params: [a]", ["1: params: must hold keys, each with its own values"]),
        ("params:", ["1: params: has no value; give one or leave the key away"]),
        ("params:\n  a: text", ["2: params.a: must hold keys, such as {type: text}"]),
        ("params:\n  a:", ["2: params.a: has no value; give one or leave the key away"]),
        ("params:\n  a: {}", ["2: params.a.type: is missing"]),
        ("columns:\n  a: money", ["2: columns.a: must hold keys, such as {type: text}"]),
        ("formats: csv", ["1: formats: must be a list, such as [a, b]"]),
        ("tags: Sales", ["1: tags: must be a list, such as [a, b]"]),
        ("tags:\n  - Sales\n  - 2024", ["3: tags.1: must be a text; put it in quotes"]),
        ("filename: 7", ["1: filename: must be a text; put it in quotes"]),
        ("time_limit: 1m", ["1: time_limit: must be a number"]),
        ("time_limit: [1]", ["1: time_limit: must be a number"]),
        ("time_limit: 0", ["1: time_limit: must be more than 0"]),
        ("time_limit: -1", ["1: time_limit: must be more than 0"]),
        ("time_limit: .inf", ["1: time_limit: must be a number"]),
        ("time_limit: .nan", ["1: time_limit: must be a number"]),
        # Words that are not in a list.
        (
            "formats: [json,\n  xlsx]",
            ["2: formats.1: must be one of json, ndjson, csv, excel, not xlsx"],
        ),
        ("params:\n  a: {type: string}", [f"2: params.a.type: must be one of {TYPES}, not string"]),
        ("params:\n  a: {type: [text]}", [f"2: params.a.type: must be one of {TYPES}, not ['text']"]),
        ("columns:\n  a: {type: Money}", [f"2: columns.a.type: must be one of {COLUMN_TYPES}, not Money"]),
        # Names.
        (
            "params:\n  2nd: {type: text}\n  a-b: {type: text}",
            [
                f"2: params.2nd: {NAME}",
                f"3: params.a-b: {NAME}",
            ],
        ),
        (
            "params:\n  for: {type: text}\n  format: {type: text}",
            [
                "2: params.for: is reserved by the service; choose another name",
                "3: params.format: is reserved by the service; choose another name",
            ],
        ),
        (
            "title: x\nfilename: '{a}_{b}_{}'\nparams: {a: {type: text}}",
            [
                "2: filename: uses {b}, which is not a parameter",
                "2: filename: uses {}, which is not a parameter",
            ],
        ),
        # Rows in an object.
        ("rows_in: lines", ["1: rows_in: is for a file with input"]),
        (
            "params: {lines: {type: text}}\ninput: {a: {type: text}}\nrows_in: lines",
            ["3: rows_in: lines is a parameter; choose another name"],
        ),
        # Money.
        (
            "columns: {a: {type: money, currency: usd}}",
            ["1: columns.a.currency: must be three capital letters, such as USD"],
        ),
        *(
            (
                f"columns: {{a: {{link: '{link}'}}}}",
                [
                    "1: columns.a.link: must be a path that begins with one /, "
                    "such as /customers/{customer_id}"
                ],
            )
            for link in ("items/{a}", "//x", "https://example.org/{a}")
        ),
        (
            "columns:\n  a:\n    type: text\n    currency: USD",
            ["4: columns.a.currency: belongs to a column of type money"],
        ),
        (
            "columns: {a: {type: number, stored: major}}",
            ["1: columns.a.stored: belongs to a column of type money"],
        ),
        (
            "columns: {a: {type: money, stored: cents}}",
            ["1: columns.a.stored: must be one of minor, major, not cents"],
        ),
        (
            "params: {a: {type: money, currency: XYZ}}",
            ["1: params.a.currency: XYZ is not a currency of ISO 4217"],
        ),
        (
            "params: {a: {type: money, currency: JPY, default: 0.5}}",
            ["1: params.a.default: must be an amount, such as 1,234"],
        ),
        (
            "params: {a: {type: integer, currency: USD}}",
            ["1: params.a.currency: is for money, not for integer"],
        ),
        (
            "sort: {default: a.down, columns: [a, b], then: a}",
            ["1: sort: default must be one of a.asc, a.desc, b.asc, b.desc"],
        ),
        ("sort: {default: c.asc, columns: [a], then: a}", ["1: sort: default must be one of a.asc, a.desc"]),
        (
            "sort: {default: a.asc, columns: [], then: a}",
            ["1: sort.columns: must not be empty"],
        ),
        (
            "sort:\n  default: a.asc\n  column: a",
            [
                "1: sort.columns: is missing",
                "1: sort.then: is missing",
                "3: unknown key sort.column (did you mean columns?); the keys are default, columns, then, "
                "description",
            ],
        ),
        (
            "sort: {default: a.asc, columns: [a], then: a}\nparams:\n  sort: {type: text}",
            ["3: params.sort: is already declared by the key sort; remove one of them"],
        ),
        # All at once, in the order of the model.
        (
            "tags: x\ntitle: 1\nparams: {a: {type: txt}, b: {type: text, max: {}}}\nfoo: 1",
            [
                "2: title: must be a text; put it in quotes",
                f"3: params.a.type: must be one of {TYPES}, not txt",
                "3: params.b.max: must be a value such as 1, 2.5, true or text",
                "1: tags: must be a list, such as [a, b]",
                f"4: unknown key foo; the keys are {KEYS}",
            ],
        ),
    ],
)
def test_what_is_said_of_a_wrong_header(yaml: str, faults: list[str]) -> None:
    assert faults_of(yaml) == faults


@pytest.mark.parametrize(
    ("parameter", "faults"),
    [
        ("{type: integer, required: maybe}", ["required: must be true or false"]),
        ("{type: integer, many: 3}", ["many: must be true or false"]),
        ("{type: integer, default: {a: 1}}", ["default: must be a value such as 1, 2.5, true or text"]),
        ("{type: integer, min: [1]}", ["min: must be a value such as 1, 2.5, true or text"]),
        ("{type: choice, choices: x}", ["choices: must be a list, such as [a, b]"]),
        ("{type: choice, choices: [a, [b]]}", ["choices.1: must be a value such as 1, 2.5, true or text"]),
        ("{type: choice, choices: [a, ~]}", ["choices.1: must be a value such as 1, 2.5, true or text"]),
        ("{type: choice, choices: [a, b, a]}", ["choices: a appears twice"]),
        ("{type: choice, choices: [1, '1']}", ["choices: 1 appears twice"]),
        ("{type: choice, choices: []}", ["choices: must have values, none of them empty"]),
        ("{type: choice, choices: [a, '']}", ["choices: must have values, none of them empty"]),
        ("{type: choice}", ["type: a choice has choices, or else choices_sql"]),
        (
            "{type: choice, choices: [a], choices_sql: SELECT 1}",
            ["type: a choice has choices, or else choices_sql"],
        ),
        ("{type: text, choices: [a]}", ["choices: is for choice, not for text"]),
        ("{type: text, choices_sql: SELECT 1}", ["choices_sql: is for choice, not for text"]),
        ("{type: integer, pattern: '[0-9]'}", ["pattern: is for text, not for integer"]),
        ("{type: text, message: must be a code}", ["message: needs a pattern beside it"]),
        ("{type: integer, time_zone: UTC}", ["time_zone: is for date, datetime, month, not for integer"]),
        (
            "{type: boolean, min: 0, max: 1}",
            [
                "min: is for integer, number, money, text, date, datetime, month, not for boolean",
                "max: is for integer, number, money, text, date, datetime, month, not for boolean",
            ],
        ),
        (
            "{type: choice, choices: [a], min: a}",
            ["min: is for integer, number, money, text, date, datetime, month, not for choice"],
        ),
        (
            "{type: text, pattern: '['}",
            ["pattern: is not a regular expression: missing ]: ["],
        ),
        (
            "{type: date, time_zone: Mars/Phobos}",
            ["time_zone: Mars/Phobos is not a time zone such as Europe/Berlin"],
        ),
        (
            "{type: date, time_zone: ../etc/passwd}",
            ["time_zone: ../etc/passwd is not a time zone such as Europe/Berlin"],
        ),
        ("{type: date, time_zone: Europe}", ["time_zone: Europe is not a time zone such as Europe/Berlin"]),
        (
            "{type: integer, default: 1, required: true}",
            ["required: cannot be true where there is a default"],
        ),
        ("{type: integer, default: x}", ["default: must be a whole number, such as 42"]),
        ("{type: integer, default: 1.5}", ["default: must be a whole number, such as 42"]),
        ("{type: integer, default: true}", ["default: must be a whole number, such as 42"]),
        ("{type: integer, default: 5, max: 4}", ["default: must be at most 4"]),
        ("{type: integer, min: 1.5}", ["min: must be a whole number, such as 42"]),
        ("{type: integer, min: 5, max: 4}", ["min: is more than max"]),
        ("{type: integer, min: 5, max: x, example: 7}", ["max: must be a whole number, such as 42"]),
        ("{type: number, default: .inf}", ["default: must be a number, such as 12.5"]),
        ("{type: text, min: -1}", ["min: a length is 0 or more"]),
        ("{type: text, min: 2, max: 1}", ["min: is more than max"]),
        ("{type: text, default: 1.50}", ["default: must be a text; put it in quotes"]),
        ("{type: text, example: true}", ["example: must be a text; put it in quotes"]),
        ("{type: text, pattern: '[a-z]+', default: A}", ["default: must match the pattern [a-z]+"]),
        ("{type: boolean, default: maybe}", ["default: must be true or false"]),
        (
            "{type: date, default: 2024-02-30}",
            ["default: must be a valid date (YYYY-MM-DD) or today"],
        ),
        ("{type: date, min: 2024-01-02, max: 2024-01-01}", ["min: is more than max"]),
        ("{type: date, default: now}", ["default: must be a valid date (YYYY-MM-DD) or today"]),
        ("{type: month, default: 2024-13}", ["default: must be a month (YYYY-MM) or today"]),
        ("{type: choice, choices: [a, b], default: c}", ["default: must be one of a, b"]),
        ("{type: choice, choices: [a, b], example: c}", ["example: must be one of a, b"]),
        (
            "{type: integer, default: [1, 2]}",
            ["default: is a list, but the parameter is not: say many: true"],
        ),
        ("{type: integer, many: true, default: [1, x]}", ["default: must be a whole number, such as 42"]),
        (
            "{type: integer, default: x, example: y}",
            ["default: must be a whole number, such as 42", "example: must be a whole number, such as 42"],
        ),
    ],
)
def test_what_is_said_of_a_wrong_parameter(parameter: str, faults: list[str]) -> None:
    assert faults_of(f"params:\n  a: {parameter}") == [f"2: params.a.{fault}" for fault in faults]


def test_a_fault_stands_on_the_line_of_its_key() -> None:
    yaml = "params:\n  a:\n    type: integer\n    min: 9\n    pattern: x\n    time_zone: UTC\n    max: 2"
    assert faults_of(yaml) == [
        "5: params.a.pattern: is for text, not for integer",
        "6: params.a.time_zone: is for date, datetime, month, not for integer",
        "4: params.a.min: is more than max",
    ]


@pytest.mark.parametrize(
    "parameter",
    [
        "{type: boolean, default: no}",
        "{type: boolean, default: false}",
        "{type: boolean, default: 0}",
        "{type: integer, default: -9223372036854775808}",
        "{type: integer, default: '007'}",
        "{type: number, default: 1}",
        "{type: number, default: 1e22}",
        "{type: number, default: 1e-7}",
        "{type: text, default: ''}",
        "{type: text, default: 007, example: 5}",
        "{type: text, default: no}",
        "{type: text, default: 2024-01-01}",
        "{type: date, default: today, min: 1970-01-01, max: today}",
        "{type: datetime, default: now, time_zone: Europe/Berlin}",
        "{type: datetime, default: 2024-01-01T10:00}",
        "{type: month, default: 2024-02, example: today}",
        "{type: choice, choices: [no, yes], default: no}",
        "{type: choice, choices: [1, 2.5, true, 2024-01-01], default: 2024-01-01}",
        "{type: choice, choices_sql: SELECT 1, default: anything}",
        "{type: integer, many: true, default: []}",
        "{type: integer, many: true, default: 5, example: [1, 2]}",
        "{type: integer, required: false}",
        "{type: integer, required: true}",
        "{type: integer, default: null, required: true}",
        "{type: integer, required: yes}",
    ],
)
def test_what_is_right(parameter: str) -> None:
    assert list(header_of(f"params: {{a: {parameter}}}").params) == ["a"]


def test_sort_is_a_parameter() -> None:
    header = header_of(
        "params: {limit: {type: integer}}\n"
        "sort: {default: day.desc, columns: [day, total], then: number, description: The order}"
    )
    assert list(header.params) == ["limit", "sort"]
    sort = header.params["sort"]
    assert (sort.type, sort.default, sort.is_required) == ("choice", "day.desc", False)
    assert sort.choices == ["day.asc", "day.desc", "total.asc", "total.desc"]
    assert sort.description == "The order"
