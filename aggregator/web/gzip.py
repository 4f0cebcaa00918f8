"""gzip as a content coding (RFC 9110, section 8.4.1.3), made while the rows come."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from isal import isal_zlib

SMALLEST = 1_000
"""Bytes below which compressing does not pay."""

_LEVEL = 1
_GZIP_WINDOW = 31


def compressed(body: bytes) -> bytes:
    """One body as a gzip file without a time in it."""
    return b"".join(compressed_chunks([body]))


def compressed_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same for a stream; the first chunk is sent on without waiting for more."""
    compressor = isal_zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    is_first = True
    for chunk in chunks:
        out = compressor.compress(chunk)
        if is_first:
            out += compressor.flush(zlib.Z_SYNC_FLUSH)
            is_first = False
        if out:
            yield out
    yield compressor.flush()
