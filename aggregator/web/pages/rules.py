"""What values have to be, in words: of a parameter, or of a column of rows that are sent."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.catalog.day_patterns import shown
from aggregator.catalog.input_columns import InputColumn
from aggregator.catalog.parameter_types import text_of
from aggregator.catalog.parameters import Parameter

_SHORTEST_GROUPED = 5
"""A shorter number may be a year."""


def rules_of(declared: Parameter | InputColumn) -> Iterator[str]:
    """One rule after the other."""
    if declared.choices is not None:
        yield f"one of {', '.join(map(text_of, declared.choices))}"
    if isinstance(declared, Parameter) and declared.choices_sql is not None:
        yield "a value of the data"
    if isinstance(declared, InputColumn) and declared.formats:
        yield f"as {' or '.join(map(shown, declared.formats))}"
    yield from _bounds(declared)
    if declared.pattern is not None:
        yield declared.message or f"like {declared.pattern}"
    if isinstance(declared, InputColumn) and declared.empty:
        yield f"empty, or {' or '.join(declared.empty)} for an empty cell"
    if declared.time_zone != "UTC":
        yield f"in {declared.time_zone}"


def default_text(declared: Parameter | InputColumn) -> str:
    """The default as text, empty without one."""
    default = declared.default
    if default is None:
        return ""
    return ", ".join(map(text_of, default)) if isinstance(default, list) else text_of(default)


def _bounds(declared: Parameter | InputColumn) -> Iterator[str]:
    unit = " characters" if declared.type == "text" else ""
    low, high = (
        None if bound is None else _grouped(text_of(bound)) for bound in (declared.min, declared.max)
    )
    if low is not None and high is not None:
        yield f"{low} to {high}{unit}"
    elif low is not None:
        yield f"at least {low}{unit}"
    elif high is not None:
        yield f"at most {high}{unit}"


def _grouped(text: str) -> str:
    is_long = text.isascii() and text.removeprefix("-").isdigit() and len(text) >= _SHORTEST_GROUPED
    return f"{int(text):,}" if is_long else text
