"""Which kind of file it is: by its media type, its name, or its first bytes."""

from __future__ import annotations

from typing import BinaryIO

from aggregator.errors import UnsupportedInput
from aggregator.inputs.options import Kind

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

_SAY_NOTHING = {"", "application/octet-stream", "binary/octet-stream", "application/vnd.ms-excel"}
"""Windows calls a CSV file application/vnd.ms-excel."""

_VAGUE = "text/plain"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_JSON_BEGINS = (b"{", b"[")
_MARK = b"\xef\xbb\xbf"


def kind_of(file: BinaryIO, media_type: str | None = None, file_name: str | None = None) -> Kind:
    """The kind of a file that is at its beginning, and is there again afterwards.

    The media type counts first, without its parameters; a vague one leaves it to the end of the name, and
    when neither says anything the first bytes do. Raises UnsupportedInput for any other media type, and
    for a workbook of the old kind.
    """
    head = file.read(64)
    file.seek(0)
    if head.startswith(_OLD_EXCEL):
        raise _unsupported(
            "This is a workbook of the old kind (.xls), or one with a password; "
            "save it as .xlsx without a password"
        )
    type_name = (media_type or "").partition(";")[0].strip().lower()
    if type_name not in MEDIA_TYPES and type_name not in _SAY_NOTHING:
        raise _unsupported(f"{type_name[:100]} is not read here")
    by_name = _by_name(file_name or "")
    if type_name in MEDIA_TYPES and not (type_name == _VAGUE and by_name):
        return MEDIA_TYPES[type_name]
    return by_name or _by_first_bytes(head)


def _by_name(file_name: str) -> Kind | None:
    _, dot, suffix = file_name.lower().rpartition(".")
    return SUFFIXES.get(dot + suffix)


def _by_first_bytes(head: bytes) -> Kind:
    if head.startswith(_ZIP):
        return "excel"
    return "json" if head.removeprefix(_MARK).lstrip().startswith(_JSON_BEGINS) else "csv"


def _unsupported(what: str) -> UnsupportedInput:
    available = tuple(MEDIA_TYPES)
    return UnsupportedInput(f"{what}. What is read: {', '.join(available)}.", available)
