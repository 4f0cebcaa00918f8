"""`python -m aggregator load`: send the rows of a file to an endpoint, without a server."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from aggregator.cli.run import error_lines, unknown_name
from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.errors import AggregatorError, NotFound, RejectedRows
from aggregator.inputs.filetypes import filetype_of
from aggregator.inputs.json_body import Fields, open_object
from aggregator.inputs.table import Options
from aggregator.settings import Settings
from aggregator.sqlfile.catalog import Catalog, Endpoint, SqlFolder
from aggregator.sqlfile.parameters import read_arguments
from aggregator.sqlfile.routing import METHOD_SUFFIXES
from aggregator.write.execute import WriteContext, commit_write
from aggregator.write.request import READING, WriteBudget, WriteRequest, WriteResult, summary
from aggregator.write.staging import open_table

_MOST_LINES_SHOWN = 20
_COPIED_BYTES = 2**20


def load(settings: Settings, arguments: Namespace) -> int:
    """Load the file that the command line names; 1 when it cannot be, with the reason, else 0.

    Prints what happened as JSON. The file `-` is standard input.
    """
    try:
        print(_load(settings, arguments))
    except BrokenPipeError:
        raise
    except (AggregatorError, OSError) as error:
        for line in _error_lines(error):
            print(line, file=sys.stderr)
        return 1
    return 0


def _load(settings: Settings, arguments: Namespace) -> str:
    engine = SqliteEngine(settings.dbs, settings.lock_wait, settings.max_value)
    registry: EndpointRegistry[ReadEndpoint | WriteEndpoint] = EndpointRegistry(
        SqlFolder(settings.sql), engine, settings.lock_wait, check_endpoint
    )
    endpoint = _find(registry.catalog(ANYBODY), arguments.endpoint)
    context = WriteContext(engine, settings.time_limit)
    with _opened(arguments.file, settings.spool_dir) as file:
        response = registry.with_fresh(endpoint, lambda each: _write(each, file, arguments, context))
    return response.body.decode()


def _write(
    write: ReadEndpoint | WriteEndpoint, file: BinaryIO, arguments: Namespace, context: WriteContext
) -> StoredResponse:
    """Load the file; raises StaleEndpoint when the tables have changed since the endpoint was checked."""
    if not isinstance(write, WriteEndpoint) or not write.has_input:
        raise NotFound(f"{arguments.endpoint} does not accept rows: its header has no `input`.")
    fields, rows = _parts(write, file, arguments)
    options = Options(
        arguments.delimiter,
        arguments.encoding,
        arguments.sheet,
        arguments.header_line,
        arguments.date_order,
    )
    kind = filetype_of(rows, file_name=arguments.file.name)
    request = WriteRequest(
        write=write,
        arguments=read_arguments(write.header.params, fields),
        format=write.formats[0],
        table=open_table(rows, kind, write.header.input, options),
        skip_invalid=arguments.invalid == "skip",
        is_dry=arguments.dry_run,
    )
    budget = WriteBudget(write.time_limit(context.time_limit))
    budget.begin(READING)
    budget.rest()  # Nobody waits for the reading, so only the SQL is limited.
    with tqdm(unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

        def progress(count: int) -> None:
            bar.update(count - bar.n)

        return commit_write(request, context, _render, progress, budget)


def _render(request: WriteRequest, result: WriteResult) -> StoredResponse:
    return StoredResponse(200, [], summary(result).to_json())


def _parts(write: WriteEndpoint, file: BinaryIO, arguments: Namespace) -> tuple[Fields, BinaryIO]:
    """The parameters of the command line and of the file, and the file of its rows."""
    fields: Fields = {}
    for name, text in arguments.parameters:
        fields.setdefault(name, []).append(text)
    rows_in = write.header.rows_in
    if rows_in is None or filetype_of(file, file_name=arguments.file.name) != "json":
        return fields, file
    members, rows = open_object(file, rows_in) or ({}, file)
    for name, texts in members.items():
        fields.setdefault(name, []).extend(texts)
    return fields, rows


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
    raise unknown_name(f"file {name} that accepts rows", name, names)


def _error_lines(error: AggregatorError | OSError) -> list[str]:
    lines = error_lines(error, "standard input")
    if not isinstance(error, RejectedRows):
        return lines
    shown = sorted({row.line for row in error.rows})[:_MOST_LINES_SHOWN]
    lines += [
        f"line {row.line}: {row.column or 'the row'} {row.reason}"
        + (f", not {row.value}" if row.value else "")
        for row in error.rows
        if row.line in shown
    ]
    more = error.count - len(shown)
    return [*lines, *([f"and {more:,} more"] if more else []), *error.notes]
