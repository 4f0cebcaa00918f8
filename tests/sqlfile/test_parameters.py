"""What a header says of a parameter: limits, choices, defaults, and its JSON Schema."""

from datetime import UTC, datetime

import pytest

from aggregator.sqlfile.parameters import Parameter, parameter_schema
from aggregator.values.invalid import InvalidValue


def parameter(type: str, **keys: object) -> Parameter:
    return Parameter.model_validate({"type": type, **keys})


def refusal(wanted: Parameter, text: str) -> str:
    with pytest.raises(InvalidValue) as raised:
        wanted.parse_one(text)
    return str(raised.value)


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "low", "high", "good", "too_low", "too_high", "unit"),
    [
        ("integer", -5, 5, ["-5", "0", "5"], "-6", "6", ""),
        ("number", 0.5, "1.5", ["0.5", "1.5"], "0.49", "1.51", ""),
        ("text", 2, 3, ["ab", "äöü", "日本"], "a", "abcd", " characters long"),
        ("date", "2024-01-01", "2024-12-31", ["2024-01-01", "2024-12-31"], "2023-12-31", "2025-01-01", ""),
        ("month", "2024-01", "2024-12", ["2024-01", "2024-12"], "2023-12", "2025-01", ""),
    ],
)
def test_limits(
    type: str, low: object, high: object, good: list[str], too_low: str, too_high: str, unit: str
) -> None:
    wanted = parameter(type, min=low, max=high)
    assert [str(wanted.parse_one(text)) for text in good] == good
    assert refusal(wanted, too_low) == f"must be at least {low}{unit}"
    assert refusal(wanted, too_high) == f"must be at most {high}{unit}"


def test_limits_of_moments_are_compared_as_moments() -> None:
    wanted = parameter(
        "datetime", min="2024-01-01T10:00", max="2024-01-01T12:00:00.5", time_zone="Europe/Berlin"
    )
    assert wanted.parse_one("2024-01-01T09:00:00Z") == "2024-01-01T09:00:00Z"
    # As a text `.5Z` comes before `Z`.
    assert wanted.parse_one("2024-01-01T09:00:00.5Z") == "2024-01-01T09:00:00.500Z"
    assert wanted.parse_one("2024-01-01T11:00:00Z") == "2024-01-01T11:00:00Z"
    assert refusal(wanted, "2024-01-01T08:59:59.999Z") == "must be at least 2024-01-01T09:00:00Z"
    assert refusal(wanted, "2024-01-01T11:00:00.501Z") == "must be at most 2024-01-01T11:00:00.500Z"


def test_a_limit_may_be_today(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = parameter("date", max="today")
    noon = datetime(2024, 2, 29, 12, tzinfo=UTC)
    monkeypatch.setattr("aggregator.sqlfile.parameter_types._now", lambda _: noon)
    assert wanted.parse_one("2024-02-29") == "2024-02-29"
    assert refusal(wanted, "2024-03-01") == "must be at most 2024-02-29"


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "text", "units"),
    [
        ("USD", "1,000.00", 100_000),
        ("USD", "1000", 100_000),
        ("USD", "$1,000.5", 100_050),
        ("USD", "-0.01", -1),
        ("USD", "20 USD", 2_000),
        ("JPY", "¥1,000", 1_000),
        ("KWD", "1.234", 1_234),
        (None, "1,000.00", 100_000),
    ],
)
def test_money_is_typed_as_an_amount_and_becomes_minor_units(
    currency: str | None, text: str, units: int
) -> None:
    found = parameter("money", currency=currency).parse_one(text)
    assert (type(found), found) == (int, units)


@pytest.mark.parametrize(
    "text", ["1.000,00", "1,00", "10,00", "1e3", "€5", "1 000", "abc", "1.005", "12,34.5"]
)
def test_what_could_mean_another_amount_is_refused(text: str) -> None:
    refused = (
        "must have at most 2 decimals, as USD has"
        if text == "1.005"
        else "must be an amount, such as 1,234.50"
    )
    assert refusal(parameter("money", currency="USD"), text) == refused


def test_limits_and_defaults_of_money_are_amounts() -> None:
    wanted = parameter("money", currency="USD", min=0.5, max="1,000.00", default=20)
    assert wanted.default_value() == 2_000
    assert wanted.parse_one("1000") == 100_000
    assert refusal(wanted, "0.49") == "must be at least 0.50"
    assert refusal(wanted, "1,000.01") == "must be at most 1000.00"
    assert parameter_schema(wanted) == {
        "type": ["string", "number"],
        "minimum": 0.5,
        "maximum": 1000,
        "default": 20,
    }


# --- choices -------------------------------------------------------------------------------------


def test_a_choice_is_the_value_of_the_header() -> None:
    wanted = parameter("choice", choices=[1, 2.5, True, "no", "2024-01-01", "A b"])
    values = [wanted.parse_one(text) for text in ("1", "2.5", "true", "no", "2024-01-01", "A b")]
    assert values == [1, 2.5, 1, "no", "2024-01-01", "A b"]
    assert [type(value) for value in values] == [int, float, int, str, str, str]


@pytest.mark.parametrize("text", ["01", "1.0", "True", "a b", "A b ", "", "None"])
def test_what_is_no_choice(text: str) -> None:
    wanted = parameter("choice", choices=[1, True, "A b"])
    assert refusal(wanted, text) == "must be one of 1, true, A b"


def test_not_all_of_many_choices_are_told() -> None:
    wanted = parameter("choice", choices=list(range(1000)))
    assert refusal(wanted, "x") == f"must be one of {', '.join(map(str, range(20)))}, …"


# --- defaults and JSON Schema --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({"type": "integer"}, None),
        ({"type": "integer", "default": 5}, 5),
        ({"type": "integer", "default": "007"}, 7),
        ({"type": "boolean", "default": "no"}, 0),
        ({"type": "text", "default": 7}, "7"),
        ({"type": "text", "default": ""}, ""),
        ({"type": "number", "default": 1}, 1.0),
        ({"type": "integer", "many": True, "default": 5}, [5]),
        ({"type": "integer", "many": True, "default": [1, "2"]}, [1, 2]),
        ({"type": "integer", "many": True, "default": []}, []),
        ({"type": "choice", "choices_sql": "SELECT 1", "default": 1}, "1"),
    ],
)
def test_defaults(keys: dict[str, object], value: object) -> None:
    found = Parameter.model_validate(keys).default_value()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("keys", "is_required"),
    [
        ({}, True),
        ({"default": 1}, False),
        ({"required": False}, False),
        ({"required": True}, True),
        ({"default": 0}, False),
    ],
)
def test_what_is_required(keys: dict[str, object], is_required: bool) -> None:
    assert parameter("integer", **keys).is_required is is_required


@pytest.mark.parametrize(
    ("keys", "schema"),
    [
        (
            {"type": "integer", "min": 1, "max": "9"},
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": 9},
        ),
        ({"type": "number", "min": 0.5}, {"type": "number", "format": "double", "minimum": 0.5}),
        ({"type": "text", "min": 1, "max": 5}, {"type": "string", "minLength": 1, "maxLength": 5}),
        (
            {"type": "text", "pattern": "a|b"},
            {"type": "string", "pattern": "^(?:a|b)$", "minLength": 1},
        ),
        ({"type": "text", "required": False, "min": 0}, {"type": "string", "minLength": 0}),
        ({"type": "text", "default": "x", "max": 5}, {"type": "string", "maxLength": 5, "default": "x"}),
        ({"type": "boolean", "default": "no"}, {"type": "boolean", "default": False}),
        ({"type": "integer", "default": "007"}, {"type": "integer", "format": "int64", "default": 7}),
        (
            {"type": "date", "default": "2024-01-01", "min": "2020-01-01"},
            {"type": "string", "format": "date", "default": "2024-01-01"},
        ),
        ({"type": "date", "default": "today"}, {"type": "string", "format": "date"}),
        ({"type": "datetime", "default": "now"}, {"type": "string", "format": "date-time"}),
        ({"type": "month"}, {"type": "string", "pattern": "^([0-9]{4})-(0[1-9]|1[0-2])$"}),
        ({"type": "choice", "choices": [1, 2], "default": 2}, {"enum": [1, 2], "default": 2}),
        ({"type": "choice", "choices": [1, "a"], "default": 1}, {"enum": ["1", "a"], "default": "1"}),
        ({"type": "choice", "choices": [1.5, 2]}, {"enum": ["1.5", "2"]}),
        ({"type": "choice", "choices": [True, False]}, {"enum": ["true", "false"]}),
        ({"type": "choice", "choices_sql": "SELECT 1"}, {}),
        (
            {"type": "integer", "many": True, "default": [1, "02"], "max": 9},
            {
                "type": "array",
                "items": {"type": "integer", "format": "int64", "maximum": 9},
                "default": [1, 2],
            },
        ),
    ],
)
def test_schema(keys: dict[str, object], schema: dict[str, object]) -> None:
    assert parameter_schema(Parameter.model_validate(keys)) == schema
