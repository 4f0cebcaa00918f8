"""Workbooks that openpyxl writes, and others that no program would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(rows: Iterable[Sequence[Any]], **sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with a sheet called Sheet, and others."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, others in sheets.items():
        sheet = book.create_sheet(name)
        for row in others:
            sheet.append(row)
    return saved(book)


@cache
def small_workbook() -> bytes:
    """One with the column a, to be changed; openpyxl takes its time."""
    return workbook([["a"], ["x"]])


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(data: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """The same zip with other contents in some parts, None for without it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        contents = {name: old.read(name) for name in old.namelist()} | parts
        for name, content in contents.items():
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def with_strings(items: str, count: int) -> bytes:
    """A workbook with shared strings given as XML; each is in a row, below the header a."""
    rows = "".join(f'<row><c t="s"><v>{n}</v></c></row>' for n in range(count))
    data = with_sheet('<row><c t="str"><v>a</v></c></row>' + rows)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        relations = file.read(RELATIONS).decode()
    relation = f'<Relationship Id="strings" Type="{TYPES}/sharedStrings" Target="sharedStrings.xml"/>'
    relations = relations.replace("</Relationships>", f"{relation}</Relationships>")
    strings = f'<sst xmlns="{MAIN}">{items}</sst>'
    return changed(data, {RELATIONS: relations.encode(), STRINGS: strings.encode()})


def with_sheet(xml: str) -> bytes:
    """A workbook whose sheet data are given as XML."""
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData></worksheet>'
    return changed(small_workbook(), {SHEET: sheet.encode()})
