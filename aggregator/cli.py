"""The commands that need no server."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import IO

from tqdm import tqdm

from aggregator.catalog.arguments import Arguments, read_arguments
from aggregator.catalog.folder import SqlFolder
from aggregator.command_line import add_settings, read_settings
from aggregator.databases.folder import DatabaseFolder
from aggregator.databases.pool import ViewPool
from aggregator.errors import AggregatorError, Cancelled, InvalidParameters, NoSuchReport
from aggregator.formats import ALIASES, FORMATS, SQL_FUNCTIONS, Format
from aggregator.reports.library import ReportLibrary
from aggregator.reports.report import Report
from aggregator.reports.run import Run
from aggregator.reports.spool import Spool
from aggregator.settings import Settings

_FOLDERS = ("dbs", "sql")
_RUN_SETTINGS = (*_FOLDERS, "lock_wait", "spool_memory", "spool_dir")
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when all is well, 1 when not, 2 for a wrong call, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m aggregator", description="A folder of SQL is an API.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check", help="prepare every SQL file and print each fault as file:line: what is wrong"
    )
    add_settings(check, _FOLDERS)
    run = commands.add_parser("run", help="write a report to a file or to standard output")
    run.add_argument(
        "report", help="the file in sql/ without .sql, or the URL's path: report/customer-orders"
    )
    run.add_argument("parameters", nargs="*", metavar="name=value", help="a parameter; again for a list")
    run.add_argument("--output", type=Path, help="the file to write; its ending says the format")
    run.add_argument(
        "--format", help=f"{', '.join([*FORMATS, *ALIASES])}; the ending of --output, or json, when not given"
    )
    add_settings(run, _RUN_SETTINGS)
    arguments = parser.parse_args(argv)
    settings = read_settings(parser, arguments)
    try:
        return _check(settings) if arguments.command == "check" else _run(settings, arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _check(settings: Settings) -> int:
    library = _library(settings)
    faults = library.faults()
    for fault in faults:
        print(fault)
    reports = len(library.all())
    print(
        f"{reports} SQL files, {len(faults)} faults" if faults else f"{reports} SQL files, no faults",
        file=sys.stderr,
    )
    return 1 if faults else 0


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    try:
        report, path_parameters = _find(_library(settings), arguments.report)
        format = _format(report, arguments.format, arguments.output)
        values = read_arguments(report.header.params, _given(arguments.parameters, path_parameters))
        with _destination(arguments.output, format) as file:
            rows = _write(settings, report, values, format, file)
    except (AggregatorError, OSError) as error:
        for line in _explained(error):
            print(line, file=sys.stderr)
        return 1
    if arguments.output:
        print(f"{arguments.output}: {rows:,} rows", file=sys.stderr)
    return 0


def _library(settings: Settings) -> ReportLibrary:
    return ReportLibrary(SqlFolder(settings.sql), DatabaseFolder(settings.dbs), settings.lock_wait)


def _find(library: ReportLibrary, name: str) -> tuple[Report, dict[str, str]]:
    """The report of a file's name or of a URL's path, and what the path says of its parameters."""
    name = name.removeprefix("/").removesuffix(".sql")
    for endpoint, _ in library.all():
        if endpoint.file == f"{name}.sql":
            return library.check(endpoint), {}
    try:
        match = library.find("GET", f"/{name}")
    except NoSuchReport as error:
        known = "\n".join(f"  {endpoint.file.removesuffix('.sql')}" for endpoint, _ in library.all())
        raise NoSuchReport(f"There is no report {name}. There are:\n{known}") from error
    return library.check(match.endpoint), match.path_parameters


def _given(pairs: Sequence[str], path_parameters: dict[str, str]) -> dict[str, list[str]]:
    given = {name: [text] for name, text in path_parameters.items()}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise NoSuchReport(f"{pair} is not a parameter; write name=value")
        given.setdefault(name, []).append(text)
    return given


def _format(report: Report, name: str | None, output: Path | None) -> Format:
    if name is None and output is not None:
        suffixes = {format.suffix: format.name for format in FORMATS.values()}
        name = suffixes.get(output.suffix.lower())
        if name is None:
            raise NoSuchReport(f"{output.name} has none of the endings {', '.join(suffixes)}; give --format")
    name = ALIASES.get(name or "", name or "json")
    available = {format.name: format for format in report.formats}
    if name not in available:
        raise NoSuchReport(f"{report.name} is to be had as {', '.join(available)}, not as {name}")
    return available[name]


@contextmanager
def _destination(output: Path | None, format: Format) -> Iterator[IO[bytes]]:
    """The file to write: whole at the end under its name, or not there at all."""
    if output is None:
        if format.compressed and sys.stdout.isatty():
            raise NoSuchReport("a workbook is not for a terminal; give --output FILE.xlsx")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    file = tempfile.NamedTemporaryFile(dir=output.absolute().parent, prefix=f".{output.name}.", delete=False)
    try:
        with file:
            yield file
        os.chmod(file.name, 0o666 & ~_umask())
        os.replace(file.name, output)
    except BaseException:
        os.unlink(file.name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(settings: Settings, report: Report, values: Arguments, format: Format, file: IO[bytes]) -> int:
    """Run the report into a file, with a bar of rows on a terminal; returns the number of rows."""
    pool = ViewPool(SQL_FUNCTIONS, settings.lock_wait)
    run = Run(report, values, format, Spool(settings.spool_memory, settings.spool_dir))
    begun = Event()
    failures: list[Exception] = []

    def execute() -> None:
        try:
            run.execute(pool, begun.set)
        except Exception as error:
            failures.append(error)
        finally:
            begun.set()

    thread = Thread(target=execute)
    thread.start()
    try:
        with tqdm(unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
            begun.wait()
            if not failures:
                for chunk in [run.body] if run.body is not None else run.output():
                    file.write(chunk)
                    bar.update(run.rows - bar.n)
    finally:
        run.stop(Cancelled("The command was stopped."))
        run.close()
        thread.join()
    if failures:
        raise failures[0]
    return run.rows


def _explained(error: AggregatorError | OSError) -> list[str]:
    if isinstance(error, InvalidParameters):
        return [f"{each.parameter}: {each.message}" for each in error.errors]
    if isinstance(error, AggregatorError):
        return [error.detail]
    return [f"{error.filename or 'output'}: {error.strerror}"]
