"""Detects dates with day and month swapped: 13/05/2024 in a column of MM/DD/YYYY."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from aggregator.sqlfile.input_columns import InputColumn
from aggregator.values.dates import read_by_pattern, shown, with_and_without_midnight

DayOrder = Literal["dmy", "mdy"]
DAY_ORDERS: dict[DayOrder, str] = {"dmy": "day/month/year", "mdy": "month/day/year"}
_OTHER: dict[DayOrder, DayOrder] = {"dmy": "mdy", "mdy": "dmy"}
_DAY_OR_MONTH = re.compile("%[dm]")
_LETTER = re.compile("%([dmYy])")
_DATE = re.compile("[0-9]{4}-[0-9]{2}-([0-9]{2})(?:T.*)?")
_LAST_MONTH = 12


def day_order(pattern: str) -> DayOrder | None:
    """The order of a pattern such as `%m/%d/%y`; None where day and month cannot be mistaken."""
    order = "".join(_LETTER.findall(pattern)).lower()
    return next((each for each in DAY_ORDERS if each == order), None)


def has_day_order(columns: Mapping[str, InputColumn]) -> bool:
    """Whether any of the columns has days whose order of day and month can be said."""
    return any(_orders(column) for column in columns.values())


def in_order(columns: Mapping[str, InputColumn], order: str | None) -> Mapping[str, InputColumn]:
    """The columns, their days read in this order; as the header says when it is None."""
    if order is None:
        return columns
    return {
        name: column.model_copy(update={"formats": list(_formats(column, order))})
        if _orders(column)
        else column
        for name, column in columns.items()
    }


class DayOrderCheck:
    """Finds out whether the days of one column are written in the other order than the header says.

    They are when some can only be read in the other order, and none only in the header's. ISO days, and texts
    that are no days at all, say nothing.

    has_dates: whether ISO days are dates of a workbook. A spreadsheet program that opens a CSV in the wrong
    order makes dates of 05/12/2024, with day and month swapped, and leaves 13/12/2024 a text. Dates without
    a day after the 12th, beside texts that all have one, are suspected as well.
    """

    def __init__(self, column: InputColumn, has_dates: bool = False) -> None:
        self._orders = _orders(column)
        self._pairs = [
            (pattern, _swapped(pattern)) for pattern in column.formats if self._orders and day_order(pattern)
        ]
        self.is_needed = bool(self._pairs)
        """Whether the column has days that can be mistaken."""
        self._has_own = False
        self._example: str | None = None
        self._has_dates = has_dates
        self._date: str | None = None
        self._text: str | None = None
        self._is_whole = False

    def see(self, text: str) -> None:
        """Note how a text can be read."""
        forms = with_and_without_midnight(text)
        own, other = (
            any(read_by_pattern(form, pattern) for pattern in patterns for form in forms)
            for patterns in zip(*self._pairs, strict=True)
        )
        if own != other:
            self._text = self._text or text
        self._is_whole = self._is_whole or (own and other)
        if self._has_dates and (match := _DATE.fullmatch(text)):
            self._date = self._date or text
            self._is_whole = self._is_whole or int(match[1]) > _LAST_MONTH
        if own and not other:
            self._has_own = True
        elif other and not own and self._example is None:
            self._example = text

    @property
    def swapped_dates(self) -> str | None:
        """Why a spreadsheet program seems to have swapped day and month of dates; None when it has not."""
        if self._is_whole or self._date is None or self._text is None:
            return None
        return (
            f"A spreadsheet program may have swapped day and month of dates such as {self._date}: none has a "
            f"day after the 12th, and {self._text} is text."
        )

    @property
    def suspicion(self) -> str | None:
        """What seems to be wrong, for the person who sent the file; None when nothing does."""
        if self.swapped_dates is not None:
            return (
                f"{self.swapped_dates} Send the file from which the workbook was made. If the dates are "
                "right, set date_order for the dates that are text."
            )
        if self._has_own or self._example is None or len(self._orders) != 1:
            return None
        (order,) = (_OTHER[order] for order in self._orders)
        own = " or ".join(shown(pattern) for pattern, _ in self._pairs)
        return (
            f"Day and month seem to be swapped. {self._example} cannot be read as {own}, and every date of "
            f"the column can be read as {DAY_ORDERS[order]} (date_order={order})."
        )


def _orders(column: InputColumn) -> set[DayOrder]:
    if column.type not in ("date", "datetime"):
        return set()
    return {order for pattern in column.formats if (order := day_order(pattern)) is not None}


def _formats(column: InputColumn, order: str) -> Iterator[str]:
    for pattern in column.formats:
        yield pattern if day_order(pattern) in (None, order) else _swapped(pattern)


def _swapped(pattern: str) -> str:
    return _DAY_OR_MONTH.sub(lambda match: {"%d": "%m", "%m": "%d"}[match[0]], pattern)
