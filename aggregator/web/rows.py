"""The rows in a request's body, as the request says that they are to be read."""

from __future__ import annotations

from typing import Any, BinaryIO

from aggregator.catalog.day_order import DAY_ORDERS, DayOrder
from aggregator.errors import InvalidParameters, ParameterError
from aggregator.inputs.header import SEARCHED
from aggregator.inputs.kinds import kind_of
from aggregator.inputs.options import MOST_HEADER_LINE, Kind, Options
from aggregator.inputs.table import Table
from aggregator.web.body import Body
from aggregator.web.request import Request, merged
from aggregator.writes.preview import MOST_ROWS, USUAL_ROWS
from aggregator.writes.staging import open_table
from aggregator.writes.write import Write

_TEXT: dict[str, Any] = {"type": "string"}
_READING: dict[str, tuple[str, dict[str, Any]]] = {
    "delimiter": ("What stands between the cells of a CSV file; found when not given", _TEXT),
    "encoding": ("Of a CSV file, such as cp1252; found when not given", _TEXT),
    "sheet": ("Of a workbook; the first visible one with the columns when not given", _TEXT),
    "header_line": (
        f"The line, or the row of a sheet, with the names of the columns; found in the first {SEARCHED} when "
        "not given",
        {"type": "integer", "minimum": 1, "maximum": MOST_HEADER_LINE},
    ),
    "date_order": (
        "Whether the day or the month comes first in dates such as 05/12/2024; as the format of the column "
        "says when not given",
        {"type": "string", "enum": list(DAY_ORDERS)},
    ),
}
INPUT_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "invalid": (
        "When there are bad rows: write nothing, or skip them and write the others",
        {"type": "string", "enum": ["reject", "skip"], "default": "reject"},
    ),
    "dry_run": (
        "Do all of it, say what would change, and write nothing",
        {"type": "boolean", "default": False},
    ),
    "preview": (
        "Write nothing, and show how the file is understood and so many of its first rows; "
        f"{USUAL_ROWS} when it is empty. Its beginning is enough, and no parameters are needed",
        {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    ),
    **_READING,
}
"""What the query string may say of how rows are read, and what is done with them: by its name the description
and the JSON Schema."""


def opened_rows(write: Write, request: Request, body: Body, file: BinaryIO) -> Table:
    """The rows of a body's file; may read all of it, so it is not for the event loop.

    Raises UnreadableInput, UnsupportedInput, TooLarge.
    """
    kind, options = said_of(request, body, file)
    return open_table(file, kind, write.header.input, options)


def said_of(request: Request, body: Body, file: BinaryIO) -> tuple[Kind, Options]:
    """The kind of a body's file, and what the request says of it.

    Raises UnsupportedInput and InvalidParameters.
    """
    asked = merged(request.query(), body.fields)
    texts = {name: next(iter(asked.get(name, ())), "") or None for name in _READING}
    charset = _charset(request) if body.name == "" else None
    file.seek(0)
    kind = kind_of(file, body.media_type, body.name)
    header_line = _header_line(texts["header_line"])
    date_order = _date_order(texts["date_order"])
    encoding = texts["encoding"] or charset
    return kind, Options(texts["delimiter"], encoding, texts["sheet"], header_line, date_order)


def _date_order(text: str | None) -> DayOrder | None:
    found = next((each for each in DAY_ORDERS if each == text), None)
    if text is not None and found is None:
        message = f"must be one of {', '.join(DAY_ORDERS)}"
        raise InvalidParameters([ParameterError("date_order", text, message)])
    return found


def _header_line(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and 0 < int(text[:20]) <= MOST_HEADER_LINE:
        return int(text)
    message = f"must be a whole number from 1 to {MOST_HEADER_LINE:,}"
    raise InvalidParameters([ParameterError("header_line", text, message)])


def _charset(request: Request) -> str | None:
    for part in request.header(b"content-type").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip('"') or None
    return None
