"""Days and moments in SQL: what is written as usual is read by SQLite, anything else by the rule itself.

GLOB and SQLite's date functions read up to a NUL character, so lengths are compared as well.
"""

from __future__ import annotations

from aggregator.formats.columns import RegisteredFunction
from aggregator.moments import day_of, read_moment, utc_text

_DAY = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
_TIME = "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
_SHORTEST, _LONGEST = len("2024-02-29 0:00"), 40


def day_value(value: str) -> str:
    """The SQL of a text that means a day as that day, `2024-02-29`; any other text stays.

    value: the SQL of a text.
    """
    is_midnight = f"octet_length({value}) = 19 AND {value} GLOB '{_DAY}[ T]00:00:00' AND {_exists(value)}"
    return (
        f"CASE WHEN {is_midnight} THEN substr({value}, 1, 10) "
        f"WHEN {_may_have_time(value)} THEN day_text({value}) ELSE {value} END"
    )


def moment_value(value: str) -> str:
    """The SQL of a text that means a moment as that moment in UTC, `2024-02-29T15:30:00Z`.

    Any other text stays. A fraction of a second is kept. value: the SQL of a text.
    """
    is_usual = f"octet_length({value}) = 19 AND {value} GLOB '{_DAY}[ T]{_TIME}' AND {_exists(value)}"
    is_day = f"octet_length({value}) = 10 AND {value} GLOB '{_DAY}' AND {_exists(value)}"
    return (
        f"CASE WHEN {value} GLOB '{_DAY}T{_TIME}Z' THEN {value} "
        f"WHEN {is_usual} THEN substr({value}, 1, 10) || 'T' || substr({value}, 12) || 'Z' "
        f"WHEN {is_day} THEN {value} || 'T00:00:00Z' "
        f"WHEN {_may_have_time(value)} THEN moment_text({value}) ELSE {value} END"
    )


def is_moment(value: str) -> str:
    """The SQL condition: a moment as `moment_value` gives it, or with a space or without Z where it is UTC.

    value: the SQL of a text.
    """
    endings = {19: "", 20: "Z", 24: f".{3 * '[0-9]'}Z", 27: f".{6 * '[0-9]'}Z"}
    whens = (f"WHEN {length} THEN {value} GLOB '{_DAY}[ T]{_TIME}{end}'" for length, end in endings.items())
    return f"CASE octet_length({value}) {' '.join(whens)} END AND {_exists(value)}"


def _exists(value: str) -> str:
    """The SQL condition: the day of a text of that shape exists, and so does its hour, if it has one."""
    day = f"substr({value}, 1, 10)"
    of_month = f"substr({value}, 9, 2) BETWEEN '01' AND '28' OR date({day}) = {day}"
    return (
        f"substr({value}, 6, 2) BETWEEN '01' AND '12' AND ({of_month}) AND substr({value}, 12, 2) < '24' "
        f"AND +{value} COLLATE BINARY >= '0001'"
    )


def _may_have_time(value: str) -> str:
    """The SQL condition: a text that a function of Python can be given, and that it may know."""
    return (
        f"{value} GLOB '{_DAY}[ Tt]*' AND octet_length({value}) BETWEEN {_SHORTEST} AND {_LONGEST} "
        f"AND octet_length({value}) = length({value}) AND {value} NOT GLOB '*[^ -~]*'"
    )


def _day_text(text: str) -> str:
    return day_of(text) or text


def _moment_text(text: str) -> str:
    moment = read_moment(text)
    return text if moment is None else utc_text(moment)


SQL_FUNCTIONS: dict[str, RegisteredFunction] = {"day_text": _day_text, "moment_text": _moment_text}
"""For days and moments that are not written as usual."""
