"""docs/performance.md: what is between its markers is written here, the prose around it stays."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.demo_data import PROJECT
from bench.result import Result
from bench.table import table

PAGE = PROJECT / "docs" / "performance.md"
_BEGIN = "<!-- measured: begin; written by `make bench` -->"
_END = "<!-- measured: end -->"


class NoMarkers(Exception):
    """The page does not say where the table goes."""


def write(results: Sequence[Result], facts: Mapping[str, str], page: Path = PAGE) -> None:
    """Put the table and the machine's facts between the markers."""
    text = page.read_text()
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise NoMarkers(f"{page.name} has no lines {_BEGIN} and {_END}")
    measured = f"\n{table(results)}\n\n{_list(facts)}\n"
    page.write_text(f"{before}{begin}\n{measured}\n{end}{after}")


def _list(facts: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
