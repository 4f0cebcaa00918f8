"""JSON: an array of objects, read one by one, or a single object, which is one row."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, BinaryIO

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.limits import LONGEST_ITEM
from aggregator.inputs.matching import Matcher
from aggregator.inputs.objects import DECODER, Item, ObjectTable, too_deep
from aggregator.inputs.options import Options

_PIECE = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_WORD = 16
"""What is cut off in the middle of a word is faulty some characters before its end."""


def open_json(file: BinaryIO, matcher: Matcher, options: Options) -> ObjectTable:
    """The items of an array as a table. Raises UnreadableInput or TooLarge."""
    return ObjectTable(_Items(file), matcher, "json")


class _Items:
    """The items of a file, with only a piece of it in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
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
            yield self._value()
        else:
            raise UnreadableInput("The file begins with neither [ nor {." if first else "The file is empty.")
        if self._next_character():
            raise UnreadableInput(f"After item {self._item - 1:,} the JSON ends, but the file goes on.")

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
