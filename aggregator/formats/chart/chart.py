"""What is to be drawn, without a header or a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["bar", "line", "area", "pie"]


@dataclass(frozen=True, slots=True)
class Chart:
    """mark: what is drawn; x, y and series: names of columns; stacked: whether bars or areas are added.

    title: of the report.
    """

    mark: Mark
    x: str
    y: tuple[str, ...]
    series: str | None = None
    stacked: bool = False
    title: str = ""
