"""What a file really is, by its first bytes, whatever it is called."""

from __future__ import annotations

import json
import re

from aggregator.inputs.encodings import unmarked_utf16
from aggregator.inputs.options import Kind

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
    return f"This is {what}, whatever its name is. Open it in Excel and save it as .xlsx or CSV."


def kind_of_bytes(head: bytes, declared: Kind | None) -> Kind:
    """The kind of a file by its first bytes, and by what it is said to be as far as these may be that.

    A zip is a workbook. Text that is said to be a workbook is what it looks like. JSON may be lines of JSON,
    and the other way round; only what begins with an object is JSON where CSV is said.
    """
    if head.startswith(_ZIP):
        return "excel"
    text = _plain(head)
    looks: Kind = "csv" if not text.startswith((b"{", b"[")) else "ndjson" if _is_ndjson(head) else "json"
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
