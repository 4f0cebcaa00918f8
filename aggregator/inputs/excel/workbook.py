"""What a sheet's cells refer to: the list of sheets, the shared strings, the formats of dates."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from xml.etree.ElementTree import Element

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from aggregator.errors import UnreadableInput
from aggregator.inputs.excel.archive import MOST_STRING_BYTES, Archive, damages, local

Style = Literal["number", "date", "datetime", "duration"]

_ROOT_RELATIONS = "_rels/.rels"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_SIGNS = re.compile(r"_.|[-() ]")
_LEADING_ZEROS = re.compile("0{2,}")


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
            raise UnreadableInput("The file is not a workbook that is read here. Save it as .xlsx.")
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
