"""The headers of files, their names and entity tags, and gzip (RFC 9110, section 8.4.1.3)."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import orjson
from isal import isal_zlib
from starlette.responses import Response

from aggregator import __version__
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.engine.base import Version
from aggregator.formats import HTML, PLAN
from aggregator.formats.base import Format
from aggregator.read.operations import Page, Rows
from aggregator.sqlfile.parameters import Arguments
from aggregator.web.pages.templating import SECURITY

Headers = dict[str, str]

SMALLEST = 1_000
"""Bytes below which compressing does not pay."""

_LEVEL = 1
_GZIP_WINDOW = 31


def compressed_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A stream as a gzip file without a time; its first chunk is sent without waiting for more."""
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


_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>:"/\\|?*;%]+')

_LONGEST_NAME = 180
"""In bytes; file systems take 255, and a browser adds to a name that is there already."""


def file_headers(rows: Rows, tag: ETag) -> Headers:
    """The headers of a report's rows as a file."""
    format = rows.format
    headers = {
        "content-type": format.media_type,
        "cache-control": "no-cache",
        "etag": str(tag),
        "vary": "Accept, Accept-Encoding",
        "content-disposition": file_disposition(rows.report, rows.arguments, format),
        "x-content-type-options": "nosniff",
    }
    return headers | ({"content-security-policy": format.policy} if format.policy is not None else {})


def page_headers(tag: ETag) -> Headers:
    """The headers of a page of a report's rows."""
    return {
        "content-type": HTML.media_type,
        "cache-control": "no-cache",
        "etag": str(tag),
        "vary": "Accept, Accept-Encoding, Accept-Language",
    } | SECURITY


PLAN_HEADERS = {
    "content-type": PLAN.media_type,
    "vary": "Accept-Encoding",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
"""Of a plan: it holds the time of one run, so it is not to be stored."""


def file_disposition(compiled: ReadEndpoint | WriteEndpoint, arguments: Arguments, format: Format) -> str:
    """The Content-Disposition of rows, named by the header's `filename` with its parameters."""
    values = {name: value if isinstance(value, list) else [value] for name, value in arguments.items()}
    name = re.sub(
        r"\{(\w+)\}",
        lambda match: "-".join(str(each) for each in values.get(match[1], ()) if each is not None),
        compiled.header.filename or compiled.endpoint.short_name,
    )
    return disposition(name, format.suffix, format.disposition)


@lru_cache(maxsize=256)
def disposition(wanted: str, suffix: str, kind: str) -> str:
    """`inline` or `attachment` with a name for every file system, as near to the wanted one as it can be.

    The name has both forms of RFC 6266 (section 4.3) if need be.
    """
    name = _safe(unicodedata.normalize("NFC", wanted))
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    name = (name or "report") + suffix
    plain = _safe(unicodedata.normalize("NFKD", name)).encode("ascii", "ignore").decode()
    plain = plain if plain.strip("._ ") and not plain.startswith(".") else "report" + name[name.rfind(".") :]
    if plain == name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


@dataclass(frozen=True, slots=True)
class ETag:
    """An entity tag (RFC 9110, section 8.8.3).

    is_stable: whether it stands for one result for ever; a tag that is not never comes again. is_weak:
    whether the bytes may differ all the same.
    """

    value: str
    is_stable: bool
    is_weak: bool = False

    def __str__(self) -> str:
        return f'W/"{self.value}"' if self.is_weak else f'"{self.value}"'

    def matches(self, if_none_match: str) -> bool:
        """Whether an If-None-Match header names it, by weak comparison (RFC 9110, section 13.1.2)."""
        tags = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
        return if_none_match.strip() == "*" or f'"{self.value}"' in tags


def entity_tag(operation: Rows | Page, versions: Sequence[Version], frame: Sequence[object]) -> ETag:
    """The tag of what the operation's result is now.

    versions: of the report's files; frame: what stands for the coding and all that is put around the rows.
    While one of the files is so freshly changed that its version proves nothing, or when the SQL depends on
    the clock or on chance, the tag is not stable.
    """
    report = operation.report
    is_stable = not report.statement.is_volatile and all(version.settled for version in versions)
    parts: list[object] = [__version__, report.digest, operation.identity(), operation.arguments, frame]
    parts += [[file.schema, version.stamp] for file, version in zip(report.files, versions, strict=True)]
    parts += [] if is_stable else [secrets.token_hex(8)]
    digest = hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest()
    # A page says how long it took, so its bytes are never the same.
    return ETag(digest, is_stable, is_weak=isinstance(operation, Page))


def whole(body: bytes, headers: Headers, gzip: bool) -> Response:
    """A response of a small body."""
    if gzip and len(body) >= SMALLEST:
        body = b"".join(compressed_chunks([body]))
        headers = {**headers, "content-encoding": "gzip"}
    return Response(body, headers=headers)


def head(headers: Headers) -> Response:
    """A response to HEAD, whose file is not made, so that its length is unknown."""
    response = Response(headers=headers)
    del response.headers["content-length"]
    return response


def _safe(name: str) -> str:
    """The name without what a header, a file system or an eye could take for something else."""
    if name.isascii():
        return _UNSAFE.sub("_", name)
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return _UNSAFE.sub("_", visible)
