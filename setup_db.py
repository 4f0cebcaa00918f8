#!/usr/bin/env python3
"""Make the six demo databases, or upgrade them. `python setup_db.py --help` says how."""

import argparse
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
from tqdm import tqdm

from demo.build import build
from demo.changes import CHANGES, Changes, UpgradeError
from demo.folder import NAMES, BuildError, Folder
from demo.upgrade import outdated_version, upgrade

_PATIENCE_SECONDS = 5.0
_MANY_ORDERS = 20_000
_TABLES_TO_REPORT = ("customers", "products", "orders", "order_lines", "invoices", "transactions")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or upgrade the databases as the arguments say; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    folder = Folder(options.dbs or _dbs_of_environment(parser))
    if options.outdated or (options.if_missing and len(folder.present()) == len(NAMES)):
        _tell_outdated(folder)
        return 0
    try:
        if options.upgrade:
            return _upgrade(folder)
        _build(folder, options.orders, force=options.force)
    except KeyboardInterrupt:
        print("setup_db.py: interrupted", file=sys.stderr)
        return 130
    except (BuildError, OSError, apsw.Error) as error:
        _complain(_reason(error, folder))
        if not options.force and not options.upgrade:
            _tell_outdated(folder)
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


def _upgrade(folder: Folder) -> int:
    databases = folder.databases()
    if not databases:
        raise BuildError(f"there is no demo database in {folder.path}; without --upgrade they are made")
    status = 0
    with folder.locked(_PATIENCE_SECONDS), _settled(folder):
        for name, path in databases.items():
            try:
                changes = Changes(CHANGES / name)
                version = upgrade(path, changes, _PATIENCE_SECONDS)
            except UpgradeError as error:
                _complain(str(error))
                status = 1
            else:
                how = "is already" if version == changes.newest else f"was of version {version}, is now"
                print(f"{path.name} {how} of version {changes.newest}")
    return status


@contextmanager
def _settled(folder: Folder) -> Iterator[None]:
    """Finish what a service that died left to be written, and let none write to several files meanwhile."""
    # This takes a moment to import too.
    from aggregator.engine.sqlite.commit_journal import RECORD_NAME, RedoRecord, finish
    from aggregator.errors import DatabaseUnavailable

    if not (folder.path / RECORD_NAME).exists():
        yield
        return
    record = RedoRecord(folder.path)
    try:
        if not record.lock(_PATIENCE_SECONDS):
            raise BuildError(f"the databases in {folder.path} are being written all the time; try again")
        finish(record, folder.path, _PATIENCE_SECONDS)
        yield
    except DatabaseUnavailable as error:
        raise BuildError(f"{error}; nothing was upgraded") from error
    finally:
        record.close()


def _tell_outdated(folder: Folder) -> None:
    outdated = [
        path.name
        for name, path in folder.databases().items()
        if outdated_version(path, Changes(CHANGES / name)) is not None
    ]
    if outdated:
        verb = "is" if len(outdated) == 1 else "are"
        options = f"--dbs {shlex.quote(str(folder.path))}"
        _complain(f"{', '.join(outdated)} {verb} of an older version, and what needs the newest fails")
        _complain(f"`python setup_db.py --upgrade {options}` brings them there and keeps all rows")


def _complain(text: str) -> None:
    print(f"setup_db.py: {text}", file=sys.stderr)


def _dbs_of_environment(parser: argparse.ArgumentParser) -> Path:
    # The settings take a moment to import, which is only worth it when they are needed.
    from aggregator.settings import read_settings

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
    existing.add_argument(
        "--if-missing",
        action="store_true",
        help="do nothing if all six exist; nothing is said but which are of an older version",
    )
    existing.add_argument(
        "--upgrade",
        action="store_true",
        help="bring demo databases of an older version to the newest; all rows are kept",
    )
    existing.add_argument(
        "--outdated", action="store_true", help="only say which demo databases are of an older version"
    )
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
