"""What each index of the demo is good for: writes docs/indexes.md. `python -m bench.indexes --help`."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import apsw

from aggregator.engine.sqlite.connection import quoted_name
from aggregator.engine.sqlite.files import schema_name
from aggregator.errors import Cancelled
from aggregator.read.plan import Plan
from bench import demo_data, index_page
from bench.index_page import Comparison, Usage
from bench.index_use import (
    Folders,
    Index,
    Question,
    explained,
    explained_all,
    indexes,
    plan_lines,
    used_by_writes,
    uses,
)

SQL_FOLDER = demo_data.PROJECT / "sql"


class Changed(Exception):
    """A report has not the same rows without an index: something else is wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the page, and say which indexes nothing uses; 0."""
    options = _parser().parse_args(arguments)
    if options.data is None:
        options.data = demo_data.default_folder()
        demo_data.make(options.data)
    folders = Folders(options.sql, options.data)
    plans, failures = explained_all(folders.questions())
    for name, reason in failures.items():
        print(f"{name} has no plan: {reason}", flush=True)
    usages = list(_usages(folders, plans, options.data, options.sql, options.rounds))
    unused = [usage.index.title for usage in usages if not usage.reports and not usage.writes]
    print(f"used by no report and no write: {', '.join(unused) or 'none'}")
    index_page.write(usages, options.data, options.page)
    return 0


def _usages(
    folders: Folders, plans: Mapping[str, Plan], dbs: Path, sql: Path, rounds: int
) -> Iterator[Usage]:
    all_indexes = indexes(dbs)
    by_writes = {write.name: used_by_writes(write, all_indexes) for write in folders.writes()}
    for index in all_indexes:
        users = [each for each in _asked(folders, plans) if uses(plans[each.name], index)]
        print(f"{index.schema}.{index.title}: {len(users)} reports", flush=True)
        comparisons: list[Comparison] = []
        if index.sql is not None and users:
            with _without(index, dbs) as folder:
                others = {each.name: each for each in Folders(sql, folder).questions()}
                comparisons = [_compared(each, others[each.name], rounds) for each in users]
        yield Usage(
            index,
            tuple(dict.fromkeys(each.report.name for each in users)),
            tuple(comparisons),
            tuple(name for name, used in by_writes.items() if index in used),
        )


def _asked(folders: Folders, plans: Mapping[str, Plan]) -> list[Question]:
    """The questions that have a plan, one for each plan of a report."""
    first: dict[object, Question] = {}
    for question in folders.questions():
        if question.name in plans:
            first.setdefault((question.report.name, *plan_lines(plans[question.name])), question)
    return list(first.values())


@contextmanager
def _without(index: Index, dbs: Path) -> Iterator[Path]:
    """A folder with the same databases, in one of which the index is dropped."""
    with tempfile.TemporaryDirectory(prefix="aggregator-indexes-") as name:
        folder = Path(name)
        for file in dbs.glob("*.db"):
            if schema_name(file.name) != index.schema:
                (folder / file.name).symlink_to(file.resolve())
                continue
            shutil.copyfile(file, folder / file.name)
            connection = apsw.Connection(str(folder / file.name))
            connection.execute(f"DROP INDEX {quoted_name(index.name)}")
            connection.close()
        yield folder


def _compared(question: Question, other: Question, rounds: int) -> Comparison:
    """Run both in turns, so that a noisy machine disturbs both alike; the first of each does not count."""
    having, lacking = explained(question), _unless_endless(other)
    if lacking is not None and lacking.rows != having.rows:
        raise Changed(f"{question.name}: {having.rows} rows with it, {lacking.rows} without")
    seconds, seconds_without = [], []
    for _ in range(rounds):
        seconds.append(explained(question).seconds)
        if lacking is not None:
            seconds_without.append(explained(other).seconds)
    without = median(seconds_without) if seconds_without else None
    print(f"  {question.name}: {median(seconds):.4f} s, without {without} s", flush=True)
    route = question.report.endpoint.route
    return Comparison(
        question.report.name, f"{route.method} {route.url}", having, lacking, median(seconds), without
    )


def _unless_endless(question: Question) -> Plan | None:
    """None when it runs for longer than a minute."""
    try:
        return explained(question)
    except Cancelled:
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.indexes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is measured (%(default)s)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="demo databases that are there; made when not given"
    )
    parser.add_argument("--sql", type=Path, default=SQL_FOLDER, metavar="DIR", help="the SQL (%(default)s)")
    parser.add_argument(
        "--page", type=Path, default=index_page.PAGE, metavar="FILE", help="what is written (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
