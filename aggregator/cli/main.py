"""`python -m aggregator`: the commands check, run and load, and their options."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from aggregator.cli.load import load
from aggregator.cli.run import WrongCall, run
from aggregator.endpoints.check import check_endpoint as check_file
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.formats import ALIASES, FORMATS, PICTURES, PLAN
from aggregator.inputs.table import MOST_HEADER_LINE
from aggregator.settings import Settings, add_settings, read_settings, require_folders
from aggregator.sqlfile.catalog import SqlFolder
from aggregator.sqlfile.day_order import DAY_ORDERS

_CHECK_SETTINGS = ("dbs", "sql", "lock_wait")
_RUN_SETTINGS = (*_CHECK_SETTINGS, "time_limit", "max_value", "spool_memory", "spool_dir")
_LOAD_SETTINGS = (*_CHECK_SETTINGS, "time_limit", "max_value", "spool_dir")
_INTERRUPTED = 130
_TERMINATED = 143


def print_check(settings: Settings) -> int:
    """Print each error as `file:line: what is wrong`; 1 when there are any, else 0.

    How many files there were goes to standard error.
    """
    folder = SqlFolder(settings.sql)
    faults = EndpointRegistry(folder, SqliteEngine(settings.dbs), settings.lock_wait, check_file).faults()
    for fault in faults:
        print(fault)
    catalog = folder.catalog()
    summary = f"{_count(len(catalog.endpoints), 'endpoint')}, {_count(len(faults), 'error')}"
    print(summary, file=sys.stderr)
    return 1 if faults else 0


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns 0 when all is well, 1 when it is not, 2 for a wrong call, and 130 after Ctrl-C.
    """
    parser, parsers = _parsers()
    arguments, rest = parser.parse_known_args(argv)
    own = parsers.get(arguments.command, parser)
    if arguments.command in parsers:
        # argparse takes no name=value after an option.
        arguments.parameters += [_parameter(own, text) for text in rest]
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    settings = read_settings(own, arguments)
    require_folders(own, settings)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if arguments.command == "check":
            return print_check(settings)
        signal.signal(signal.SIGTERM, _end)
        if arguments.command == "load":
            return load(settings, arguments)
        return run(settings, arguments)
    except WrongCall as error:
        own.error(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return 1
    finally:
        _flush()


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands that take parameters."""
    parser = argparse.ArgumentParser(
        prog="python -m aggregator", description="Check and run SQL files, and load rows with them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    print_check = commands.add_parser(
        "check", help="check every SQL file and print each error as file:line: message"
    )
    add_settings(print_check, _CHECK_SETTINGS)
    run = commands.add_parser("run", help="write a report to a file or to standard output")
    run.add_argument(
        "report", help="the file in sql/ without .sql, or the URL's path, such as report/customer-orders"
    )
    _add_parameters(run)
    run.add_argument(
        "--output", type=_output, help="the output file; its extension sets the format; - is standard output"
    )
    run.add_argument(
        "--format",
        choices=[*FORMATS, *ALIASES, *PICTURES, PLAN.name],
        help="when not given, that of the ending of --output, or else the report's first; "
        "plan shows SQLite's query plan and the time",
    )
    add_settings(run, _RUN_SETTINGS)
    return parser, {"run": run, "load": _load_parser(commands)}


def _load_parser(commands: Any) -> argparse.ArgumentParser:
    load: argparse.ArgumentParser = commands.add_parser(
        "load", help="import the rows of a CSV, JSON or Excel file"
    )
    load.add_argument("endpoint", help="the file in sql/ that imports them, such as invoices/import")
    load.add_argument("file", type=Path, help="the file with the rows; - is standard input")
    _add_parameters(load)
    load.add_argument(
        "--invalid",
        choices=("reject", "skip"),
        default="reject",
        help="rows with errors: skip writes the other rows",
    )
    load.add_argument("--dry-run", action="store_true", help="report what would change, and write nothing")
    load.add_argument("--delimiter", help="delimiter of a CSV file (default: detected)")
    load.add_argument("--encoding", help="encoding of a CSV file (default: detected)")
    load.add_argument(
        "--sheet", help="sheet of a workbook (default: the first visible sheet with the columns)"
    )
    load.add_argument(
        "--header-line",
        type=int,
        choices=range(1, MOST_HEADER_LINE + 1),
        metavar="N",
        help="the line with the column names (default: detected in the first 30 lines)",
    )
    load.add_argument(
        "--date-order",
        choices=tuple(DAY_ORDERS),
        help="day or month first (default: set by the SQL file)",
    )
    add_settings(load, _LOAD_SETTINGS)
    return load


def _add_parameters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "parameters",
        nargs="*",
        metavar="name=value",
        type=lambda text: _parameter(parser, text),
        help="a parameter; repeat it for a list",
    )


def _output(text: str) -> Path | None:
    return None if text == "-" else Path(text)


def _parameter(parser: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if text.startswith("-") or not equals:
        parser.error(f"unrecognized argument: {text}; write a parameter as name=value")
    return name, value


def _end(number: int, frame: object) -> NoReturn:
    """Let what is open be cleaned up when the process is asked to end."""
    raise SystemExit(_TERMINATED)


def _flush() -> None:
    """Write what is left; when nobody can take it any more, keep Python from saying so at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
