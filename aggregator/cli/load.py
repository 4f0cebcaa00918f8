"""`python -m aggregator load`: send the rows of a file to an endpoint, without a server."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from aggregator.cli.run import error_lines
from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.model import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry, StaleEndpoint
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.errors import AggregatorError, NotFound, RejectedRows
from aggregator.inputs.filetypes import filetype_of
from aggregator.inputs.json_body import Fields, open_object
from aggregator.inputs.table import Options, Table
from aggregator.settings import Settings
from aggregator.sqlfile.catalog import Catalog, Endpoint, SqlFolder
from aggregator.sqlfile.parameters import read_arguments
from aggregator.sqlfile.routing import METHOD_SUFFIXES
from aggregator.write.execute import WriteContext, commit_write
from aggregator.write.request import READING, WriteBudget, WriteRequest, WriteResult, summary
from aggregator.write.staging import open_table

_MOST_LINES_SHOWN = 20
_COPIED_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What the command line asks for. file: `-` is standard input."""

    endpoint: str
    file: Path
    parameters: Sequence[tuple[str, str]]
    skip_invalid: bool
    is_dry: bool
    options: Options


def load(settings: Settings, asked: LoadRequest) -> int:
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


def _load(settings: Settings, asked: LoadRequest) -> str:
    engine = SqliteEngine(settings.dbs, settings.lock_wait, settings.max_value)
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint] = EndpointRegistry(
        SqlFolder(settings.sql), engine, settings.lock_wait, check_endpoint
    )
    write = registry.check(_find(registry.catalog(ANYBODY), asked.endpoint))
    if not isinstance(write, WriteEndpoint) or not write.has_input:
        raise NotFound(f"{asked.endpoint} does not accept rows: its header has no `input`.")
    place = WriteContext(engine, settings.time_limit)
    with _opened(asked.file, settings.spool_dir) as file:
        given, rows = _parts(write, file, asked)
        order = WriteRequest(
            write=write,
            arguments=read_arguments(write.header.params, given),
            format=write.formats[0],
            table=_table(write, rows, asked),
            skip_invalid=asked.skip_invalid,
            is_dry=asked.is_dry,
        )
        budget = WriteBudget(write.time_limit(settings.time_limit))
        budget.begin(READING)
        budget.rest()  # Nobody waits for the reading, so only the SQL is limited.
        with tqdm(unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

            def progress(count: int) -> None:
                bar.update(count - bar.n)

            try:
                answered = commit_write(order, place, _answer, progress, budget)
            except StaleEndpoint as stale:
                raise stale.at_last(write.files) from stale
    return answered.body.decode()


def _answer(order: WriteRequest, outcome: WriteResult) -> StoredResponse:
    return StoredResponse(200, [], summary(outcome).to_json())


def _parts(write: WriteEndpoint, file: BinaryIO, asked: LoadRequest) -> tuple[Fields, BinaryIO]:
    """The parameters of the command line and of the file, and the file of its rows."""
    given: Fields = {}
    for name, text in asked.parameters:
        given.setdefault(name, []).append(text)
    rows_in = write.header.rows_in
    if rows_in is None or filetype_of(file, file_name=asked.file.name) != "json":
        return given, file
    fields, rows = open_object(file, rows_in) or ({}, file)
    for name, texts in fields.items():
        given[name] = [*given.get(name, []), *texts]
    return given, rows


def _table(write: WriteEndpoint, file: BinaryIO, asked: LoadRequest) -> Table:
    kind = filetype_of(file, file_name=asked.file.name)
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
    lines = [f"There is no file {name} that accepts rows{hint}", "There are:" if names else "There are none."]
    raise NotFound("\n".join([*lines, *(f"  {each}" for each in names)]))


def _explained(error: AggregatorError | OSError) -> list[str]:
    lines = error_lines(error, "standard input")
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
