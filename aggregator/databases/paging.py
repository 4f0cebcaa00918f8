"""Pages: a SELECT that ends in `LIMIT :limit OFFSET :offset`, and the same for all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.databases.tokens import Token, code

_END = ("limit", ":limit", "offset", ":offset")


@dataclass(frozen=True, slots=True)
class Paging:
    """The SELECT without its limit, and the one that counts the rows of all pages."""

    unlimited: str
    count: str


class NoPages(Exception):
    """The SELECT cannot be read page by page; says why."""


def paging_of(sql: str) -> Paging:
    """Take the limit from a statement without a closing semicolon; raises NoPages."""
    words = code(sql)
    if tuple(word.text.lower() for word in words[-len(_END) :]) != _END:
        raise NoPages("must end in LIMIT :limit OFFSET :offset")
    del words[-len(_END) + 1 :]
    limit = words.pop()
    order = _order(words)
    if order is None:
        raise NoPages("must have an ORDER BY before its LIMIT, or a row could be on two pages and on none")
    unsorted = sql[: order.start].rstrip()
    return Paging(sql[: limit.start].rstrip(), f"SELECT count(*) FROM (\n{unsorted}\n)")


def _order(words: Sequence[Token]) -> Token | None:
    """Where the ORDER BY of the whole SELECT begins: not one of a subquery or a window."""
    depth, found = 0, None
    for word, following in pairwise(words):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0 and (word.name, following.name) == ("order", "by"):
            found = word
    return found
