"""The body of a request: on the disk as it comes, and taken apart when it is whole."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Message

from aggregator.errors import (
    DISK_FULL,
    Cancelled,
    InvalidParameter,
    InvalidParameters,
    RequestTimeout,
    StorageFull,
    UnreadableInput,
    UnsupportedInput,
)
from aggregator.inputs.filetypes import filetype_of
from aggregator.inputs.json_body import MOST_FIELD_BYTES, MOST_FIELDS, Fields, json_fields, too_large
from aggregator.inputs.table import MOST_HEADER_LINE, FileType, Options
from aggregator.inputs.text import SEARCHED
from aggregator.read.run import SpoolSpace
from aggregator.sqlfile.day_order import DAY_ORDERS, DayOrder
from aggregator.web.request import Request, merged
from aggregator.write.preview import MOST_ROWS, USUAL_ROWS

BODY_SECONDS = 20.0

LEAST_BODY_BYTES = 10_000
"""What a body must bring in each of these spans, unless it ends."""

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
FIELD_TYPES = ("application/json", *FORM_TYPES)


class BodySpace:
    """The share of the space for bodies that one of them takes."""

    def __init__(self, space: SpoolSpace) -> None:
        self._space = space
        self._size = 0

    def take(self, size: int) -> None:
        """Take so many bytes more; raises SpoolFull."""
        self._space.lend(size)
        self._size += size

    def give_back(self) -> None:
        """Give all of it back."""
        self._space.give_back(self._size)
        self._size = 0


@dataclass(slots=True)
class Body:
    """A body that has arrived. file: its bytes, or those of the one file of a form, None when there are
    none; name: the file's own; fields: of a form."""

    media_type: str = ""
    file: BinaryIO | None = None
    name: str = ""
    fields: Fields = field(default_factory=dict)
    lent: BodySpace | None = None

    def digest(self) -> bytes:
        """Stands for all that it says; reads the file, so it is not for the event loop.

        The bytes between the parts of a form do not count: they are others each time that it is sent.
        """
        digest = hashlib.blake2b(orjson.dumps(sorted(self.fields.items())), digest_size=16)
        if self.file is not None:
            self.file.seek(0)
            while chunk := self.file.read(MOST_FIELD_BYTES):
                digest.update(chunk)
        return digest.digest()

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()
        if self.lent is not None:
            self.lent.give_back()


async def receive_body(request: Request, most: int, directory: Path | None, space: SpoolSpace) -> Body:
    """All of a request's body.

    most: bytes. directory: where it waits. Raises TooLarge, UnsupportedInput, UnreadableInput (a form that
    cannot be read), StorageFull, SpoolFull, RequestTimeout, or Cancelled when it was cut off.
    """
    media_type = request.header(b"content-type").partition(";")[0].strip().lower()
    if request.header(b"content-encoding").strip().lower() not in ("", "identity"):
        raise UnsupportedInput(
            "Compressed bodies are not supported. Send the body uncompressed.", ["identity"]
        )
    length = request.header(b"content-length")
    if length.isdigit() and int(length) > most:
        raise too_large(most)
    lent = BodySpace(space)
    chunks = _chunks(request, most, lent)
    try:
        if media_type == "multipart/form-data":
            body = await _form(request, chunks)
        else:
            body = await _file(media_type, chunks, directory)
    except OSError as error:
        lent.give_back()
        if error.errno not in DISK_FULL:
            raise
        raise StorageFull("The server's disk is full; nothing was written.") from error
    except BaseException:
        lent.give_back()
        raise
    body.lent = lent
    return body


async def _chunks(request: Request, most: int, lent: BodySpace) -> AsyncGenerator[bytes, None]:
    size, more = 0, True
    loop = asyncio.get_running_loop()
    ends_at, enough = loop.time() + BODY_SECONDS, LEAST_BODY_BYTES
    while more:
        message = await _in_time(request, ends_at)
        if message["type"] == "http.disconnect":
            raise Cancelled("The client disconnected before the body was complete.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise too_large(most)
        if size >= enough:
            ends_at, enough = loop.time() + BODY_SECONDS, size + LEAST_BODY_BYTES
        more = message.get("more_body", False)
        if chunk:
            lent.take(len(chunk))
            yield chunk


async def _in_time(request: Request, ends_at: float) -> Message:
    try:
        async with asyncio.timeout_at(ends_at):
            return await request.receive()
    except TimeoutError:
        raise RequestTimeout(
            f"The body arrived too slowly: it must bring {LEAST_BODY_BYTES:,} bytes every {BODY_SECONDS:g} "
            "seconds until it ends; nothing was written."
        ) from None


async def _file(media_type: str, chunks: AsyncGenerator[bytes, None], directory: Path | None) -> Body:
    file = tempfile.SpooledTemporaryFile(MOST_FIELD_BYTES, dir=str(directory) if directory else None)
    try:
        async for chunk in chunks:
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    if file.tell() == 0:
        file.close()
        return Body(media_type)
    file.seek(0)
    return Body(media_type, file)  # type: ignore[arg-type]


class _FormParser(MultiPartParser):
    """is_complete: whether the boundary that ends a form was there."""

    is_complete = False

    def on_end(self) -> None:
        """Called for that boundary alone, not at the end of the body."""
        self.is_complete = True


async def _form(request: Request, chunks: AsyncGenerator[bytes, None]) -> Body:
    headers = Headers({"content-type": request.header(b"content-type")})
    parser = _FormParser(
        headers,
        chunks,
        max_files=1,
        max_fields=MOST_FIELDS,
        max_part_size=MOST_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        reason = getattr(error, "message", "the boundary is missing")
        raise UnreadableInput(f"The form cannot be read: {reason}") from error
    if not parser.is_complete:
        await form.close()
        raise UnreadableInput("The form is cut off: its last boundary is missing. Send it again.")
    body = Body("multipart/form-data")
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            body.file, body.name = value.file, value.filename or ""
            body.media_type = (value.content_type or "").partition(";")[0].strip().lower()
        else:
            body.fields.setdefault(name, []).append(value)
    return body


def fields_of(body: Body) -> Fields:
    """The parameters in a body that is no table: a JSON object, or a form.

    Raises UnreadableInput, UnsupportedInput, TooLarge, InvalidParameters.
    """
    if body.file is None:
        return body.fields
    body.file.seek(0)
    data = body.file.read(MOST_FIELD_BYTES + 1)
    if len(data) > MOST_FIELD_BYTES:
        raise too_large(MOST_FIELD_BYTES)
    if body.media_type == "application/x-www-form-urlencoded":
        return _form_fields(data)
    if body.media_type in ("application/json", ""):
        return json_fields(data)
    raise UnsupportedInput(
        f"A body of type {body.media_type} is not supported; send a JSON object or a form.", FIELD_TYPES
    )


def _form_fields(data: bytes) -> Fields:
    try:
        return parse_qs(
            data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise UnreadableInput("The form is not UTF-8, percent-encoded, or has too many fields.") from error


_TEXT: dict[str, Any] = {"type": "string"}

INPUT_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "invalid": (
        "If rows have errors: write nothing (reject), or write the other rows (skip)",
        {"type": "string", "enum": ["reject", "skip"], "default": "reject"},
    ),
    "dry_run": (
        "Report what would change, and write nothing",
        {"type": "boolean", "default": False},
    ),
    "preview": (
        "Write nothing, and return how the file was read and its first rows, as many as given "
        f"(default: {USUAL_ROWS}). Accepts the beginning of a file, and needs no parameters",
        {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    ),
    "delimiter": ("Delimiter of a CSV file (default: detected)", _TEXT),
    "encoding": ("Encoding of a CSV file, such as cp1252 (default: detected)", _TEXT),
    "sheet": ("Sheet of a workbook (default: the first visible sheet with the columns)", _TEXT),
    "header_line": (
        f"The line, or the row of a sheet, with the column names (default: detected in the first {SEARCHED} "
        "lines)",
        {"type": "integer", "minimum": 1, "maximum": MOST_HEADER_LINE},
    ),
    "date_order": (
        "Whether day or month comes first in dates such as 05/12/2024 (default: the format of the column)",
        {"type": "string", "enum": list(DAY_ORDERS)},
    ),
}
"""The options of reading and writing rows: by its name the description and the JSON Schema of each."""


def option(given: Fields, name: str, allowed: Collection[str] = (), note: str = "") -> str | None:
    """The text that is given for an option, None without one.

    allowed: the values, unless the JSON Schema has them; note: ends the error message of a number.
    Raises InvalidParameters.
    """
    texts = [text for text in given.get(name, ()) if text]
    if not texts:
        return None
    text, schema = texts[0], INPUT_OPTIONS[name][1]
    if values := allowed or schema.get("enum"):
        is_valid, message = text in values, f"must be one of {', '.join(values)}"
    elif most := schema.get("maximum"):
        is_valid = text.isascii() and text.isdigit() and 0 < int(text[:20]) <= most
        message = f"must be a whole number from 1 to {most:,}{note}"
    else:
        return text
    if is_valid and len(texts) == 1:
        return text
    raise InvalidParameters([InvalidParameter(name, ", ".join(texts), message)])


def table_options(request: Request, body: Body, file: BinaryIO) -> tuple[FileType, Options]:
    """The kind of a body's file, and how the request says that it is read.

    Raises UnsupportedInput and InvalidParameters.
    """
    given = merged(request.query(), body.fields)
    file.seek(0)
    kind = filetype_of(file, body.media_type, body.name)
    header_line = option(given, "header_line")
    return kind, Options(
        delimiter=option(given, "delimiter"),
        encoding=option(given, "encoding") or (_charset(request) if body.name == "" else None),
        sheet=option(given, "sheet"),
        header_line=int(header_line) if header_line else None,
        date_order=cast(DayOrder | None, option(given, "date_order")),
    )


def _charset(request: Request) -> str | None:
    for part in request.header(b"content-type").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip('"') or None
    return None
