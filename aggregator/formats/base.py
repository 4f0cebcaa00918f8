"""UTF-8 out of SQLite: text that is not valid shows its bytes as `\\xE9`, and nothing is lost.

SQLite stores whatever bytes it was given as text. The bytes of a row are checked here, a chunk at
a time.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from aggregator.values.columns import Column
from aggregator.values.rows import RowKind


def _escape_for_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(f"\\\\x{byte:02X}" for byte in bad), error.end


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(f"\\x{byte:02X}" for byte in bad), error.end


_UNREADABLE = re.compile(rb"\\u[dD][89a-fA-F]|[0-9.][eE]\+?[0-9]{3}|[0-9]{309}")
"""Whether there may be half of a pair, or a number that is too large."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9][0-9.eE+-]*', re.DOTALL)
_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)

_INFINITY = b"9.0e+999"
"""What SQLite's JSON functions write for one."""


codecs.register_error("aggregator.json", _escape_for_json)


codecs.register_error("aggregator.text", _escape)


def valid_json(chunk: bytes) -> bytes:
    """JSON text of SQLite in valid UTF-8; a byte that is not part of it reads back as `\\xE9`.

    An infinity becomes the text `Infinity` or `-Infinity`.
    """
    text = _valid(chunk, "aggregator.json")
    return _TOKEN.sub(_readable, text) if _INFINITY in text else text


def valid_json_of(columns: Sequence[Column]) -> Callable[[bytes], bytes]:
    """`valid_json` for the rows of these columns; with `readable_json` where one of them holds JSON."""
    if all(column.type != "json" for column in columns):
        return valid_json
    return lambda chunk: readable_json(valid_json(chunk))


def readable_json(chunk: bytes) -> bytes:
    """JSON that every reader takes (RFC 7493): what one value holds must not spoil the whole answer.

    Half of a surrogate pair, `\\ud800`, reads back as this text; a number that no 64-bit float holds
    becomes the text `Infinity` or `-Infinity`, as elsewhere.
    """
    return _TOKEN.sub(_readable, chunk) if _UNREADABLE.search(chunk) else chunk


def _readable(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if token[:1] == b'"':
        return _ESCAPE.sub(_without_half, token) if b"\\u" in token else token
    value = float(token)
    return b'"Infinity"' if value == math.inf else b'"-Infinity"' if value == -math.inf else token


def _without_half(match: re.Match[bytes]) -> bytes:
    return b"\\" + match[0] if match["half"] else match[0]


def valid_text(chunk: bytes) -> bytes:
    """Plain text in valid UTF-8; a byte that is not part of it becomes `\\xE9`."""
    return _valid(chunk, "aggregator.text")


def is_valid(text: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _valid(chunk: bytes, handler: str) -> bytes:
    return chunk if is_valid(chunk) else chunk.decode("utf-8", handler).encode()


class Writer(Protocol):
    """Writes the rows of one result.

    The engine writes each row as text by itself, as `row` says; the batches of rows that come back are glued
    by `join` while the databases are read, and turned into the file by `encode` when the client takes them.
    Neither of the two looks at a single cell.
    """

    @property
    def row(self) -> RowKind:
        """What one row is as text."""

    def join(self, rows: Sequence[bytes]) -> bytes:
        """A batch of at least one row as one chunk; raises UnrepresentableValue for what cannot be shown."""

    def encode(self, chunks: Iterable[Any]) -> Iterator[bytes]:
        """The whole file for the chunks of `join`; what the iterable raises goes through.

        In JSON with the shape `page`, a PageEnd follows the chunks.
        """


WriterFactory = Callable[[Sequence[Column], str], Writer]
"""Makes a Writer for columns and the result's name."""


@dataclass(frozen=True, slots=True)
class Representation:
    """What a client can ask of a report. name: as in `?format=`; suffix: of the URL, with its dot."""

    name: str
    media_type: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Format(Representation):
    """A file of rows.

    compressed: whether it is compressed by itself; disposition: whether a browser shows it (`inline`) or
    saves it (`attachment`). is_drawn: whether it is one piece that takes its time after the last row. policy:
    the Content-Security-Policy of a file that a browser may open as a page.
    """

    writer: WriterFactory
    compressed: bool = False
    disposition: Literal["inline", "attachment"] = "attachment"
    is_drawn: bool = False
    policy: str | None = None
