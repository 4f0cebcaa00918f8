"""All parameters of one request: what is missing, unknown, repeated or wrong is said at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidParameters
from aggregator.sqlfile.parameters import Parameter, read_arguments

PARAMS = {
    name: Parameter.model_validate(keys)
    for name, keys in {
        "customer_id": {"type": "integer", "description": "The customer's number"},
        "since": {"type": "date", "default": "1970-01-01"},
        "until": {"type": "date", "required": False},
        "ids": {"type": "integer", "many": True, "default": [7, 8], "max": 100},
        "Status": {"type": "choice", "choices": ["open", "paid"], "required": False, "many": True},
    }.items()
}


def errors(given: dict[str, list[str]]) -> list[tuple[str, str | None, str]]:
    with pytest.raises(InvalidParameters) as raised:
        read_arguments(PARAMS, given)
    return [(error.parameter, error.given, error.message) for error in raised.value.errors]


def test_all_at_once() -> None:
    given = {"since": ["2024-01-01"], "customer_id": ["5"], "ids": ["3", "1", "3"], "Status": ["paid"]}
    assert read_arguments(PARAMS, given) == {
        "customer_id": 5,
        "since": "2024-01-01",
        "until": None,
        "ids": [3, 1, 3],
        "Status": ["paid"],
    }


def test_what_is_not_given() -> None:
    assert read_arguments(PARAMS, {"customer_id": ["5"]}) == {
        "customer_id": 5,
        "since": "1970-01-01",
        "until": None,
        "ids": [7, 8],
        "Status": None,
    }


def test_an_empty_text_counts_as_not_given() -> None:
    empty = {name: [""] for name in PARAMS} | {"customer_id": ["", "5", ""], "ids": ["", ""]}
    assert read_arguments(PARAMS, empty) == read_arguments(PARAMS, {"customer_id": ["5"]})
    assert errors({"customer_id": [""]}) == [("customer_id", None, "is required (The customer's number)")]


def test_what_is_missing_says_what_it_means() -> None:
    assert errors({}) == [("customer_id", None, "is required (The customer's number)")]


KNOWN = "available parameters: customer_id, since, until, ids, Status"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("custmer_id", " (did you mean customer_id?)"),
        ("CUSTOMER_ID", " (did you mean customer_id?)"),
        ("status", " (did you mean Status?)"),
        ("customerid", " (did you mean customer_id?)"),
        ("x", ""),
        ("", ""),
    ],
)
def test_what_is_unknown_gets_a_hint(name: str, hint: str) -> None:
    found = errors({"customer_id": ["1"], name: ["a", "b"]})
    assert found == [(name, "a, b", f"unknown parameter{hint}; {KNOWN}")]


def test_a_report_without_parameters() -> None:
    with pytest.raises(InvalidParameters, match="available parameters: none"):
        read_arguments({}, {"a": ["1"]})
    assert read_arguments({}, {}) == {}


def test_what_is_repeated() -> None:
    assert errors({"customer_id": ["1", "1"]}) == [
        ("customer_id", "1, 1", "is given more than once, but is not a list")
    ]


def test_everything_wrong_is_said_and_of_a_list_which_one() -> None:
    given = {
        "customer_id": ["one"],
        "ids": ["1", "2", "101", "x"],
        "since": ["yesterday"],
        "foo": ["1"],
        "Status": ["open", "shut"],
    }
    assert errors(given) == [
        ("foo", "1", f"unknown parameter; {KNOWN}"),
        ("customer_id", "one", "must be a whole number, such as 42"),
        ("since", "yesterday", "must be a valid date (YYYY-MM-DD) or today"),
        ("ids", "101", "must be at most 100"),
        ("Status", "shut", "must be one of open, paid"),
    ]


def test_a_default_that_has_come_to_be_out_of_its_limits_is_the_requests_fault_not_a_crash() -> None:
    wanted = Parameter.model_construct(type="date", default="today", max="2000-01-01")
    with pytest.raises(InvalidParameters, match="since: must be at most 2000-01-01"):
        read_arguments({"since": wanted}, {})


@given(st.dictionaries(st.sampled_from([*PARAMS, "x"]), st.lists(st.text(), max_size=3)))
def test_any_request_is_read_or_refused(given: dict[str, list[str]]) -> None:
    try:
        arguments = read_arguments(PARAMS, given)
    except InvalidParameters as refused:
        named = {error.parameter for error in refused.errors}
    else:
        named = set(PARAMS)
        assert arguments.keys() == named
    assert named
