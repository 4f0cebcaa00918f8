"""The text of a SQL file with its kinds of words marked, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape
from pygments.lexer import inherit
from pygments.lexers.data import YamlLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Keyword, Literal, Name, Number, Punctuation, String

from aggregator.sqlfile.header import header_place

_MOST_COLOURED = 200_000


_MOST_NUMBERED = 20_000


_LONGEST_YAML_LINE = 1_000


"""Pygments reads some long lines of YAML in a time that grows with the square of their length."""


_KINDS = {
    Comment: "comment",
    Keyword: "keyword",
    Name.Builtin: "keyword",
    Name.Constant: "string",
    Name.Tag: "key",
    Name.Variable: "parameter",
    Number: "number",
    String: "string",
    String.Symbol: "",
    Literal.Scalar: "string",
    Punctuation.Indicator: "sign",
}


"""What a kind of token is called in source.css; a kind that is not here is called as the one above it."""


Piece = tuple[str, str]


"""What it is, empty for nothing of interest, and its text."""


class _Sql(SqlLexer):  # type: ignore[misc]
    """With parameters, and names in any language."""

    tokens = {"root": [(r"[:@$]\w+", Name.Variable), inherit, (r"[^\W\d][\w$]*", Name)]}  # noqa: RUF012


@lru_cache(maxsize=32)
def coloured_lines(text: str) -> Sequence[Markup] | None:
    """The lines of a file as HTML, each with its line feed; None when there are too many.

    The text of the HTML is the text of the file. A file that is too long to be read quickly is not coloured.
    """
    if text.count("\n") >= _MOST_NUMBERED:
        return None
    return tuple(_lines([("", text)] if len(text) > _MOST_COLOURED else _pieces(text)))


def escaped(text: str) -> Markup:
    """A text as HTML; a browser would make a line feed of a carriage return that stands as it is."""
    return Markup(str(escape(text)).replace("\r", "&#13;"))


def _pieces(text: str) -> Iterator[Piece]:
    start, end = header_place(text)
    yield from _read(_Sql(), text[: max(start - 2, 0)])
    if start:
        yield "comment", text[start - 2 : start]
        yield from _yaml(text[start:end])
        yield "comment", text[end : end + 2]
        end += 2
    yield from _read(_Sql(), text[end:])


def _yaml(text: str) -> Iterator[Piece]:
    if any(len(line) > _LONGEST_YAML_LINE for line in text.split("\n")):
        yield "", text
        return
    for name, piece in _read(YamlLexer(), text):
        # To Pygments a text in braces is a variable.
        yield "string" if name == "parameter" else name, piece


def _read(lexer: Any, text: str) -> Iterator[Piece]:
    # `get_tokens` would change line ends and leave out empty lines.
    for _, kind, piece in lexer.get_tokens_unprocessed(text):
        yield _name(kind), piece


def _lines(pieces: Iterable[Piece]) -> Iterator[Markup]:
    line: list[str] = []
    for name, same in groupby(pieces, key=itemgetter(0)):
        first, *others = "".join(piece for _, piece in same).split("\n")
        line.append(_marked(name, first))
        for other in others:
            yield Markup("".join([*line, "\n"]))
            line = [_marked(name, other)]
    if any(line):
        yield Markup("".join(line))


def _marked(name: str, text: str) -> str:
    return f'<span class="hl-{name}">{escaped(text)}</span>' if name and text else escaped(text)


@lru_cache(maxsize=256)
def _name(kind: Any) -> str:
    while kind is not None:
        if kind in _KINDS:
            return _KINDS[kind]
        kind = kind.parent
    return ""
