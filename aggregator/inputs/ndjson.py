"""NDJSON: a JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError
from typing import BinaryIO

from aggregator.errors import UnreadableInput
from aggregator.inputs.lines import TextLines
from aggregator.inputs.matching import Matcher
from aggregator.inputs.objects import DECODER, Item, ObjectTable, too_deep
from aggregator.inputs.options import Options


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
                f"Line {line:,} is no JSON: {error.msg} at character {error.colno:,}."
            ) from None
        except ValueError as error:
            raise UnreadableInput(f"Line {line:,} is no JSON: {error}.") from None
        yield line, value, text
    if is_empty:
        raise UnreadableInput("The file is empty.")
