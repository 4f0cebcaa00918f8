"""The days and times that a sheet holds as numbers."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel

from aggregator.inputs.excel.workbook import Style

_MIDNIGHT = time()
_NO_DAY = 60
"""Excel's 29 February 1900, which did not exist."""


def time_text(number: float, style: Style, epoch: datetime) -> str | None:
    """A day, an instant or a time as ISO 8601, a duration as hours:minutes:seconds; None for what is none.

    A number below one is a time of the day. A day in a format without hours has no midnight.
    """
    if style != "duration" and (number < 0 or (int(number) == _NO_DAY and epoch == WINDOWS_EPOCH)):
        return None
    try:
        value = from_excel(number, epoch, timedelta=style == "duration")
    except (OverflowError, ValueError):
        return None
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, datetime) and style == "date" and value.time() == _MIDNIGHT:
        return value.date().isoformat()
    return value.isoformat() if value is not None else None


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta() else ""
    value = abs(value)
    minutes, seconds = divmod(value.days * 86_400 + value.seconds, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"
