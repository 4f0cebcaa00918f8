"""The demo's calendar: four fixed years, in seconds from their start.

Nothing here looks at today, so the same rows come out on every day.
"""

from datetime import date, timedelta

FIRST_DAY = date(2022, 1, 1)
LAST_DAY = date(2025, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
DAY_SECONDS = 86_400
END = DAYS * DAY_SECONDS

# An invoice of the last day falls due up to 45 days later.
_DAY_TEXTS = tuple((FIRST_DAY + timedelta(days=day)).isoformat() for day in range(DAYS + 45))


def date_text(day: int) -> str:
    """Return a day, counted from 0, as `YYYY-MM-DD`."""
    return _DAY_TEXTS[day]


def instant_text(moment: int) -> str:
    """Return a moment, in seconds from the first midnight, as `YYYY-MM-DDTHH:MM:SSZ`."""
    day, second = divmod(moment, DAY_SECONDS)
    return f"{_DAY_TEXTS[day]}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
