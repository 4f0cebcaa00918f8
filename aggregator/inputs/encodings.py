"""The encoding of a text file: as it is said, as its first bytes tell, UTF-8, or else windows-1252."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from aggregator.errors import UnreadableInput

_PIECE = 1024 * 1024
_HEAD = 4096
_FALLBACK = "windows-1252"
_EXAMPLES = "utf-8, utf-16, windows-1252, iso-8859-15, shift_jis"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The longer first: the mark of UTF-32 begins like the one of UTF-16."""

_NO_ENCODINGS_OF_FILES = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"}


def find_encoding(file: BinaryIO, said: str | None) -> tuple[str, str | None]:
    """The name of a file's encoding, and a note when it is a guess.

    Raises UnreadableInput when the one that is said is unknown.
    """
    if said is not None:
        return _known(said), None
    file.seek(0)
    head = file.read(_HEAD)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, None
    wide = unmarked_utf16(head)
    if wide is not None:
        return wide, f"The file looks like UTF-16 without a byte order mark and was read as {wide}."
    if _is_utf8(file):
        return "utf-8", None
    return _FALLBACK, (
        f"The file is not UTF-8. It was read as {_FALLBACK}, which is a guess. If letters are wrong, "
        "say the right encoding, such as encoding=windows-1250."
    )


def unmarked_utf16(head: bytes) -> str | None:
    """The order of bytes in UTF-16 without a mark, by the zeros that ASCII characters have in it."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    enough = len(head) // 10
    if second > enough and first * 10 <= second:
        return "utf-16-le"
    return "utf-16-be" if first > enough and second * 10 <= first else None


def _known(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        info = None
    is_text = info is not None and getattr(info, "_is_text_encoding", True)
    if info is None or not is_text or info.name.replace("_", "-") in _NO_ENCODINGS_OF_FILES:
        raise UnreadableInput(f"The encoding {name[:40]!r} is unknown; known are, among others: {_EXAMPLES}.")
    return info.name


def _is_utf8(file: BinaryIO) -> bool:
    """Read the whole file once, so that an é on the last line is not found after all others were taken."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True
