"""What a file is taken for before it is loaded: its columns, those that are wanted, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, BinaryIO, Literal

from pydantic import Field

from aggregator.errors import RejectedRow, RowNumber, UnreadableInput
from aggregator.inputs.column_matching import Matcher
from aggregator.inputs.filetypes import Sample, read_sample
from aggregator.inputs.table import FileType, Options
from aggregator.json_documents import Document
from aggregator.sqlfile.day_order import in_order
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.write.request import Notes
from aggregator.write.staging import (
    NAMED_ONCE,
    convert,
    converters,
    lacks,
    missing_columns,
    other_currencies,
    require_day_order,
    required_columns,
    shortened,
)

MOST_ROWS = 100
USUAL_ROWS = 20


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
    accepted = {name: column.names for name, column in columns.items()}
    required = required_columns(columns)
    sample = read_sample(file, kind, accepted, options, most_rows, required)
    table, names = sample.table, sample.names
    matcher = Matcher(accepted, required)
    inputs = [matcher.column(name) for name in names]
    positions = [inputs.index(column) if column in inputs else None for column in range(len(columns))]
    present = [None if index is None else names[index] for index in positions]
    refused, suspicions = _check(sample, in_order(columns, order), positions)
    return Preview(
        read_as=table.read_as if order is None else {**table.read_as, "date_order": order},
        notes=table.notes.sentences(),
        columns=[
            FileColumn(name=name, input=None if column is None else matcher.wanted[column])
            for name, column in zip(names, inputs, strict=True)
        ],
        input=[
            _wanted(name, column, there)
            for (name, column), there in zip(columns.items(), present, strict=True)
        ],
        problems=[*_problems(sample, matcher, columns, present), *(suspicions if order is None else [])],
        rows=_rows(sample, refused),
        **_where(sample),
    )


def _where(sample: Sample) -> dict[str, Any]:
    """Where the rows are in the file, as far as there is a choice."""
    members: dict[str, Any] = {}
    if sample.sheets is not None:
        members["sheets"] = sample.sheets
    if sample.table.header_line:
        members["header_line"] = sample.table.header_line
    if skipped := sample.table.notes.skipped:
        members["skipped"] = [SkippedLine(line=line, text=text) for line, text in skipped]
    return members


def _wanted(name: str, column: InputColumn, there: str | None) -> WantedColumn:
    declared = column.model_dump(mode="json", by_alias=True, exclude_unset=True)
    always = {"required": column.required, "description": column.description, "from": column.names}
    return WantedColumn.model_validate({"name": name, **declared, **always, "column": there})


def _problems(
    sample: Sample, matcher: Matcher, columns: Mapping[str, InputColumn], present: Sequence[str | None]
) -> Iterator[str]:
    if sample.table.read_as["format"] not in NAMED_ONCE:
        return
    try:
        matcher.positions(sample.names)
    except UnreadableInput as error:
        yield error.detail
    yield from other_currencies(present, columns)
    missing = missing_columns(present, columns)
    if missing and any(present):
        yield lacks(missing, columns, [name for name in sample.names if name])


def _rows(sample: Sample, refused: Mapping[int, Sequence[RejectedRow]]) -> list[PreviewRow]:
    """The rows of the file in its order. refused: the cells with errors, by line."""
    wrong = {(cell.line, cell.column): cell.value for cell in sample.batch.wrong}
    texts_of_rows = zip(*sample.batch.columns, strict=True)
    rows = [
        PreviewRow(
            line=line,
            cells=[
                shortened(wrong.get((line, name), text))
                for name, text in zip(sample.names, texts, strict=True)
            ],
            problems=[_error(each) for each in refused.get(line, ())],
        )
        for line, texts in zip(sample.batch.lines, texts_of_rows, strict=False)
    ]
    rows += [PreviewRow(line=row.line, cells=None, problems=[_error(row)]) for row in sample.batch.rejected]
    return sorted(rows, key=attrgetter("line"))


def _error(row: RejectedRow) -> CellError:
    return CellError(column=row.column, value=row.value, reason=row.reason)


def _check(
    sample: Sample, columns: Mapping[str, InputColumn], positions: Sequence[int | None]
) -> tuple[dict[int, list[RejectedRow]], list[str]]:
    """The cells with errors, by line, and what seems to be wrong with whole columns.

    positions: of each declared column its index in the file; a column that the file lacks is one problem of
    the whole file.
    """
    batch, suspicions = sample.batch, []
    refused: dict[int, list[RejectedRow]] = {}
    wrong = {(cell.line, cell.column) for cell in batch.wrong}
    for own, column, index in zip(columns, converters(sample.table, columns), positions, strict=True):
        if index is None and sample.table.read_as["format"] in NAMED_ONCE:
            continue
        name = own if index is None else sample.names[index]
        texts = [None] * len(batch.lines) if index is None else batch.columns[index]
        _, cells = convert(column, name, batch.lines, texts, wrong)
        if column.days.suspicion is not None:
            suspicions.append(f"{name}: {column.days.suspicion}")
        for cell in [*cells, *(cell for cell in batch.wrong if cell.column == name)]:
            refused.setdefault(cell.line, []).append(cell)
    return refused, suspicions
