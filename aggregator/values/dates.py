"""Days and moments as text: one rule for what is read, from requests and files, and for what is shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

MOVING = ("today", "now")
"""Values that will be others tomorrow."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR_AND_MINUTE = "(?:[01][0-9]|2[0-3]):?[0-5][0-9]"

_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    rf"([Zz]|[+\- ]{_HOUR_AND_MINUTE})?"
)

_MIDNIGHT = re.compile(
    r"(?:[Tt]|\s{1,3})(?:0?0:00(?::00(?:\.0+)?)?"
    rf"(?:[Zz]|[+\-]{_HOUR_AND_MINUTE})?|12:00(?::00)?\s?[Aa][Mm])\Z"
)

_SHOWN = {
    "Y": "YYYY",
    "y": "YY",
    "m": "MM",
    "d": "DD",
    "b": "Mon",
    "B": "Month",
    "a": "Day",
    "A": "Weekday",
    "H": "HH",
    "I": "HH",
    "M": "MM",
    "S": "SS",
    "f": "ffffff",
    "p": "AM",
    "z": "+HHMM",
    "%": "%",
}
"""What may come after %, and how a person is told of it."""

_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_TRIED = (datetime(1970, 1, 2), datetime(2024, 11, 22, 21, 43, 56), datetime(2068, 12, 31, 9, 5, 7))


def read_date(text: str) -> str | None:
    """An ISO 8601 day that exists, `2024-02-29`; None for any other text."""
    try:
        return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def with_and_without_midnight(text: str) -> tuple[str, ...]:
    """A text, and what is left of it without a time that is the beginning of a day, wherever that is."""
    return text, _MIDNIGHT.sub("", text)


def date_of(text: str) -> str | None:
    """The ISO 8601 day that a text means; it may have the time 00:00."""
    return next(filter(None, map(read_date, with_and_without_midnight(text))), None)


def read_timestamp(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment that a text means, in UTC, or None: ISO 8601, or a day for its beginning.

    T and Z may be small letters, T a space, and the colon of the offset may be missing. zone: of a text
    without an offset.
    """
    match = _TIMESTAMP.fullmatch(text)
    try:
        if match is not None:
            return _timestamp(match, zone).astimezone(UTC)
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def utc_text(moment: datetime) -> str:
    """A moment as text in UTC, with a fraction of a second only when there is one: `2024-02-29T14:30:00Z`."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision if moment.microsecond else "seconds") + "Z"


def _timestamp(match: re.Match[str], zone: tzinfo) -> datetime:
    """Raises ValueError for a moment that no clock has shown, or OverflowError."""
    day, time, offset = match.groups()
    if offset is not None:
        # A plus sign that was not percent-encoded arrives as a space.
        return datetime.fromisoformat(f"{day}T{time}{offset.upper().replace(' ', '+')}")
    moment = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise ValueError("the clocks were put forward over it")
    return moment


def check_date_pattern(pattern: str, of: str) -> None:
    """Raise ValueError when days cannot be read by it, saying why; of: date, datetime or month."""
    letters = [match[1] for match in _DIRECTIVE.finditer(pattern)]
    for letter in letters:
        if letter not in _SHOWN:
            known = ", ".join(f"%{each}" for each in _SHOWN)
            raise ValueError(f"%{letter} is not one of {known}")
    needed = {"year": "Yy", "month": "mbB"} | ({} if of == "month" else {"day": "d"})
    for name, choices in needed.items():
        if not set(choices) & set(letters):
            raise ValueError(f"{pattern} has no {name}, {' or '.join(f'%{each}' for each in choices)}")
    if ("I" in letters) != ("p" in letters):
        raise ValueError(f"{pattern} needs %I and %p together; hours from 0 to 23 are %H")
    if "z" in letters and of != "datetime":
        raise ValueError(f"%z is for datetime, not for {of}")
    for moment in _TRIED:
        if not _comes_back(moment, pattern, of):
            raise ValueError(f"{pattern} cannot be read back")
    as_iso = read_by_pattern("2024-02-03", pattern)
    if as_iso is not None and (as_iso.month, as_iso.day) != (2, 3):
        raise ValueError(f"{pattern} reads 2024-02-03 as another day than ISO 8601 does")


def _comes_back(moment: datetime, pattern: str, of: str) -> bool:
    try:
        found = datetime.strptime(moment.strftime(pattern.replace("%z", "+0000")), pattern)
    except (ValueError, re.error):
        return False
    length = len("2024-11") if of == "month" else len("2024-11-22")
    return found.isoformat()[:length] == moment.isoformat()[:length]


def read_by_pattern(text: str, pattern: str) -> datetime | None:
    """The moment that a text means, None when it is not written by the pattern.

    Of years with two digits, 69 to 99 are those of the 1900s, as POSIX has it.
    """
    try:
        return datetime.strptime(text, pattern)
    except ValueError:
        return None


def shown(pattern: str) -> str:
    """A pattern for people: `MM/DD/YY`."""
    return _DIRECTIVE.sub(lambda match: _SHOWN[match[1]], pattern)
