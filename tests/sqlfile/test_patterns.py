"""Patterns mean what they mean to Python's `re`, in time linear in the text, or are refused."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.sqlfile.parameters import Parameter, parameter_schema
from aggregator.sqlfile.patterns import json_schema_pattern, matcher
from aggregator.values.invalid import InvalidValue

# Spaces, digits and letters beyond ASCII, the neighbours of white space, NUL, and ends of lines.
_CHARACTERS = list("ab-]^_1@. \n\r\t\0é٣²ⅷß中") + [
    chr(code)
    for code in (0x1B, 0x1C, 0x1F, 0x84, 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x200B, 0x2028, 0x202F, 0x3000)
]
_ESCAPES = [
    r"\d",
    r"\D",
    r"\w",
    r"\s",
    r"\S",
    r"\x1c",
    r"\u00e9",
    r"\U00004e2d",
    r"\t",
    r"\-",
    r"\]",
    r"\101",
]
_CLASS_PARTS = st.sampled_from([*_ESCAPES, r"\b", r"\]", "a-c", "@", "é", "\\^", "_"])
_CLASSES = st.builds(
    lambda no, first, parts: f"[{no}{first}{''.join(parts)}]",
    st.sampled_from(["", "^"]),
    st.sampled_from(["", "]"]),
    st.lists(_CLASS_PARTS, min_size=1, max_size=3),
)
_ATOMS = st.one_of(st.sampled_from([*_ESCAPES, r"\W", ".", "a", "b", "é", "-", "]"]), _CLASSES)
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{,2}", "{1,}", "*?"])),
    ),
    max_leaves=4,
)


@given(_PATTERNS, st.text(st.sampled_from(_CHARACTERS), max_size=4))
@example(r"^a\Z", "a")
@example("^a$", "a\n")
@example("(?i)straSSe", "STRASSE")
@example("(?s).", "\n")
def test_a_pattern_means_what_it_means_to_python(pattern: str, text: str) -> None:
    assert matcher(pattern)(text) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize("escape", [r"\d", r"\D", r"\s", r"\S", r"[\d]", r"[\s]", r"[\S]", r"[^\s]", r"[\D]"])
def test_an_escape_stands_for_the_same_characters_as_in_python(escape: str) -> None:
    # Of what both know: Python 3.11 has Unicode 14, and RE2 a newer one.
    characters = [chr(code) for code in range(0x3100) if chr(code).isprintable() or chr(code).isspace()]
    python = re.compile(escape).fullmatch
    assert [each for each in characters if matcher(escape)(each) != bool(python(each))] == []


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", r"(\w+\s?)*!", "(.*)*b", "a*a*a*a*a*a*b"]
)
def test_a_pattern_takes_linear_time(pattern: str) -> None:
    matches = matcher(pattern)
    matches("a")
    started = time.process_time()
    assert not matches("a" * 200_000)
    # Python takes hours for the first of them with thirty characters.
    assert time.process_time() - started < 2


_LINEAR = "look-around and backreferences are not supported, so that matching takes linear time"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)b", _LINEAR),
        ("(?!a)b", _LINEAR),
        ("(?<=a)b", _LINEAR),
        ("(?<!a)b", _LINEAR),
        (r"(a)\1", _LINEAR),
        ("(?P<x>a)(?P=x)", _LINEAR),
        (r"\bword\b", r"\b and \B are not supported; the pattern describes the whole text"),
        (r"[\W_]", r"\W inside brackets is not supported; name the characters"),
        ("a{1,2000}", "a repetition is at most {,1000}; min and max limit the length of a text"),
        (r"\w{1,900}", "is too large; min and max limit the length of a text"),
        ("a++", "++ is not supported"),
        ("(?x) a", "(?x is not supported; the flags are i, m and s"),
        (r"\N{DIGIT ONE}", r"\N is not supported"),
        (r"\C", r"\C is not supported"),
        ("(a", "is not a regular expression: missing ): (a"),
        ("[z-a]", "is not a regular expression: invalid character class range: z-a"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as refused:
        matcher(pattern)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("pattern", "in_schema"),
    [
        ("a|b", "^(?:a|b)$"),
        (r"[^@\s]+@[^@\s]+", r"^(?:[^@\s]+@[^@\s]+)$"),
        ("(?i)a", None),
        ("(?P<year>[0-9]{4})", None),
        (r"\Aa\Z", None),
        (r"\p{Lu}", None),
        ("a{,3}", None),
    ],
)
def test_json_schema_has_only_patterns_that_mean_the_same_there(pattern: str, in_schema: str | None) -> None:
    assert json_schema_pattern(pattern) == in_schema
    parameter = Parameter(type="text", pattern=pattern)
    assert parameter_schema(parameter).get("pattern") == in_schema


def test_the_message_of_a_pattern_is_the_error() -> None:
    keys = {"type": "text", "pattern": "[^@]+@[^@]+", "message": "must be an e-mail address"}
    with pytest.raises(InvalidValue, match=r"\Amust be an e-mail address\Z"):
        Parameter.model_validate(keys).parse_one("asha")
    with pytest.raises(InvalidValue, match=r"\Amust be an e-mail address, such as a@b\Z"):
        Parameter.model_validate(keys | {"example": "a@b"}).parse_one("asha")
