"""A JSON object in the body whose members are parameters, one of which may hold the rows."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from aggregator.errors import InvalidParameter, InvalidParameters, TooLarge, UnreadableInput
from aggregator.inputs.json import DECODER

MOST_FIELDS = 1_000
MOST_FIELD_BYTES = 1_000_000
Fields = dict[str, list[str]]
"""The texts of each name."""

_SPACE = re.compile(r"[ \t\r\n]*")
_MARK = "\ufeff".encode()


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
    lists = {name: value if isinstance(value, list) else [value] for name, value in document.items()}
    errors = [
        InvalidParameter(name, None, "must be a value or a list of values, not an object")
        for name, values in lists.items()
        if any(isinstance(each, dict | list) for each in values)
    ]
    if errors:
        raise InvalidParameters(errors)
    return {name: [_text(each) for each in values if each is not None] for name, values in lists.items()}


def require_json(data: bytes) -> None:
    """Raise UnreadableInput, with line and column, for what is no JSON by RFC 8259."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableInput(
            f"The body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error


def too_large(most: int) -> TooLarge:
    """A body of more bytes than are taken."""
    return TooLarge(f"The body is larger than {most:,} bytes, which is the limit.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = Counter(name for name, _ in pairs)
        name = next(name for name, count in names.items() if count > 1)
        raise InvalidParameters([InvalidParameter(name, None, "is given more than once")])
    if len(document) > MOST_FIELDS:
        raise TooLarge(f"The body has more than {MOST_FIELDS:,} names.")
    return document


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def open_object(file: BinaryIO, name: str) -> tuple[Fields, BinaryIO] | None:
    """The parameters in an object, and the JSON of the rows in its member of that name.

    None when the file does not begin with an object: all of it is rows then. Raises UnreadableInput,
    TooLarge for more than a million bytes, and InvalidParameters without such a list.
    """
    file.seek(0)
    data = file.read(MOST_FIELD_BYTES + 1).removeprefix(_MARK)
    file.seek(0)
    if not data.lstrip().startswith(b"{"):
        return None
    if len(data) > MOST_FIELD_BYTES:
        raise too_large(MOST_FIELD_BYTES)
    require_json(data)
    text = data.decode()
    try:
        members = list(_members(text))
    except RecursionError:
        raise UnreadableInput("The body is nested too deeply.") from None
    rest = ",".join(member for own, member, _ in members if own != name)
    return json_fields(f"{{{rest}}}".encode()), io.BytesIO(_rows(name, members).encode())


def _rows(name: str, members: list[tuple[str, str, str]]) -> str:
    values = [value for own, _, value in members if own == name and value != "null"]
    if len(values) == 1 and values[0].startswith("["):
        return values[0]
    if len(values) > 1:
        message = "is given more than once"
    else:
        message = "must be a list of objects" if values else "is required (a list of objects)"
    raise InvalidParameters([InvalidParameter(name, None, message)])


def _members(text: str) -> Iterator[tuple[str, str, str]]:
    """The name of each member of the object, the JSON of name and value, and that of the value alone.

    The JSON is known to be right.
    """
    position = _after_space(text, text.index("{") + 1)
    while text[position] != "}":
        start = position
        name, position = DECODER.raw_decode(text, position)
        position = _after_space(text, _after_space(text, position) + 1)
        value = position
        _, position = DECODER.raw_decode(text, position)
        yield name, text[start:position], text[value:position]
        position = _after_space(text, position)
        if text[position] == ",":
            position = _after_space(text, position + 1)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
