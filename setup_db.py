#!/usr/bin/env python3
"""Make the six demo databases. `python setup_db.py --help` says how."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
from tqdm import tqdm

from demo.build import build
from demo.folder import NAMES, BuildError, Folder

_MANY_ORDERS = 20_000
_TABLES_TO_REPORT = ("customers", "products", "orders", "order_lines", "invoices", "transactions")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the databases as the arguments say; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    folder = Folder(options.dbs or _dbs_of_environment(parser))
    if options.if_missing and len(folder.present()) == len(NAMES):
        return 0
    try:
        _build(folder, options.orders, force=options.force)
    except KeyboardInterrupt:
        print("setup_db.py: interrupted", file=sys.stderr)
        return 130
    except (BuildError, OSError, apsw.Error) as error:
        print(f"setup_db.py: {_reason(error, folder)}", file=sys.stderr)
        return 1
    return 0


def _build(folder: Folder, orders: int, *, force: bool) -> None:
    started = time.monotonic()
    # For tqdm, None means: only on a terminal.
    quiet = None if orders >= _MANY_ORDERS else True
    with tqdm(total=orders, unit=" orders", disable=quiet) as bar:
        counts = build(folder, orders, force=force, progress=bar.update)
    rows = ", ".join(f"{counts[table]:,} {table.replace('_', ' ')}" for table in _TABLES_TO_REPORT)
    print(f"{folder.path}: {rows} in {time.monotonic() - started:.1f} s")


def _dbs_of_environment(parser: argparse.ArgumentParser) -> Path:
    # The settings take a moment to import, which is only worth it when they are needed.
    from aggregator.command_line import read_settings

    return read_settings(parser, argparse.Namespace()).dbs


def _reason(error: Exception, folder: Folder) -> str:
    if isinstance(error, OSError):
        place = error.filename or folder.path
        return f"cannot make the demo databases: {place}: {error.strerror or error}"
    if isinstance(error, apsw.Error):
        return f"cannot make the demo databases in {folder.path}: {error}"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Make the demo databases customer.db, product.db, order.db, order_line.db, "
        "invoice.db and transaction.db. The same number of orders gives the same rows everywhere.",
    )
    parser.add_argument(
        "--dbs",
        type=Path,
        metavar="DIR",
        help="where to put them; AGGREGATOR_DBS in the environment, or else `dbs`, if not given",
    )
    parser.add_argument(
        "--orders",
        type=_order_count,
        default=1000,
        metavar="N",
        help="number of orders (default: %(default)s), each of 1 to 5 lines; 0 makes empty tables",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace demo databases that exist")
    existing.add_argument("--if-missing", action="store_true", help="do nothing, silently, if all six exist")
    return parser


def _order_count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if count < 0:
        raise argparse.ArgumentTypeError(f"{count} is negative; give 0 or more")
    return count


if __name__ == "__main__":
    sys.exit(main())
