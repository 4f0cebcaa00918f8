"""What a header says of the columns of the rows that come in, and what is said of its mistakes."""

import pytest
from babel.numbers import list_currencies

from aggregator.sqlfile.header import Header, read_source
from aggregator.sqlfile.input_columns import InputColumn, input_schema
from aggregator.sqlfile.yaml_header import keys_of
from aggregator.values.invalid import InvalidValue
from aggregator.values.money import amount_text, is_known_currency, minor_units, places_of, symbols_of
from docs.generate import TABLES

KEYS = (
    "type, description, required, default, currency, min, max, pattern, message, choices, time_zone, "
    "example, from, format, credit, empty"
)
TYPES = "integer, number, money, text, boolean, date, datetime, month, choice"
NAME = "a column's name has letters, digits and _, and does not begin with a digit"
LETTERS = "%Y, %y, %m, %d, %b, %B, %a, %A, %H, %I, %M, %S, %f, %p, %z, %%"
AMBIGUOUS = "could mean two things; show both signs, such as 1,234.50"
NO_NUMBER = "is not an example of a number, such as 1,234.50"
NO_DECIMALS = "shows decimals, and there are none"
NOT_ISO = "reads 2024-02-03 as another day than ISO 8601 does"


def column(type: str, **keys: object) -> InputColumn:
    return InputColumn.model_validate({"type": type, **keys})


def header_of(yaml: str) -> Header:
    source, faults = read_source(f"/*\n{yaml}\n*/", "a.sql")
    assert faults == []
    assert source is not None
    return source.header


def faults_of(yaml: str) -> list[str]:
    """The faults as `line: message`; line 1 is the first of the YAML."""
    source, faults = read_source(f"/*\n{yaml}\n*/", "a.sql")
    assert source is None
    return [f"{fault.line - 1}: {fault.message}" for fault in faults]


# --- what a header says --------------------------------------------------------------------------


def test_every_key() -> None:
    header = header_of(
        """
input:
  number: {type: text, required: true, from: [InvoiceNumber, "Invoice #"], pattern: "[A-Z0-9]+"}
  due_date: {type: date, from: DueDate, format: ["%m/%d/%y", "%m/%d/%y %H:%M"], min: 1970-01-01}
  sent_at: {type: datetime, time_zone: Europe/Berlin, default: now, example: 2024-02-29T10:00}
  total: {type: money, currency: USD, min: 0, max: 1e6, format: "1,234.50", description: "With tax"}
  status: {type: choice, choices: [Open, Closed]}
"""
    )
    assert list(header.input) == ["number", "due_date", "sent_at", "total", "status"]
    number, due_date, sent_at, total, status = header.input.values()
    assert (number.required, number.names, number.formats) == (True, ["InvoiceNumber", "Invoice #"], [])
    assert (due_date.names, due_date.formats) == (["DueDate"], ["%m/%d/%y", "%m/%d/%y %H:%M"])
    assert (sent_at.time_zone, sent_at.default) == ("Europe/Berlin", "now")
    assert (total.currency, total.min, total.formats) == ("USD", 0, ["1,234.50"])
    assert (status.choices, status.required, status.default) == (["Open", "Closed"], False, None)
    assert header_of("").input == {}


def test_what_means_nothing_in_all_columns() -> None:
    header = header_of(
        'empty: ["N/A", "-"]\ninput: {a: {type: text}, b: {type: text, empty: x}, c: {type: date}}'
    )
    assert [column.empty for column in header.input.values()] == [["N/A", "-"], ["x"], ["N/A", "-"]]
    assert faults_of("title: t\nempty: x") == ["2: empty: is for a file with input"]
    assert faults_of("input:\n  a: {type: text, empty: [null]}")[0].startswith("2: input.a.empty")
    assert faults_of("input:\n  a: {type: text, empty: ' '}") == [
        "2: input.a.empty: must have texts, none of them empty"
    ]
    assert faults_of("input:\n  a: {type: text, credit: plus}") == [
        "2: input.a.credit: is for money, not for text"
    ]
    assert faults_of("input:\n  a: {type: money, currency: USD, format: 5.00 CR}") == [
        "2: input.a.format: 5.00 CR: CR is read without an example; the key credit says what it means"
    ]


def test_the_documentation_has_every_key() -> None:
    assert ", ".join(keys_of(InputColumn)) == KEYS
    lines = TABLES["input-keys"]().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == KEYS.split(", ")


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("line", "input.line: is the row's line in the file; choose another name"),
        ("LINE", "input.LINE: is the row's line in the file; choose another name"),
        ("bill total", f"input.bill total: {NAME}"),
        ("2nd", f"input.2nd: {NAME}"),
        ("Other", "input.Other: differs from other only in case, which SQL ignores"),
    ],
)
def test_names_that_cannot_be(name: str, message: str) -> None:
    assert faults_of(f"input:\n  other: {{type: text}}\n  {name}: {{type: text}}") == [f"3: {message}"]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("{}", ".type: is missing"),
        ("text", ": must hold keys, such as {type: text}"),
        ("{type: day}", f".type: must be one of {TYPES}, not day"),
        ("{type: text, required: maybe}", ".required: must be true or false"),
        ("{type: text, required: true, default: x}", ".required: cannot be true where there is a default"),
        (
            "{type: text, pattern: '['}",
            ".pattern: is not a regular expression: missing ]: [",
        ),
        ("{type: text, min: -1}", ".min: a length is 0 or more"),
        ("{type: text, default: 1.50}", ".default: must be a text; put it in quotes"),
        ("{type: integer, default: [1]}", ".default: must be a value such as 1, 2.5, true or text"),
        ("{type: integer, min: 2, max: 1}", ".min: is more than max"),
        ("{type: integer, min: 2, default: 1}", ".default: must be at least 2"),
        ("{type: integer, pattern: x}", ".pattern: is for text, not for integer"),
        ("{type: text, message: must be a code}", ".message: needs a pattern beside it"),
        ("{type: integer, time_zone: UTC}", ".time_zone: is for date, datetime, month, not for integer"),
        ("{type: date, time_zone: Mars}", ".time_zone: Mars is not a time zone such as Europe/Berlin"),
        ("{type: text, choices: [a]}", ".choices: is for choice, not for text"),
        ("{type: choice}", ".type: a choice has choices"),
        ("{type: choice, choices: [a, a]}", ".choices: a appears twice"),
        ("{type: choice, choices: [a], default: b}", ".default: must be one of a"),
        (
            "{type: boolean, min: 0}",
            ".min: is for integer, number, money, text, date, datetime, month, not for boolean",
        ),
        # from
        ("{type: text, from: 5}", ".from: must be a text; put it in quotes"),
        ("{type: text, from: [a, 5]}", ".from.1: must be a text; put it in quotes"),
        ("{type: text, from: {a: b}}", ".from: must be a list, such as [a, b]"),
        ("{type: text, from: }", ".from: has no value; give one or leave the key away"),
        ("{type: text, from: []}", ".from: must have names, none of them empty"),
        ("{type: text, from: [a, ' ']}", ".from: must have names, none of them empty"),
        ("{type: text, from: [A, a]}", ".from: a appears twice"),
        # currency and amounts
        ("{type: text, currency: USD}", ".currency: is for money, not for text"),
        ("{type: money}", ".currency: is missing; a column of type money has one, such as USD"),
        ("{type: money, currency: usd}", ".currency: must be three capital letters, such as USD"),
        ("{type: money, currency: QQQ}", ".currency: QQQ is not a currency of ISO 4217"),
        ("{type: money, currency: USD, min: 0.005}", ".min: must have at most 2 decimals, as USD has"),
        ("{type: money, currency: JPY, max: 1.5}", ".max: must be an amount, such as 1,234"),
        ("{type: money, currency: USD, min: x}", ".min: must be an amount, such as 1,234.50"),
        ("{type: money, currency: USD, min: 2, max: 1.99}", ".min: is more than max"),
        ("{type: money, currency: USD, min: 2, default: 1.99}", ".default: must be at least 2.00"),
        ("{type: money, currency: USD, max: 2, example: 2.01}", ".example: must be at most 2.00"),
        ("{type: money, currency: USD, default: 1e20}", ".default: must be an amount, such as 1,234.50"),
        # format
        (
            "{type: text, format: x}",
            ".format: is for integer, number, money, date, datetime, month, not for text",
        ),
        ("{type: date, format: []}", ".format: must have at least one"),
        ("{type: number, format: 1.5}", ".format: must be a text; put it in quotes"),
        ("{type: date, format: '%m/%Q/%y'}", f".format: %Q is not one of {LETTERS}"),
        ("{type: date, format: '%m/%d/%'}", f".format: % is not one of {LETTERS}"),
        ("{type: date, format: '%-m/%d/%y'}", f".format: %- is not one of {LETTERS}"),
        ("{type: date, format: '%m/%d'}", ".format: %m/%d has no year, %Y or %y"),
        ("{type: date, format: ['%d.%m.%Y', '%m/%y']}", ".format: %m/%y has no day, %d"),
        ("{type: date, format: MM/DD/YY}", ".format: MM/DD/YY has no year, %Y or %y"),
        ("{type: month, format: '%d/%y'}", ".format: %d/%y has no month, %m or %b or %B"),
        ("{type: date, format: '%m/%d/%y %z'}", ".format: %z is for datetime, not for date"),
        ("{type: date, format: '%m/%d/%d/%y'}", ".format: %m/%d/%d/%y cannot be read back"),
        (
            "{type: datetime, format: '%m/%d/%y %I'}",
            ".format: %m/%d/%y %I needs %I and %p together; hours from 0 to 23 are %H",
        ),
        ("{type: date, format: '%Y-%d-%m'}", f".format: %Y-%d-%m {NOT_ISO}"),
        ("{type: money, currency: USD, format: abc}", f".format: abc {NO_NUMBER}"),
        ("{type: number, format: '12,34.5'}", f".format: 12,34.5 {NO_NUMBER}"),
        ("{type: number, format: '1,234'}", f".format: 1,234 {AMBIGUOUS}"),
        ("{type: money, currency: KWD, format: '1.234'}", f".format: 1.234 {AMBIGUOUS}"),
        ("{type: integer, format: '1,234.50'}", f".format: 1,234.50 {NO_DECIMALS}"),
        ("{type: money, currency: JPY, format: '1,234.50'}", f".format: 1,234.50 {NO_DECIMALS}"),
        ("{type: money, currency: USD, format: €20}", ".format: € is not a sign of USD"),
        ("{type: money, currency: USD, format: CA$20}", ".format: CA$ is not a sign of USD"),
        ("{type: money, currency: USD, format: 20 EUR}", ".format: EUR is not a sign of USD"),
        ("{type: integer, format: 20%}", ".format: % is for columns of type number, where 12.5% is 0.125"),
        (
            "{type: money, currency: USD, format: 2.50‰}",
            ".format: ‰ is for columns of type number, where 12.5% is 0.125",
        ),
    ],
)
def test_what_is_said_of_a_wrong_column(keys: str, fault: str) -> None:
    assert faults_of(f"input:\n  a: {keys}") == [f"2: input.a{fault}"]


def test_an_unknown_key_is_told_with_those_that_there_are() -> None:
    assert faults_of("input:\n  a: {type: text, form: A}") == [
        f"2: unknown key input.a.form (did you mean format?); the keys are {KEYS}"
    ]
    for key in ("many", "choices_sql", "names", "formats"):
        (fault,) = faults_of(f"input:\n  a: {{type: text, {key}: x}}")
        assert fault.startswith(f"2: unknown key input.a.{key}")


def test_a_fault_stands_on_the_line_of_its_key() -> None:
    yaml = "input:\n  a:\n    type: date\n    from: A\n    format: '%Q'\n    max: 1\n"
    assert [fault.split(":")[0] for fault in faults_of(yaml)] == ["5", "6"]


# --- currencies ----------------------------------------------------------------------------------


def test_every_currency_has_its_decimals() -> None:
    codes = sorted(list_currencies())
    assert len(codes) > 150
    assert all(is_known_currency(code) for code in codes)
    assert [places_of(code) for code in ("USD", "JPY", "KWD", "RSD")] == [2, 0, 3, 2]


@pytest.mark.parametrize(
    ("code", "signs"),
    [("USD", "USD $ US$"), ("EUR", "EUR € EU€"), ("CAD", "CAD CA$ $"), ("CHF", "CHF"), ("JPY", "JPY ¥ JP¥")],
)
def test_signs(code: str, signs: str) -> None:
    assert sorted(symbols_of(code)) == sorted(signs.split())


@pytest.mark.parametrize(
    ("units", "code", "text"),
    [
        (0, "USD", "0.00"),
        (-5, "USD", "-0.05"),
        (1050, "USD", "10.50"),
        (7, "JPY", "7"),
        (-1234, "KWD", "-1.234"),
    ],
)
def test_an_amount_and_its_units(units: int, code: str, text: str) -> None:
    assert amount_text(units, code) == text
    assert minor_units(text, code) == units


def test_an_amount_has_64_bits() -> None:
    assert minor_units("92233720368547758.07", "USD") == 2**63 - 1
    for text in ("92233720368547758.08", "-92233720368547758.08", "9" * 5000):
        with pytest.raises(InvalidValue, match="is too large an amount"):
            minor_units(text, "USD")
    assert minor_units("0" * 5000 + "1", "USD") == 100


# --- JSON Schema ---------------------------------------------------------------------------------


def test_schema_of_a_row() -> None:
    columns = {
        "number": column("text", required=True, max=20, description="As printed"),
        "day": column("date", format="%m/%d/%y", default="today"),
        "total": column("money", currency="USD", min="0.50", max=100, example="20.10"),
        "net": column("money", currency="USD", required=True),
        "status": column("choice", choices=["Open", "Closed"], default="Open"),
        "is_paid": column("boolean", required=True),
    }
    assert input_schema(columns) == {
        "type": "object",
        "properties": {
            "number": {"type": "string", "maxLength": 20, "description": "As printed"},
            "day": {"type": ["string", "null"], "format": "date"},
            "total": {
                "type": ["string", "number", "null"],
                "minimum": 0.5,
                "maximum": 100,
                "examples": ["20.10"],
            },
            "net": {"type": ["string", "number"]},
            "status": {"enum": ["Open", "Closed", None], "default": "Open"},
            "is_paid": {"type": "boolean"},
        },
        "required": ["number", "net", "is_paid"],
    }
    assert input_schema({}) == {"type": "object", "properties": {}}
