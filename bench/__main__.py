"""Measure everything side by side: `python -m bench --help`."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import demo_data, machine, page
from bench.children import ChildFailed, exit_on_signals
from bench.client import BadAnswer
from bench.environment import Environment
from bench.measurements import MEASUREMENTS
from bench.result import Result, Verdict, unmeasured
from bench.setting import Setting
from bench.skipped import Skipped
from bench.table import table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page; 1 when something missed what it must be or broke."""
    options = _parser().parse_args(arguments)
    exit_on_signals()
    names = options.only or list(MEASUREMENTS)
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as logs:
        demo_data.make(options.data)
        environment = Environment(demo_data.PROJECT / ".venv-bench")
        setting = Setting(options.data, Path(logs), environment, options.rounds)
        results = [result for name in names for result in _measured(name, setting)]
        facts = machine.facts(environment)
    print(f"\n{table(results)}\n\n" + "\n".join(f"{name}: {value}" for name, value in facts.items()))
    if options.only or options.no_write:
        print("\ndocs/performance.md was left as it is")
    else:
        page.write(results, facts)
    return 1 if any(result.verdict in (Verdict.MISSED, Verdict.FAILED) for result in results) else 0


def _measured(name: str, setting: Setting) -> Iterator[Result]:
    print(f"measuring {name} …", flush=True)
    try:
        for result in MEASUREMENTS[name](setting):
            print(f"  {result.what}: {result.ratio or result.ours} {result.verdict.value}", flush=True)
            yield result
    except Skipped as reason:
        print(f"  skipped: {reason}", flush=True)
        yield unmeasured(name, reason, Verdict.SKIPPED)
    except (BadAnswer, ChildFailed, OSError) as error:
        print(f"  failed: {error}", flush=True)
        yield unmeasured(name, error, Verdict.FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is measured (%(default)s)")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS)
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=demo_data.default_folder(),
        metavar="DIR",
        help="where the demo databases are, or shall be made (%(default)s)",
    )
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md as it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
