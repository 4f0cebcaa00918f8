"""Days and moments as text: one rule for what is read, from requests and files, and for what is shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR_AND_MINUTE = "(?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    rf"([Zz]|[+\- ]{_HOUR_AND_MINUTE})?"
)
_MIDNIGHT = re.compile(
    r"(?:[Tt]|\s{1,3})(?:0?0:00(?::00(?:\.0+)?)?"
    rf"(?:[Zz]|[+\-]{_HOUR_AND_MINUTE})?|12:00(?::00)?\s?[Aa][Mm])\Z"
)


def read_day(text: str) -> str | None:
    """An ISO 8601 day that exists, `2024-02-29`; None for any other text."""
    try:
        return date.fromisoformat(text).isoformat() if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def with_and_without_midnight(text: str) -> tuple[str, ...]:
    """A text, and what is left of it without a time that is the beginning of a day, wherever that is."""
    return text, _MIDNIGHT.sub("", text)


def day_of(text: str) -> str | None:
    """The ISO 8601 day that a text means; it may have the time 00:00."""
    return next(filter(None, map(read_day, with_and_without_midnight(text))), None)


def read_moment(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment that a text means, in UTC, or None: ISO 8601, or a day for its beginning.

    T and Z may be small letters, T a space, and the colon of the offset may be missing. zone: of a text
    without an offset.
    """
    match = _MOMENT.fullmatch(text)
    try:
        if match is not None:
            return _moment(match, zone).astimezone(UTC)
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def utc_text(moment: datetime) -> str:
    """A moment as text in UTC, with a fraction of a second only when there is one: `2024-02-29T14:30:00Z`."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision if moment.microsecond else "seconds") + "Z"


def _moment(match: re.Match[str], zone: tzinfo) -> datetime:
    """Raises ValueError for a moment that no clock has shown, or OverflowError."""
    day, time, offset = match.groups()
    if offset is not None:
        # A plus sign that was not percent-encoded arrives as a space.
        return datetime.fromisoformat(f"{day}T{time}{offset.upper().replace(' ', '+')}")
    moment = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise ValueError("the clocks were put forward over it")
    return moment
