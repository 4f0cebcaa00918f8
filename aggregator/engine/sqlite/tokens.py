"""The words of SQL text and where they stand, without parsing it.

A fault needs a line, and SQLite does not tell the place of everything that it refuses. Comments and
literals are kept apart from names by the same rules as in SQLite's own tokenizer
(https://sqlite.org/src/file/src/tokenize.c).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

Kind = Literal["space", "comment", "open_comment", "name", "parameter", "word", "sign"]

_TOKEN = re.compile(
    r"""
    (?P<space>      [ \t-\r]+ )
  | (?P<comment>    --[^\n]* | /\*.*?\*/ )
  | (?P<open_comment> /\*.* )
  | (?P<name>       '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<parameter>  [:@$](?:::)*[\w$\x80-\U0010FFFF](?:[\w$\x80-\U0010FFFF]|::)* | \?[0-9]* )
  | (?P<word>       [\w$\x80-\U0010FFFF]+ )
  | (?P<sign>       \[.* | . )
    """,
    re.VERBOSE | re.DOTALL,
)

_BEFORE_A_TABLE = {"from", "join", "into", "update", ","}
_COMPARING = {"is", "like", "glob", "match", "regexp", "between", "in"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL; start counts characters. SQLite takes the literal `'orders'` for a table too."""

    kind: Kind
    text: str
    line: int
    start: int

    @property
    def name(self) -> str | None:
        """What it may be the name of, in small letters and without its quotes; None for a sign."""
        if self.kind == "word":
            return self.text.lower()
        if self.kind != "name":
            return None
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote).lower()


END = Token("sign", ";", 0, 0)
"""Stands before the first and after the last word, for those who look at neighbours."""


def tokens(sql: str) -> Iterator[Token]:
    """All but the white space, in order."""
    line = 1
    for match in _TOKEN.finditer(sql):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        if kind != "space":
            yield Token(kind, match[0], line, match.start())
        line += match[0].count("\n")


def code(sql: str) -> list[Token]:
    """The tokens without comments, and without the semicolons before the first word."""
    found = [token for token in tokens(sql) if "comment" not in token.kind]
    while found and found[0].text == ";":
        del found[0]
    return found


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement of several: its text without the semicolon, and its first line."""

    text: str
    line: int


def sql_statements(sql: str) -> list[SqlStatement]:
    """The statements of a text, in order."""
    found: list[SqlStatement] = []
    first: Token | None = None
    for token in code(sql):
        if token.text != ";":
            first = first or token
        elif first is not None:
            found.append(SqlStatement(sql[first.start : token.start].rstrip(), first.line))
            first = None
    if first is not None:
        found.append(SqlStatement(sql[first.start :].rstrip(), first.line))
    return found


def parameters(sql: str) -> list[Token]:
    """The parameters in order, each as often as it is used: `:name`, `?`, `?1`, `@name`, `$name`."""
    return [token for token in tokens(sql) if token.kind == "parameter"]


def compared(sql: str) -> list[Token]:
    """The parameters that are compared as they are: `= :name`, `IN (:name, 3)`; not with a literal text.

    `SET column = :name` compares nothing. `IN (SELECT :name)` and `CAST(:name AS …)` count, too.
    """
    words = code(sql)
    found: list[Token] = []
    levels = [(False, False)]
    for place, token in enumerate(words):
        is_list, is_set = levels[-1]
        before = words[place - 1].text.lower() if place else ""
        if token.text == "(":
            is_query = [word.text.lower() for word in words[place + 1 : place + 2]] in (["select"], ["with"])
            goes_on = is_list and (before in ("values", ",", "("))
            levels.append((not is_query and (before == "in" or goes_on), False))
        elif token.text == ")" and len(levels) > 1:
            levels.pop()
        elif token.text.lower() in ("set", "where", "from", "returning"):
            levels[-1] = is_list, token.text.lower() == "set"
        elif token.kind == "parameter" and (
            is_list
            or _is_taken_as_one_value(words, place)
            or (not is_set and _is_compared_with(words[max(place - 4, 0) : place][::-1]))
            or _is_compared_with(words[place + 1 : place + 5])
        ):
            found.append(token)
    return found


def _is_taken_as_one_value(words: Sequence[Token], place: int) -> bool:
    before = [word.text.lower() for word in words[max(place - 3, 0) : place]]
    after = words[place + 1].text if place + 1 < len(words) else ""
    return before[-2:] == ["cast", "("] or (before == ["in", "(", "select"] and after == ")")


def _is_compared_with(words: Sequence[Token]) -> bool:
    """Whether an operator comes first that compares, and then anything but NULL or a literal text."""
    signs = list(takewhile(lambda word: word.text in "=<>!" or word.text.lower() in _COMPARING, words[:3]))
    if not signs:
        return False
    other = words[len(signs)].text.lower() if len(words) > len(signs) else ""
    # The sign before an arrow, `->`, is a minus.
    return other not in ("null", "not") and not other.startswith(("'", "-"))


def line_of_table(sql: str, name: str) -> int | None:
    """The line on which a table first stands, named as SQLite does in an error: `schema.table`."""
    words = [END, *code(sql)]
    schema, _, table = name.lower().rpartition(".")
    for before, dot, word in zip(words, words[1:], words[2:], strict=False):
        if schema and (before.name, dot.text, word.name) == (schema, ".", table):
            return word.line
        if not schema and dot.text.lower() in _BEFORE_A_TABLE and word.name == table:
            return word.line
    return None


_OF_CHANCE_OR_CLOCK = {"random", "randomblob", "current_date", "current_time", "current_timestamp"}

_OF_TIMES = {"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"}
"""https://sqlite.org/lang_datefunc.html: of a given time, or of now."""

_SEARCHING = {"instr", "replace", "like", "glob", "trim", "ltrim", "rtrim", "unhex", "json_patch"}
"""Functions whose time grows with the product of the lengths of two arguments."""

_MAKING = {"zeroblob", "randomblob"}
"""Functions that make a long value from a number, which may be a parameter."""

_FORMATTING = {"printf", "format"}
"""The same where the format has a `*` or a large width, or is no literal (https://sqlite.org/printf.html)."""

_SHORT_FORMAT = re.compile(r"'(?!.*(?:\*|[0-9]{4}))", re.DOTALL)
_SHORT_TEXTS = 200


def is_volatile(words: Sequence[Token], functions: Collection[str]) -> bool:
    """Whether the result of a statement may change though its files do not.

    functions: those that it calls, in small letters, also by way of views. What a view says of `now`
    is not seen, nor what a parameter does.
    """
    if _OF_CHANCE_OR_CLOCK.intersection(functions):
        return True
    return bool(_OF_TIMES.intersection(functions)) and (
        any(word.text.lower() == "'now'" for word in words) or _calls_without_a_time(words)
    )


def _calls_without_a_time(words: Sequence[Token]) -> bool:
    """As `date()` and `strftime('%Y')`."""
    for word, opening, third, fourth in zip(words, words[1:], words[2:], [*words[3:], None], strict=False):
        if word.name in _OF_TIMES and opening.text == "(":
            if third.text == ")":
                return True
            if word.name == "strftime" and fourth is not None and fourth.text == ")":
                return True
    return False


def harmless_texts(functions: Collection[str], words: Sequence[Token]) -> float:
    """How many characters the texts among the parameters may have before one call may take minutes.

    functions: those that a statement calls, in small letters; words: the statement's. A pattern is mostly
    made of a parameter, so a short one is compared quickly with whatever a table holds. Infinite when no
    parameter can do harm, -1 when a number is enough for it.
    """
    if not _SEARCHING.intersection(functions):
        return float("inf")
    return -1 if _MAKING.intersection(functions) or _has_long_format(words) else _SHORT_TEXTS


def _has_long_format(words: Sequence[Token]) -> bool:
    """Whether a call of printf may make a long text; no parameter reaches those in a view."""
    for word, opening, third, fourth in zip(words, words[1:], words[2:], [*words[3:], None], strict=False):
        if word.name in _FORMATTING and opening.text == "(":
            is_whole = fourth is not None and fourth.text in (",", ")")
            if not is_whole or not _SHORT_FORMAT.match(third.text):
                return True
    return False
