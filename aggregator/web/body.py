"""The body of a request: on the disk as it comes, and taken apart when it is whole."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Message

from aggregator.errors import (
    OUT_OF_ROOM,
    Cancelled,
    RequestTimeout,
    StorageFull,
    UnreadableInput,
    UnsupportedInput,
)
from aggregator.inputs.fields import MOST_FIELD_BYTES, MOST_FIELDS, Fields, json_fields, too_large
from aggregator.reports.spool import SpoolSpace
from aggregator.web.request import Request

BODY_SECONDS = 20.0
LEAST_BODY_BYTES = 10_000
"""What a body must bring in each of these spans, unless it ends."""

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
FIELD_TYPES = ("application/json", *FORM_TYPES)


class Lent:
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
    lent: Lent | None = None

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
        raise UnsupportedInput("A compressed body is not read; send it as it is.", ["identity"])
    length = request.header(b"content-length")
    if length.isdigit() and int(length) > most:
        raise too_large(most)
    lent = Lent(space)
    chunks = _chunks(request, most, lent)
    try:
        if media_type == "multipart/form-data":
            body = await _form(request, chunks)
        else:
            body = await _file(media_type, chunks, directory)
    except OSError as error:
        lent.give_back()
        if error.errno not in OUT_OF_ROOM:
            raise
        raise StorageFull("The server has no room left for this body; nothing was written.") from error
    except BaseException:
        lent.give_back()
        raise
    body.lent = lent
    return body


async def _chunks(request: Request, most: int, lent: Lent) -> AsyncGenerator[bytes, None]:
    size, more = 0, True
    loop = asyncio.get_running_loop()
    ends_at, enough = loop.time() + BODY_SECONDS, LEAST_BODY_BYTES
    while more:
        message = await _in_time(request, ends_at)
        if message["type"] == "http.disconnect":
            raise Cancelled("The client has gone before its body was whole.")
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
    is_empty = file.tell() == 0
    file.seek(0)
    return Body(media_type, None if is_empty else file)  # type: ignore[arg-type]


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
        reason = getattr(error, "message", "it says no boundary")
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
        f"A body of type {body.media_type} is not read here; send a JSON object or a form.", FIELD_TYPES
    )


def _form_fields(data: bytes) -> Fields:
    fields: Fields = {}
    try:
        pairs = parse_qsl(
            data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise UnreadableInput("The form is not UTF-8, percent-encoded, or has too many fields.") from error
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    return fields
