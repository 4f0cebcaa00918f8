"""How the cells of a file are read, by the type of their column.

Each type has a function that reads one text. Where texts can be read many at a time by a few calls that
are written in C, it has one for that too, with the same results; it leaves alone what is not plain.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aggregator.sqlfile.day_order import DayOrderCheck
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.patterns import matcher
from aggregator.sqlfile.types import IN_TIME, MOVING, Limits, Value
from aggregator.values.dates import read_by_pattern, shown, with_and_without_midnight
from aggregator.values.invalid import InvalidValue
from aggregator.values.money import places_of, read_amount, usual_amount
from aggregator.values.number_formats import SHARES, Notation

_ALL_PLAIN_MOMENTS = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}[Zz]?\n)*+")
_UNLIMITED = (None, None)
Read = Callable[[str], Value]
"""The value of a text without white space around it; raises InvalidValue."""

ReadBatch = Callable[[list[str]], "Sequence[Value | None] | None"]
"""The values of texts, of which none is ""; None for white space. No list when one of them is not plain."""

_PLAIN_READERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?%?")
_MOST_KNOWN = 100_000
_LONGEST_KNOWN = 100
_ENOUGH_TO_JUDGE = 4_000
_INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")
_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of Excel, for days after February 1900."""


def _parser(column: InputColumn) -> Read:
    """Reads a text as a parameter's, with the limits as of this moment."""
    limits = column.limits()
    return lambda text: column.parse_one(text, limits)


def _as_parameter(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    return _parser(column), None


def _text(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    return _parser(column), _plain_texts(column)


def _plain_texts(column: InputColumn) -> ReadBatch:
    low, high = column.limits()
    low, high = 1 if low is None else low, sys.maxsize if high is None else high
    matches = matcher(column.pattern) if column.pattern is not None else None
    has_limits = low > 1 or column.max is not None or matches is not None

    def read(texts: list[str]) -> Sequence[Value | None] | None:
        stripped = list(map(str.strip, texts))
        joined = "".join(stripped)
        if "\0" in joined or not _is_unicode(joined):
            return None
        if not all(stripped):
            return None if has_limits else [text or None for text in stripped]
        if (low > 1 or high < len(joined)) and not all(low <= len(text) <= high for text in stripped):
            return None
        return stripped if matches is None or all(map(matches, stripped)) else None

    return read


def _is_unicode(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _number(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    parse, notations = _parser(column), column.notations()
    is_whole = column.type == "integer"
    if not notations:
        shares = column.shares()

        def read_plain(text: str) -> Value:
            if shares and any(sign in text for sign in SHARES):
                text = next(filter(None, (notation.plain(text) for notation in shares)), text)
            return parse(text)

        return read_plain, _plain_numbers(int if is_whole else float, column.limits())
    kind = "whole number" if is_whole else "number"
    reason = f"must be a {kind}, such as {' or '.join(column.formats)}"

    def read(text: str) -> Value:
        plain = next(filter(None, (notation.plain(text) for notation in notations)), None)
        if plain is None:
            raise InvalidValue(reason)
        return parse(plain)

    return read, None


def _plain_numbers(kind: type[int] | type[float], limits: Limits) -> ReadBatch:
    least, most = (-(2**63), 2**63 - 1) if kind is int else (-sys.float_info.max, sys.float_info.max)
    low, high = (end if given is None else given for given, end in zip(limits, (least, most), strict=True))

    def read(texts: list[str]) -> Sequence[Value] | None:
        # Of ASCII without `_`, int and float take what the types take, and white space around it; float also
        # takes nan and inf.
        joined = "".join(texts)
        if not joined.isascii() or "_" in joined or "n" in joined or "N" in joined:
            return None
        try:
            values = list(map(kind, texts))
        except ValueError:
            return None
        return values if not values or (low <= min(values) and max(values) <= high) else None

    return read


def _money(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    assert column.currency is not None
    code, notations = column.currency, column.notations()
    limits = column.limits()
    shown_formats = " or ".join(column.formats) or usual_amount(code)
    reason = f"must be an amount, such as {shown_formats}"

    def read(text: str) -> Value:
        units = read_amount(text, notations, code, reason)
        column.check_limits(units, limits)
        return units

    if notations[0].decimal == "," or notations[0].thousands == ".":
        return read, None
    return read, _plain_amounts(notations[0], places_of(code), limits)


def _plain_amounts(notation: Notation, places: int, limits: Limits) -> ReadBatch:
    low, high = limits
    signs = sorted(notation.currency_signs, key=len, reverse=True)
    grouped = "[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|" if notation.thousands == "," else ""
    decimals = rf"(?:\.[0-9]{{1,{places}}})?" if places else ""
    all_plain = re.compile(
        rf"(?:-?(?:{'|'.join(map(re.escape, signs))})?(?:{grouped}[0-9]{{1,12}}){decimals}\n)*+"
    )
    zeros = "0" * places

    def read(texts: list[str]) -> Sequence[Value] | None:
        joined = "\n".join([*texts, ""])
        if not all_plain.fullmatch(joined):
            return None
        for sign in (*signs, ","):
            joined = joined.replace(sign, "")
        parts = [text.partition(".") for text in joined.split("\n")[:-1]]
        values = [int(whole + (fraction + zeros)[:places]) for whole, _, fraction in parts]
        is_low = low is not None and values and min(values) < low
        is_high = high is not None and values and max(values) > high
        return None if is_low or is_high else values

    return read


def _date(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    reason = f"must be a valid date, as {_shown(column.formats, 'YYYY-MM-DD')}"

    def iso(moment: datetime) -> str:
        if moment.time() != time():
            raise InvalidValue("must be a date without a time other than 00:00")
        return moment.date().isoformat()

    return _iso_or_pattern(column, iso, reason, with_and_without_midnight), None


def _datetime(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    usual = "YYYY-MM-DDTHH:MM:SS with or without Z or an offset"
    reason = f"must be a valid date and time, as {_shown(column.formats, usual)}"
    is_simple = column.time_zone == "UTC" and column.min is None and column.max is None
    return _iso_or_pattern(column, datetime.isoformat, reason), _plain_moments if is_simple else None


def _plain_moments(texts: list[str]) -> Sequence[Value] | None:
    """Those in UTC, with seconds and without fractions of them."""
    if not _ALL_PLAIN_MOMENTS.fullmatch("\n".join([*texts, ""])):
        return None
    moments = [f"{text[:10]}T{text[11:19]}" for text in texts]
    try:
        for _ in map(datetime.fromisoformat, moments):
            pass
    except ValueError:
        return None
    return [f"{moment}Z" for moment in moments]


def _month(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    reason = f"must be a month, as {_shown(column.formats, 'YYYY-MM')}"
    return _iso_or_pattern(column, lambda moment: moment.isoformat()[:7], reason), None


def _iso_or_pattern(
    column: InputColumn,
    iso: Callable[[datetime], str],
    reason: str,
    forms: Callable[[str], tuple[str, ...]] = lambda text: (text,),
) -> Read:
    """Read ISO text, or else what a pattern of the column fits.

    iso: a moment that a pattern gave, as the text of the column's type; reason: what else is refused with;
    forms: the texts that count as the text.
    """
    limits = column.limits()

    def valid(text: str) -> str | None:
        try:
            return None if text in MOVING else str(column.parse_one(text, _UNLIMITED))
        except InvalidValue:
            return None

    def read(text: str) -> Value:
        value = next(filter(None, map(valid, forms(text))), None)
        if value is None:
            found = (read_by_pattern(form, pattern) for pattern in column.formats for form in forms(text))
            moment = next((moment for moment in found if moment is not None), None)
            value = valid(iso(moment)) if moment is not None else None
        if value is None:
            raise InvalidValue(reason)
        column.check_limits(value, limits)
        return value

    return read


def _shown(patterns: Sequence[str], iso: str) -> str:
    return " or ".join([*map(shown, patterns), iso])


_WAYS: dict[str, Callable[[InputColumn], tuple[Read, ReadBatch | None]]] = {
    "text": _text,
    "integer": _number,
    "number": _number,
    "money": _money,
    "date": _date,
    "datetime": _datetime,
    "month": _month,
}
"""How a column of each type is read; the others as parameters are."""


def reading(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    """How one text of the column is read, and how many are, if there is a way.

    Limits that move, such as `today`, are those of this moment.
    """
    return _WAYS.get(column.type, _as_parameter)(column)


class ColumnConverter:
    """Converts one column of one request; `today` and `now` are those of its making."""

    def __init__(self, column: InputColumn, has_numbers: bool = False, has_dates: bool = False) -> None:
        self._is_required = column.required
        self._default = column.default_value()
        read, self._read_batch = _plain_first(column) if has_numbers else reading(column)
        self._days = DayOrderCheck(column, has_dates)
        self._memo = _Memo(read, self._days.see if self._days.is_needed else None, column.type in IN_TIME)
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

    @property
    def swapped_dates(self) -> str | None:
        """Why dates of a workbook seem to have day and month swapped; None when they do not."""
        return self._days.swapped_dates

    @property
    def suspicion(self) -> str | None:
        """What seems to be wrong with the texts so far as a whole; None when nothing does."""
        return self._days.suspicion

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


def converter(column: InputColumn, has_numbers: bool = False, has_dates: bool = False) -> ColumnConverter:
    """The converter of a column, to be made anew for each request.

    has_numbers: of a file whose numbers are numbers, as in JSON and in a workbook, and not text in somebody's
    notation: 1.234 is not 1234 there, whatever the column's format says. has_dates: of a workbook, whose days
    are dates.
    """
    return ColumnConverter(column, has_numbers, has_dates)


def _plain_first(column: InputColumn) -> tuple[Read, ReadBatch | None]:
    if not column.formats or column.type not in ("integer", "number", "money"):
        return reading(column)
    plain, _ = reading(column.model_copy(update={"formats": []}))
    noted, _ = reading(column)
    return lambda text: plain(text) if _PLAIN_READERS.fullmatch(text) else noted(text), None


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
