"""The rows in a request's body, as the request says that they are to be read."""

from __future__ import annotations

from typing import BinaryIO

from aggregator.inputs.kinds import kind_of
from aggregator.inputs.options import Kind, Options
from aggregator.inputs.reading import read_table
from aggregator.inputs.table import Table
from aggregator.web.body import Body
from aggregator.web.request import Request, merged
from aggregator.writes.write import Write

INPUT_OPTIONS = ("invalid", "dry_run", "preview", "delimiter", "encoding", "sheet")
"""Names in the query string that say how rows are read, and what is done with them."""


def opened_rows(write: Write, request: Request, body: Body, file: BinaryIO) -> Table:
    """The rows of a body's file; may read all of it, so it is not for the event loop.

    Raises UnreadableInput, UnsupportedInput, TooLarge.
    """
    kind, options = said_of(request, body, file)
    wanted = {name: column.names for name, column in write.header.input.items()}
    return read_table(file, kind, wanted, options)


def said_of(request: Request, body: Body, file: BinaryIO) -> tuple[Kind, Options]:
    """The kind of a body's file, and what the request says of it. Raises UnsupportedInput."""
    asked = merged(request.query(), body.fields)
    texts = {name: next(iter(asked.get(name, ())), "") or None for name in ("delimiter", "encoding", "sheet")}
    charset = _charset(request) if body.name == "" else None
    file.seek(0)
    kind = kind_of(file, body.media_type, body.name)
    return kind, Options(texts["delimiter"], texts["encoding"] or charset, texts["sheet"])


def _charset(request: Request) -> str | None:
    for part in request.header(b"content-type").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip('"') or None
    return None
