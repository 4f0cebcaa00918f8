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
    errors = [
        InvalidParameter(name, None, "must be a value or a list of values, not an object")
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
    found = [value for own, _, value in members if own == name and value != "null"]
    if len(found) > 1:
        raise InvalidParameters([InvalidParameter(name, None, "is given more than once")])
    if not found:
        raise InvalidParameters([InvalidParameter(name, None, "is required (a list of objects)")])
    if not found[0].startswith("["):
        raise InvalidParameters([InvalidParameter(name, None, "must be a list of objects")])
    return found[0]


def _members(text: str) -> Iterator[tuple[str, str, str]]:
    """The name of each member of the object, the JSON of name and value, and that of the value alone.

    The JSON is known to be right.
    """
    place = _after_space(text, text.index("{") + 1)
    while text[place] != "}":
        start = place
        name, place = DECODER.raw_decode(text, place)
        place = _after_space(text, _after_space(text, place) + 1)
        value = place
        _, place = DECODER.raw_decode(text, place)
        yield name, text[start:place], text[value:place]
        place = _after_space(text, place)
        if text[place] == ",":
            place = _after_space(text, place + 1)


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
