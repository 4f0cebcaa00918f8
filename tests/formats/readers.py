"""Files read back by other programs' readers."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

_FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)')


def read_json(file: bytes) -> list[dict[str, Any]]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not valid JSON")

    rows = json.loads(file.decode("utf-8"), parse_constant=refuse)
    assert isinstance(rows, list)
    return rows


def read_ndjson(file: bytes) -> list[dict[str, Any]]:
    assert file == b"" or file.endswith(b"\n")
    return [json.loads(line) for line in file.decode("utf-8").split("\n")[:-1]]


def read_csv(file: bytes) -> list[list[str]]:
    """By Python's csv module, which cannot tell NULL from ""."""
    with io.StringIO(file.decode("utf-8"), newline="") as text:
        return list(csv.reader(text, strict=True))


def csv_fields(file: bytes) -> list[list[str]]:
    """The fields as they are written, with their quotes, by the grammar of RFC 4180."""
    text = file.decode("utf-8")
    lines: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        match = _FIELD.match(text, position)
        assert match is not None, f"not RFC 4180: {text[position : position + 40]!r}"
        lines[-1].append(match[1])
        if match[2] == "\r\n":
            lines.append([])
        position = match.end()
    assert lines.pop() == [], "the last line has no end"
    return lines


def field_value(field: str) -> str | int | float | None:
    """What a field stands for: in quotes a text, nothing NULL, anything else a number."""
    if field.startswith('"'):
        return field[1:-1].replace('""', '"')
    return None if field == "" else float(field) if "." in field else int(field)


def workbook(file: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(file))


def sheet(file: bytes) -> Worksheet:
    """The only sheet of a workbook."""
    (only,) = workbook(file).worksheets
    assert isinstance(only, Worksheet)
    return only


def read_excel(file: bytes) -> list[list[Any]]:
    """By openpyxl, which leaves Excel's escapes (ST_Xstring) to its caller."""
    rows = [[cell.value for cell in row] for row in sheet(file).iter_rows()]
    return [[unescaped(value) if isinstance(value, str) else value for value in row] for row in rows]


def unescaped(text: str) -> str:
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def read_excel_by_calamine(file: bytes) -> list[list[Any]]:
    """By calamine, which reads Excel's escapes but those of U+FFFE and U+FFFF.

    It knows no integers, no NULL, and leaves out empty rows at the end.
    """
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(file))
    (only,) = workbook.sheet_names
    rows = workbook.get_sheet_by_name(only).to_python()
    return [[_with_the_last_two(value) for value in row] for row in rows]


def _with_the_last_two(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff")
