"""JSON: an array of objects, read one by one, or a single object, which is one row.

A page, `{"items": [{…}, {…}], "total": 2}` as reports give it, has its rows in `items`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, BinaryIO

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.limits import LONGEST_ITEM, shortened
from aggregator.inputs.matching import Matcher
from aggregator.inputs.objects import DECODER, Item, ObjectTable, too_deep
from aggregator.inputs.options import Options

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


def _no_json(first: str) -> str:
    return f"The file is not JSON: it begins with {first}, not with [ or {{. Send a CSV as text/csv."


class _Items:
    """The items of a file, with only a piece of it in memory."""

    def __init__(self, file: BinaryIO, matcher: Matcher) -> None:
        self._file = file
        self._matcher = matcher
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._place = 0
        self._at_end = False
        self._item = 1

    def __iter__(self) -> Iterator[Item]:
        self._file.seek(0)
        self._more()
        self._text = self._text.removeprefix("\ufeff")
        first = self._next_character()
        if first == "[":
            self._place += 1
            yield from self._array()
        elif first == "{":
            page = _PAGE.match(self._text, self._place)
            if page and not any(map(self._is_column, _NAME.findall(page[0]))):
                self._place = page.end()
                yield from self._array()
                self._rest_of_page()
            else:
                item = self._value()
                _refuse_columns(item[1])
                yield item
        else:
            raise UnreadableInput(_no_json(first) if first else "The file is empty.")
        if (after := self._next_character()) == "{":
            raise UnreadableInput(
                f"After item {self._item - 1:,} comes another object. Send one object a line as NDJSON "
                "(application/x-ndjson), or put the objects into an array."
            )
        if after:
            raise UnreadableInput(f"After item {self._item - 1:,} the JSON ends, but the file goes on.")

    def _is_column(self, name: str) -> bool:
        """Whether a member's name, as JSON, is that of a column, and so the object is a row."""
        return name not in _PAGE_MEMBERS and self._matcher.knows(DECODER.decode(name))

    def _rest_of_page(self) -> None:
        """Read over the members after the items."""
        items = self._item
        while (after := self._next_character()) == ",":
            self._place += 1
            name = self._value()[2]
            is_named = name.startswith('"') and self._next_character() == ":"
            self._place += 1
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
            raise UnreadableInput(f"After item {items - 1:,} the rest of the page is not JSON.")
        self._place += 1

    def _array(self) -> Iterator[Item]:
        if self._next_character() == "]":
            self._place += 1
            return
        while True:
            yield self._value()
            after = self._next_character()
            self._place += 1
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
                value, end = DECODER.raw_decode(self._text, self._place)
                # A number that ends where the piece does may go on in the next.
                if end < len(self._text) or self._at_end:
                    return self._taken(value, end)
            except RecursionError:
                raise too_deep(f"Item {self._item:,}") from None
            except JSONDecodeError as error:
                self._refuse(error)
            except ValueError as error:
                raise self._faulty(str(error)) from None
            self._more()

    def _taken(self, value: Any, end: int) -> Item:
        text = self._text[self._place : end]
        if len(text) > LONGEST_ITEM:
            raise self._too_long()
        item = self._item, value, text
        self._place, self._item = end, self._item + 1
        return item

    def _refuse(self, error: JSONDecodeError) -> None:
        """Unless the item may still become JSON with more of the file."""
        may_go_on = error.msg.startswith("Unterminated") or error.pos > len(self._text) - _LONGEST_WORD
        if self._at_end or not may_go_on:
            raise self._faulty(f"{error.msg} at its character {error.pos - self._place + 1:,}")
        if len(self._text) - self._place > LONGEST_ITEM:
            raise self._too_long()

    def _faulty(self, why: str) -> UnreadableInput:
        return UnreadableInput(f"Item {self._item:,} is no JSON: {why}.")

    def _too_long(self) -> TooLarge:
        return TooLarge(
            f"Item {self._item:,} is longer than {LONGEST_ITEM:,} characters; many rows are an array."
        )

    def _next_character(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text) or self._at_end:
                return self._text[self._place : self._place + 1]
            self._more()

    def _more(self) -> None:
        data = self._file.read(_PIECE)
        self._at_end = not data
        try:
            decoded = self._decoder.decode(data, not data)
        except UnicodeDecodeError:
            raise UnreadableInput(f"At or after item {self._item:,} the file is not in UTF-8.") from None
        self._text = self._text[self._place :] + decoded
        self._place = 0
