"""The end of a SELECT: its ORDER BY, which a request may replace, and its LIMIT.

The order of a request is written in the place of the file's and not around it, so that an index can serve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from aggregator.engine.model import OrderedSelect
from aggregator.engine.sqlite.tokens import Token, code

_PAGE = "limit :limit offset :offset"


def ordered_select(sql: str) -> OrderedSelect | None:
    """Take a statement without a closing semicolon apart; None when it does not end in an ORDER BY.

    An ORDER BY in brackets belongs to a subquery, a window or an aggregate.
    """
    words = code(sql)
    outer = _outside_brackets(words)
    starts = [at for at, after in pairwise(outer) if (words[at].name, words[after].name) == ("order", "by")]
    if not starts:
        return None
    first = starts[-1] + 2
    end = next((at for at in outer if at >= first and words[at].name == "limit"), len(words))
    bounds = [first - 1, *(at for at in outer if first <= at < end and words[at].text == ","), end]
    order, limit = (sql[words[at].start :] if at < len(words) else "" for at in (first, end))
    terms = [_term(words[before + 1 : after]) for before, after in pairwise(bounds)]
    unsorted = sql[: words[starts[-1]].start].rstrip()
    is_page = " ".join(token.text.lower() for token in code(limit)) == _PAGE
    count = f"SELECT count(*) FROM (\n{unsorted}\n)"
    return OrderedSelect(unsorted, order.removesuffix(limit).rstrip(), limit, terms, count, is_page)


def _term(words: Sequence[Token]) -> tuple[str, str]:
    names = [word.name or word.text for word in words]
    key = [name for name in names if name not in ("asc", "desc", "nulls", "first", "last")]
    return "" if {*key[1::2]} - {"."} else key[-1], "desc" if "desc" in names else "asc"


def _outside_brackets(words: Sequence[Token]) -> list[int]:
    """The places of the words that stand in no brackets."""
    depth, places = 0, []
    for place, word in enumerate(words):
        depth -= word.text == ")"
        if depth == 0 and word.text not in "()":
            places.append(place)
        depth += word.text == "("
    return places
