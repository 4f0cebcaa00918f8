"""A file as a table: each kind of file has its opener."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import BinaryIO

from aggregator.inputs.csv import CsvTable
from aggregator.inputs.excel import open_excel
from aggregator.inputs.json import open_json
from aggregator.inputs.matching import Matcher
from aggregator.inputs.ndjson import open_ndjson
from aggregator.inputs.options import Kind, Options
from aggregator.inputs.table import Table

OPENERS: dict[Kind, Callable[[BinaryIO, Matcher, Options], Table]] = {
    "csv": CsvTable,
    "json": open_json,
    "ndjson": open_ndjson,
    "excel": open_excel,
}


def read_table(
    file: BinaryIO,
    kind: Kind,
    wanted: Mapping[str, Sequence[str]],
    options: Options,
    required: Collection[str] = (),
) -> Table:
    """A seekable file as a table of the wanted columns.

    wanted: for each column the other names that it has in people's files; required: those that tell the
    header and the sheet, when there are several that could be it. The file stays open until the
    last batch was read, and is the caller's to close. Raises UnreadableInput or TooLarge.
    """
    return OPENERS[kind](file, Matcher(wanted, required), options)
