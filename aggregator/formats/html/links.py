"""Links of a page: values as parts of a URL's path, so that each leads to its own record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from aggregator.formats.columns import Column

PAGE_ENDING = ".html"
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_DOTS = (".", "..")
"""Clients remove these from a path (RFC 3986, section 5.2.4), also when they are percent-encoded."""

Taken: TypeAlias = Sequence[tuple[str, str, str]]
"""What leads a link elsewhere: the link, a column in it, and a value that is the name of another URL."""

Link = Callable[[Sequence[Any]], str | None]
"""The URL of a cell, for the values of its row; None where no URL leads to the record."""


def placeholders(link: str) -> list[str]:
    """The columns that a link needs."""
    return _PLACEHOLDER.findall(link)


def last_part(text: str, endings: Iterable[str]) -> str:
    """A text as the last part of a URL's path, percent-encoded.

    endings: of the formats. A text that ends in one, such as `a.csv`, gets the ending of a page,
    `a.csv.html`: one ending is read as a format, and the rest is the text. So do `.` and `..`.
    """
    return _kept_whole(quote(text, safe=""), endings)


def link_of(
    column: Column, columns: Sequence[Column], root: str, endings: Sequence[str], taken: Taken = ()
) -> Link:
    """The link of a column's cells. root: the way to `/`; endings: of the formats."""
    if not column.link:
        return lambda values: None
    names = {(name, value) for link, name, value in taken if link == column.link}
    places = {each.name: place for place, each in enumerate(columns)}
    needed = placeholders(column.link)
    wanted = [places[name] for name in needed]
    path, mark, query = re.fullmatch(r"/?([^?#]*)([?#]?)(.*)", column.link, re.DOTALL).groups()  # type: ignore[union-attr]
    literals = _PLACEHOLDER.split(path)[::2]
    others = _PLACEHOLDER.split(query)[::2]
    ends_in_value = len(literals) > 1 and literals[-1] == ""

    def link(values: Sequence[Any]) -> str | None:
        texts = [values[place] for place in wanted]
        if any(text is None or text == "" for text in texts):
            return None
        if names and any(
            (name, unicodedata.normalize("NFC", str(text))) in names
            for name, text in zip(needed, texts, strict=True)
        ):
            return None
        encoded = iter([quote(str(text), safe="") for text in texts])
        *folders, last = _filled(literals, encoded).split("/")
        if any(folder in _DOTS for folder in folders):
            return None
        last = _kept_whole(last, endings) if ends_in_value else last
        return root + "/".join([*folders, last]) + mark + _filled(others, encoded)

    return link


def _kept_whole(encoded: str, endings: Iterable[str]) -> str:
    ends = encoded in _DOTS or any(encoded.endswith(ending) for ending in endings)
    return encoded + PAGE_ENDING if ends else encoded


def _filled(literals: Sequence[str], texts: Iterable[str]) -> str:
    """The literals with a text between each two; takes no more texts than that."""
    return "".join(
        [literals[0], *(text + literal for literal, text in zip(literals[1:], texts, strict=False))]
    )
