"""What was read with a remark: sentences for the answer, beside the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

RowRemark = Literal["short", "trailing", "repeated", "hidden"]
_OF_ROWS: dict[RowRemark, tuple[str, str, str]] = {
    "short": ("has", "have", "fewer cells than the header. The missing cells are empty."),
    "trailing": ("ends", "end", "with more or fewer delimiters than the header. No value is affected."),
    "repeated": ("repeats", "repeat", "the header. Such rows are skipped."),
    "hidden": ("is", "are", "hidden or filtered in the workbook. Hidden rows are read like all others."),
}


class Notes:
    """The remarks about one file. unit: what a row's number counts, `line` or `row`.

    skipped: number and text of what stands above the header and is not blank.
    """

    def __init__(self, unit: Literal["line", "row"] = "line") -> None:
        self._unit = unit
        self._said: list[str] = []
        self._rows: dict[RowRemark, list[int]] = {}
        self.skipped: Sequence[tuple[int, str]] = ()

    def say(self, sentence: str) -> None:
        """Add a sentence about the file as a whole."""
        self._said.append(sentence)

    def guess(self, sentence: str | None) -> None:
        """Add, before all others, what was guessed about the encoding, if it was."""
        if sentence is not None:
            self._said.insert(0, sentence)

    def skip(self, header: int, skipped: Sequence[tuple[int, str]]) -> None:
        """Remember what stands above the header, and say that it was skipped."""
        self.skipped = skipped
        if skipped:
            lines = f"{self._unit} above it was" if len(skipped) == 1 else f"{self._unit}s above it were"
            self.say(f"The header is on {self._unit} {header:,}; {len(skipped):,} {lines} skipped.")

    def count(self, remark: RowRemark, line: int) -> None:
        """One more row with a remark."""
        counted = self._rows.setdefault(remark, [0, line])
        counted[0] += 1

    def sentences(self) -> list[str]:
        """All of them; complete when the rows were read to their end."""
        return [*self._said, *(self._of_rows(remark, *self._rows[remark]) for remark in self._rows)]

    def _of_rows(self, remark: RowRemark, count: int, first: int) -> str:
        one, many, rest = _OF_ROWS[remark]
        if count == 1:
            return f"1 row ({self._unit} {first:,}) {one} {rest}"
        return f"{count:,} rows (the first on {self._unit} {first:,}) {many} {rest}"
