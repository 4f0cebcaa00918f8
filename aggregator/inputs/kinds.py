"""Which kind of file it is: by its media type, its name, or its first bytes."""

from __future__ import annotations

import re
from typing import BinaryIO

from aggregator.errors import UnreadableInput, UnsupportedInput
from aggregator.inputs.options import Kind
from aggregator.inputs.signatures import HEAD_BYTES, foreign, kind_of_bytes

MEDIA_TYPES: dict[str, Kind] = {
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

SUFFIXES: dict[str, Kind] = {
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


def kind_of(file: BinaryIO, media_type: str | None = None, file_name: str | None = None) -> Kind:
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
            f"{type_name[:100]} is not read here. Send: {', '.join(available)}.", available
        )
    by_name = _by_name(file_name or "")
    declared = by_name
    if type_name in MEDIA_TYPES and not (type_name == _VAGUE and by_name):
        declared = MEDIA_TYPES[type_name]
    kind = kind_of_bytes(head, declared)
    if type_name == _FORM and kind == "csv" and head and not _LINE_END.search(head):
        raise UnreadableInput(
            "The body has no line ends, so it is not a CSV file. With curl, send a file with --data-binary: "
            "-d removes its line ends."
        )
    return kind


def _by_name(file_name: str) -> Kind | None:
    _, dot, suffix = file_name.lower().rpartition(".")
    return SUFFIXES.get(dot + suffix)
