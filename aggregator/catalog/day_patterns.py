"""Patterns of days and moments, such as `%m/%d/%y`: whether they can be read, and reading them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

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


def check_pattern(pattern: str, of: Literal["date", "datetime", "month"]) -> None:
    """Raise ValueError when days cannot be read by it, saying why."""
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
