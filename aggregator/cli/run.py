"""`python -m aggregator run`: write a report to a file or to standard output."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from threading import Event, Thread, Timer
from typing import IO

from tqdm import tqdm

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.base import Snapshots
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.errors import AggregatorError, Cancelled, InvalidParameters, NotAcceptable, NotFound
from aggregator.formats import ALIASES, FORMATS, PICTURES, PLAN
from aggregator.formats.base import Format, Representation
from aggregator.read.operations import Explain, arguments_of, plan_as_json, rows_of
from aggregator.read.run import Run, Spool
from aggregator.settings import Settings
from aggregator.sqlfile.catalog import Catalog, RouteMatch, SqlFolder

_MOST_TRIES = 3


def error_lines(error: AggregatorError | OSError, stream: str) -> list[str]:
    """The lines. stream: what an error of the system is of, when it names no file."""
    if isinstance(error, InvalidParameters):
        return [f"{each.parameter}: {each.message}" for each in error.errors]
    if isinstance(error, AggregatorError):
        return [error.detail]
    return [f"{error.filename or stream}: {error.strerror}"]


@contextmanager
def destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write a report; None is standard output.

    A file that exists stays as it is until the new one is complete, and its permissions are kept.
    Devices and pipes are written as they are. Raises OSError, whose file name is that of the output.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(output))
    try:
        status = target.stat() if target.exists() else None
        if status is not None and not stat.S_ISREG(status.st_mode):
            with target.open("wb") as file:
                yield file
            return
        permissions = stat.S_IMODE(status.st_mode) if status is not None else 0o666 & ~_umask()
        with _beside(target, permissions) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error


@contextmanager
def _beside(target: Path, permissions: int) -> Iterator[IO[bytes]]:
    file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, permissions)
        os.replace(file.name, target)
    except BaseException:
        os.unlink(file.name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class WrongCall(Exception):
    """The command line cannot be meant as it is; the message says why."""


def run(settings: Settings, arguments: Namespace) -> int:
    """Write the report; 1 when it cannot be, with the reason on standard error, else 0.

    Raises WrongCall.
    """
    try:
        rows = _run(settings, arguments)
    except BrokenPipeError:
        raise
    except (AggregatorError, OSError) as error:
        for line in error_lines(error, "standard output"):
            print(line, file=sys.stderr)
        return 1
    if arguments.output is not None:
        print(f"{arguments.output}: {rows:,} rows", file=sys.stderr)
    return 0


def _run(settings: Settings, arguments: Namespace) -> int:
    engine = SqliteEngine(settings.dbs, settings.lock_wait, settings.max_value)
    registry = EndpointRegistry(SqlFolder(settings.sql), engine, settings.lock_wait, check_read)
    match = _find(registry.catalog(ANYBODY), arguments.report)

    def write(report: ReadEndpoint) -> int:
        format = _format(report, arguments)
        fields = {name: [text] for name, text in match.path_parameters.items()}
        for name, text in arguments.parameters:
            fields.setdefault(name, []).append(text)
        if isinstance(format, Format):
            rows = rows_of(report, fields, format)
            run = Run(rows, Spool(settings.spool_memory, settings.spool_dir), rows.encode)
        else:
            operation = Explain(report, arguments_of(report, fields))
            run = Run(operation, Spool(settings.spool_memory, settings.spool_dir), plan_as_json)
        with destination(arguments.output) as file:
            return _write(run, engine.make_snapshots(), settings, arguments, file)

    return registry.with_fresh(match.endpoint, write)


def _find(catalog: Catalog, name: str) -> RouteMatch:
    """The report of a file's name or of a URL's path, and what the path says of its parameters."""
    name = name.removeprefix("/").removesuffix(".sql")
    endpoint = catalog.of_file(f"{name}.sql")
    if endpoint is not None:
        if endpoint.route.method != "GET":
            raise NotFound(f"{name} writes data; use `load` to import rows.")
        return RouteMatch(endpoint, {})
    try:
        return catalog.find("GET", f"/{name}")
    except NotFound as error:
        names = [each.name for each in catalog.endpoints if each.route.method == "GET"]
        raise unknown_name(f"report {name}", name, names, map(str, catalog.faults)) from error


def unknown_name(what: str, name: str, names: Sequence[str], faults: Iterable[str] = ()) -> NotFound:
    """Nothing has this name. Suggests a similar one and lists all; without names, lists the faults."""
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    lines = [f"There is no {what}{hint}", "There are:" if names else "There are none."]
    return NotFound("\n".join([*lines, *([f"  {each}" for each in names] or faults)]))


def _format(report: ReadEndpoint, arguments: Namespace) -> Representation:
    name = arguments.format
    if name is None and arguments.output is not None:
        suffixes = {format.suffix: format.name for format in (*FORMATS.values(), *PICTURES.values())}
        name = suffixes.get(arguments.output.suffix.lower())
        if name is None:
            raise WrongCall(f"{arguments.output.name} does not end in {', '.join(suffixes)}; add --format")
    formats = {format.name: format for format in (*report.formats, *report.pictures)}
    if name == PLAN.name:
        return PLAN
    format = formats.get(ALIASES.get(name, name)) if name is not None else report.formats[0]
    if format is None and name in PICTURES:
        raise NotAcceptable(f"{report.name} has no chart, so it is not available as {name}.", [*formats])
    if format is None:
        raise NotAcceptable(
            f"{report.name} is not available as {name}. Available formats: {', '.join(formats)}.", [*formats]
        )
    if format.compressed and arguments.output is None and sys.stdout.isatty():
        raise WrongCall(f"{format.name} cannot be written to a terminal; use --output FILE{format.suffix}")
    return format


def _write(run: Run, pool: Snapshots, settings: Settings, arguments: Namespace, file: IO[bytes]) -> int:
    """Run the report into a file, with a bar of rows on a terminal; returns the number of rows."""
    begun = Event()
    failures: list[Exception] = []

    def execute() -> None:
        try:
            run.execute(pool, begun.set)
        except Exception as error:
            failures.append(error)
        finally:
            limit.cancel()
            begun.set()

    thread = Thread(target=execute)
    seconds = run.operation.report.time_limit(settings.time_limit)
    limit = Timer(seconds, run.stop_after, [seconds])
    try:
        # Whoever stops the command may do so between any two lines.
        thread.start()
        limit.start()
        with tqdm(unit=" rows", unit_scale=True, disable=not _has_bar(arguments), file=sys.stderr) as bar:
            begun.wait()
            if not failures:
                for chunk in [run.body] if run.body is not None else run.output():
                    file.write(chunk)
                    bar.update(run.rows - bar.n)
    finally:
        limit.cancel()
        run.stop(Cancelled("The command was stopped."))
        run.close()
        if thread.ident is not None:
            thread.join()
        pool.close_idle(older_than=0)
    if failures:
        raise failures[0]
    return run.rows


def _has_bar(arguments: Namespace) -> bool:
    """Only on a terminal, and not where it would stand between the rows."""
    return sys.stderr.isatty() and (arguments.output is not None or not sys.stdout.isatty())
