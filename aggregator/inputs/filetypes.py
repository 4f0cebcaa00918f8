"""The type of a file by its first bytes, its media type and its name; opening it as a table or a sample."""

from __future__ import annotations

import io
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from aggregator.errors import RejectedRow, UnreadableInput, UnsupportedInput
from aggregator.inputs.column_matching import Matcher
from aggregator.inputs.csv import CsvTable
from aggregator.inputs.excel import open_excel, sheet_names
from aggregator.inputs.json import ObjectTable, open_json, open_ndjson
from aggregator.inputs.table import MOST_COLUMNS, Batch, FileType, Options, Table
from aggregator.inputs.text import find_encoding, unmarked_utf16

HEAD_BYTES = 64 * 1024
"""Enough to tell; also for the first line of NDJSON."""

_ZIP = b"PK\x03\x04"

_OLD_EXCEL = (
    "This is an old workbook (.xls), or a workbook with a password. Save it as .xlsx without a password."
)

_COMPRESSED = "This is a {} file. Unpack it and send the file that is in it."

_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", _OLD_EXCEL),
    (b"\x09\x08\x10\x00", _OLD_EXCEL),
    (b"\x09\x08\x08\x00", _OLD_EXCEL),
    (b"\x09\x04\x06\x00", _OLD_EXCEL),
    (b"\x09\x02\x06\x00", _OLD_EXCEL),
    (b"\x09\x00\x04\x00", _OLD_EXCEL),
    (b"\x1f\x8b", _COMPRESSED.format("gzip (.gz)")),
    (b"BZh91AY&SY", _COMPRESSED.format("bzip2 (.bz2)")),
    (b"\xfd7zXZ\x00", _COMPRESSED.format("xz (.xz)")),
    (b"\x28\xb5\x2f\xfd", _COMPRESSED.format("zstd (.zst)")),
    (b"7z\xbc\xaf\x27\x1c", _COMPRESSED.format("7-Zip (.7z)")),
    (b"Rar!\x1a\x07", _COMPRESSED.format("RAR (.rar)")),
    (b"%PDF-", "This is a PDF. Send the table as CSV or Excel (.xlsx)."),
    (b"SQLite format 3\x00", "This is an SQLite database. Send the table as CSV or Excel (.xlsx)."),
    (b"PAR1\x15", "This is a Parquet file. Send the table as CSV or Excel (.xlsx)."),
)

_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
_MIME_TYPE_AT = 30
"""Where the name of a zip's first file begins."""

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(rb"<(?:!doctype|!--|\?xml|html|head|body|meta|style|table|div|[a-z]+:)", re.IGNORECASE)
_JSON_ROWS = re.compile(rb'(?:\[\s*)?\{\s*"')
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

MEDIA_TYPES: dict[str, FileType] = {
    "text/csv": "csv",
    "text/plain": "csv",
    "text/tab-separated-values": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "excel",
}
"""What a body may be sent as."""

SUFFIXES: dict[str, FileType] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
"""How the names of files end."""

_FORM = "application/x-www-form-urlencoded"
_SAY_NOTHING = {"", "application/octet-stream", "binary/octet-stream", "application/vnd.ms-excel", _FORM}
"""Windows calls a CSV file application/vnd.ms-excel, and curl calls any file a form when nothing is said."""

_VAGUE = "text/plain"
_LINE_END = re.compile(rb"[\r\n]")

OPENERS: dict[FileType, Callable[[BinaryIO, Matcher, Options], Table]] = {
    "csv": CsvTable,
    "json": open_json,
    "ndjson": open_ndjson,
    "excel": open_excel,
}

_ENCODING_BYTES = 1_000_000


def foreign(head: bytes) -> str | None:
    """What a file is that is not read here, and what to do; None for one that may be read."""
    for signature, advice in _SIGNATURES:
        if head.startswith(signature):
            return advice
    if head.startswith(_ZIP) and head[_MIME_TYPE_AT:].startswith(_OPEN_DOCUMENT):
        return "This is an OpenDocument file (such as .ods). Save the table as Excel (.xlsx) or CSV."
    text = _plain(head)
    if not _MARKUP.match(text):
        return None
    what = "an XML file" if text.startswith(b"<?xml") and b"<html" not in text.lower() else "an HTML page"
    return f"This is {what}, not a workbook. Open it in Excel and save it as .xlsx or CSV."


def filetype_of_bytes(head: bytes, declared: FileType | None) -> FileType:
    """The kind of a file by its first bytes, and by what it is said to be as far as these may be that.

    A zip is a workbook. Text that is said to be a workbook is what it looks like. JSON may be lines of JSON,
    and the other way round; only what begins with an object is JSON where CSV is said.
    """
    if head.startswith(_ZIP):
        return "excel"
    text = _plain(head)
    looks: FileType = "csv" if not text.startswith((b"{", b"[")) else "ndjson" if _is_ndjson(head) else "json"
    if declared == "excel":
        is_text = head.startswith(_MARKS) or unmarked_utf16(head) or not _BINARY.search(head)
        return looks if is_text else "excel"
    if declared == "csv":
        return looks if _JSON_ROWS.match(text) else "csv"
    if declared == "ndjson":
        return "json" if text.startswith(b"[") else "ndjson"
    return looks if declared is None or looks == "ndjson" else declared


def _is_ndjson(head: bytes) -> bool:
    """Whether the first line is an object, and another one begins on a later line."""
    line, _, rest = head.removeprefix(_MARKS[0]).lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _plain(head: bytes) -> bytes:
    """The text without a byte order mark, the zeros of UTF-16, and white space before it."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip()


def filetype_of(file: BinaryIO, media_type: str | None = None, file_name: str | None = None) -> FileType:
    """The kind of a file that is at its beginning, and is there again afterwards.

    The media type counts first, without its parameters; a vague one leaves it to the end of the name, and
    when neither says anything the first bytes do. They also correct what is certainly wrong: a workbook that
    is called CSV, JSON that is called NDJSON. Raises UnsupportedInput for any other media type and for files
    of other programs, and UnreadableInput for CSV that has lost its line ends.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if (advice := foreign(head)) is not None:
        raise UnsupportedInput(advice, tuple(MEDIA_TYPES))
    type_name = (media_type or "").partition(";")[0].strip().lower()
    if type_name not in MEDIA_TYPES and type_name not in _SAY_NOTHING:
        available = tuple(MEDIA_TYPES)
        raise UnsupportedInput(
            f"{type_name[:100]} is not supported. Send: {', '.join(available)}.", available
        )
    by_name = _by_name(file_name or "")
    declared = by_name
    if type_name in MEDIA_TYPES and not (type_name == _VAGUE and by_name):
        declared = MEDIA_TYPES[type_name]
    kind = filetype_of_bytes(head, declared)
    if type_name == _FORM and kind == "csv" and head and not _LINE_END.search(head):
        raise UnreadableInput(
            "The body has no line ends, so it is not a CSV file. With curl, send a file with --data-binary: "
            "-d removes its line ends."
        )
    return kind


def _by_name(file_name: str) -> FileType | None:
    _, dot, suffix = file_name.lower().rpartition(".")
    return SUFFIXES.get(dot + suffix)


def read_table(
    file: BinaryIO,
    kind: FileType,
    wanted: Mapping[str, Sequence[str]],
    options: Options,
    required: Collection[str] = (),
) -> Table:
    """A seekable file as a table of the wanted columns.

    wanted: for each column the other names that it has in people's files; required: those that tell the
    header and the sheet, when there are several that could be it. The file stays open until the
    last batch was read, and is the caller's to close. Raises UnreadableInput or TooLarge.
    """
    return OPENERS[kind](file, Matcher(wanted, required), options)


@dataclass(frozen=True, slots=True)
class Sample:
    """table: with every column of the file, and its notes about the rows so far. batch: the first rows.

    sheets: of a workbook, the names of its sheets.
    """

    table: Table
    batch: Batch
    sheets: Sequence[str] | None = None

    @property
    def names(self) -> Sequence[str]:
        """The names of the file's columns."""
        return [name or "" for name in self.table.names]


def read_sample(
    file: BinaryIO,
    kind: FileType,
    wanted: Mapping[str, Sequence[str]],
    options: Options,
    most_rows: int,
    required: Collection[str] = (),
) -> Sample:
    """The first rows of a seekable file, and how it was understood.

    wanted, required: as for `read_table`. The beginning alone tells the encoding. Raises UnreadableInput or
    TooLarge.
    """
    encoding = guess = None
    if kind == "csv":
        encoding, guess = _encoding(file, options)
        options = replace(options, encoding=encoding)
    table = OPENERS[kind](file, _EveryColumn(wanted, required), options)
    if isinstance(table, ObjectTable):
        table = OPENERS[kind](file, _ExactNames(wanted, table.keys[:MOST_COLUMNS]), options)
    table.notes.guess(guess)
    if encoding is not None:
        # For an encoding that is given, the table has Python's name.
        table.read_as["encoding"] = encoding
    sheets = sheet_names(file) if kind == "excel" else None
    return Sample(table, _first_rows(table, most_rows), sheets)


class _EveryColumn(Matcher):
    """Takes every column of a header."""

    def positions(self, header: Sequence[str], notes: Sequence[str] = ()) -> list[int | None]:
        return list(range(len(header)))


class _ExactNames(Matcher):
    """Takes the keys of JSON objects as columns; `knows` is still about those that are wanted."""

    def __init__(self, wanted: Mapping[str, Sequence[str]], keys: Sequence[str]) -> None:
        super().__init__(wanted)
        self.wanted = tuple(keys)
        self._indexes = {key: index for index, key in enumerate(keys)}

    def column(self, name: str) -> int | None:
        return self._indexes.get(name)


def _encoding(file: BinaryIO, options: Options) -> tuple[str, str | None]:
    """The encoding that the first lines are in, so that nobody reads all of the file, and a note."""
    file.seek(0)
    data = file.read(_ENCODING_BYTES)
    if len(data) == _ENCODING_BYTES:
        data = data[: data.rfind(b"\n") + 1] or data
    return find_encoding(io.BytesIO(data), options.encoding)


def _first_rows(table: Table, most: int) -> Batch:
    """The first rows in one batch, those that are rejected among them."""
    lines: list[int] = []
    columns: list[list[str | None]] = [[] for _ in table.names]
    rejected: list[RejectedRow] = []
    wrong: list[RejectedRow] = []
    for batch in table.batches():
        lines += batch.lines
        for column, texts in zip(columns, batch.columns, strict=True):
            column += texts
        rejected += batch.rejected
        wrong += batch.wrong
        if len(lines) + len(rejected) >= most:
            break
    last = max(sorted([*lines, *(row.line for row in rejected)])[:most], default=0)
    count = bisect_right(lines, last)
    rejected, wrong = ([row for row in rows if row.line <= last] for rows in (rejected, wrong))
    return Batch(lines[:count], [column[:count] for column in columns], rejected, wrong)
