"""From JSON objects to the columns of a batch: each object's own keys say what is what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aggregator.errors import RejectedRow, UnreadableInput
from aggregator.inputs.limits import DEEPEST_JSON, MOST_IGNORED, shortened
from aggregator.inputs.matching import Matcher, both
from aggregator.inputs.notes import Notes
from aggregator.inputs.numbers import number_text
from aggregator.inputs.rows import Texts, columns_of, unstorable, whole_row
from aggregator.inputs.table import Batch

_ROWS = 500
_BATCH_TEXT = 1_000_000
_MOST_KEYS = 10_000

Item = tuple[int, Any, str]
"""Where it stands, its value with numbers as texts, and its JSON."""


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Stands for an object that has a key twice, of which JSON's readers would drop one."""

    key: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | RepeatedKey:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    names = [name for name, _ in pairs]
    return RepeatedKey(next(name for name in names if names.count(name) > 1))


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=number_text, parse_int=number_text, parse_constant=_no_number
)
"""Numbers come out as texts, so that none is rounded."""


class ObjectTable:
    """JSON objects, whoever takes them out of the file; see Table.

    The names are those in the first objects, as many as make the first batch: many programs leave out a
    key without a value.
    """

    def __init__(self, items: Iterable[Item], matcher: Matcher, format: str) -> None:
        self._items = iter(items)
        self._matcher = matcher
        self._columns: dict[str, int | None] = {}
        self._everywhere = list(range(len(matcher.wanted)))
        self._names: list[str | None] = [None] * len(matcher.wanted)
        self._ignored: list[str] = []
        self.read_as = {"format": format, "encoding": "utf-8"}
        self.notes = Notes()
        self.header_line = 0
        self._first = self._next_batch()
        if self._first and self._first.lines and not any(self._names):
            raise matcher.none_fits("object", self._ignored)
        has_rows = self._first and self._first.lines
        self.names: Sequence[str | None] = tuple(self._names) if has_rows else matcher.wanted
        self.ignored: Sequence[str] = self._ignored

    def batches(self) -> Iterator[Batch]:
        batch, self._first = self._first, None
        while batch:
            yield batch
            batch = self._next_batch()

    def _next_batch(self) -> Batch | None:
        rows: list[Texts] = []
        lines: list[int] = []
        rejected: list[RejectedRow] = []
        length = 0
        for line, value, text in islice(self._items, _ROWS):
            row = self._row(line, value, text)
            if isinstance(row, RejectedRow):
                rejected.append(row)
            else:
                rows.append(row)
                lines.append(line)
            length += len(text)
            if length > _BATCH_TEXT:
                break
        return Batch(lines, columns_of(rows, self._everywhere), rejected) if lines or rejected else None

    def _row(self, line: int, value: Any, text: str) -> Texts | RejectedRow:
        if not isinstance(value, dict):
            return whole_row(line, _repeated(value) if isinstance(value, RepeatedKey) else "is not an object")
        # Only an escape makes a NUL character or half of another.
        has_escape = "\\u" in text
        if has_escape and (reason := unstorable(value)):
            return whole_row(line, f"has a key that {reason}")
        row: list[str | None] = [None] * len(self._names)
        taken: dict[int, str] = {}
        nested: dict[str, Any] = {}
        for key, member in value.items():
            column = self._columns[key] if key in self._columns else self._new_key(key)
            if column is None:
                continue
            if column in taken:
                return whole_row(line, both(taken[column], key, self._matcher.wanted[column]))
            taken[column] = key
            if isinstance(member, (dict, list, RepeatedKey)):
                repeated = _refuse_deep(member, line)
                if repeated:
                    return RejectedRow(line, key, None, _repeated(repeated))
                try:
                    nested = nested or json.loads(text)
                    member = json.dumps(
                        nested[key], ensure_ascii=False, separators=(",", ":"), allow_nan=False
                    )
                except ValueError:
                    return whole_row(line, "has too large a number beside or in an array or object")
            row[column] = member if member is None or isinstance(member, str) else _WORDS[member]
        refused = unstorable(row) if has_escape else None
        return whole_row(line, refused) if refused else row

    def _new_key(self, key: str) -> int | None:
        if len(self._columns) >= _MOST_KEYS:
            self._columns.clear()
        column = self._columns[key] = self._matcher.column(key)
        if column is None:
            if len(self._ignored) < MOST_IGNORED and key not in self._ignored:
                self._ignored.append(key)
        elif self._names[column] is None:
            self._names[column] = key
        return column


_WORDS = {True: "true", False: "false"}


def _refuse_deep(value: Any, line: int) -> RepeatedKey | None:
    """An object inside that has a key twice, if there is one; raises UnreadableInput for too many levels."""
    level: Sequence[Any] = [value]
    for _ in range(DEEPEST_JSON + 1):
        repeated = next((each for each in level if isinstance(each, RepeatedKey)), None)
        if repeated or not level:
            return repeated
        inner = (member.values() if isinstance(member, dict) else member for member in level)
        level = [each for members in inner for each in members if isinstance(each, (dict, list, RepeatedKey))]
    raise too_deep(f"Row {line:,}")


def _repeated(value: RepeatedKey) -> str:
    key = value.key.encode("utf-8", "backslashreplace").decode()
    return f'has the key "{shortened(key)}" twice'


def too_deep(where: str) -> UnreadableInput:
    """Arrays and objects in each other beyond measure."""
    return UnreadableInput(f"{where} has more than {DEEPEST_JSON} arrays and objects in each other.")
