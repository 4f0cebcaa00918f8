"""Converts the columns of one request: each text to its value, to the default, or to why it is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aggregator.sqlfile.cell_readers import Read, ReadBatch
from aggregator.sqlfile.day_order import DayOrderCheck
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameter_types import Value
from aggregator.values.invalid import InvalidValue

_PLAIN_NUMBERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?%?")
_MOST_KNOWN = 100_000
_LONGEST_KNOWN = 100
_ENOUGH_TO_JUDGE = 4_000
_INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")
_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of Excel, for days after February 1900."""


class ColumnConverter:
    """Converts one column of one request; `today` and `now` are those of its making.

    has_numbers: of a file whose numbers are numbers, as in JSON and in a workbook, and not text in somebody's
    notation: 1.234 is not 1234 there, whatever the column's format says. has_dates: of a workbook, whose days
    are dates. Its `days` tells what seems to be wrong with the texts so far as a whole.
    """

    def __init__(self, column: InputColumn, has_numbers: bool = False, has_dates: bool = False) -> None:
        self._is_required = column.required
        self._default = column.default_value()
        read, self._read_batch = _plain_first(column) if has_numbers else column.kind.reader(column)
        self.days = DayOrderCheck(column, has_dates)
        self._memo = _Memo(read, self.days.see if self.days.is_needed else None, column.kind.is_in_time)
        self._nothing = {text.strip().casefold() for text in column.empty}
        self._mostly_new = False

    def values(self, texts: Sequence[str | None]) -> tuple[list[Value | None], list[tuple[int, str]]]:
        """The value of each text, None for a refused one; and the index and the reason of each of those.

        What is empty, or only white space, or means nothing in this column, is the default or else None.
        """
        if self._nothing:
            texts = [None if text and text.strip().casefold() in self._nothing else text for text in texts]
        if self._mostly_new and self._read_batch is not None:
            given = list(filter(None, texts))
            found = self._read_batch(given)
            if found is not None:
                if len(given) == len(texts):
                    return self._mended(list(found))
                following = iter(found)
                return self._mended([next(following) if text else None for text in texts])
        new = self._memo.misses
        values = list(map(self._memo.__getitem__, texts))
        new = self._memo.misses - new
        self._mostly_new = self._memo.misses > _ENOUGH_TO_JUDGE and 2 * new > len(texts)
        return self._mended(values)

    def _mended(
        self, values: list[Value | _Refused | None]
    ) -> tuple[list[Value | None], list[tuple[int, str]]]:
        refused: list[tuple[int, str]] = []
        has_empty = (self._is_required or self._default is not None) and None in values
        if not has_empty and not self._memo.has_refused:
            return values, refused  # type: ignore[return-value]  # No _Refused is among them.
        if not self._is_required and not self._memo.has_refused:
            return [self._default if value is None else value for value in values], refused  # type: ignore[misc]
        mended: list[Value | None] = []
        for index, value in enumerate(values):
            if isinstance(value, _Refused):
                refused.append((index, value.reason))
                value = None
            elif value is None and self._is_required:
                refused.append((index, "is required"))
            elif value is None:
                value = self._default
            mended.append(value)
        return mended, refused


def _plain_first(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    reader = column.kind.reader
    if not column.formats or column.kind.is_in_time:
        return reader(column)
    plain, _ = reader(column.model_copy(update={"formats": []}))
    noted, _ = reader(column)
    return lambda text: plain(text) if _PLAIN_NUMBERS.fullmatch(text) else noted(text), None


def _cause(text: str, is_day: bool) -> str:
    """What a reader cannot see in a text that was refused, to go behind the reason."""
    for character in text:
        if unicodedata.category(character) in _INVISIBLE and character not in " \t\r\n\0":
            name = unicodedata.name(character, "a control character")
            return f"; it holds the invisible character U+{ord(character):04X} ({name})"
    if is_day and _SERIAL.fullmatch(text):
        day = _FIRST_DAY + timedelta(days=int(text[:5]))
        return f"; {text} may be Excel's number for {day:%Y-%m-%d}: format the cells as dates"
    return ""


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str


class _Memo(dict["str | None", "Value | _Refused | None"]):
    """What each text becomes, None for an empty one; not more than so many, and no long ones.

    see: told of each text that is new. is_day: whether the column holds days.
    """

    def __init__(self, read: Read, see: Callable[[str], None] | None, is_day: bool) -> None:
        super().__init__()
        self._read = read
        self._see = see
        self._is_day = is_day
        self.misses = 0
        self.has_refused = False

    def __missing__(self, text: str | None) -> Value | _Refused | None:
        self.misses += 1
        value: Value | _Refused | None = None
        stripped = text.strip() if text is not None else ""
        if stripped:
            if self._see is not None:
                self._see(stripped)
            try:
                value = self._read(stripped)
            except InvalidValue as error:
                value = _Refused(str(error) + _cause(stripped, self._is_day))
                self.has_refused = True
        if text is None or len(text) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[text] = value
        return value
