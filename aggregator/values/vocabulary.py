"""Columns of a result, and the charts and shapes that a header may declare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ColumnType = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "month", "money", "percent", "json"
]

Storage = Literal["integer", "real", "text"]
StoredAs = Literal["minor", "major"]
"""Money as a whole number of cents, 198, or as people write it, 1.98."""

ShapeKind = Literal["rows", "page", "record", "group", "nest"]

SHAPES: dict[str, str] = {
    "`rows`": "an array of objects; `[]` without rows",
    "`page`": '`{"items": […], "total": N, "limit": L, "offset": O}`; the SQL ends in '
    "`LIMIT :limit OFFSET :offset`",
    "`record`": "one object, of one row; without a row it is 404",
    "`{group: city}`": '`{"Pune": [{…}], "Surat": [{…}]}`: an object of lists, by a column whose equal '
    "values stand together",
    "`{nest: {lines: [product, quantity]}}`": '`{"order_id": 7, "lines": [{…}, {…}]}`: one object, in which '
    "the named columns are a list; a row in which all of them are NULL adds nothing to it; without a row it "
    "is 404",
}
"""How each is written, for the documentation."""

_PLAIN = ("rows", "page", "record")
_ALLOWED = "must be rows, page, record, {group: a column} or {nest: {a list: [its columns]}}"
ChartType = Literal["bar", "line", "area", "pie"]

CHART_TYPES: dict[ChartType, str] = {
    "bar": "a bar for each row, or a group of bars for each `x`; they lie where long names need it",
    "line": "a line through the values, on a time axis when every `x` is a day, a month or a moment",
    "area": "the same, filled down to zero",
    "pie": "a donut of the shares of one `y`; of more than eight the smallest are put together",
}
"""For the documentation."""

_MOST_COLUMNS = 8


class KeyDiagnostics(ValueError):
    """Several faults of one object, each with the key that it is about.

    A validator raises it to have more than one fault known at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def add(self, key: str, message: str) -> None:
        """Note what is wrong with the value of a key."""
        self.found.append((key, message))

    def raise_any(self) -> None:
        """Raise these findings when there are any."""
        if self.found:
            raise self

    def __str__(self) -> str:
        return "; ".join(f"{key}: {message}" for key, message in self.found)


class InvalidValue(ValueError):
    """A text is not a value of its type; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result.

    sql: the expression that gives its value. type: how it is shown, None for as it is stored.
    currency: ISO 4217 code of a money column. digits: decimals of the currency's minor unit. stored: how
    the database has the amounts.
    storage: the storage class that every value has or is NULL; None when any may come. is_declared:
    whether the author said the type, and it was not guessed. What only pages show: description; link: a path
    with columns in braces, empty for none; is_summed: whether its numbers have a total.
    """

    name: str
    sql: str
    type: ColumnType | None = None
    currency: str | None = None
    digits: int = 2
    stored: StoredAs = "minor"
    storage: Storage | None = None
    is_declared: bool = False
    description: str = ""
    link: str = ""
    is_summed: bool = False

    @property
    def label(self) -> str:
        """The name as words: `order_total` is `Order total`."""
        words = self.name.replace("_", " ").strip()
        return words[:1].upper() + words[1:] if words else self.name


def sql_text(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


class ShapeSpec(BaseModel):
    """column: whose values name the groups, or the name of the list; members: the columns in the list."""

    model_config = ConfigDict(frozen=True)

    kind: ShapeKind = "rows"
    column: str = ""
    members: tuple[str, ...] = ()


def read_shape(value: Any) -> ShapeSpec:
    """The shape of a YAML value; raises ValueError with what is allowed."""
    if value in _PLAIN:
        return ShapeSpec(kind=value)
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(_ALLOWED)
    kind, inside = next(iter(value.items()))
    if kind == "group" and isinstance(inside, str):
        return ShapeSpec(kind=kind, column=inside)
    if kind == "nest" and isinstance(inside, dict) and len(inside) == 1:
        name, members = next(iter(inside.items()))
        is_name = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)) is not None
        if is_name and isinstance(members, list) and members and all(isinstance(m, str) for m in members):
            return ShapeSpec(kind=kind, column=str(name), members=tuple(members))
    raise ValueError(_ALLOWED)


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class ChartSpec(BaseModel):
    """What a header says of a report's picture. Each field is a key of `chart`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ChartType = Field(description="What is drawn: bar, line, area or pie")
    x: str = Field(description="The column along the bottom, or of a pie's names; in the order of the rows")
    y: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        description="The column of the numbers, or a list of columns that are measured alike"
    )
    series: str | None = Field(
        None, description="A column whose values part the rows: each has bars, or a line, of its own colour"
    )
    stacked: bool = Field(
        False, description="Whether the bars or areas of one `x` stand on each other; else side by side"
    )

    @model_validator(mode="after")
    def _keys_fit(self) -> ChartSpec:
        findings = KeyDiagnostics()
        self._check_columns(findings)
        is_parted = self.series is not None or len(self.y) > 1
        if self.series is not None and len(self.y) > 1:
            findings.add("series", "goes with one column as y; y is a list")
        elif self.type == "pie" and is_parted:
            findings.add("series" if self.series else "y", "a pie has one column as y, and no series")
        if self.stacked and (self.type not in ("bar", "area") or not is_parted):
            findings.add("stacked", "is for type bar or area with a series or several columns as y")
        findings.raise_any()
        return self

    def _check_columns(self, findings: KeyDiagnostics) -> None:
        if not 1 <= len(self.y) <= _MOST_COLUMNS:
            findings.add("y", f"must be a column or a list of 1 to {_MOST_COLUMNS} columns")
        for name in sorted({name for name in self.y if self.y.count(name) > 1}):
            findings.add("y", f"{name} appears twice")
        if self.x in self.y:
            findings.add("y", f"{self.x} is x already")
        if self.series in (self.x, *self.y):
            findings.add("series", f"{self.series} is x or y already")

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns that it names, each with the key that names it."""
        series = [("series", self.series)] if self.series is not None else []
        return [("x", self.x), *(("y", name) for name in self.y), *series]
