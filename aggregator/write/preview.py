"""What a file is taken for before it is loaded: its columns, those that are wanted, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, BinaryIO, Literal

from pydantic import Field

from aggregator.documents import Document
from aggregator.errors import RejectedRow, RowNumber, UnreadableInput
from aggregator.inputs.columns import Matcher
from aggregator.inputs.filetypes import Sample, read_sample
from aggregator.inputs.table import FileType, Options
from aggregator.sqlfile.cell_readers import converter
from aggregator.sqlfile.day_order import in_order
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.write.request import Notes
from aggregator.write.staging import (
    NAMED_ONCE,
    lacks,
    missing_columns,
    other_currencies,
    require_day_order,
    required_columns,
    shortened,
)

MOST_ROWS = 100
USUAL_ROWS = 20

Places = Sequence[int | None]
"""Of each declared column its place in the file; None where it is not there."""


class SkippedLine(Document):
    """A line above the header that is not blank"""

    line: int
    text: str


class FileColumn(Document):
    """A column of the file, with the one of `input` that it is taken for, null when it is none"""

    name: str
    input: str | None


class WantedColumn(Document):
    """A column as the endpoint's header has it; `column` is the file's, null when it lacks it"""

    name: str
    type: str
    description: str
    names: tuple[str, ...] = Field(alias="from", description="Other accepted names")
    format: tuple[str, ...] = ()
    currency: str = ""
    credit: Literal["minus", "plus"] = "minus"
    empty: tuple[str, ...] = ()
    required: bool
    default: Any = None
    min: Any = None
    max: Any = None
    pattern: str = ""
    message: str = ""
    choices: tuple[Any, ...] = ()
    time_zone: str = ""
    example: Any = None
    column: str | None


class CellError(Document):
    """An error of a cell, or of a row as a whole"""

    column: str | None
    value: str | None
    reason: str


class PreviewRow(Document):
    """A row of the file, good or not"""

    line: RowNumber
    cells: tuple[str | None, ...] | None = Field(
        description="The values by the file's columns: null if empty, long values truncated. Null if the row "
        "cannot be read"
    )
    problems: tuple[CellError, ...] = Field(description="The row's errors, one for each cell")


class Preview(Document):
    """What a file is taken for: what `?preview` answers"""

    read_as: dict[str, str]
    sheets: tuple[str, ...] = Field((), description="The sheet of a workbook")
    header_line: int = Field(1, ge=1, description="The line, or the row of a sheet, with the column names")
    skipped: tuple[SkippedLine, ...] = ()
    notes: Notes
    columns: tuple[FileColumn, ...]
    input: tuple[WantedColumn, ...]
    problems: tuple[str, ...] = Field(
        description="Why the file cannot be loaded, for example a missing required column"
    )
    rows: tuple[PreviewRow, ...]


def preview(
    file: BinaryIO, kind: FileType, columns: Mapping[str, InputColumn], options: Options, most_rows: int
) -> Preview:
    """The beginning of a file, each cell looked at as a load would; no database is touched.

    columns: as the header declares them. `problems` are reasons to take nothing of the file; those of a row
    are told for each of its cells. Raises UnreadableInput or TooLarge for a file that cannot be read.
    """
    order = options.date_order
    if order is not None:
        require_day_order(columns)
    wanted = {name: column.names for name, column in columns.items()}
    required = required_columns(columns)
    beginning = read_sample(file, kind, wanted, options, most_rows, required)
    matcher = Matcher(wanted, required)
    inputs = [matcher.column(name) for name in beginning.names]
    places = [inputs.index(column) if column in inputs else None for column in range(len(columns))]
    found = [None if place is None else beginning.names[place] for place in places]
    rows, suspicions = _rows(beginning, in_order(columns, order), places)
    problems = [*_problems(beginning, matcher, columns, found), *(suspicions if order is None else [])]
    return Preview(
        read_as=beginning.read_as if order is None else {**beginning.read_as, "date_order": order},
        notes=beginning.notes.sentences(),
        columns=[
            FileColumn(name=name, input=None if column is None else matcher.wanted[column])
            for name, column in zip(beginning.names, inputs, strict=True)
        ],
        input=[
            _wanted(name, column, there) for (name, column), there in zip(columns.items(), found, strict=True)
        ],
        problems=problems,
        rows=rows,
        **_where(beginning),
    )


def _where(beginning: Sample) -> dict[str, Any]:
    """Where the rows are in the file, as far as there is a choice."""
    members: dict[str, Any] = {}
    if beginning.sheets is not None:
        members["sheets"] = beginning.sheets
    if beginning.header_line:
        members["header_line"] = beginning.header_line
    if beginning.notes.skipped:
        members["skipped"] = [SkippedLine(line=line, text=text) for line, text in beginning.notes.skipped]
    return members


def _wanted(name: str, column: InputColumn, there: str | None) -> WantedColumn:
    given = column.model_dump(mode="json", by_alias=True, exclude_unset=True)
    always = {"required": column.required, "description": column.description, "from": column.names}
    return WantedColumn.model_validate({"name": name, **given, **always, "column": there})


def _problems(
    beginning: Sample,
    matcher: Matcher,
    columns: Mapping[str, InputColumn],
    found: Sequence[str | None],
) -> Iterator[str]:
    if beginning.read_as["format"] not in NAMED_ONCE:
        return
    try:
        matcher.positions(beginning.names)
    except UnreadableInput as error:
        yield error.detail
    yield from other_currencies(found, columns)
    missing = missing_columns(found, columns)
    if missing and any(found):
        yield lacks(missing, columns, [name for name in beginning.names if name])


def _rows(
    beginning: Sample, columns: Mapping[str, InputColumn], places: Places
) -> tuple[list[PreviewRow], list[str]]:
    """The rows, and what seems to be wrong with whole columns."""
    refused, suspicions = _refused(beginning, columns, places)
    wrong = {(cell.line, cell.column): cell.value for cell in beginning.wrong}
    rows = [
        PreviewRow(
            line=line,
            cells=[
                shortened(wrong.get((line, name), text))
                for name, text in zip(beginning.names, texts, strict=True)
            ],
            problems=[_error(each) for each in refused.get(line, ())],
        )
        for line, texts in beginning.rows
    ]
    rows += [PreviewRow(line=row.line, cells=None, problems=[_error(row)]) for row in beginning.rejected]
    return sorted(rows, key=attrgetter("line")), suspicions


def _error(row: RejectedRow) -> CellError:
    return CellError(column=row.column, value=row.value, reason=row.reason)


def _refused(
    beginning: Sample, columns: Mapping[str, InputColumn], places: Places
) -> tuple[dict[int, list[RejectedRow]], list[str]]:
    """The cells with errors, by line; a column that the file lacks is one problem of the whole file."""
    suspicions: list[str] = []
    format = beginning.read_as["format"]
    lines = [line for line, _ in beginning.rows]
    refused: dict[int, list[RejectedRow]] = {}
    wrong = {(cell.line, cell.column): cell for cell in beginning.wrong}
    for (name, column), place in zip(columns.items(), places, strict=True):
        if place is None and format in NAMED_ONCE:
            continue
        texts = [None if place is None else row[place] for _, row in beginning.rows]
        called = name if place is None else beginning.names[place]
        made = converter(column, has_numbers=format != "csv", has_dates=format == "excel")
        _, found = made.values(texts)
        if made.suspicion is not None:
            suspicions.append(f"{called}: {made.suspicion}")
        for index, reason in found:
            if (lines[index], called) not in wrong:
                cell = RejectedRow(lines[index], called, shortened(texts[index]), reason)
                refused.setdefault(cell.line, []).append(cell)
        for line in lines if wrong else ():
            if (line, called) in wrong:
                refused.setdefault(line, []).append(wrong[line, called])
    return refused, suspicions
