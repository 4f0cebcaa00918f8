"""A JSON object that is no row, but parameters: the texts of each name."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import orjson

from aggregator.errors import InvalidParameters, ParameterError, TooLarge, UnreadableInput

MOST_FIELDS = 1_000
MOST_FIELD_BYTES = 1_000_000

Fields = dict[str, list[str]]
"""The texts of each name."""


def json_fields(data: bytes) -> Fields:
    """The members of a JSON object; null counts as not given.

    Raises UnreadableInput, TooLarge, InvalidParameters.
    """
    require_json(data)
    try:
        document = json.loads(data, parse_float=str, parse_int=str, object_pairs_hook=_once)
    except RecursionError:
        raise UnreadableInput("The body is nested too deeply.") from None
    if not isinstance(document, dict):
        raise UnreadableInput('The body is JSON, but not an object such as {"name": "value"}.')
    errors = [
        ParameterError(name, None, "must be a value or a list of values, not an object")
        for name, value in document.items()
        if any(isinstance(each, dict | list) for each in (value if isinstance(value, list) else [value]))
    ]
    if errors:
        raise InvalidParameters(errors)
    return {
        name: [_text(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
        for name, value in document.items()
    }


def require_json(data: bytes) -> None:
    """Raise UnreadableInput, with the place, for what is no JSON by RFC 8259."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableInput(
            f"The body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error


def too_large(most: int) -> TooLarge:
    """A body of more bytes than are taken."""
    return TooLarge(f"The body is larger than {most:,} bytes, which is the most that is taken.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = Counter(name for name, _ in pairs)
        name = next(name for name, count in names.items() if count > 1)
        raise InvalidParameters([ParameterError(name, None, "is given more than once")])
    if len(document) > MOST_FIELDS:
        raise TooLarge(f"The body has more than {MOST_FIELDS:,} names.")
    return document


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
