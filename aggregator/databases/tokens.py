"""The words of SQL text and where they stand, without parsing it.

A fault needs a line, and SQLite does not tell the place of everything that it refuses. Comments and
literals are kept apart from names by the same rules as in SQLite's own tokenizer
(https://sqlite.org/src/file/src/tokenize.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
class Piece:
    """One statement of several: its text without the semicolon, and its first line."""

    text: str
    line: int


def pieces(sql: str) -> list[Piece]:
    """The statements of a text, in order."""
    found: list[Piece] = []
    first: Token | None = None
    for token in code(sql):
        if token.text != ";":
            first = first or token
        elif first is not None:
            found.append(Piece(sql[first.start : token.start].rstrip(), first.line))
            first = None
    if first is not None:
        found.append(Piece(sql[first.start :].rstrip(), first.line))
    return found


def parameters(sql: str) -> list[Token]:
    """The parameters in order, each as often as it is used: `:name`, `?`, `?1`, `@name`, `$name`."""
    return [token for token in tokens(sql) if token.kind == "parameter"]


def line_of_table(sql: str, name: str) -> int | None:
    """The line on which a table first stands, named as SQLite does in an error: `schema.table`."""
    words = code(sql)
    schema, _, table = name.lower().rpartition(".")
    for before, dot, word in zip(words, words[1:], words[2:], strict=False):
        if schema and (before.name, dot.text, word.name) == (schema, ".", table):
            return word.line
        if not schema and dot.name in ("from", "join") and word.name == table:
            return word.line
    return None
