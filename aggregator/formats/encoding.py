"""UTF-8 out of SQLite: text that is not valid shows its bytes as `\\xE9`, and nothing is lost.

SQLite stores whatever bytes it was given as text. The bytes of a row are checked here, a chunk at
a time.
"""

from __future__ import annotations

import codecs


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


codecs.register_error("aggregator.json", _escape_for_json)
codecs.register_error("aggregator.text", _escape)


def valid_json(chunk: bytes) -> bytes:
    """JSON text in valid UTF-8; a byte that is not part of it reads back as `\\xE9`."""
    return _valid(chunk, "aggregator.json")


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
