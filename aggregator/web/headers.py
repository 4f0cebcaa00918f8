"""The headers of an answer: its name as a file, its entity tag, what it depends on."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote

import orjson

from aggregator import __version__
from aggregator.catalog.arguments import Arguments
from aggregator.formats import Format
from aggregator.reports.report import Report

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*;%]+')
_LONGEST_NAME = 150


def file_name(report: Report, arguments: Arguments, format: Format) -> str:
    """The download's name: the header's `filename` with its parameters filled in, made safe."""
    pattern = report.header.filename or report.name.rsplit("/", 1)[-1]

    def value(match: re.Match[str]) -> str:
        given = arguments.get(match[1])
        values = given if isinstance(given, list) else [given]
        return "-".join(str(each) for each in values if each is not None)

    name = re.sub(r"\{(\w+)\}", value, pattern)
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    return (name[:_LONGEST_NAME] or "report") + format.suffix


def content_disposition(name: str, kind: str) -> str:
    """`inline` or `attachment` with the name, in both forms of RFC 6266 (section 4.3) if need be."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain if plain.strip("._ ") and not plain.startswith(".") else "report" + name[name.rfind(".") :]
    if plain == name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def entity_tag(report: Report, arguments: Arguments, format: Format, coding: str) -> str | None:
    """The strong tag (RFC 9110, section 8.8.3) of what the report would answer now.

    None while one of its databases is so freshly changed that its version proves nothing.
    """
    versions = [file.version() for file in report.files]
    if not all(version.settled for version in versions):
        return None
    parts = [
        __version__,
        report.digest,
        format.name,
        format.writer.__name__,
        coding,
        arguments,
        [(file.schema, version.stamp) for file, version in zip(report.files, versions, strict=True)],
    ]
    return '"' + hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest() + '"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag, by weak comparison (RFC 9110, section 13.1.2)."""
    tags = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag in tags


def wants_gzip(accept_encoding: str) -> bool:
    """Whether gzip is among the accepted codings, and not with q=0."""
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
