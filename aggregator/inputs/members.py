"""A JSON object that holds rows in one of its members, and parameters in the others."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from aggregator.errors import InvalidParameters, ParameterError, UnreadableInput
from aggregator.inputs.fields import MOST_FIELD_BYTES, Fields, json_fields, require_json, too_large
from aggregator.inputs.objects import DECODER

_SPACE = re.compile(r"[ \t\r\n]*")
_MARK = "\ufeff".encode()


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
        raise InvalidParameters([ParameterError(name, None, "is given more than once")])
    if not found:
        raise InvalidParameters([ParameterError(name, None, "is required (a list of objects)")])
    if not found[0].startswith("["):
        raise InvalidParameters([ParameterError(name, None, "must be a list of objects")])
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
