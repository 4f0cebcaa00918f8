"""JSON arrays and NDJSON as a table: one object a row, whose keys name the columns."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from json import JSONDecodeError
from typing import Any, BinaryIO

from aggregator.errors import RejectedRow, TooLarge, UnreadableInput
from aggregator.inputs.column_matching import Matcher, both
from aggregator.inputs.table import (
    DEEPEST_JSON,
    LONGEST_ITEM,
    MOST_IGNORED,
    Batch,
    Notes,
    Options,
    Texts,
    columns_of,
    number_text,
    shortened,
    unstorable,
    whole_row,
)
from aggregator.inputs.text import TextLines

_ROWS = 500
_BATCH_TEXT = 1_000_000
_MOST_KEYS = 10_000
Item = tuple[int, Any, str]
"""Where it stands, its value with numbers as texts, and its JSON."""

_WORDS = {True: "true", False: "false"}
_PIECE = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_ITEMS = "items"
_STRING = r'"(?:[^"\\]|\\.)*+"'
_PAGE = re.compile(rf'\{{\s*(?:{_STRING}\s*:\s*(?:{_STRING}|[^\s"{{}}\[\],]++)\s*,\s*)*+"{_ITEMS}"\s*:\s*\[')
"""The beginning of a page: perhaps some plain members, then its items."""

_NAME = re.compile(rf"({_STRING})\s*:")
_PAGE_MEMBERS = ('"total"', '"limit"', '"offset"')
_LONGEST_WORD = 16
"""What is cut off in the middle of a word is faulty some characters before its end."""


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not valid JSON")


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
    key without a value. keys: all keys of these objects.
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
        self.keys = list(self._columns)

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
        keys: dict[int, str] = {}
        nested: dict[str, Any] = {}
        for key, member in value.items():
            column = self._columns[key] if key in self._columns else self._new_key(key)
            if column is None:
                continue
            if column in keys:
                return whole_row(line, both(keys[column], key, self._matcher.wanted[column]))
            keys[column] = key
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
        column = self._matcher.column(key)
        if len(self._columns) < _MOST_KEYS:
            self._columns[key] = column
        if column is None:
            if len(self._ignored) < MOST_IGNORED and key not in self._ignored:
                self._ignored.append(key)
        elif self._names[column] is None:
            self._names[column] = key
        return column


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


def open_json(file: BinaryIO, matcher: Matcher, options: Options) -> ObjectTable:
    """The items of an array as a table. Raises UnreadableInput or TooLarge."""
    return ObjectTable(_Items(file, matcher), matcher, "json")


def _refuse_columns(value: Any) -> None:
    """Raise UnreadableInput for an object of columns or groups: lists, or objects by row number."""
    members = list(value.values()) if isinstance(value, dict) else []
    lists = all(isinstance(each, list) for each in members)
    are_columns = len(members) > 1 and lists and len(set(map(len, members))) == 1
    are_groups = bool(members) and lists and all(each and isinstance(each[0], dict) for each in members)
    are_numbered = bool(members) and all(isinstance(each, dict) and "0" in each for each in members)
    if are_columns or are_groups or are_numbered:
        raise UnreadableInput(
            "The object holds a list for each column or group. Send an array with an object for each row."
        )


def _not_json(first: str) -> str:
    return f"The file is not JSON: it begins with {first}, not with [ or {{. Send a CSV as text/csv."


class _Items:
    """The items of a file, with only a piece of it in memory."""

    def __init__(self, file: BinaryIO, matcher: Matcher) -> None:
        self._file = file
        self._matcher = matcher
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._position = 0
        self._at_end = False
        self._item = 1

    def __iter__(self) -> Iterator[Item]:
        self._file.seek(0)
        self._read_more()
        self._text = self._text.removeprefix("\ufeff")
        first = self._next_character()
        if first == "[":
            self._position += 1
            yield from self._array()
        elif first == "{":
            page = _PAGE.match(self._text, self._position)
            if page and not any(map(self._is_column, _NAME.findall(page[0]))):
                self._position = page.end()
                yield from self._array()
                self._rest_of_page()
            else:
                item = self._value()
                _refuse_columns(item[1])
                yield item
        else:
            raise UnreadableInput(_not_json(first) if first else "The file is empty.")
        if (after := self._next_character()) == "{":
            raise UnreadableInput(
                f"After item {self._item - 1:,} comes another object. Send one object a line as NDJSON "
                "(application/x-ndjson), or put the objects into an array."
            )
        if after:
            raise UnreadableInput(
                f"After item {self._item - 1:,} there is more text after the end of the JSON."
            )

    def _is_column(self, name: str) -> bool:
        """Whether a member's name, as JSON, is that of a column, and so the object is a row."""
        return name not in _PAGE_MEMBERS and self._matcher.knows(DECODER.decode(name))

    def _rest_of_page(self) -> None:
        """Read over the members after the items."""
        items = self._item
        while (after := self._next_character()) == ",":
            self._position += 1
            name = self._value()[2]
            is_named = name.startswith('"') and self._next_character() == ":"
            self._position += 1
            if not is_named:
                break
            if self._is_column(name):
                raise UnreadableInput(
                    f"The object has rows in {_ITEMS}, and after them the column {shortened(name)}. Send an "
                    "array with an object for each row."
                )
            self._value()
        self._item = items
        if after != "}":
            raise UnreadableInput(f"After item {items - 1:,} the rest is not JSON.")
        self._position += 1

    def _array(self) -> Iterator[Item]:
        if self._next_character() == "]":
            self._position += 1
            return
        while True:
            yield self._value()
            after = self._next_character()
            self._position += 1
            if after == "]":
                return
            if after != ",":
                what = "the file ends" if not after else "comes neither , nor ]"
                raise UnreadableInput(f"After item {self._item - 1:,} {what}.")

    def _value(self) -> Item:
        """The item that begins here; more of the file is read until it is whole."""
        self._next_character()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._position)
                # A number that ends where the piece does may go on in the next.
                if end < len(self._text) or self._at_end:
                    return self._item_until(value, end)
            except RecursionError:
                raise too_deep(f"Item {self._item:,}") from None
            except JSONDecodeError as error:
                self._refuse(error)
            except ValueError as error:
                raise self._invalid(str(error)) from None
            self._read_more()

    def _item_until(self, value: Any, end: int) -> Item:
        text = self._text[self._position : end]
        if len(text) > LONGEST_ITEM:
            raise self._too_long()
        item = self._item, value, text
        self._position, self._item = end, self._item + 1
        return item

    def _refuse(self, error: JSONDecodeError) -> None:
        """Unless the item may still become JSON with more of the file."""
        may_go_on = error.msg.startswith("Unterminated") or error.pos > len(self._text) - _LONGEST_WORD
        if self._at_end or not may_go_on:
            raise self._invalid(f"{error.msg} at its character {error.pos - self._position + 1:,}")
        if len(self._text) - self._position > LONGEST_ITEM:
            raise self._too_long()

    def _invalid(self, why: str) -> UnreadableInput:
        return UnreadableInput(f"Item {self._item:,} is not valid JSON: {why}.")

    def _too_long(self) -> TooLarge:
        return TooLarge(
            f"Item {self._item:,} is longer than {LONGEST_ITEM:,} characters; many rows are an array."
        )

    def _next_character(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._position)
            self._position = match.end() if match else self._position
            if self._position < len(self._text) or self._at_end:
                return self._text[self._position : self._position + 1]
            self._read_more()

    def _read_more(self) -> None:
        data = self._file.read(_PIECE)
        self._at_end = not data
        try:
            decoded = self._decoder.decode(data, not data)
        except UnicodeDecodeError:
            raise UnreadableInput(f"At or after item {self._item:,} the file is not in UTF-8.") from None
        self._text = self._text[self._position :] + decoded
        self._position = 0


def open_ndjson(file: BinaryIO, matcher: Matcher, options: Options) -> ObjectTable:
    """The lines of a file as a table; blank ones are skipped. Raises UnreadableInput or TooLarge."""
    items = _items(file)
    return ObjectTable(items, matcher, "ndjson")


def _items(file: BinaryIO) -> Iterator[Item]:
    line = 0
    is_empty = True
    for line, text in enumerate(TextLines(file, "utf-8"), start=1):
        if text.isspace():
            continue
        is_empty = False
        try:
            value = DECODER.decode(text)
        except RecursionError:
            raise too_deep(f"Line {line:,}") from None
        except JSONDecodeError as error:
            raise UnreadableInput(
                f"Line {line:,} is not valid JSON: {error.msg} at character {error.colno:,}."
            ) from None
        except ValueError as error:
            raise UnreadableInput(f"Line {line:,} is not valid JSON: {error}.") from None
        yield line, value, text
    if is_empty:
        raise UnreadableInput("The file is empty.")
