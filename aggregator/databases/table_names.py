"""Which tables SQL text names, and by which aliases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from aggregator.databases.inspection import TableName
from aggregator.databases.tokens import END, Token, code

_CLAUSES = {
    *("select", "from", "join", "where", "on", "group", "order", "limit", "having", "window", "values"),
    *("inner", "left", "right", "full", "cross", "natural", "union", "intersect", "except", "using"),
}
_BEFORE_A_TABLE = {"from", "join", ","}
_BEFORE_A_SCHEMA = {"from", "join", "into", "update", "ignore", "replace", "abort", "fail", "rollback"}


def aliases(
    sql: str, schemas: Mapping[str, str], schemas_with: Callable[[str], Sequence[str]] = lambda table: ()
) -> dict[str, set[TableName]]:
    """For each alias in small letters the tables that it may stand for: one alias may be used twice.

    schemas: their names by the same in small letters. schemas_with: those that have a table, for names
    without a schema.
    """
    words = code(sql)
    found: dict[str, set[TableName]] = {}
    for place, (schema, dot, table) in enumerate(zip(words, words[1:], words[2:], strict=False)):
        known = schemas.get(schema.name or "")
        if dot.text == "." and known is not None and table.name is not None:
            named = (known, _plain(table))
            for alias in (_alias(words, place + 2), f"{schema.name}.{table.name}"):
                found.setdefault(alias, set()).add(named)
    for place, (before, table) in enumerate(pairwise(words)):
        after = words[place + 2].text if place + 2 < len(words) else ""
        if before.text.lower() in _BEFORE_A_TABLE and table.name is not None and after not in (".", "("):
            having = schemas_with(table.name)
            if len(having) == 1:
                found.setdefault(_alias(words, place + 1), set()).add((having[0], _plain(table)))
    return found


def _alias(words: Sequence[Token], place: int) -> str:
    """What the table at a place is called in the rest of the SQL."""
    rest = words[place + 1 : place + 3]
    if rest and rest[0].name == "as":
        rest = rest[1:]
    name = rest[0].name if rest else None
    return words[place].name or "" if name is None or name in _CLAUSES else name


def absent_schemas(sql: str, known: Iterable[str]) -> dict[str, int]:
    """The schemas of tables in the SQL that are not among the known ones, each with its first line."""
    listed = [END, END, *code(sql), END, END]
    present = {"main", "temp", *(name.lower() for name in known)}
    found: dict[str, int] = {}
    is_list = [False]
    for earlier, before, word, dot, table in zip(*(listed[place:] for place in range(5)), strict=False):
        text, introduction = _text(word), _text(before)
        if text == "(":
            is_list.append(introduction in ("from", "join") or (introduction in ",(" and is_list[-1]))
        elif text == ")" and len(is_list) > 1:
            is_list.pop()
        elif text in _CLAUSES:
            is_list[-1] = text in ("from", "join")
        elif word.name is not None and dot.text == "." and table.name is not None:
            is_named = introduction in _BEFORE_A_SCHEMA and _text(earlier) != "distinct"
            if (is_named or (introduction in ",(" and is_list[-1])) and word.name not in present:
                present.add(word.name)
                found[_plain(word)] = word.line
    return found


def _text(word: Token) -> str:
    """A word in small letters, anything else as it is."""
    return word.text.lower() if word.kind == "word" else word.text


def _plain(word: Token) -> str:
    """A name as it is written, without its quotes."""
    return word.text if word.kind == "word" else word.text[1:-1].replace(word.text[-1] * 2, word.text[-1])
