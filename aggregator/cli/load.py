"""`python -m aggregator load`: take a file's rows in, without a server."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from aggregator.catalog.arguments import read_arguments
from aggregator.catalog.folder import Catalog, Endpoint, SqlFolder
from aggregator.catalog.paths import METHOD_SUFFIXES
from aggregator.cli.explained import explained
from aggregator.databases.folder import DatabaseFolder
from aggregator.errors import AggregatorError, NoSuchReport, RejectedRows
from aggregator.inputs.fields import Fields
from aggregator.inputs.kinds import kind_of
from aggregator.inputs.members import open_object
from aggregator.inputs.options import Options
from aggregator.inputs.table import Table
from aggregator.reports.library import Library
from aggregator.reports.reading import StaleReport
from aggregator.reports.report import Report
from aggregator.settings import Settings
from aggregator.writes.answers import Answered, Answers
from aggregator.writes.carry_out import Place, carry_out
from aggregator.writes.check import check
from aggregator.writes.effort import READING, Effort
from aggregator.writes.outcome import Outcome, summary
from aggregator.writes.staging import open_table
from aggregator.writes.write import Write, WriteOrder

_MOST_LINES_SHOWN = 20
_COPIED_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Load:
    """What the command line asks for. file: `-` is standard input."""

    endpoint: str
    file: Path
    parameters: Sequence[tuple[str, str]]
    skip_invalid: bool
    is_dry: bool
    options: Options


def load(settings: Settings, asked: Load) -> int:
    """Load the file and print what happened as JSON; 1 when it cannot be, with the reason, else 0."""
    try:
        print(_load(settings, asked))
    except BrokenPipeError:
        raise
    except (AggregatorError, OSError) as error:
        for line in _explained(error):
            print(line, file=sys.stderr)
        return 1
    return 0


def _load(settings: Settings, asked: Load) -> str:
    folder, databases = SqlFolder(settings.sql), DatabaseFolder(settings.dbs)
    library: Library[Report | Write] = Library(folder, databases, settings.lock_wait, check)
    write = library.check(_find(folder.catalog(), asked.endpoint))
    if not isinstance(write, Write) or not write.has_input:
        raise NoSuchReport(f"{asked.endpoint} takes no rows: its header has no `input`.")
    place = Place(
        databases.folder,
        settings.lock_wait,
        settings.time_limit,
        Answers(databases.folder),
        settings.max_value,
    )
    with _opened(asked.file, settings.spool_dir) as file:
        given, rows = _parts(write, file, asked)
        order = WriteOrder(
            write=write,
            arguments=read_arguments(write.header.params, given),
            format=write.formats[0],
            table=_table(write, rows, asked),
            skip_invalid=asked.skip_invalid,
            is_dry=asked.is_dry,
        )
        effort = Effort(write.time_limit(settings.time_limit))
        effort.begin(READING)
        effort.rest()  # Nobody waits for the reading, so only the SQL is limited.
        with tqdm(unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

            def progress(count: int) -> None:
                bar.update(count - bar.n)

            try:
                answered = carry_out(order, place, _answer, progress, effort)
            except StaleReport as stale:
                raise stale.at_last(write.files) from stale
    return answered.body.decode()


def _answer(order: WriteOrder, outcome: Outcome) -> Answered:
    return Answered(200, [], summary(outcome).to_json())


def _parts(write: Write, file: BinaryIO, asked: Load) -> tuple[Fields, BinaryIO]:
    """The parameters of the command line and of the file, and the file of its rows."""
    given: Fields = {}
    for name, text in asked.parameters:
        given.setdefault(name, []).append(text)
    rows_in = write.header.rows_in
    if rows_in is None or kind_of(file, file_name=asked.file.name) != "json":
        return given, file
    fields, rows = open_object(file, rows_in) or ({}, file)
    for name, texts in fields.items():
        given[name] = [*given.get(name, []), *texts]
    return given, rows


def _table(write: Write, file: BinaryIO, asked: Load) -> Table:
    kind = kind_of(file, file_name=asked.file.name)
    return open_table(file, kind, write.header.input, asked.options)


def _opened(path: Path, directory: Path | None) -> BinaryIO:
    """The file, which can be read from its beginning again; standard input is copied."""
    if str(path) != "-":
        return path.open("rb")
    copy = tempfile.TemporaryFile(dir=directory)
    while chunk := sys.stdin.buffer.read(_COPIED_BYTES):
        copy.write(chunk)
    copy.seek(0)
    return copy


def _find(catalog: Catalog, name: str) -> Endpoint:
    """The endpoint of a file's name, or of a URL's path, with or without a method."""
    name = name.strip("/").removesuffix(".sql")
    for candidate in (name, *(name + suffix for suffix in METHOD_SUFFIXES)):
        endpoint = catalog.of_file(f"{candidate}.sql")
        if endpoint is not None and endpoint.route.method != "GET":
            return endpoint
    names = [each.name for each in catalog.endpoints if each.route.method != "GET"]
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    lines = [f"There is no file {name} that takes rows{hint}", "There are:" if names else "There are none."]
    raise NoSuchReport("\n".join([*lines, *(f"  {each}" for each in names)]))


def _explained(error: AggregatorError | OSError) -> list[str]:
    lines = explained(error, "standard input")
    return [*lines, *_rejected(error)] if isinstance(error, RejectedRows) else lines


def _rejected(error: RejectedRows) -> list[str]:
    shown = sorted({row.line for row in error.rows})[:_MOST_LINES_SHOWN]
    lines = [
        f"line {row.line}: {row.column or 'the row'} {row.reason}"
        + (f", not {row.value}" if row.value else "")
        for row in error.rows
        if row.line in shown
    ]
    more = error.count - len(shown)
    return [*lines, *([f"and {more:,} more"] if more else []), *error.notes]
