"""The parts of an Excel workbook: a ZIP that is checked before it is unpacked, sheets, styles and strings."""

from __future__ import annotations

import posixpath
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import SEEK_END
from itertools import islice
from typing import IO, BinaryIO, Literal, cast
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

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
    EOFError,
    expat.ExpatError,
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

Style = Literal["number", "date", "datetime", "duration"]
_ROOT_RELATIONS = "_rels/.rels"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_SIGNS = re.compile(r"_.|[-() ]")
_LEADING_ZEROS = re.compile("0{2,}")


@contextmanager
def damages() -> Iterator[None]:
    """Everything that a damaged workbook raises as UnreadableInput."""
    try:
        yield
    except _DAMAGES as error:
        if isinstance(error, RuntimeError) and "encrypted" in str(error):
            raise UnreadableInput("The workbook has a password; save it without one.") from None
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
            elements = iterparse(_SafeXml(part, MOST_SMALL_PART_BYTES), ("start",))
            for _ in islice(elements, MOST_SMALL_PART_ELEMENTS):
                pass
            if next(elements, None) is not None:
                most = f"{MOST_SMALL_PART_ELEMENTS:,} XML elements"
                raise TooLarge(f"The workbook's part {name[:60]} has more than {most}.")
            root: Element = elements.root  # type: ignore[attr-defined]
        return root

    def elements(self, name: str, tag: str, most_bytes: int = MOST_BYTES) -> Iterator[Element]:
        """The elements of a part that have a tag, one by one; memory holds only one of them."""
        self._refuse(name, most_bytes)
        with damages(), self._zip.open(name) as part:
            part.MIN_READ_SIZE = _COMPRESSED_BYTES_AT_ONCE  # type: ignore[attr-defined]
            source = _SafeXml(part, MOST_ELEMENT_BYTES)
            path: list[Element] = []
            inside, held = 0, 0
            for event, element in iterparse(source, ("start", "end")):
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


class _SafeXml:
    """The XML of a part: refuses declarations of entities, and more than so many bytes for one element.

    Declarations stand above the root, so only the beginning is parsed twice.
    """

    def __init__(self, part: IO[bytes], most: int) -> None:
        self._part = part
        self._most = most
        self._size = 0
        self._has_root = False
        self._prolog = expat.ParserCreate()
        self._prolog.StartDoctypeDeclHandler = self._refuse_doctype
        self._prolog.StartElementHandler = self._see_root

    def begin_anew(self) -> None:
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        if self._size > self._most:
            raise TooLarge(f"A row of the workbook is larger than {self._most:,} bytes.")
        data = self._part.read(size)
        self._size += len(data)
        if not self._has_root:
            self._prolog.Parse(data)
        return data

    def _refuse_doctype(self, *declaration: object) -> None:
        raise UnreadableInput("The workbook declares XML entities, which no spreadsheet does.")

    def _see_root(self, *element: object) -> None:
        self._has_root = True


def local(tag: str) -> str:
    """A tag without its namespace: strict workbooks have others."""
    return tag.rpartition("}")[2]


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How the number in a cell is to be read.

    digits: how many digits a whole number has at least: 1234 is 01234 in the format `00000`.
    is_share: whether it is shown as a percentage: 0.125 is 12.5%.
    """

    style: Style = "number"
    digits: int = 0
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of cells: its name, the part that it is in, and whether Excel hides it."""

    name: str
    part: str
    is_hidden: bool = False


class Workbook:
    """A workbook without its cells. Raises UnreadableInput when it is none."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        targets = _relations(archive, "")
        main = next((part for kind, part in targets.values() if kind == "officeDocument"), None)
        if main is None or not main.endswith(".xml"):
            raise UnreadableInput("This kind of workbook is not supported. Save it as .xlsx.")
        root = archive.tree(main)
        if local(root.tag) != "workbook":
            raise UnreadableInput("This is an Office document, but not a workbook. Save the table as .xlsx.")
        self._relations = _relations(archive, main)
        self.sheets = list(self._sheets(root))
        properties = next((child for child in root if local(child.tag) == "workbookPr"), None)
        is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        self.epoch: datetime = MAC_EPOCH if is_1904 else WINDOWS_EPOCH

    @cached_property
    def strings(self) -> list[str]:
        """The shared strings; they are all in memory, for a cell may refer to any."""
        part = self._part("sharedStrings")
        if part is None:
            return []
        return [text_of(item) for item in self.archive.elements(part, "si", MOST_STRING_BYTES)]

    @cached_property
    def formats(self) -> list[CellFormat]:
        """How the number in a cell is to be read, by the cell's style."""
        part = self._part("styles")
        if part is None:
            return []
        root = self.archive.tree(part)
        with damages():
            formats = {
                int(element.get("numFmtId", "")): element.get("formatCode", "")
                for element in root.iter()
                if local(element.tag) == "numFmt" and element.get("numFmtId")
            }
        cell_styles = next((child for child in root if local(child.tag) == "cellXfs"), ())
        with damages():
            ids = [int(element.get("numFmtId", "0")) for element in cell_styles]
        return [_cell_format(formats.get(id) or builtin_format_code(id)) for id in ids]

    def _sheets(self, root: Element) -> Iterator[Sheet]:
        for element in root.iter():
            if local(element.tag) != "sheet":
                continue
            id = next((value for key, value in element.items() if key.endswith("}id")), "")
            kind, part = self._relations.get(id, ("", ""))
            if kind == "worksheet" and part in self.archive:
                yield Sheet(element.get("name", ""), part, element.get("state", "visible") != "visible")

    def _part(self, wanted: str) -> str | None:
        found = (part for kind, part in self._relations.values() if kind == wanted)
        return next((part for part in found if part in self.archive), None)


def text_of(element: Element) -> str:
    """The text of a shared or inline string: all its runs, but no phonetic hints."""
    pieces = []
    for child in element:
        if local(child.tag) == "t":
            pieces.append(child.text or "")
        elif local(child.tag) == "r":
            pieces += [run.text or "" for run in child if local(run.tag) == "t"]
    return unescaped("".join(pieces))


def unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, written as _x000D_."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Of each relation of a part its kind and its target, by its id."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels") if part else _ROOT_RELATIONS
    return {
        element.get("Id", ""): (
            element.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/" + folder, element.get("Target", ""))).lstrip("/"),
        )
        for element in archive.tree(relations)
    }


def _cell_format(format: str | None) -> CellFormat:
    plain = _LITERAL.sub("", format or "")
    if is_timedelta_format(format):
        return CellFormat("duration")
    if is_date_format(format):
        return CellFormat("datetime" if re.search("[hs]", plain, re.IGNORECASE) else "date")
    positive = plain.partition(";")[0]
    zeros = _SIGNS.sub("", positive)
    digits = len(zeros) if _LEADING_ZEROS.fullmatch(zeros) else 0
    return CellFormat(digits=digits, is_share="%" in positive)
