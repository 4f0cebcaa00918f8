"""Generate the tables of the documentation from the code.

`python -m docs.generate` writes them between `<!-- generated: name -->` and `<!-- end -->`;
`python -m docs.generate --check` only lists the pages that are not up to date.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel

from aggregator.settings import Settings, option, variable
from aggregator.sqlfile.catalog import Endpoint, SqlFolder
from aggregator.sqlfile.header import COLUMN_TYPES, ColumnSpec, Header
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameter_types import PARAMETER_TYPES, text_of
from aggregator.sqlfile.parameters import Parameter, SortSpec
from aggregator.sqlfile.yaml_header import keys_of
from aggregator.values.charts import CHART_TYPES, ChartSpec
from aggregator.values.shapes import SHAPES
from aggregator.web.request import IGNORED
from docs.entities import diagram

PROJECT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/settings.md", "docs/sql-files.md")
_PLACE = re.compile(r"(?<=<!-- generated: )([a-z-]+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages. With --check, only list the stale pages, and return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a page is not up to date")
    arguments = parser.parse_args(argv)
    stale = [page for page in PAGES if (PROJECT / page).exists() and _is_stale(PROJECT / page)]
    for page in stale:
        if arguments.check:
            print(f"{page} is not up to date; run `make docs`", file=sys.stderr)
        else:
            text = (PROJECT / page).read_text(encoding="utf-8")
            (PROJECT / page).write_text(generated(text), encoding="utf-8")
            print(page)
    return 1 if stale and arguments.check else 0


def generated(text: str) -> str:
    """Return a page with new tables; raises KeyError for an unknown table."""
    return _PLACE.sub(lambda place: f"{place[1]}{place[2]}{TABLES[place[1]]()}", text)


def _is_stale(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return generated(text) != text


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(map(_cell, cells))} |" for cells in (heads, *rows)]
    lines.insert(1, "|---" * len(heads) + "|")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _settings() -> str:
    rows = [
        (
            f"`{option(name)}`" + (f", `--no-{option(name)[2:]}`" if field.annotation is bool else ""),
            f"`{variable(name)}`",
            "" if field.default is None else f"`{field.default}`",
            str(field.description),
        )
        for name, field in Settings.model_fields.items()
    ]
    return _table(("option", "variable", "default", "description"), rows)


def _keys(model: type[BaseModel]) -> str:
    fields = zip(keys_of(model), model.model_fields.values(), strict=True)
    rows = [(f"`{key}`", str(field.description)) for key, field in fields]
    return _table(("key", "meaning"), rows)


def _parameter_types() -> str:
    rows = [(f"`{name}`", kind.given, kind.becomes) for name, kind in PARAMETER_TYPES.items()]
    return _table(("type", "in a request", "in SQL"), rows)


def _column_types() -> str:
    rows = [(f"`{name}`", text) for name, text in COLUMN_TYPES.items()]
    return _table(("type", "values"), rows)


def _shapes() -> str:
    return _table(("shape", "JSON response"), list(SHAPES.items()))


def _chart_types() -> str:
    return _table(("type", "drawing"), [(f"`{name}`", text) for name, text in CHART_TYPES.items()])


def own_reports() -> list[Endpoint]:
    """The endpoints of the project, without untracked files of a checkout."""
    endpoints = SqlFolder(PROJECT / "sql").catalog().endpoints
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "."], cwd=PROJECT / "sql", capture_output=True, check=False
    )
    names = tracked.stdout.decode().split("\0")
    return [each for each in endpoints if tracked.returncode or each.file in names]


def _reports() -> str:
    endpoints = own_reports()
    rows = [(f"`{each.route.method} {each.route.url}`", each.title, _parameters(each)) for each in endpoints]
    return _table(("URL", "report", "parameters"), rows)


def _parameters(endpoint: Endpoint) -> str:
    params = endpoint.source.header.params if endpoint.source is not None else {}
    return ", ".join(f"`{name}`{_default(parameter)}" for name, parameter in params.items())


def _default(parameter: Parameter) -> str:
    if parameter.default is None:
        return "" if parameter.is_required else " (optional)"
    values = parameter.default if isinstance(parameter.default, list) else [parameter.default]
    return f" ({', '.join(map(text_of, values)) or 'empty list'})"


TABLES: dict[str, Callable[[], str]] = {
    "settings": _settings,
    "header-keys": lambda: _keys(Header),
    "parameter-keys": lambda: _keys(Parameter),
    "parameter-types": _parameter_types,
    "input-keys": lambda: _keys(InputColumn),
    "column-keys": lambda: _keys(ColumnSpec),
    "column-types": _column_types,
    "shapes": _shapes,
    "ignored-parameters": lambda: ", ".join(f"`{name}`" for name in IGNORED) + ".\n",
    "sort-keys": lambda: _keys(SortSpec),
    "chart-keys": lambda: _keys(ChartSpec),
    "chart-types": _chart_types,
    "reports": _reports,
    "entities": lambda: diagram(PROJECT / "schema"),
}
"""The text between the marks, by name."""


if __name__ == "__main__":
    sys.exit(main())
