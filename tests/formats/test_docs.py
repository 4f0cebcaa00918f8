"""docs/formats.md names every format and every type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from aggregator.formats import ALIASES, FORMATS
from aggregator.values.columns import ColumnType

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> str:
    """The first cells of the table under a heading."""
    section = PAGE.split(f"# {heading}\n")[1].split("\n#")[0]
    return " ".join(re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE))


def test_every_format_has_a_line() -> None:
    assert re.findall("`(.+?)`", first_cells("Formats")) == list(FORMATS)
    assert all(f"`?format={alias}`" in PAGE for alias in ALIASES)


def test_every_type_has_a_line() -> None:
    assert sorted(re.findall("`(.+?)`", first_cells("Types of columns"))) == sorted(get_args(ColumnType))


def test_every_kind_of_value_has_a_line() -> None:
    kinds = first_cells("Values")
    for kind in ("NULL", '""', "integer", "big integer", "number", "Infinity", "NaN", "BLOB", "not UTF-8"):
        assert kind in kinds
