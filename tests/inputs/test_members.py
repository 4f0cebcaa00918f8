"""A JSON object with rows in one member: what is a parameter, what is a row, and what is refused."""

from __future__ import annotations

import io
import json

import pytest

from aggregator.errors import AggregatorError, InvalidParameters, TooLarge, UnreadableInput
from aggregator.inputs.json_body import open_object


def opened(text: str | bytes) -> tuple[dict[str, list[str]], bytes] | None:
    found = open_object(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "lines")
    return None if found is None else (found[0], found[1].read())


@pytest.mark.parametrize(
    ("text", "fields", "rows"),
    [
        ('{"lines": []}', {}, "[]"),
        ('\ufeff {"a":1,"lines" : [ {"n": 1} ] ,"b":[true, null, "x"]}', None, '[ {"n": 1} ]'),
        ('{"lines": [{"lines": "}{,]["}], "a": "\\"lines\\": [1]"}', None, '[{"lines": "}{,]["}]'),
        ('{"a": 12345678901234567890.10, "lines": [0.1000000000000000000001]}', None, None),
    ],
)
def test_parameters_and_rows(text: str, fields: dict[str, list[str]] | None, rows: str | None) -> None:
    document = json.loads(text.removeprefix("\ufeff"), parse_float=str)
    words = {True: "true", False: "false"}
    wanted = {
        name: [
            words.get(each, str(each)) if isinstance(each, bool) else str(each)
            for each in (value if isinstance(value, list) else [value])
            if each is not None
        ]
        for name, value in document.items()
        if name != "lines"
    }
    found = opened(text)
    assert found is not None
    assert found[0] == wanted
    assert fields is None or found[0] == fields
    assert json.loads(found[1], parse_float=str) == document["lines"]
    assert rows is None or found[1] == rows.encode()


@pytest.mark.parametrize("text", ["", "  [{}]", "a,b\n1,2\n", "7"])
def test_what_is_no_object_is_all_rows(text: str) -> None:
    assert opened(text) is None


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("{}", InvalidParameters, "lines: is required"),
        ('{"lines": null}', InvalidParameters, "lines: is required"),
        ('{"lines": {"n": 1}}', InvalidParameters, "lines: must be a list of objects"),
        ('{"lines": [], "a": 1, "lines": []}', InvalidParameters, "lines: is given more than once"),
        ('{"lines": [], "a": 1, "a": 1}', InvalidParameters, "a: is given more than once"),
        ('{"lines": [], "a": {}}', InvalidParameters, "a: must be a value"),
        ('{"lines": [', UnreadableInput, "The body is not JSON: "),
        ('{"lines": [NaN]}', UnreadableInput, "The body is not JSON: "),
        ('{"lines": []} []', UnreadableInput, "The body is not JSON: "),
        (b'{"lines": ["\xff"]}', UnreadableInput, "The body is not JSON: "),
        ('{"lines": ' + "[" * 5000 + "]" * 5000 + "}", UnreadableInput, "The body is not JSON: "),
        ('{"lines": [1], "a": ' + "9" * 6000 + "}", UnreadableInput, "The body is not JSON: "),
        ('{"lines": [], "a": "' + "x" * 1_000_000 + '"}', TooLarge, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_refused(text: str | bytes, error: type[AggregatorError], told: str) -> None:
    with pytest.raises(error, match=told):
        opened(text)
