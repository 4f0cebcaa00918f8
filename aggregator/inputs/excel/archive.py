"""The zip file that a workbook is, opened only when it cannot blow up."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END
from itertools import islice
from typing import IO, BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from aggregator.errors import TooLarge, UnreadableInput

MOST_BYTES = 1_000_000_000
"""Of all parts together, unpacked; no part gives more than the zip's directory says."""

MOST_PARTS = 10_000
MOST_STRING_BYTES = 200_000_000
MOST_SMALL_PART_BYTES = 20_000_000
"""Of a part that is read as a whole: styles, relations, the list of sheets."""

MOST_SMALL_PART_ELEMENTS = 300_000
MOST_ELEMENT_BYTES = 8_000_000
"""Of one row or one shared string, as XML."""

MOST_ELEMENTS_INSIDE = 200_000
"""XML elements inside of one row or one shared string."""

_MOST_DIRECTORY_BYTES = 2_000_000
_COMPRESSED_BYTES_AT_ONCE = 1_024
"""Unpacked, this is a megabyte at most, so that the time limit is checked often enough."""

_DEEPEST = 50
_DAMAGES = (
    BadZipFile,
    DefusedXmlException,
    EOFError,
    KeyError,
    LookupError,
    NotImplementedError,
    ParseError,
    RuntimeError,
    UnicodeError,
    ValueError,
    zlib.error,
)
"""What a damaged, encrypted or hostile zip or XML makes its readers raise."""


@contextmanager
def damages() -> Iterator[None]:
    """Everything that a damaged workbook raises as UnreadableInput."""
    try:
        yield
    except _DAMAGES as error:
        if isinstance(error, RuntimeError) and "encrypted" in str(error):
            raise UnreadableInput("The workbook has a password; save it without one.") from None
        if isinstance(error, DefusedXmlException):
            raise UnreadableInput("The workbook declares XML entities, which no spreadsheet does.") from None
        raise UnreadableInput("The file is damaged, or is not a workbook (.xlsx).") from None


class Archive:
    """The parts of a workbook. Raises UnreadableInput for what is no zip, TooLarge for a zip bomb."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        with damages():
            self._zip = ZipFile(cast(IO[bytes], _SmallPieces(file)))
        parts = self._zip.infolist()
        if len(parts) > MOST_PARTS:
            raise TooLarge(f"The workbook has more than {MOST_PARTS:,} parts.")
        if sum(part.file_size for part in parts) > MOST_BYTES:
            raise TooLarge(f"The workbook is larger than {MOST_BYTES:,} bytes when it is unpacked.")
        self._sizes = {part.filename: part.file_size for part in parts}

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    def tree(self, name: str) -> Element:
        """A small part as a whole."""
        self._refuse(name, MOST_SMALL_PART_BYTES)
        with damages(), self._zip.open(name) as part:
            elements = iterparse(part, ("start",), forbid_dtd=True)
            for _ in islice(elements, MOST_SMALL_PART_ELEMENTS):
                pass
            if next(elements, None) is not None:
                most = f"{MOST_SMALL_PART_ELEMENTS:,} XML elements"
                raise TooLarge(f"The workbook's part {name[:60]} has more than {most}.")
            root: Element = elements.root
        return root

    def elements(self, name: str, tag: str, most_bytes: int = MOST_BYTES) -> Iterator[Element]:
        """The elements of a part that have a tag, one by one; memory holds only one of them."""
        self._refuse(name, most_bytes)
        with damages(), self._zip.open(name) as part:
            part.MIN_READ_SIZE = _COMPRESSED_BYTES_AT_ONCE  # type: ignore[attr-defined]
            source = _Measured(part)
            path: list[Element] = []
            inside, held = 0, 0
            for event, element in iterparse(source, ("start", "end"), forbid_dtd=True):
                if event == "start":
                    path.append(element)
                    if len(path) > _DEEPEST:
                        raise UnreadableInput("The workbook's XML is nested too deeply.")
                    if not inside and local(element.tag) == tag:
                        inside, held = len(path), 0
                    held += 1
                    if inside and held > MOST_ELEMENTS_INSIDE:
                        raise TooLarge(
                            f"A row of the workbook has more than {MOST_ELEMENTS_INSIDE:,} XML elements."
                        )
                    continue
                if inside == len(path):
                    yield element
                    inside = 0
                path.pop()
                if not inside:
                    source.begin_anew()
                    element.clear()
                    if path:
                        del path[-1][:]

    def _refuse(self, name: str, most: int) -> None:
        if name not in self._sizes:
            raise UnreadableInput("The file is a zip, but not a complete workbook (.xlsx).")
        if self._sizes[name] > most:
            raise TooLarge(f"The workbook's part {name[:60]} is larger than {most:,} bytes.")


class _SmallPieces:
    """A file that is read in pieces of a few megabytes: zipfile reads a zip's list of parts as a whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable
        file.seek(0, SEEK_END)
        self._end = file.tell()
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        # A file that is asked for more than it has makes room for all of it.
        left = max(self._end - self.tell(), 0)
        size = min(left, _MOST_DIRECTORY_BYTES + 1, size if size >= 0 else left)
        data = self._file.read(size)
        if len(data) > _MOST_DIRECTORY_BYTES:
            raise TooLarge(f"The workbook's list of parts is larger than {_MOST_DIRECTORY_BYTES:,} bytes.")
        return data


class _Measured:
    """A part that gives so many bytes for one element and no more."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part
        self._given = 0

    def begin_anew(self) -> None:
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        if self._given > MOST_ELEMENT_BYTES:
            raise TooLarge(f"A row of the workbook is larger than {MOST_ELEMENT_BYTES:,} bytes.")
        data = self._part.read(size)
        self._given += len(data)
        return data


def local(tag: str) -> str:
    """A tag without its namespace: strict workbooks have others."""
    return tag.rpartition("}")[2]
