"""Pages: a SELECT that ends in `LIMIT :limit OFFSET :offset`, the same for all rows, and sorted as was asked.

Authors sort by `CASE WHEN :sort = 'name.desc' THEN customers.name END DESC`. SQLite prepares SQL before it
knows the parameter, so it could use no index for that and would sort all rows. Which of these terms counts is
known when the request is: the others are NULL in every row and sort nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.databases.tokens import Token, code

_END = ("limit", ":limit", "offset", ":offset")
_CHOSEN = re.compile(
    r"CASE\s+WHEN\s+:(?P<name>\w+)\s*(?:=\s*(?P<one>'(?:[^']|'')*')|IN\s*\((?P<many>[^()]*)\))\s+"
    r"THEN\s+(?P<key>.+)\s+END(?P<direction>(?:\s+(?:ASC|DESC|NULLS|FIRST|LAST))*)",
    re.IGNORECASE | re.DOTALL,
)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_OF_CASE = {"case", "when", "else", "end"}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of ORDER BY. parameter: on which it depends, None when on none; values: for which it counts;
    key: what it is then."""

    text: str
    parameter: str | None = None
    values: frozenset[str] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Paging:
    """A SELECT in three parts. unsorted: what stands before its ORDER BY."""

    unsorted: str
    terms: tuple[Term, ...]

    @property
    def count(self) -> str:
        """The SELECT of the number of rows of all pages."""
        return f"SELECT count(*) FROM (\n{self.unsorted}\n)"

    def sorting(self, arguments: Mapping[str, object]) -> tuple[str, ...]:
        """The terms that count for these arguments, which stand for how it is sorted."""
        return tuple(self._sorting(arguments))

    def sql(self, sorting: Sequence[str], *, is_whole: bool) -> str:
        """The SELECT of one page, or of all rows from the offset on."""
        order = f"\nORDER BY {', '.join(sorting)}" if sorting else ""
        return f"{self.unsorted}{order}\nLIMIT {'-1' if is_whole else ':limit'} OFFSET :offset"

    def _sorting(self, arguments: Mapping[str, object]) -> Iterator[str]:
        for term in self.terms:
            if term.parameter is None:
                yield term.text
            elif arguments.get(term.parameter) in term.values:
                yield term.key


class NoPages(Exception):
    """The SELECT cannot be read page by page; says why."""


def paging_of(sql: str) -> Paging:
    """Take a statement without a closing semicolon apart; raises NoPages."""
    words = code(sql)
    if tuple(word.text.lower() for word in words[-len(_END) :]) != _END:
        raise NoPages("must end in LIMIT :limit OFFSET :offset")
    del words[-len(_END) :]
    order = _order(words)
    if order is None:
        raise NoPages("must have an ORDER BY before its LIMIT, or a row could be on two pages and on none")
    terms = tuple(_term(sql, piece) for piece in _split(words[order + 2 :]))
    return Paging(sql[: words[order].start].rstrip(), terms)


def _order(words: Sequence[Token]) -> int | None:
    """Where the ORDER BY of the whole SELECT begins: not one of a subquery or a window."""
    depth, found = 0, None
    for place, (word, following) in enumerate(pairwise(words)):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0 and (word.name, following.name) == ("order", "by"):
            found = place
    return found


def _split(words: Sequence[Token]) -> Iterator[list[Token]]:
    """The terms between the commas that are in no brackets."""
    depth = 0
    term: list[Token] = []
    for word in words:
        depth += (word.text == "(") - (word.text == ")")
        if word.text == "," and depth == 0:
            yield term
            term = []
        else:
            term.append(word)
    yield term


def _term(sql: str, words: Sequence[Token]) -> Term:
    if not words:
        raise NoPages("has an ORDER BY with nothing between two commas")
    text = sql[words[0].start : words[-1].start + len(words[-1].text)]
    match = _CHOSEN.fullmatch(text)
    branches = [word.text.lower() for word in words if word.kind == "word" and word.text.lower() in _OF_CASE]
    is_plain = branches == ["case", "when", "end"] and not re.search(r"--|/\*", text)
    if match is None or not is_plain:
        return Term(text)
    key = match["key"].strip()
    # A name or a number alone would mean a column of the result in an ORDER BY, and does not in a CASE.
    is_alone = re.fullmatch(r"\w+|\"[^\"]*\"|'[^']*'", key) is not None
    values = {each.replace("''", "'") for each in _LITERAL.findall(match["one"] or match["many"])}
    sorted_by = text if is_alone else f"({key}){match['direction']}"
    return Term(text, match["name"], frozenset(values), sorted_by)
