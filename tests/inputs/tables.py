"""Files made by other programs' writers, and tables read back as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.errors import RejectedRow
from aggregator.inputs.filetypes import read_table
from aggregator.inputs.table import FileType, Options, Table

Rows = list[tuple[int, list[str | None]]]


def wanted(*names: str) -> Mapping[str, Sequence[str]]:
    return dict.fromkeys(names, ())


def opened(
    data: bytes,
    kind: FileType,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str] = (),
    **options: Any,
) -> Table:
    return read_table(io.BytesIO(data), kind, columns, Options(**options), required)


def drained(table: Table) -> tuple[Rows, list[RejectedRow]]:
    """Each row with its line, and what was rejected, cells without a value included."""
    rows: Rows = []
    rejected: list[RejectedRow] = []
    for batch in table.batches():
        assert {len(column) for column in batch.columns} == {len(batch.lines)}
        wrong = {cell.line for cell in batch.wrong}
        found = zip(batch.lines, map(list, zip(*batch.columns, strict=True)), strict=True)
        rows += [row for row in found if row[0] not in wrong]
        rejected += [*batch.rejected, *batch.wrong]
    return rows, rejected


def read(data: bytes, kind: FileType, *names: str, **options: Any) -> Rows:
    rows, rejected = drained(opened(data, kind, wanted(*names), **options))
    assert rejected == []
    return rows


def texts(data: bytes, kind: FileType, *names: str, **options: Any) -> list[list[str | None]]:
    return [row for _, row in read(data, kind, *names, **options)]


def csv_file(rows: Iterable[Sequence[Any]], encoding: str = "utf-8", **dialect: Any) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows(rows)
    return file.getvalue().encode(encoding)
