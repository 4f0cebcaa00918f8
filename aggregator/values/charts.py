"""Charts that a header may declare."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from aggregator.values.invalid import KeyDiagnostics

ChartType = Literal["bar", "line", "area", "pie"]

CHART_TYPES: dict[ChartType, str] = {
    "bar": "a bar for each row, or a group of bars for each `x`; horizontal if the names are long",
    "line": "a line through the values; on a time axis if every `x` is a date, a month or a datetime",
    "area": "a line that is filled down to zero",
    "pie": "a donut of the shares of one `y`; of more than eight, the smallest are combined",
}
"""For the documentation."""

_MOST_COLUMNS = 8


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class ChartSpec(BaseModel):
    """What a header says of a report's picture. Each field is a key of `chart`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ChartType = Field(description="The type of the chart: bar, line, area or pie")
    x: str = Field(description="The column of the x axis, or of the names of a pie")
    y: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        description="The column of the numbers, or a list of columns with the same unit"
    )
    series: str | None = Field(
        None, description="A column that splits the rows: each of its values has its own colour"
    )
    stacked: bool = Field(
        False, description="Whether bars or areas of one `x` are stacked (default: side by side)"
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
